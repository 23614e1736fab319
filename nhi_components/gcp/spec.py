"""What every identity on Google Cloud is made from; all problems of its arguments are reported at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import BeforeValidator, model_validator

from nhi_components.core.adoption import AdoptedServiceAccount
from nhi_components.core.gcp_names import project_domain
from nhi_components.core.gcp_secret import GcpSecretSpec
from nhi_components.core.gcp_trust import TOKEN_SECONDS, Project
from nhi_components.core.model import wrong
from nhi_components.core.secret import SecretSpec
from nhi_components.core.spec import BundleSpec


def _of_google(value: Any) -> Any:
    """Take a secret that says nothing of Google's as well."""
    if isinstance(value, SecretSpec) and not isinstance(value, GcpSecretSpec):
        return GcpSecretSpec(**value.model_dump())
    return value


class GcpBundleSpec(BundleSpec):
    """The part of a Google Cloud identity's specification that is the same for every kind.

    Attributes:
        project: id of the project that its accounts, secret and pool lie in. Custom roles are made in the project of
            their target, those for buckets in this one: IAM takes a custom role only in its own project, so a bucket
            of another project needs a predefined role, or a `LaterTarget` that names its project.
        secret: a secret of its own.
        adopts: a service account that was there before and becomes the identity's; None: one is made.
    """

    subject: ClassVar[str] = "Google Cloud identity"

    project: Project
    secret: Annotated[GcpSecretSpec | None, BeforeValidator(_of_google)] = None
    adopts: AdoptedServiceAccount | None = None

    @model_validator(mode="after")
    def _in_its_project(self) -> Self:
        if self.adopts is not None:
            host = f"{project_domain(self.project)}.iam.gserviceaccount.com"
            if self.adopts.email.partition("@")[2] != host:
                fix = "name the project that the account lies in"
                raise wrong(got=self.adopts.email, expected=f"an account of the project {self.project}", fix=fix)
        return self

    @property
    def sessions(self) -> Mapping[str, int]:
        """Access tokens, whose life nothing here can shorten."""
        return {"access tokens": TOKEN_SECONDS}

"""What a service account may become in a cloud, as the account's own annotations tell the cluster's webhooks.

The cloud decides: its role or identity trusts the account's tokens. Sources: EKS user guide, 'IAM roles for service
accounts', and the README of `amazon-eks-pod-identity-webhook`; GKE documentation, 'Authenticate to Google Cloud APIs
from GKE workloads'; Azure AD Workload Identity, 'Service Account Labels and Annotations'.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Final

from pydantic import AfterValidator, BeforeValidator, Field

from nhi_components.core.arn import ROLE_ARN
from nhi_components.core.gcp_trust import ACCOUNT_EMAIL
from nhi_components.core.model import Spec, wrong

AZURE_SHORTEST_SECONDS: Final = 3_600
"""Azure's webhook makes no token that lives shorter."""

_GUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_PLAIN: Final = str | bool | int | float | bytes | list | tuple | dict | None


def _shaped(pattern: re.Pattern[str], expected: str, fix: str) -> AfterValidator:
    def check(value: Any) -> Any:
        if isinstance(value, str) and pattern.fullmatch(value):
            return value
        if isinstance(value, _PLAIN):
            raise wrong(got=value, expected=f"{expected}, or one that is known at deployment", fix=fix)
        return value

    return AfterValidator(check)


_GUID_TEXT: Final = _shaped(_GUID, "a GUID", "copy it from the identity's overview")


class IrsaRole(Spec):
    """A role of AWS, by IAM roles for service accounts; its trust is `aws.IrsaTrust`.

    Attributes:
        role_arn: the role; may be known at deployment only.
    """

    subject: ClassVar[str] = "federation"
    audience: ClassVar[str] = "sts.amazonaws.com"

    role_arn: Annotated[Any, ROLE_ARN.validator]

    def annotations(self, seconds: int) -> dict[str, Any]:
        """Tell what the account bears, for tokens of that many seconds."""
        return {
            "eks.amazonaws.com/role-arn": self.role_arn,
            # Without it the webhook's tokens live a day.
            "eks.amazonaws.com/token-expiration": str(seconds),
        }


class GkeAccount(Spec):
    """A service account of Google Cloud, by workload identity federation for GKE; its trust is `gcp.GkeTrust`.

    Attributes:
        email: its address; may be known at deployment only.
    """

    subject: ClassVar[str] = "federation"
    audience: ClassVar[str] = "the cluster's workload identity pool"

    email: Annotated[
        Any,
        _shaped(ACCOUNT_EMAIL, "the address of a service account", "write it as NAME@PROJECT.iam.gserviceaccount.com"),
    ]

    def annotations(self, seconds: int) -> dict[str, Any]:
        """Tell what the account bears; the tokens' length is GKE's own, an hour."""
        return {"iam.gke.io/gcp-service-account": self.email}


class AksIdentity(Spec):
    """A managed identity or application of Entra, by workload identity; its trust is a federated credential.

    Pods opt in by the label `azure.workload.identity/use: "true"`.

    Attributes:
        client_id: the identity's client id; may be known at deployment only.
        tenant_id: its tenant; None for the cluster's own.
    """

    subject: ClassVar[str] = "federation"
    audience: ClassVar[str] = "api://AzureADTokenExchange"

    client_id: Annotated[Any, _GUID_TEXT]
    tenant_id: Annotated[Any, _GUID_TEXT] | None = None

    def annotations(self, seconds: int) -> dict[str, Any]:
        """Tell what the account bears, for tokens of that many seconds, but an hour at least."""
        tenant = {} if self.tenant_id is None else {"azure.workload.identity/tenant-id": self.tenant_id}
        length = str(max(seconds, AZURE_SHORTEST_SECONDS))
        return {
            "azure.workload.identity/client-id": self.client_id,
            "azure.workload.identity/service-account-token-expiration": length,
            **tenant,
        }


FEDERATIONS = IrsaRole | GkeAccount | AksIdentity


def _read(value: Any) -> Any:
    if isinstance(value, FEDERATIONS | dict):
        return value
    raise wrong(got=value, expected="a federation", fix="give IrsaRole(…), GkeAccount(…) or AksIdentity(…)")


def _one_of_each(federations: tuple[FEDERATIONS, ...]) -> tuple[FEDERATIONS, ...]:
    kinds = [type(each).__name__ for each in federations]
    if twice := sorted({kind for kind in kinds if kinds.count(kind) > 1}):
        fix = "make another identity for the other one"
        raise wrong(got=", ".join(twice), expected="one of each: an account bears one annotation of a kind", fix=fix)
    return federations


Federations = Annotated[
    tuple[Annotated[Annotated[FEDERATIONS, Field(union_mode="smart")], BeforeValidator(_read)], ...],
    AfterValidator(_one_of_each),
]
"""What a service account may become, one of each kind."""


class Federated(Spec):
    """What the function of a program has made an account become.

    Attributes:
        federations: one of each kind at most.
    """

    subject: ClassVar[str] = "federations"

    federations: Federations

"""An identity on Google Cloud that is one service account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import pulumi

from nhi_components.core.gcp_links import PROJECT
from nhi_components.core.links import LinkKind
from nhi_components.gcp.bundle import GcpBundle
from nhi_components.gcp.secrets import own_secret


class AccountBundle(GcpBundle):
    """One identity on Google Cloud.

    Attributes:
        email: the service account, the principal.
        member: the same as allow policies name it, `serviceAccount:…`.
        unique_id: its unique id, which an account made anew under the same name does not have.
        secret_name: relative name of its secret, `projects/…/secrets/…`; None without one.
    """

    results: ClassVar[tuple[str, ...]] = ("email", "member", "unique_id", "secret_name")

    email: pulumi.Output[str]
    member: pulumi.Output[str]
    unique_id: pulumi.Output[str]
    secret_name: pulumi.Output[str] | None

    def parts(self) -> Sequence[tuple[LinkKind, Mapping[str, str]]]:
        """Account, custom roles and secret; bindings are found by their account."""
        project, adopted = {PROJECT: self._spec.project}, self._spec.adopts
        account = {**project, **(adopted.attributes if adopted else {})}
        secret = [(LinkKind.GCP_SECRET, project)] if self._spec.secret else []
        return [(LinkKind.GCP_SERVICE_ACCOUNT, account), *self.role_parts(self._spec.grants), *secret]

    def make(self) -> None:
        """Make the account, its secret, its roles and bindings, and let in who may become it."""
        account, spec = self.account(), self._spec
        self.email, self.member, self.unique_id = account.email, account.member, account.made.unique_id
        self.secret_name = own_secret(self, self._identity, spec.project, spec.secret, account) if spec.secret else None
        self.grant(account, spec.grants, self.roles(spec.grants))
        self.admit(account)

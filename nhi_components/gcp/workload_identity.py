"""A workload on Google Cloud: a service account with its grants, its end and, if wanted, a secret of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pulumi

from nhi_components.core.adoption import AdoptedServiceAccount
from nhi_components.core.connection import DEFAULT
from nhi_components.core.gcp_grant import gcp_grant_problems
from nhi_components.core.gcp_trust import (
    ATTACHES,
    FEDERATES,
    MAKES_TOKENS,
    AttachedTrust,
    GkeTrust,
    ImpersonationTrust,
    Trust,
)
from nhi_components.core.grant import Grant
from nhi_components.core.identity import Identity
from nhi_components.core.kubernetes_account import known_account
from nhi_components.core.secret import SecretSpec
from nhi_components.core.spec import parse_spec
from nhi_components.gcp.account_bundle import AccountBundle
from nhi_components.gcp.accounts import Account
from nhi_components.gcp.spec import GcpBundleSpec
from nhi_components.refusal import refusing_plainly

ANNOTATION = "iam.gke.io/gcp-service-account"
"""What a service account of Kubernetes bears to become one of Google's."""


_ATTACHED = AttachedTrust()


class GcpWorkloadSpec(GcpBundleSpec):
    """What a workload identity on Google Cloud is made from.

    Attributes:
        trusted_by: who may become the account.
    """

    subject: ClassVar[str] = "gcp.WorkloadIdentity"

    trusted_by: Trust


class WorkloadIdentity(AccountBundle):
    """A workload identity on Google Cloud: no key is made for it.

    Attributes:
        email: the service account, the principal; what runs as it is given this address.
        member: the same as allow policies name it.
        unique_id: its unique id.
        secret_name: relative name of its secret; None without one.
        kubernetes_annotations: what its service account of Kubernetes has to bear; None unless GKE is trusted.
    """

    results = (*AccountBundle.results, "kubernetes_annotations")

    kubernetes_annotations: pulumi.Output[dict[str, str]] | None

    _spec: GcpWorkloadSpec

    def __init__(
        self,
        name: str,
        *,
        identity: Identity | Mapping[str, Any],
        project: str,
        trusted_by: AttachedTrust | GkeTrust | ImpersonationTrust | Mapping[str, Any] = _ATTACHED,
        grants: Sequence[Grant | Mapping[str, Any]] = (),
        secret: SecretSpec | Mapping[str, Any] | None = None,
        adopts: AdoptedServiceAccount | Mapping[str, Any] | None = None,
        connection: str = DEFAULT,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Register the bundle.

        Args:
            name: the component's name in the program.
            identity: whose it is; see `nhi_components.Identity`.
            project: id of the project that it lies in.
            trusted_by: an `AttachedTrust` for what runs on Cloud Run, Compute Engine or as a function, a `GkeTrust`, or
                an `ImpersonationTrust`.
            grants: what it may do.
            secret: a secret of Secret Manager that only this account may read; `gcp.SecretSpec` says where it is kept.
            adopts: a service account that is there already and was taken into the stack by `pulumi import`; `nhi adopt`
                writes it.
            connection: the connection of `nhi.Provider` that reaches the project.
            opts: resource options; `providers` may name explicit GCP and nhi providers.

        Raises:
            SpecError: with every problem, before anything is registered.
        """
        fields = {
            "identity": identity,
            "project": project,
            "trusted_by": trusted_by,
            "grants": grants,
            "secret": secret,
            "adopts": adopts,
        }
        with refusing_plainly():
            spec = parse_spec(GcpWorkloadSpec, name, fields, gcp_grant_problems)
        super().__init__(name, spec, connection=connection, opts=opts)

    def make(self) -> None:
        """Make what every identity has."""
        super().make()
        is_on_gke = isinstance(self._spec.trusted_by, GkeTrust)
        self.kubernetes_annotations = self.email.apply(lambda email: {ANNOTATION: email}) if is_on_gke else None

    def admit(self, account: Account) -> None:
        """Let in whom the specification names."""
        match self._spec.trusted_by:
            case AttachedTrust() as trust:
                self.let_all_in(account, ATTACHES, trust.deployers, "deployer")
            case GkeTrust() as trust:
                self.let_in(account, FEDERATES, _pod(trust), label="gke")
            case ImpersonationTrust() as trust:
                self.let_all_in(account, MAKES_TOKENS, trust.members, "trusted")


def _pod(trust: GkeTrust) -> pulumi.Output[str]:
    """Name the service account of Kubernetes, whose own name may be known at deployment only."""

    @refusing_plainly()
    def written(name: str) -> str:
        return trust.member_of(known_account("trusted_by.service_account", name))

    account: pulumi.Output[str] = pulumi.Output.from_input(trust.service_account)
    return account.apply(written)

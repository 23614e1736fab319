"""A workload on Azure: a managed identity with its grants, its end and, if wanted, a secret of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pulumi

from nhi_components.azure.identity_bundle import SingleIdentity
from nhi_components.azure.spec import ManagedIdentitySpec
from nhi_components.core.azure_federation import Admission, FederatedTrust
from nhi_components.core.azure_grant_problems import azure_grant_problems
from nhi_components.core.azure_trust import AttachedTrust, Trust
from nhi_components.core.connection import DEFAULT
from nhi_components.core.grant import Grant
from nhi_components.core.identity import Identity
from nhi_components.core.secret import SecretSpec
from nhi_components.core.spec import parse_spec
from nhi_components.refusal import refusing_plainly

_ATTACHED = AttachedTrust()


class AzureWorkloadSpec(ManagedIdentitySpec):
    """What a workload identity on Azure is made from.

    Attributes:
        trusted_by: who may become the managed identity.
    """

    subject: ClassVar[str] = "azure.WorkloadIdentity"

    trusted_by: Trust


class WorkloadIdentity(SingleIdentity):
    """A workload identity on Azure: no key is made for it.

    Azure knows no assignment of a role that ends, so its end is only recorded there: on that day it has to be
    suspended, by `nhi reap` or an update, which removes every assignment.

    Attributes:
        principal_id: the managed identity's object id, the principal.
        client_id: by which what runs as it asks for tokens.
        tenant_id: the tenant that it lives in.
        identity_id: its resource id, by which it is attached to what runs as it.
        secret_name: the name of its secret within its vault; None without one.
        secret_uri: where it is read; None without one.
    """

    _spec: AzureWorkloadSpec

    def __init__(
        self,
        name: str,
        *,
        identity: Identity | Mapping[str, Any],
        subscription: str,
        resource_group: str,
        location: str | None = None,
        trusted_by: AttachedTrust | FederatedTrust | Mapping[str, Any] = _ATTACHED,
        grants: Sequence[Grant | Mapping[str, Any]] = (),
        secret: SecretSpec | Mapping[str, Any] | None = None,
        vault: str | None = None,
        connection: str = DEFAULT,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Register the bundle.

        Args:
            name: the component's name in the program.
            identity: whose it is; see `nhi_components.Identity`.
            subscription: id of the subscription that it lies in.
            resource_group: name of the resource group that it lies in; it must exist.
            location: its region; by default the resource group's.
            trusted_by: an `AttachedTrust` for what runs on Azure, or a `FederatedTrust` for what runs elsewhere.
            grants: what it may do.
            secret: a secret that only this identity may read; it needs a `vault`.
            vault: resource id of the Key Vault that keeps it, as plain text; it must exist.
            connection: the connection of `nhi.Provider` that reaches the subscription.
            opts: resource options; `providers` may name explicit azure-native and nhi providers.

        Raises:
            SpecError: with every problem, before anything is registered.
        """
        fields = {
            "identity": identity,
            "subscription": subscription,
            "resource_group": resource_group,
            "location": location,
            "trusted_by": trusted_by,
            "grants": grants,
            "secret": secret,
            "vault": vault,
        }
        with refusing_plainly():
            spec = parse_spec(AzureWorkloadSpec, name, fields, azure_grant_problems)
        super().__init__(name, spec, connection=connection, opts=opts)

    def admissions(self) -> Sequence[Admission]:
        """Let in the one foreign workload that is trusted, if any."""
        trust = self._spec.trusted_by
        return [trust.admission] if isinstance(trust, FederatedTrust) else []

    def attachers(self) -> AttachedTrust | None:
        """Let attach it whom the specification names."""
        trust = self._spec.trusted_by
        return trust if isinstance(trust, AttachedTrust) else None

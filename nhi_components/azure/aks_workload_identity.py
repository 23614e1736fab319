"""A workload on Kubernetes that is an identity on Azure: a managed identity for one service account of one cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pulumi

from nhi_components.azure.identity_bundle import SingleIdentity
from nhi_components.azure.spec import ManagedIdentitySpec
from nhi_components.core.azure_federation import (
    CLIENT_ANNOTATION,
    TENANT_ANNOTATION,
    Admission,
    Namespace,
    ServiceAccountName,
    TokenIssuer,
)
from nhi_components.core.azure_grant_problems import azure_grant_problems
from nhi_components.core.connection import DEFAULT
from nhi_components.core.grant import Grant
from nhi_components.core.identity import Identity
from nhi_components.core.secret import SecretSpec
from nhi_components.core.spec import parse_spec
from nhi_components.refusal import refusing_plainly


class AzureAksWorkloadSpec(ManagedIdentitySpec):
    """What the identity of a workload on Kubernetes is made from.

    Attributes:
        issuer: the cluster's issuer of service account tokens; may be known at deployment only.
        namespace: the service account's namespace.
        service_account: its name; may be known at deployment only.
    """

    subject: ClassVar[str] = "azure.AksWorkloadIdentity"

    issuer: TokenIssuer
    namespace: Namespace
    service_account: ServiceAccountName


class AksWorkloadIdentity(SingleIdentity):
    """The identity on Azure of one service account of one Kubernetes cluster: no key is made for it.

    Its pods opt in by the label `azure.workload.identity/use: "true"`, and their service account bears
    `kubernetes_annotations`.

    Attributes:
        principal_id: the managed identity's object id, the principal.
        client_id: by which the workload asks for tokens.
        tenant_id: the tenant that it lives in.
        identity_id: its resource id.
        secret_name: the name of its secret within its vault; None without one.
        secret_uri: where it is read; None without one.
        kubernetes_annotations: what the service account has to bear.
    """

    results = (*SingleIdentity.results, "kubernetes_annotations")

    kubernetes_annotations: pulumi.Output[dict[str, str]]

    _spec: AzureAksWorkloadSpec

    def __init__(
        self,
        name: str,
        *,
        identity: Identity | Mapping[str, Any],
        subscription: str,
        resource_group: str,
        issuer: pulumi.Input[str],
        namespace: str,
        service_account: pulumi.Input[str],
        location: str | None = None,
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
            issuer: the cluster's issuer, `oidc_issuer_profile.issuer_url` of a `ManagedCluster`.
            namespace: the service account's namespace.
            service_account: its name.
            location: its region; by default the resource group's.
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
            "issuer": issuer,
            "namespace": namespace,
            "service_account": service_account,
            "location": location,
            "grants": grants,
            "secret": secret,
            "vault": vault,
        }
        with refusing_plainly():
            spec = parse_spec(AzureAksWorkloadSpec, name, fields, azure_grant_problems)
        super().__init__(name, spec, connection=connection, opts=opts)

    def admissions(self) -> Sequence[Admission]:
        """Let in the one service account."""
        spec = self._spec
        subject = f"system:serviceaccount:{spec.namespace}:"
        account = spec.service_account
        whole = subject + account if isinstance(account, str) else pulumi.Output.concat(subject, account)
        return [Admission("kubernetes", spec.issuer, whole)]

    def make(self) -> None:
        """Make what every identity has."""
        super().make()
        self.kubernetes_annotations = pulumi.Output.all(self.client_id, self.tenant_id).apply(
            lambda known: {CLIENT_ANNOTATION: known[0], TENANT_ANNOTATION: known[1]}
        )

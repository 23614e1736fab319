"""Identities on Azure that are user-assigned managed identities: one, or one for each tool of an agent."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, ClassVar

import pulumi
from pulumi_azure_native import managedidentity

from nhi_components.azure.bundle import AzureBundle
from nhi_components.azure.federating import let_in
from nhi_components.azure.placing import made_there, refuse_elsewhere
from nhi_components.azure.principals import Principal
from nhi_components.azure.secrets import own_secret, vault_name
from nhi_components.azure.spec import ManagedIdentitySpec
from nhi_components.core.azure_catalogue import IDENTITY_OPERATOR
from nhi_components.core.azure_federation import Admission
from nhi_components.core.azure_grant import assignments_needed
from nhi_components.core.azure_grounds import grounds_noted
from nhi_components.core.azure_links import (
    CLIENT_ID,
    LABEL,
    LOCATION,
    RESOURCE_GROUP,
    SUBSCRIPTION,
    SUSPENDED,
    TOOL,
    URI,
    VAULT,
    VAULT_ID,
)
from nhi_components.core.azure_names import role_id
from nhi_components.core.azure_trust import AttachedTrust, principal_problems, vault_target
from nhi_components.core.connection import DEFAULT
from nhi_components.core.errors import SpecError
from nhi_components.core.grant import Grant
from nhi_components.core.lease_id import name_of
from nhi_components.core.links import LinkKind
from nhi_components.refusal import refusing_plainly
from nhi_components.resources import Seal

_DIGITS = 8
"""Of a digest, in the names of the resources of Pulumi."""


class IdentityBundle(AzureBundle):
    """An identity on Azure that is made of managed identities: no key is ever made for them."""

    _spec: ManagedIdentitySpec

    def __init__(
        self,
        name: str,
        spec: ManagedIdentitySpec,
        *,
        connection: str = DEFAULT,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        refuse_elsewhere(f"{spec.subject} {name!r}", spec.subscription, opts)
        super().__init__(name, spec, connection=connection, opts=opts)

    @property
    def resource_group(self) -> str:
        """The one that its managed identities lie in."""
        return self._spec.resource_group

    @abstractmethod
    def admissions(self) -> Sequence[Admission]:
        """Tell which foreign workloads may become a managed identity of the bundle; at most one, or none."""

    def attachers(self) -> AttachedTrust | None:
        """Tell who may attach a managed identity of the bundle; nobody by default."""
        return None

    def identity_parts(self, grants: Sequence[Grant], tool: str = "") -> list[tuple[LinkKind, Mapping[str, str]]]:
        """Declare a managed identity, with what its assignments rest on, and its federated credentials.

        Args:
            grants: what it may do.
            tool: of an AI agent, that it stands for; empty for the identity's one.
        """
        spec, place = self._spec, self._place(tool)
        attached = self.attachers()
        beside = [spec.subscription] * len(attached.deployers) if attached else []
        if spec.vault and not tool:
            beside.append(vault_target(spec.vault).subscription)
        needed = assignments_needed(grants, spec.subscription, spec.resource_group)
        where = {LOCATION: spec.location} if spec.location else {}
        credentials = [
            (LinkKind.AZURE_FEDERATED_CREDENTIAL, {**place, LABEL: each.label}) for each in self.admissions()
        ]
        return [(LinkKind.AZURE_MANAGED_IDENTITY, {**place, **where, **grounds_noted(needed, beside)}), *credentials]

    def managed_identity(self, tool: str = "") -> Principal:
        """Make a managed identity, and let in who may become it.

        Args:
            tool: of an AI agent, that it stands for; empty for the identity's one.
        """
        kind, identity, place = LinkKind.AZURE_MANAGED_IDENTITY, self._identity, self._place(tool)
        name = self.lease_id.apply(lambda it: name_of(kind, identity.name, identity.environment, it, place))
        label = f"{self.name}-{tool}" if tool else self.name
        made = managedidentity.UserAssignedIdentity(
            f"{label}-identity",
            resource_name_=name.apply(lambda known: known.rpartition("/")[2]),
            resource_group_name=self._spec.resource_group,
            location=self._spec.location,
            tags=self.tags,
            opts=self.child_options(),
        )
        suspended = self.suspended.apply(lambda suspended: "true" if suspended else "false")
        attributes: dict[str, pulumi.Input[str]] = {**place, CLIENT_ID: made.client_id, SUSPENDED: suspended}
        self.link(kind, name, made, unique_id=made.principal_id, attributes=attributes)
        principal = Principal(made, name, self._judged(made), made.client_id, label)
        for admission in self.admissions():
            let_in(self, principal, admission, place)
        if attached := self.attachers():
            self._let_attach(principal, attached)
        return principal

    def _judged(self, made: managedidentity.UserAssignedIdentity) -> pulumi.Output[str]:
        """Give the object id of a managed identity that was made where the specification says."""
        subject, subscription = f"{self._spec.subject} {self.name!r}", self._spec.subscription

        def judged(known: Sequence[str]) -> str:
            made_there(subject, subscription, known[0])
            return known[1]

        return pulumi.Output.all(made.id, made.principal_id).apply(judged)

    def _place(self, tool: str) -> dict[str, str]:
        told = {TOOL: tool} if tool else {}
        return {SUBSCRIPTION: self._spec.subscription, RESOURCE_GROUP: self._spec.resource_group, **told}

    def _let_attach(self, principal: Principal, trust: AttachedTrust) -> None:
        """Let others attach a managed identity; a principal that is known at deployment only is judged then."""
        role = role_id(self._spec.subscription, IDENTITY_OPERATOR)
        for deployer in trust.deployers:
            if isinstance(deployer, str):
                known: pulumi.Input[str] = deployer
                which = sha256(deployer.lower().encode()).hexdigest()[:_DIGITS]
            else:
                known, which = pulumi.Output.all(deployer).apply(_judged), "later"
            name = f"{principal.label}-deployer-{which}"
            self.assign_to_other(name, principal.name, role, known, principal.made)


class SingleIdentity(IdentityBundle):
    """One identity on Azure that is one managed identity.

    Attributes:
        principal_id: its object id, the principal.
        client_id: by which its workload asks for tokens.
        tenant_id: the tenant that it lives in.
        identity_id: its resource id, by which it is attached; known at preview.
        secret_name: the name of its secret within its vault; None without one.
        secret_uri: where the secret is read, such as `https://VAULT.vault.azure.net/secrets/NAME`, in whichever of
            Microsoft's clouds the vault lies; None without one. Known once the secret is there.
    """

    results: ClassVar[tuple[str, ...]] = (
        "principal_id",
        "client_id",
        "tenant_id",
        "identity_id",
        "secret_name",
        "secret_uri",
    )

    principal_id: pulumi.Output[str]
    client_id: pulumi.Output[str]
    tenant_id: pulumi.Output[str]
    identity_id: pulumi.Output[str]
    secret_name: pulumi.Output[str] | None
    secret_uri: pulumi.Output[str | None] | None

    def parts(self) -> Sequence[tuple[LinkKind, Mapping[str, str]]]:
        """Managed identity, federated credential, custom roles and secret; assignments are found by their principal."""
        spec = self._spec
        secret: list[tuple[LinkKind, Mapping[str, str]]] = []
        if spec.vault:
            secret = [(LinkKind.KEY_VAULT_SECRET, {VAULT: vault_name(spec.vault), VAULT_ID: spec.vault})]
        return [*self.identity_parts(spec.grants), *self.role_parts(spec.grants), *secret]

    def make(self) -> None:
        """Make the managed identity, its roles and assignments, and have its secret made."""
        spec, principal = self._spec, self.managed_identity()
        self.principal_id, self.client_id = principal.object_id, principal.client_id
        made: Any = principal.made
        self.tenant_id, self.identity_id = made.tenant_id, principal.name
        self.secret_name = self.secret_uri = None
        if spec.vault and spec.secret:
            self.secret_name = own_secret(self, spec.vault, spec.secret, principal)
        self.grant(principal, spec.grants, self.roles(spec.grants))

    def sealed(self, seal: Seal) -> None:
        """Tell where the secret is read, as our provider has found it: each of Microsoft's clouds has its own."""
        if self._spec.secret:
            self.secret_uri = seal.admitted.apply(_secret_uri)


def _secret_uri(links: list[dict[str, Any]] | None) -> str | None:
    """Find the secret's address among the links that were admitted."""
    secrets = (link for link in links or () if link["kind"] == LinkKind.KEY_VAULT_SECRET)
    return next((link.get("attributes", {}).get(URI) for link in secrets), None)


@refusing_plainly()
def _judged(principals: Sequence[str]) -> str:
    if problems := principal_problems("trusted_by.deployers", principals[0]):
        raise SpecError("principal known at deployment", problems)
    return principals[0]

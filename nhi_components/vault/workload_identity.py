"""A workload on Vault: an AppRole, its entity and alias, its policy and, if wanted, a KV v2 entry of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Self

import pulumi
import pulumi_vault as vault
from pydantic import Field, model_validator

from nhi_components.bundle import Bundle
from nhi_components.core.connection import DEFAULT
from nhi_components.core.grant import Grant, vault_grant_problems
from nhi_components.core.identity import Identity
from nhi_components.core.links import LinkKind, System
from nhi_components.core.model import wrong
from nhi_components.core.secret import SecretSpec
from nhi_components.core.spec import WorkloadSpec, parse_workload
from nhi_components.refusal import refusing_plainly
from nhi_components.vault.documents import policy_document

_DAY = int(timedelta(days=1).total_seconds())


class VaultWorkloadSpec(WorkloadSpec):
    """What a workload identity on Vault is made from.

    Attributes:
        token_ttl_seconds: how long a token lives: 60 to 86,400.
        token_maximum_ttl_seconds: how long a renewed token can live at most: not less, up to 86,400. Vault's roles
            know no end date, so this bounds what a token can outlive the end date by, until the identity is suspended.
        secret_id_ttl_seconds: how long a secret id lives: 60 to 2,592,000 (30 days).
        bound_cidrs: from where logins and tokens are accepted; empty: from anywhere.
        approle_mount: where the AppRole auth method is mounted; it must exist.
        secret_mount: where the KV v2 engine is mounted; it must exist.
    """

    subject: ClassVar[str] = "vault.WorkloadIdentity"

    token_ttl_seconds: Annotated[int, Field(ge=60, le=_DAY)] = 1200
    token_maximum_ttl_seconds: Annotated[int, Field(ge=60, le=_DAY)] = 3600
    secret_id_ttl_seconds: Annotated[int, Field(ge=60, le=30 * _DAY)] = _DAY
    bound_cidrs: tuple[str, ...] = ()
    approle_mount: Annotated[str, Field(pattern=r"^[\w-][\w/-]*$")] = "approle"
    secret_mount: Annotated[str, Field(pattern=r"^[\w-][\w/-]*$")] = "secret"  # noqa: S105 - a mount's name

    @model_validator(mode="after")
    def _maximum_not_below_ttl(self) -> Self:
        if self.token_maximum_ttl_seconds < self.token_ttl_seconds:
            raise wrong(
                got=f"token_maximum_ttl_seconds {self.token_maximum_ttl_seconds}",
                expected=f"at least token_ttl_seconds, {self.token_ttl_seconds}",
                fix="raise the one or lower the other",
            )
        return self


class WorkloadIdentity(Bundle):
    """A workload identity on Vault.

    Attributes:
        role_name: the AppRole, the principal.
        role_id: what the workload logs in with, beside a secret id that it gets at start-up.
        entity_id: the identity's entity.
        policy_name: its policy.
        secret_path: mount and path of its KV v2 entry, such as `secret/nhi/prod/orders/lease-…`; None without one.
    """

    role_name: pulumi.Output[str]
    role_id: pulumi.Output[str]
    entity_id: pulumi.Output[str]
    policy_name: pulumi.Output[str]
    secret_path: pulumi.Output[str] | None

    def __init__(
        self,
        name: str,
        *,
        identity: Identity | Mapping[str, Any],
        grants: Sequence[Grant | Mapping[str, Any]] = (),
        secret: SecretSpec | Mapping[str, Any] | None = None,
        token_ttl_seconds: int = 1200,
        token_maximum_ttl_seconds: int = 3600,
        secret_id_ttl_seconds: int = _DAY,
        bound_cidrs: Sequence[str] = (),
        approle_mount: str = "approle",
        secret_mount: str = "secret",  # noqa: S107 - a mount's name
        connection: str = DEFAULT,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Register the bundle; the arguments are those of `VaultWorkloadSpec`.

        Args:
            name: the component's name in the program.
            identity: whose it is; see `nhi_components.Identity`.
            grants: capabilities on paths.
            secret: a KV v2 entry that only this identity's policy names.
            token_ttl_seconds: how long a token lives.
            token_maximum_ttl_seconds: how long a renewed token can live.
            secret_id_ttl_seconds: how long a secret id lives.
            bound_cidrs: from where logins and tokens are accepted.
            approle_mount: where the AppRole auth method is mounted.
            secret_mount: where the KV v2 engine is mounted.
            connection: the connection of `nhi.Provider` that reaches the Vault which the Vault provider reaches.
            opts: resource options; `providers` may name explicit Vault and nhi providers.

        Raises:
            SpecError: with every problem, before anything is registered.
        """
        fields = {
            "identity": identity,
            "grants": grants,
            "secret": secret,
            "token_ttl_seconds": token_ttl_seconds,
            "token_maximum_ttl_seconds": token_maximum_ttl_seconds,
            "secret_id_ttl_seconds": secret_id_ttl_seconds,
            "bound_cidrs": bound_cidrs,
            "approle_mount": approle_mount,
            "secret_mount": secret_mount,
        }
        with refusing_plainly():
            spec = parse_workload(VaultWorkloadSpec, name, fields, vault_grant_problems)
        super().__init__(
            "nhi:vault:WorkloadIdentity",
            name,
            system=System.VAULT,
            spec=spec,
            parts=_parts(spec),
            connection=connection,
            opts=opts,
        )
        self._spec = spec
        self.secret_path = self._secret()
        policy = self._policy()
        entity = self._entity(policy)
        role = self._role(policy, entity)
        self._alias(role, entity)
        self.role_name, self.role_id, self.entity_id, self.policy_name = (
            role.role_name,
            role.role_id,
            entity.id,
            policy.name,
        )
        outputs = {"roleName": self.role_name, "roleId": self.role_id, "entityId": self.entity_id}
        self.seal({**outputs, "policyName": self.policy_name, "secretPath": self.secret_path})

    def _secret(self) -> pulumi.Output[str] | None:
        """Declare the KV entry: the seal creates it, so that no value ever passes through the engine."""
        spec = self._spec.secret
        if spec is None:
            return None
        attributes = {"mount": self._spec.secret_mount}
        if spec.generate_bytes:
            attributes["generate_bytes"] = str(spec.generate_bytes)
        path = self.name_of(LinkKind.VAULT_KV_PATH)
        self.link(LinkKind.VAULT_KV_PATH, path, attributes=attributes)
        return pulumi.Output.concat(self._spec.secret_mount, "/", path)

    def _policy(self) -> vault.Policy:
        grants, mount = self._spec.grants, self._spec.secret_mount if self._spec.secret else None
        known = pulumi.Output.all(
            targets=[list(grant.targets) for grant in grants],
            lease=self.lease_id,
            path=self.name_of(LinkKind.VAULT_KV_PATH),
        )

        @refusing_plainly()
        def document(k: dict[str, Any]) -> str:
            return policy_document(grants, k["targets"], k["lease"], (mount, k["path"]) if mount else None)

        policy = vault.Policy(
            f"{self._name}-policy",
            name=self.name_of(LinkKind.VAULT_POLICY),
            policy=known.apply(document),
            opts=self.child_options(),
        )
        self.link(LinkKind.VAULT_POLICY, policy.name, policy)
        return policy

    def _entity(self, policy: vault.Policy) -> vault.identity.Entity:
        entity = vault.identity.Entity(
            f"{self._name}-entity",
            name=self.name_of(LinkKind.VAULT_ENTITY),
            policies=[policy.name],
            metadata=self.metadata,
            opts=self.child_options(),
        )
        self.link(LinkKind.VAULT_ENTITY, entity.name, entity, unique_id=entity.id)
        return entity

    def _role(self, policy: vault.Policy, entity: vault.identity.Entity) -> vault.approle.AuthBackendRole:
        """Make the AppRole after the entity, so that it is removed before it: a login makes a new entity otherwise."""
        spec = self._spec
        cidrs = list(spec.bound_cidrs) or None
        role = vault.approle.AuthBackendRole(
            f"{self._name}-approle",
            backend=spec.approle_mount,
            role_name=self.name_of(LinkKind.VAULT_APPROLE),
            token_policies=[policy.name],
            token_ttl=spec.token_ttl_seconds,
            token_max_ttl=spec.token_maximum_ttl_seconds,
            token_bound_cidrs=cidrs,
            secret_id_bound_cidrs=cidrs,
            secret_id_ttl=spec.secret_id_ttl_seconds,
            opts=self.child_options(entity),
        )
        self.link(LinkKind.VAULT_APPROLE, role.role_name, role, attributes={"mount": spec.approle_mount})
        return role

    def _alias(self, role: vault.approle.AuthBackendRole, entity: vault.identity.Entity) -> None:
        invoke = pulumi.InvokeOptions(parent=self)
        accessor = vault.get_auth_backend_output(path=self._spec.approle_mount, opts=invoke).accessor
        alias = vault.identity.EntityAlias(
            f"{self._name}-alias",
            name=role.role_id,
            mount_accessor=accessor,
            canonical_id=entity.id,
            opts=pulumi.ResourceOptions.merge(
                # An alias goes with its entity.
                self.child_options(),
                pulumi.ResourceOptions(replace_on_changes=["canonicalId"]),
            ),
        )
        self._linked.append(alias)


def _parts(spec: VaultWorkloadSpec) -> list[tuple[LinkKind, dict[str, str]]]:
    parts = [
        (LinkKind.VAULT_APPROLE, {"mount": spec.approle_mount}),
        (LinkKind.VAULT_ENTITY, {}),
        (LinkKind.VAULT_POLICY, {}),
    ]
    return [*parts, (LinkKind.VAULT_KV_PATH, {"mount": spec.secret_mount})] if spec.secret else parts

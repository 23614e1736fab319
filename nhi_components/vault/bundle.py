"""What every identity on Vault is made of: a policy, an entity, a way to log in and, if wanted, a KV v2 entry."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Annotated, Any, ClassVar, Self

import pulumi
import pulumi_vault as vault
from pydantic import Field, model_validator

from nhi_components.bundle import Bundle
from nhi_components.core.links import LinkKind, System
from nhi_components.core.model import wrong
from nhi_components.core.spec import BundleSpec
from nhi_components.core.vault_login import Mount
from nhi_components.life import template_of
from nhi_components.refusal import refusing_plainly
from nhi_components.templates import forbidden_path_problems
from nhi_components.vault.documents import policy_document

DAY = int(timedelta(days=1).total_seconds())


class VaultBundleSpec(BundleSpec):
    """The part of a Vault identity's specification that is the same for every kind.

    Attributes:
        token_ttl_seconds: how long a token lives: 60 to 86,400.
        token_maximum_ttl_seconds: how long a renewed token can live at most: not less, up to 86,400. Vault's roles
            know no end date, so this bounds what a token can outlive the end date by, until the identity is suspended.
        bound_cidrs: from where logins and tokens are accepted; empty: from anywhere.
        secret_mount: where the KV v2 engine is mounted; it must exist.
    """

    subject: ClassVar[str] = "Vault identity"

    token_ttl_seconds: Annotated[int, Field(ge=60, le=DAY)] = 1200
    token_maximum_ttl_seconds: Annotated[int, Field(ge=60, le=DAY)] = 3600
    bound_cidrs: tuple[str, ...] = ()
    secret_mount: Mount = "secret"  # noqa: S105 - a mount's name

    @property
    def sessions(self) -> Mapping[str, int]:
        """The longest life of a token that is renewed."""
        return {"token_maximum_ttl_seconds": self.token_maximum_ttl_seconds}

    @model_validator(mode="after")
    def _maximum_not_below_ttl(self) -> Self:
        if self.token_maximum_ttl_seconds < self.token_ttl_seconds:
            raise wrong(
                got=f"token_maximum_ttl_seconds {self.token_maximum_ttl_seconds}",
                expected=f"at least token_ttl_seconds, {self.token_ttl_seconds}",
                fix="raise the one or lower the other",
            )
        return self


class VaultBundle(Bundle):
    """One identity on Vault.

    Attributes:
        role_name: the auth role, the principal.
        entity_id: the identity's entity.
        policy_name: its policy.
        secret_path: mount and path of its KV v2 entry, such as `secret/nhi/prod/orders/lease-…`; None without one.
    """

    system = System.VAULT
    results: ClassVar[tuple[str, ...]] = ("role_name", "entity_id", "policy_name", "secret_path")

    role_name: pulumi.Output[str]
    entity_id: pulumi.Output[str]
    policy_name: pulumi.Output[str]
    secret_path: pulumi.Output[str] | None

    _spec: VaultBundleSpec

    @abstractmethod
    def log_in(self, policy: vault.Policy, entity: vault.identity.Entity) -> None:
        """Make the auth role after the entity, so that it is removed before it, and set `role_name`.

        A login through a role that outlives its entity makes a new one.
        """

    def own_paths(self) -> Sequence[tuple[pulumi.Input[str], Sequence[str]]]:
        """Give what the identity may do beyond its grants: with what is its own."""
        return self.entry_paths() if self._spec.secret else ()

    def entry_paths(self) -> Sequence[tuple[pulumi.Input[str], Sequence[str]]]:
        """Give what it may do with its KV v2 entry: read it."""
        mount, path = self._spec.secret_mount, self.name_of(LinkKind.VAULT_KV_PATH)
        return [(pulumi.Output.concat(f"{mount}/{kind}/", path), ("read",)) for kind in ("data", "metadata")]

    def parts(self) -> Sequence[tuple[LinkKind, Mapping[str, str]]]:
        """Entity, policy and KV v2 entry."""
        parts: list[tuple[LinkKind, Mapping[str, str]]] = [(LinkKind.VAULT_ENTITY, {}), (LinkKind.VAULT_POLICY, {})]
        return [*parts, (LinkKind.VAULT_KV_PATH, {"mount": self._spec.secret_mount})] if self._spec.secret else parts

    def make(self) -> None:
        """Make the entry's place, the policy, the entity and the way to log in."""
        self.secret_path = self._secret()
        policy = self._policy()
        entity = self._entity(policy)
        self.policy_name, self.entity_id = policy.name, entity.id
        self.log_in(policy, entity)

    def alias(
        self, entity: vault.identity.Entity, name: pulumi.Input[str], mount: str, *depends_on: pulumi.Resource
    ) -> vault.identity.EntityAlias:
        """Let logins of that name on an auth mount be taken for the entity."""
        invoke = pulumi.InvokeOptions(parent=self)
        alias = vault.identity.EntityAlias(
            f"{self.name}-alias",
            name=name,
            mount_accessor=vault.get_auth_backend_output(path=mount, opts=invoke).accessor,
            canonical_id=entity.id,
            opts=pulumi.ResourceOptions.merge(
                # An alias goes with its entity.
                self.child_options(*depends_on),
                pulumi.ResourceOptions(replace_on_changes=["canonicalId"]),
            ),
        )
        self._linked.append(alias)
        return alias

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
        grants = self._spec.grants
        known = pulumi.Output.all(
            targets=[list(grant.targets) for grant in grants],
            lease=self.lease_id,
            own=list(self.own_paths()),
            suspended=self.suspended,
        )

        judge = partial(forbidden_path_problems, template_of(self._identity))

        @refusing_plainly()
        def document(k: dict[str, Any]) -> str:
            return policy_document(grants, k["targets"], k["lease"], k["own"], suspended=k["suspended"], judge=judge)

        policy = vault.Policy(
            f"{self.name}-policy",
            name=self.name_of(LinkKind.VAULT_POLICY),
            policy=known.apply(document),
            opts=self.child_options(),
        )
        self.link(LinkKind.VAULT_POLICY, policy.name, policy)
        return policy

    def _entity(self, policy: vault.Policy) -> vault.identity.Entity:
        entity = vault.identity.Entity(
            f"{self.name}-entity",
            name=self.name_of(LinkKind.VAULT_ENTITY),
            policies=[policy.name],
            metadata=self.metadata,
            disabled=self.suspended,
            opts=self.child_options(),
        )
        suspended = self.suspended.apply(lambda suspended: "true" if suspended else "false")
        self.link(LinkKind.VAULT_ENTITY, entity.name, entity, unique_id=entity.id, attributes={"suspended": suspended})
        return entity

"""A workload that logs in by AppRole with a secret id that our provider makes, delivers and rotates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar, Self

import pulumi
import pulumi_vault as vault
from pydantic import model_validator

from nhi_components.core.connection import DEFAULT
from nhi_components.core.credential.dependents import Dependent
from nhi_components.core.credential.places import PlaceSpec
from nhi_components.core.credential.rotation import Rotation, SourceKind, format_length
from nhi_components.core.credential.sources import VaultSecretIdSource
from nhi_components.core.grant import Grant, vault_grant_problems
from nhi_components.core.identity import Identity
from nhi_components.core.issued import USUAL_ROTATION, IssuedSpec
from nhi_components.core.links import LinkKind
from nhi_components.core.model import wrong
from nhi_components.core.spec import parse_spec
from nhi_components.refusal import refusing_plainly
from nhi_components.vault.approle import AppRoleSpec, make_approle
from nhi_components.vault.bundle import DAY, VaultBundle
from nhi_components.vault.homes import home_path


class VaultAppRoleIdentitySpec(IssuedSpec, AppRoleSpec):
    """What an identity with a delivered secret id is made from.

    It is replaced twice a day unless said otherwise, and weekly at least.
    """

    subject: ClassVar[str] = "vault.AppRoleIdentity"
    issues: ClassVar[SourceKind] = SourceKind.VAULT_SECRET_ID

    @model_validator(mode="after")
    def _lives_until_it_is_replaced(self) -> Self:
        kind = SourceKind.VAULT_SECRET_ID
        needed = self.rotation.age_of(kind) + self.rotation.overlap_of(kind)
        if timedelta(seconds=self.secret_id_ttl_seconds) < needed:
            raise wrong(
                got=f"secret_id_ttl_seconds {self.secret_id_ttl_seconds}",
                expected=f"at least {int(needed.total_seconds())}, the {format_length(needed)} of age and overlap",
                fix="raise secret_id_ttl_seconds, or rotate more often",
            )
        return self

    @property
    def source(self) -> VaultSecretIdSource:
        """What makes the AppRole's secret ids."""
        return VaultSecretIdSource(connection=self.connection, mount=self.approle_mount)


class AppRoleIdentity(VaultBundle):
    """A workload identity on Vault that logs in by AppRole, with a secret id that is delivered to it and rotated.

    The fields that each place holds are `role_id` and `secret_id`. Vault is the default home, for operators to read and
    for the journal; a workload has to have its secret id before it can log in, so name a second place that it reads
    without Vault, such as a Kubernetes Secret, a GitHub secret or a file. Its own policy does not let it read the home:
    who steals a token must not get the next secret id by it.

    Each rotation tries the new secret id by a login whose token is revoked at once.

    Attributes:
        role_name: the AppRole, the principal.
        role_id: what the workload logs in with beside the secret id.
        entity_id: the identity's entity.
        policy_name: its policy.
        secret_path: mount and path of the home; None when that is not in Vault.
        key_id: the accessor of the secret id that every place holds; None while suspended without one.
        credential_version: how many secret ids have been delivered: dependents that take it as an input roll with it.
    """

    results = (*VaultBundle.results, "role_id", "key_id", "credential_version")

    role_id: pulumi.Output[str]
    key_id: pulumi.Output[str | None]
    credential_version: pulumi.Output[int | None]

    _spec: VaultAppRoleIdentitySpec

    def __init__(
        self,
        name: str,
        *,
        identity: Identity | Mapping[str, Any],
        places: Sequence[PlaceSpec | Mapping[str, Any]] | None = None,
        rotation: Rotation | Mapping[str, Any] = USUAL_ROTATION,
        dependents: Sequence[Dependent | Mapping[str, Any]] = (),
        generation: int = 1,
        grants: Sequence[Grant | Mapping[str, Any]] = (),
        token_ttl_seconds: int = 1200,
        token_maximum_ttl_seconds: int = 3600,
        secret_id_ttl_seconds: int = DAY,
        bound_cidrs: Sequence[str] = (),
        approle_mount: str = "approle",
        secret_mount: str = "secret",  # noqa: S107 - a mount's name
        connection: str = DEFAULT,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Register the bundle; the arguments are those of `VaultAppRoleIdentitySpec`.

        Args:
            name: the component's name in the program.
            identity: whose it is; see `nhi_components.Identity`.
            places: where the secret id is delivered; by default a KV v2 entry of its own, at `secret_mount`.
            rotation: when the secret id is replaced.
            dependents: what uses the secret id.
            generation: raise it to have the secret id replaced by the next `up`.
            grants: capabilities on paths.
            token_ttl_seconds: how long a token lives.
            token_maximum_ttl_seconds: how long a renewed token can live.
            secret_id_ttl_seconds: how long a secret id lives at most; not less than its age and overlap together.
            bound_cidrs: from where logins and tokens are accepted.
            approle_mount: where the AppRole auth method is mounted.
            secret_mount: where the KV v2 engine of the default home is mounted.
            connection: the connection of `nhi.Provider` that reaches the Vault which the Vault provider reaches.
            opts: resource options; `providers` may name explicit Vault and nhi providers.

        Raises:
            SpecError: with every problem, before anything is registered.
        """
        own = {"kind": "vault-kv", "mount": secret_mount, "connection": connection}
        fields = {
            "identity": identity,
            "places": [own] if places is None else places,
            "rotation": rotation,
            "dependents": dependents,
            "generation": generation,
            "grants": grants,
            "token_ttl_seconds": token_ttl_seconds,
            "token_maximum_ttl_seconds": token_maximum_ttl_seconds,
            "secret_id_ttl_seconds": secret_id_ttl_seconds,
            "bound_cidrs": bound_cidrs,
            "approle_mount": approle_mount,
            "secret_mount": secret_mount,
            "connection": connection,
        }
        with refusing_plainly():
            self._spec = parse_spec(VaultAppRoleIdentitySpec, name, fields, vault_grant_problems)
        super().__init__(name, self._spec, connection=connection, opts=opts)

    def parts(self) -> Sequence[tuple[LinkKind, Mapping[str, str]]]:
        """What every identity has, and the AppRole."""
        return [(LinkKind.VAULT_APPROLE, {"mount": self._spec.approle_mount}), *super().parts()]

    def make(self) -> None:
        """Make what every identity has, and have a secret id issued once its logins are taken for the entity."""
        super().make()
        self.secret_path = home_path(self, self._spec.places)
        # A login before the alias is there would make another entity.
        credential = self.issue(*self._linked)
        self.key_id, self.credential_version = credential.key_id, credential.version

    def log_in(self, policy: vault.Policy, entity: vault.identity.Entity) -> None:
        """Make the AppRole."""
        role = make_approle(self, self._spec, policy, entity)
        self.role_name, self.role_id = role.role_name, role.role_id

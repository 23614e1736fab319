"""Dynamic database users: a workload that may have Vault make users, each of which vanishes with its lease."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Self

import pulumi
import pulumi_vault as vault
from pydantic import Field, model_validator

from nhi_components.core.connection import DEFAULT
from nhi_components.core.database import DatabaseGrant, DatabaseStatements, RoleStatements, role_statements
from nhi_components.core.grant import Grant, vault_grant_problems
from nhi_components.core.identity import Identity
from nhi_components.core.links import LinkKind
from nhi_components.core.model import wrong
from nhi_components.core.secret import SecretSpec
from nhi_components.core.spec import parse_spec
from nhi_components.core.vault_login import AppRoleLogin, Login, Mount
from nhi_components.refusal import refusing_plainly
from nhi_components.vault.bundle import DAY, VaultBundle
from nhi_components.vault.workload_identity import VaultWorkloadSpec, WorkloadIdentity

_BY_APPROLE = AppRoleLogin()


class VaultDatabaseSpec(VaultWorkloadSpec):
    """What an identity with dynamic database users is made from.

    Attributes:
        database: the name of the database connection below the engine; it must exist, and its `allowed_roles` must
            permit the role, whose name is identity, environment and the lease's suffix: `orders-prod-*`.
        database_grants: what its users may do, on PostgreSQL.
        statements: SQL written by hand, in place of grants.
        user_ttl_seconds: how long a user lives unless its lease is renewed: 60 to 86,400.
        user_maximum_ttl_seconds: how long one can live at most: not less, up to 86,400.
        database_mount: where the database engine is mounted; it must exist.
    """

    subject: ClassVar[str] = "vault.DynamicDatabaseIdentity"

    database: Annotated[str, Field(pattern=r"^[\w.-]+$")]
    database_grants: tuple[DatabaseGrant, ...] = ()
    statements: DatabaseStatements | None = None
    user_ttl_seconds: Annotated[int, Field(ge=60, le=DAY)] = 3600
    user_maximum_ttl_seconds: Annotated[int, Field(ge=60, le=DAY)] = 4 * 3600
    database_mount: Mount = "database"

    @property
    def sessions(self) -> Mapping[str, int]:
        """The longest life of a token, and of a database user."""
        return {**super().sessions, "user_maximum_ttl_seconds": self.user_maximum_ttl_seconds}

    @model_validator(mode="after")
    def _either_grants_or_statements(self) -> Self:
        if bool(self.database_grants) == bool(self.statements):
            got = "both" if self.statements else "neither database_grants nor statements"
            fix = "name the tables and privileges needed; statements are for what grants can't say"
            raise wrong(got=got, expected="either database_grants or statements", fix=fix)
        return self

    @model_validator(mode="after")
    def _maximum_not_below_user_ttl(self) -> Self:
        if self.user_maximum_ttl_seconds < self.user_ttl_seconds:
            raise wrong(
                got=f"user_maximum_ttl_seconds {self.user_maximum_ttl_seconds}",
                expected=f"at least user_ttl_seconds, {self.user_ttl_seconds}",
                fix="raise the one or lower the other",
            )
        return self


class DynamicDatabaseIdentity(WorkloadIdentity):
    """An identity whose database users Vault makes on demand and drops with their leases.

    Attributes:
        role_name: the auth role, the principal.
        role_id: what the workload logs in with by AppRole, beside a secret id that it gets at start-up; None without.
        entity_id: the identity's entity.
        policy_name: its policy.
        secret_path: mount and path of its KV v2 entry; None without one.
        credentials_path: reading it makes a database user, such as `database/creds/orders-prod-abc123`.
    """

    results = (*WorkloadIdentity.results, "credentials_path")

    credentials_path: pulumi.Output[str]

    _spec: VaultDatabaseSpec

    def __init__(
        self,
        name: str,
        *,
        identity: Identity | Mapping[str, Any],
        database: str,
        database_grants: Sequence[DatabaseGrant | Mapping[str, Any]] = (),
        statements: DatabaseStatements | Mapping[str, Any] | None = None,
        login: Login = _BY_APPROLE,
        grants: Sequence[Grant | Mapping[str, Any]] = (),
        secret: SecretSpec | Mapping[str, Any] | None = None,
        user_ttl_seconds: int = 3600,
        user_maximum_ttl_seconds: int = 4 * 3600,
        token_ttl_seconds: int = 1200,
        token_maximum_ttl_seconds: int = 3600,
        secret_id_ttl_seconds: int = DAY,
        bound_cidrs: Sequence[str] = (),
        approle_mount: str = "approle",
        secret_mount: str = "secret",  # noqa: S107 - a mount's name
        database_mount: str = "database",
        connection: str = DEFAULT,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Register the bundle; the arguments are those of `VaultDatabaseSpec`.

        Args:
            name: the component's name in the program.
            identity: whose it is; see `nhi_components.Identity`.
            database: the existing database connection in Vault; it is referenced, never owned.
            database_grants: what its users may do, on PostgreSQL.
            statements: SQL written by hand, in place of grants.
            login: how it logs in: `AppRoleLogin()`, `JwtLogin(…)` or `KubernetesLogin(…)`.
            grants: capabilities on further paths in Vault.
            secret: a KV v2 entry that only this identity's policy names.
            user_ttl_seconds: how long a user lives unless its lease is renewed.
            user_maximum_ttl_seconds: how long one can live at most.
            token_ttl_seconds: how long a token lives.
            token_maximum_ttl_seconds: how long a renewed token can live.
            secret_id_ttl_seconds: how long a secret id lives.
            bound_cidrs: from where logins and tokens are accepted.
            approle_mount: where the AppRole auth method is mounted.
            secret_mount: where the KV v2 engine is mounted.
            database_mount: where the database engine is mounted.
            connection: the connection of `nhi.Provider` that reaches the Vault which the Vault provider reaches.
            opts: resource options; `providers` may name explicit Vault and nhi providers.

        Raises:
            SpecError: with every problem, before anything is registered.
        """
        fields = {
            "identity": identity,
            "login": login,
            "grants": grants,
            "secret": secret,
            "database": database,
            "database_grants": database_grants,
            "statements": statements,
            "user_ttl_seconds": user_ttl_seconds,
            "user_maximum_ttl_seconds": user_maximum_ttl_seconds,
            "token_ttl_seconds": token_ttl_seconds,
            "token_maximum_ttl_seconds": token_maximum_ttl_seconds,
            "secret_id_ttl_seconds": secret_id_ttl_seconds,
            "bound_cidrs": bound_cidrs,
            "approle_mount": approle_mount,
            "secret_mount": secret_mount,
            "database_mount": database_mount,
        }
        with refusing_plainly():
            self._spec = parse_spec(VaultDatabaseSpec, name, fields, vault_grant_problems)
        VaultBundle.__init__(self, name, self._spec, connection=connection, opts=opts)

    def parts(self) -> Sequence[tuple[LinkKind, Mapping[str, str]]]:
        """What every workload has, and the database role."""
        return [(LinkKind.VAULT_DATABASE_ROLE, self._database_attributes()), *super().parts()]

    def own_paths(self) -> Sequence[tuple[pulumi.Input[str], Sequence[str]]]:
        """It may have its own users made, and nobody else's."""
        return [*super().own_paths(), (self._credentials_path(), ("read",))]

    def make(self) -> None:
        """Make what every workload has, and the database role."""
        super().make()
        self._database_role()
        self.credentials_path = self._credentials_path()

    def _credentials_path(self) -> pulumi.Output[str]:
        return pulumi.Output.concat(self._spec.database_mount, "/creds/", self.name_of(LinkKind.VAULT_DATABASE_ROLE))

    def _database_attributes(self) -> dict[str, str]:
        return {"mount": self._spec.database_mount, "database": self._spec.database}

    def _database_role(self) -> None:
        spec = self._spec
        written = pulumi.Output.all(self.lease_id, self.suspended).apply(lambda known: self._statements(*known))
        role = vault.database.SecretBackendRole(
            f"{self.name}-database-role",
            backend=spec.database_mount,
            name=self.name_of(LinkKind.VAULT_DATABASE_ROLE),
            db_name=spec.database,
            creation_statements=written.apply(lambda statements: list(statements.creation)),
            revocation_statements=written.apply(lambda statements: list(statements.revocation)),
            default_ttl=spec.user_ttl_seconds,
            max_ttl=spec.user_maximum_ttl_seconds,
            opts=self.child_options(),
        )
        self.link(LinkKind.VAULT_DATABASE_ROLE, role.name, role, attributes=self._database_attributes())

    def _statements(self, lease_id: str, suspended: bool) -> RoleStatements:
        return role_statements(lease_id, self._spec.statements or self._spec.database_grants, suspended=suspended)

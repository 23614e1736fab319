"""Secrets engines that issue credentials: a database engine over a real PostgreSQL, and a PKI with a CRL."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from nhi_components.core.database import RoleStatements
from nhi_components.core.lease_id import physical_name
from nhi_components.core.links import Link, LinkKind, System
from nhi_components.core.tags import LeaseTags, organization_mark, statement_mark
from tests.conformance.vault_world import VaultWorld
from tools.lab.sandbox.postgres import Postgres, QueryFailedError

NAMES = ("orders.internal.example", "orders-2.internal.example")


@dataclass(frozen=True)
class DatabaseUser:
    name: str
    password: str
    lease: str


class Database:
    """A database engine of one Vault, connected to a PostgreSQL."""

    def __init__(self, world: VaultWorld, postgres: Postgres) -> None:
        self.world, self.postgres = world, postgres
        self.mount = f"database-{os.urandom(4).hex()}"
        world.root.sys.enable_secrets_engine("database", path=self.mount)
        world.root.write(
            f"{self.mount}/config/orders",
            plugin_name="postgresql-database-plugin",
            connection_url=postgres.url,
            username="postgres",
            password=postgres.password,
            allowed_roles=["*"],
        )

    def create(self, tags: LeaseTags) -> Link:
        """Make the lease's role as the engine does."""
        statement = "CREATE ROLE \"{{name}}\" WITH LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}'"
        return self.create_marked(tags, f"{statement_mark(tags.lease)}\n{statement}")

    def create_marked(self, tags: LeaseTags, statement: str) -> Link:
        return self.create_with(tags, RoleStatements((statement,), ()))

    def create_with(self, tags: LeaseTags, statements: RoleStatements) -> Link:
        name = role_name(tags)
        settings = {
            "db_name": "orders",
            "creation_statements": list(statements.creation),
            "revocation_statements": list(statements.revocation),
            "default_ttl": "1h",
            "max_ttl": "2h",
        }
        self.world.root.write(f"{self.mount}/roles/{name}", **settings)
        return Link(System.VAULT, LinkKind.VAULT_DATABASE_ROLE, name, attributes={"mount": self.mount})

    def issue(self, tags: LeaseTags) -> DatabaseUser:
        """Have a user made through the lease's role."""
        made = self.world.root.read(f"{self.mount}/creds/{role_name(tags)}")
        user = DatabaseUser(made["data"]["username"], made["data"]["password"], made["lease_id"])
        self.world.credentials += [user.password, user.lease, user.lease.rsplit("/", 1)[1]]
        return user

    def logs_in(self, user: DatabaseUser) -> bool:
        try:
            return self.postgres.query("SELECT current_user", user=user.name, password=user.password) == [user.name]
        except QueryFailedError:
            return False

    def knows(self, user: DatabaseUser) -> bool:
        return user.name in self.postgres.query("SELECT rolname FROM pg_roles")

    def role_exists(self, tags: LeaseTags) -> bool:
        return self.world.root.read(f"{self.mount}/roles/{role_name(tags)}") is not None


class Pki:
    """A PKI engine of one Vault, with a root of its own."""

    def __init__(self, world: VaultWorld, **crl: Any) -> None:
        self.world = world
        self.mount = f"pki-{os.urandom(4).hex()}"
        world.root.sys.enable_secrets_engine("pki", path=self.mount)
        world.root.secrets.pki.generate_root("internal", "test", mount_point=self.mount, extra_params={"ttl": "720h"})
        if crl:
            world.root.write(f"{self.mount}/config/crl", **crl)

    def create(self, tags: LeaseTags, *, organizations: tuple[str, ...] | None = None) -> Link:
        """Make the lease's role as the engine does."""
        name = role_name(tags)
        self.world.root.write(
            f"{self.mount}/roles/{name}",
            allowed_domains=list(NAMES),
            allow_bare_domains=True,
            organization=list((organization_mark(tags.lease),) if organizations is None else organizations),
            key_type="ec",
            key_bits=256,
            ttl="1h",
        )
        return Link(System.VAULT, LinkKind.VAULT_PKI_ROLE, name, attributes={"mount": self.mount})

    def issue(self, tags: LeaseTags, **settings: Any) -> str:
        """Have a certificate issued through the lease's role; its serial number."""
        made = self.world.root.write(f"{self.mount}/issue/{role_name(tags)}", common_name=NAMES[0], **settings)["data"]
        self.world.credentials.append(made["private_key"])
        serial: str = made["serial_number"]
        return serial

    def revoked(self, serial: str) -> bool:
        return self.revoked_at(serial) > 0

    def revoked_at(self, serial: str) -> int:
        """When it was revoked, in seconds since 1970; 0 when it was not."""
        return int(self.world.root.read(f"{self.mount}/cert/{serial}")["data"]["revocation_time"])


def role_name(tags: LeaseTags) -> str:
    return physical_name(tags.identity, tags.environment, tags.lease)

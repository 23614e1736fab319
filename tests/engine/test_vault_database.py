"""Dynamic database users on the real engine, OpenBao and PostgreSQL: made, limited, suspended, destroyed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import hvac.exceptions
import pytest

from tests.engine.access import log_in
from tests.engine.programs import assert_gone, evidence, evidence_folder, program, with_identity
from tools.lab.project import Project
from tools.lab.sandbox import Sandbox
from tools.lab.sandbox.postgres import Postgres, QueryFailedError

NAME = "orders-db"
READS_ORDERS = "[vault.DatabaseGrant(privileges=['SELECT'], tables=['public.orders'])]"
CREDENTIAL_LENGTH = 16


@dataclass(frozen=True)
class User:
    name: str
    password: str


class Database:
    """A PostgreSQL with a table of orders and one of invoices, which Vault's connection `shop` reaches."""

    def __init__(self, postgres: Postgres, vault_client: Callable[..., Any]) -> None:
        self.postgres, self._vault_client = postgres, vault_client
        for table in ("orders", "invoices"):
            postgres.query(f"DROP TABLE IF EXISTS {table}; CREATE TABLE {table} (id serial PRIMARY KEY, total int)")
        self.connect("*")

    def connect(self, allowed_roles: str) -> None:
        root = self._vault_client()
        if "database/" not in root.sys.list_mounted_secrets_engines()["data"]:
            root.sys.enable_secrets_engine("database")
        root.write(
            "database/config/shop",
            plugin_name="postgresql-database-plugin",
            connection_url=self.postgres.url,
            username="postgres",
            password=self.postgres.password,
            allowed_roles=[allowed_roles],
        )

    def user(self, outputs: dict[str, Any]) -> User:
        """A user that the identity has Vault make."""
        made = log_in(self._vault_client, outputs).read(outputs["credentials"])["data"]
        return User(made["username"], made["password"])

    def lets(self, user: User, statement: str) -> bool:
        try:
            self.postgres.query(statement, user=user.name, password=user.password)
        except QueryFailedError:
            return False
        return True

    def users(self) -> set[str]:
        return set(self.postgres.query("SELECT rolname FROM pg_roles WHERE rolname LIKE 'v-%'"))


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with Postgres() as server:
        yield server


@pytest.fixture
def database(sandbox: Sandbox, postgres: Postgres, vault_client: Callable[..., Any]) -> Iterator[Database]:
    found = Database(postgres, vault_client)
    yield found
    for user in found.users():
        postgres.query(f'DROP OWNED BY "{user}"; DROP ROLE "{user}"')


def bundle(*, grants: str = READS_ORDERS, **identity: Any) -> str:
    return program(
        f"db = vault.DynamicDatabaseIdentity({NAME!r}, identity={with_identity(**identity)!r}, database='shop', "
        f"database_grants={grants}, user_ttl_seconds=600)",
        f"pulumi.export({NAME!r}, {{'lease': db.lease_id, 'role': db.role_name, 'role_id': db.role_id, "
        "'credentials': db.credentials_path, 'policy': db.policy_name})",
    )


def test_users_may_do_what_is_granted_and_vanish_with_the_identity(
    project: Callable[..., Project], database: Database
) -> None:
    stack = project(bundle())
    stack.up()
    outputs = stack.outputs()[NAME]
    users = [database.user(outputs) for _ in range(2)]
    assert database.users() == {user.name for user in users}
    assert database.lets(users[0], "SELECT * FROM orders")
    for refused in (
        "INSERT INTO orders (total) VALUES (1)",
        "SELECT * FROM invoices",
        "CREATE ROLE thief",
        "DROP TABLE orders",
    ):
        assert not database.lets(users[0], refused), refused
    stack.up("--expect-no-changes")

    held = database.postgres.begin("SELECT pg_sleep(300)", user=users[0].name, password=users[0].password)
    stack.destroy()
    assert database.users() == set()
    assert not any(database.lets(user, "SELECT 1") for user in users)
    assert held.wait(timeout=10) != 0
    assert_gone(stack, outputs["lease"])
    rows = {row["link"]["kind"]: row for row in evidence(stack, outputs["lease"])["removals"]}
    assert {"vault-database-role", "vault-lease"} <= set(rows)
    texts = [file.read_text(errors="replace") for file in evidence_folder(stack).rglob("*") if file.is_file()]
    assert texts
    assert [user.password for user in users if any(user.password[:CREDENTIAL_LENGTH] in text for text in texts)] == []


def test_a_changed_grant_holds_for_the_next_user(project: Callable[..., Project], database: Database) -> None:
    stack = project(bundle())
    stack.up()
    outputs = stack.outputs()[NAME]
    grants = (
        "[vault.DatabaseGrant(privileges=['INSERT'], tables=['public.orders'], sequences=['public.orders_id_seq'])]"
    )
    stack.write({"__main__.py": bundle(grants=grants)})
    stack.up()
    user = database.user(outputs)
    assert database.lets(user, "INSERT INTO orders (total) VALUES (1)")
    assert not database.lets(user, "SELECT * FROM orders")
    stack.destroy()
    assert_gone(stack, outputs["lease"])


def test_suspended_no_user_lives_and_none_is_made_until_it_is_restored(
    project: Callable[..., Project], database: Database, vault_client: Callable[..., Any]
) -> None:
    stack = project(bundle())
    stack.up()
    outputs = stack.outputs()[NAME]
    user, client = database.user(outputs), log_in(vault_client, outputs)
    stack.write({"__main__.py": bundle(state="suspended")})
    stack.up()
    assert stack.outputs()[NAME] == outputs
    assert database.users() == set()
    assert not database.lets(user, "SELECT 1")
    with pytest.raises(hvac.exceptions.Forbidden):
        client.read(outputs["credentials"])
    with pytest.raises(hvac.exceptions.InternalServerError):
        vault_client().read(outputs["credentials"])  # not even for root
    assert database.users() == set()
    stack.up("--expect-no-changes")

    stack.write({"__main__.py": bundle()})
    stack.up()
    assert database.lets(database.user(outputs), "SELECT * FROM orders")
    stack.destroy()
    assert database.users() == set()
    assert_gone(stack, outputs["lease"])


def test_a_database_that_is_down_fails_the_destroy_which_goes_on_later(
    project: Callable[..., Project], database: Database
) -> None:
    stack = project(bundle())
    stack.up()
    outputs = stack.outputs()[NAME]
    user = database.user(outputs)
    database.postgres.stop()
    try:
        failed = stack.destroy(check=False)
        assert failed.code != 0
        assert "its database user is not gone" in failed.text
        assert "let Vault reach the database" in failed.text
        assert user.password not in failed.text
    finally:
        database.postgres.start()
    assert database.lets(user, "SELECT 1")
    stack.destroy()
    assert not database.lets(user, "SELECT 1")
    assert_gone(stack, outputs["lease"])

"""The SQL of dynamic database users; tests/engine runs it on PostgreSQL."""

from __future__ import annotations

import pytest

from nhi_components.core.database import DatabaseGrant, DatabaseStatements, role_statements
from nhi_components.core.errors import SpecError
from nhi_components.core.tags import lease_of_statement

LEASE = "lease-abcdefghijklmnop"
GRANTS = [
    DatabaseGrant(privileges=("SELECT", "INSERT"), tables=("public.orders", "audit.Log"), sequences=("public.ids",)),
    DatabaseGrant(privileges=("DELETE",), tables=("public.orders",)),
]
BY_HAND = DatabaseStatements(
    creation=("CREATE USER '{{name}}'", "GRANT ALL"),
    revocation=("DROP USER '{{name}}'",),
    reason="another database",
    approver="Ada",
)


def test_creation_grants_exactly_what_is_asked_for_on_quoted_names() -> None:
    role, *granted = role_statements(LEASE, GRANTS).creation
    assert lease_of_statement(role) == LEASE
    assert role.splitlines()[1].startswith("CREATE ROLE \"{{name}}\" WITH LOGIN PASSWORD '{{password}}' VALID UNTIL")
    assert role.endswith("NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS")
    assert granted == [
        'GRANT USAGE ON SCHEMA "public" TO "{{name}}"',
        'GRANT USAGE ON SCHEMA "audit" TO "{{name}}"',
        'GRANT SELECT, INSERT ON "public"."orders", "audit"."Log" TO "{{name}}"',
        'GRANT USAGE ON SEQUENCE "public"."ids" TO "{{name}}"',
        'GRANT DELETE ON "public"."orders" TO "{{name}}"',
    ]


def test_revocation_asks_the_database_what_a_user_holds_so_it_fits_those_of_other_grants_too() -> None:
    assert role_statements(LEASE, GRANTS).revocation == role_statements(LEASE, GRANTS[1:]).revocation


def test_statements_by_hand_are_kept_and_marked() -> None:
    written = role_statements(LEASE, BY_HAND)
    assert written.creation == (f"-- nhi:lease={LEASE}\nCREATE USER '{{{{name}}}}'", "GRANT ALL")
    assert written.revocation == BY_HAND.revocation


@pytest.mark.parametrize("given", [GRANTS, BY_HAND], ids=["grants", "by hand"])
def test_suspended_it_makes_no_user_and_still_removes_them(given: list[DatabaseGrant] | DatabaseStatements) -> None:
    suspended = role_statements(LEASE, given, suspended=True)
    (refusal,) = suspended.creation
    assert lease_of_statement(refusal) == LEASE
    assert "RAISE EXCEPTION" in refusal
    assert suspended.revocation == role_statements(LEASE, given).revocation


@pytest.mark.parametrize(
    "table",
    [
        "orders",
        "a.b.c",
        'public."orders"',
        "public.orders; DROP TABLE x",
        "public.o'rders",
        "public.{{name}}",
        "public.",
    ],
)
def test_a_name_that_is_no_plain_identifier_is_refused(table: str) -> None:
    with pytest.raises(SpecError, match="two identifiers"):
        DatabaseGrant(privileges=("SELECT",), tables=(table,))

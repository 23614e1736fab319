"""What a dynamic user of a database may do, and the SQL that makes and removes one on PostgreSQL."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import AfterValidator, StringConstraints

from nhi_components.core.model import Spec, wrong
from nhi_components.core.tags import statement_mark

PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE")
"""What may be granted on tables: those that read and write rows (PostgreSQL documentation, 'Privileges')."""

_IDENTIFIER = r"[A-Za-z_][A-Za-z0-9_]{0,62}"
"""An identifier of at most 63 bytes (PostgreSQL documentation, 'Identifiers and Key Words') that is safe in quotes."""

_QUALIFIED = re.compile(rf"{_IDENTIFIER}\.{_IDENTIFIER}", re.ASCII)
_USER, _PASSWORD = "{{name}}", "{{password}}"
_ATTRIBUTES = "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"

_REVOCATION = """\
DO $$ DECLARE held text; BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{{name}}') THEN
PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{{name}}';
FOR held IN
SELECT CASE relkind WHEN 'S' THEN 'SEQUENCE ' ELSE 'TABLE ' END || pg_class.oid::regclass
FROM pg_class, aclexplode(relacl) WHERE grantee = '"{{name}}"'::regrole
UNION
SELECT 'SCHEMA ' || pg_namespace.oid::regnamespace
FROM pg_namespace, aclexplode(nspacl) WHERE grantee = '"{{name}}"'::regrole
LOOP EXECUTE 'REVOKE ALL ON ' || held || ' FROM "{{name}}"'; END LOOP;
DROP ROLE "{{name}}";
END IF; END $$"""
"""Ends the user's sessions, takes what it holds and drops it; can be repeated.

Vault revokes by the role's statements of today, so these ask the database what a user from before was granted.
"""


def _qualified(value: str) -> str:
    if not _QUALIFIED.fullmatch(value):
        fix = "write schema and name of one object, as PostgreSQL stores them, such as `public.orders`"
        raise wrong(got=value, expected="two identifiers of letters, digits and `_`, joined by a dot", fix=fix)
    return value


def _privilege(value: str) -> str:
    if value not in PRIVILEGES:
        raise wrong(got=value, expected="one of " + ", ".join(PRIVILEGES), fix="choose the privileges needed")
    return value


def _some(values: tuple[str, ...]) -> tuple[str, ...]:
    if not values:
        raise wrong(got="nothing", expected="at least one", fix="name what is needed, or remove it as a whole")
    return values


Qualified = Annotated[str, AfterValidator(_qualified)]


class DatabaseGrant(Spec):
    """Privileges on tables.

    Attributes:
        privileges: `SELECT`, `INSERT`, `UPDATE`, `DELETE`.
        tables: schema and name, exactly as PostgreSQL stores them: `public.orders`.
        sequences: those that inserts draw from, likewise; `USAGE` is granted on them.
    """

    subject: ClassVar[str] = "database grant"

    privileges: Annotated[tuple[Annotated[str, AfterValidator(_privilege)], ...], AfterValidator(_some)]
    tables: Annotated[tuple[Qualified, ...], AfterValidator(_some)]
    sequences: tuple[Qualified, ...] = ()


class DatabaseStatements(Spec):
    """SQL that somebody wrote by hand, for what grants can't say or another SQL database.

    Attributes:
        creation: makes the user `{{name}}` with `{{password}}`, and grants what it may do.
        revocation: ends its sessions and drops it; has to succeed also when it is gone already, and for users that
            earlier statements made.
        reason: why grants don't do, in words that a reviewer understands; at least 8 characters.
        approver: who reviewed them.
    """

    subject: ClassVar[str] = "database statements"

    creation: Annotated[tuple[str, ...], AfterValidator(_some)]
    revocation: Annotated[tuple[str, ...], AfterValidator(_some)]
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=8)]
    approver: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2)]


@dataclass(frozen=True, slots=True)
class RoleStatements:
    """The statements of a database role."""

    creation: tuple[str, ...]
    revocation: tuple[str, ...]


def role_statements(
    lease_id: str, given: Sequence[DatabaseGrant] | DatabaseStatements, *, suspended: bool = False
) -> RoleStatements:
    """Write a role's statements; the first one bears the lease id.

    Args:
        lease_id: the lease.
        given: what its users may do, or statements written by hand.
        suspended: whether no user can be made, whoever asks; those that live can still be removed.
    """
    if isinstance(given, DatabaseStatements):
        creation, revocation = given.creation, given.revocation
    else:
        creation, revocation = _creation(given), (_REVOCATION,)
    if suspended:
        creation = ("DO $$ BEGIN RAISE EXCEPTION 'the identity is suspended'; END $$",)
    first, *others = creation
    return RoleStatements((f"{statement_mark(lease_id)}\n{first}", *others), revocation)


def _creation(grants: Iterable[DatabaseGrant]) -> tuple[str, ...]:
    role = f"CREATE ROLE \"{_USER}\" WITH LOGIN PASSWORD '{_PASSWORD}' VALID UNTIL '{{{{expiration}}}}' {_ATTRIBUTES}"
    schemas = [f'GRANT USAGE ON SCHEMA "{schema}" TO "{_USER}"' for schema in _schemas(grants)]
    granted = [
        statement
        for grant in grants
        for statement in (
            f'GRANT {", ".join(grant.privileges)} ON {", ".join(map(_quoted, grant.tables))} TO "{_USER}"',
            *(f'GRANT USAGE ON SEQUENCE {_quoted(sequence)} TO "{_USER}"' for sequence in grant.sequences),
        )
    ]
    return (role, *schemas, *granted)


def _schemas(grants: Iterable[DatabaseGrant]) -> list[str]:
    names = [name for grant in grants for name in (*grant.tables, *grant.sequences)]
    return list(dict.fromkeys(name.split(".")[0] for name in names))


def _quoted(name: str) -> str:
    schema, _, table = name.partition(".")
    return f'"{schema}"."{table}"'

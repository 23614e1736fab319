"""Roles of secrets engines as records: what issues credentials of other systems, to whoever a policy lets ask.

An owner asks of such a role what he asks of any identity: whose it is, on what it acts, how long what it issues lives.
What it has issued lives for hours and is not told. A static role of a database keeps the password of one account, which
Vault changes in time. Sources: Vault HTTP API, 'Database', 'PKI', and the pages of the other engines that have `roles`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from nhi_components.core.inventory.records import FoundCredential, FoundDocument, FoundGrant, FoundIdentity, Record
from nhi_components.core.links import LinkKind, System
from nhi_components.core.tags import lease_of_organizations, lease_of_statement
from nhi_components.facts.documents import DocumentKind
from nhi_components.lifecycle.adapters.vault.approles import fingerprint
from nhi_components.lifecycle.adapters.vault.discovery_policy import ISSUERS, STATIC_ROLES
from nhi_components.lifecycle.adapters.vault.found_reads import Looks, marks_of_lease, paged, texts
from nhi_components.lifecycle.adapters.vault.reach import engine_roles_of
from nhi_components.lifecycle.adapters.vault.server_time import told_time
from nhi_components.lifecycle.discovery.ports import Section

KINDS: Final[Mapping[str, str]] = {
    "aws": "vault-aws-engine-role",
    "azure": "vault-azure-engine-role",
    "consul": "vault-consul-engine-role",
    "database": LinkKind.VAULT_DATABASE_ROLE,
    "kubernetes": "vault-kubernetes-engine-role",
    "pki": LinkKind.VAULT_PKI_ROLE,
    "rabbitmq": "vault-rabbitmq-engine-role",
    "ssh": "vault-ssh-engine-role",
}
"""The engines whose roles are read, by type; what one is."""
KEEP_NONE: Final = frozenset({"cubbyhole", "identity", "system", "totp", "transform", "transit"})
"""Engines that issue no credential and keep none of an identity; those of a namespace begin with `ns_`."""
STATIC: Final = "vault-database-static-role"
_ISSUE: Final = "issue"


def issuers(looks: Looks, name: str, engine: str, mount: str) -> Section:
    """Give the section of the roles of one engine."""
    folder = engine_roles_of(mount)
    read = paged(lambda: looks.names(folder), lambda role: _role(looks, engine, mount, f"{folder}/{role}"))
    return Section(name, f"what {mount} issues credentials by", ISSUERS, read)


def static_roles(looks: Looks, name: str, mount: str) -> Section:
    """Give the section of the accounts whose passwords a database engine keeps."""
    folder = f"{mount}/static-roles"
    read = paged(lambda: looks.names(folder), lambda role: _static(looks, mount, f"{folder}/{role}"))
    return Section(name, f"accounts whose passwords {mount} keeps", STATIC_ROLES, read)


def issuer(looks: Looks, engine: str, mount: str, role: str) -> Iterator[Record]:
    """Yield what there is to tell of one role of an engine; nothing when it is not there."""
    return _role(looks, engine, mount, f"{engine_roles_of(mount)}/{role}")


def static_role(looks: Looks, mount: str, role: str) -> Iterator[Record]:
    """Yield what there is to tell of one account whose password an engine keeps; nothing when it is not there."""
    return _static(looks, mount, f"{mount}/static-roles/{role}")


def _role(looks: Looks, engine: str, mount: str, path: str) -> Iterator[Record]:
    fields = looks.read(path)
    if fields:
        yield from _identity(looks, KINDS[engine], mount, path, fields)
        yield from _grants(looks, engine, mount, path, fields)


def _static(looks: Looks, mount: str, path: str) -> Iterator[Record]:
    fields = looks.read(path)
    if fields:
        yield from _identity(looks, STATIC, mount, path, fields)
        yield FoundGrant(looks.key(path), _ISSUE, looks.key(f"{mount}/config/{fields.get('db_name')}"))
        changed = told_time(fields.get("last_vault_rotation"))
        yield FoundCredential(looks.key(path), "database-password", str(fields.get("username")), created_at=changed)


def _identity(looks: Looks, kind: str, mount: str, path: str, fields: Mapping[str, Any]) -> Iterator[Record]:
    name, key = path.rpartition("/")[2], looks.key(path)
    lease = _lease(fields)
    yield FoundIdentity(
        key=key,
        system=System.VAULT,
        place=looks.identity.place,
        kind=kind,
        name=name,
        unique_id=fingerprint("\n".join([looks.accessor(mount), name, lease or ""])),
        marks=marks_of_lease(lease),
    )
    yield FoundDocument(key, DocumentKind.ROLE_DEFINITION, name, json.dumps(fields, sort_keys=True))


def _lease(fields: Mapping[str, Any]) -> str | None:
    statements = texts(fields.get("creation_statements"))
    in_statement = lease_of_statement(statements[0]) if statements else None
    return in_statement or lease_of_organizations(texts(fields.get("organization")))


def _grants(looks: Looks, engine: str, mount: str, path: str, fields: Mapping[str, Any]) -> Iterator[Record]:
    """Yield for what it issues: users of a database, certificates of names; of other engines the document tells."""
    if engine == "database":
        yield FoundGrant(looks.key(path), _ISSUE, looks.key(f"{mount}/config/{fields.get('db_name')}"))
    if engine == "pki":
        domains = ["*"] if fields.get("allow_any_name") else dict.fromkeys(texts(fields.get("allowed_domains")))
        condition = "allow_subdomains" if fields.get("allow_subdomains") else ""
        for domain in domains:
            yield FoundGrant(looks.key(path), _ISSUE, domain, condition=condition)

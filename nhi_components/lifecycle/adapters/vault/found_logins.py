"""Auth roles as records: who may log in by them, and which policies that gives.

Sources: Vault HTTP API, the pages of the auth methods. No role tells when it was made or used. An AppRole's id is a
fingerprint of its role id, which one made anew under its name does not share; the other roles have no id of their own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from nhi_components.core.inventory.records import (
    FoundCredential,
    FoundDocument,
    FoundIdentity,
    FoundStep,
    Guard,
    Record,
)
from nhi_components.core.lease_id import is_lease_id
from nhi_components.core.links import LinkKind, System
from nhi_components.core.tags import lease_of_policy
from nhi_components.facts.documents import DocumentKind
from nhi_components.facts.model import Resource
from nhi_components.facts.vault.model import VaultAuthRole, VaultPolicyAttachment
from nhi_components.facts.vault.roles import read_role
from nhi_components.lifecycle.adapters.vault.approles import fingerprint
from nhi_components.lifecycle.adapters.vault.discovery_policy import (
    APPROLES,
    CERTIFICATES,
    FEDERATED,
    ROLES,
    TOKEN_ROLES,
    USERS,
)
from nhi_components.lifecycle.adapters.vault.found_entities import role_id_key
from nhi_components.lifecycle.adapters.vault.found_reads import Looks, Walk, marks_of_lease
from nhi_components.lifecycle.adapters.vault.found_sources import sources_of
from nhi_components.lifecycle.adapters.vault.reach import POLICIES
from nhi_components.lifecycle.discovery.ports import NotSeen, Section

_Named = tuple[str, Mapping[str, Any]]
"""A role's name, and the configuration of its mount."""

_LOGIN: Final = "log-in"
_DEFAULT: Final = "default"
"""The policy of every token whose role does not refuse it."""


@dataclass(frozen=True, slots=True)
class Method:
    """How the roles of an auth method are read.

    Attributes:
        kind: what one is.
        permissions: what reading them needs.
        folder: where they are below the mount.
        configured: whether the mount tells whose tokens it takes.
    """

    kind: str
    permissions: tuple[str, ...]
    folder: str = "role"
    configured: bool = False


METHODS: Final[Mapping[str, Method]] = {
    "approle": Method(LinkKind.VAULT_APPROLE, APPROLES),
    "aws": Method("vault-aws-role", ROLES),
    "azure": Method("vault-azure-role", ROLES),
    "cert": Method("vault-cert-role", CERTIFICATES, "certs"),
    "gcp": Method("vault-gcp-role", ROLES),
    "jwt": Method(LinkKind.VAULT_JWT_ROLE, FEDERATED, configured=True),
    "kubernetes": Method(LinkKind.VAULT_KUBERNETES_ROLE, FEDERATED, configured=True),
    "oidc": Method(LinkKind.VAULT_JWT_ROLE, FEDERATED, configured=True),
    "token": Method("vault-token-role", TOKEN_ROLES, "roles"),
    "userpass": Method("vault-userpass-user", USERS, "users"),
}
"""The auth methods that are read, by type."""
OF_PEOPLE: Final = frozenset({"github", "kerberos", "ldap", "okta", "radius", "saml"})
"""Auth methods for directories of people, kept elsewhere; whoever has logged in by one is an entity."""


def logins(looks: Looks, name: str, method: str, mount: str) -> Section:
    """Give the section of the roles of one auth mount."""
    roles = _Roles(looks, method, mount)
    walk = Walk(roles.after, roles.records)
    return Section(name, f"who logs in by auth/{mount}", METHODS[method].permissions, walk.page)


def login(looks: Looks, method: str, mount: str, role: str) -> Iterator[Record]:
    """Yield what there is to tell of one role; nothing when it is not there.

    Args:
        looks: at that Vault.
        method: one of `METHODS`.
        mount: path of the auth mount, without `auth/`.
        role: its name.
    """
    config = looks.read(f"auth/{mount}/config") if METHODS[method].configured else {}
    return _Roles(looks, method, mount).records((role, config))


class _Roles:
    """The roles of one auth mount."""

    def __init__(self, looks: Looks, method: str, mount: str) -> None:
        self._looks, self._method, self._mount = looks, method, mount
        self._shape = METHODS[method]
        self._folder = f"auth/{mount}/{self._shape.folder}"

    def after(self, cursor: str) -> Iterator[tuple[str, _Named]]:
        """Yield the names after one, each with the configuration of the mount."""
        names = self._looks.names(self._folder)
        config = self._looks.read(f"auth/{self._mount}/config") if self._shape.configured else {}
        yield from ((name, (name, config)) for name in names if name > cursor)

    def records(self, named: _Named) -> Iterator[Record]:
        """Yield what there is to tell of one role."""
        name, config = named
        path = f"{self._folder}/{name}"
        key, fields = self._looks.key(path), self._looks.read(path)
        told_id = self._looks.read(f"{path}/role-id").get("role_id") if fields and self._is_approle else None
        if not fields or (self._is_approle and not told_id):
            return
        facts = list(read_role(Resource(key, "role"), "role", fields, self._method))
        policies = [fact.policy for fact in facts if isinstance(fact, VaultPolicyAttachment)]
        role_id = fingerprint(str(told_id)) if told_id else None
        lease = next((policy for policy in policies if is_lease_id(policy)), None) or self._lease_in(policies)
        yield FoundIdentity(
            key=key,
            system=System.VAULT,
            place=self._looks.identity.place,
            kind=self._shape.kind,
            name=name,
            unique_id=role_id or self._unique_id(name, lease),
            marks=marks_of_lease(lease),
            guard=Guard.CALLER if path == self._looks.identity.role else None,
        )
        yield FoundDocument(key, DocumentKind.ROLE_DEFINITION, name, json.dumps(fields, sort_keys=True))
        implied = [] if fields.get("token_no_default_policy") or self._method == "token" else [_DEFAULT]
        yield from self._looks.carriers(key, [*policies, *implied])
        for fact in facts:
            if isinstance(fact, VaultAuthRole):
                for source, condition in sources_of(fact, config or _authority(fields)):
                    yield FoundStep(source, key, _LOGIN, condition)
        if role_id:
            yield FoundStep(key, role_id_key(self._looks, self._mount, role_id), _LOGIN)
        yield from self._standing(key, name, fields)

    @property
    def _is_approle(self) -> bool:
        return self._method == "approle"

    def _unique_id(self, name: str, lease: str | None) -> str:
        """As `FederatedRole` makes it."""
        return fingerprint("\n".join([self._looks.accessor(f"auth/{self._mount}"), name, lease or ""]))

    def _lease_in(self, policies: list[str]) -> str | None:
        """Tell which lease a policy of an AppRole bears in its first line; without the right to read it, none."""
        for policy in policies if self._is_approle else ():
            try:
                text = str(self._looks.read(f"{POLICIES}/{policy}").get("policy", ""))
            except NotSeen:
                # That policies are not seen is told by their own section.
                return None
            if lease := lease_of_policy(text):
                return lease
        return None

    def _standing(self, key: str, name: str, fields: Mapping[str, Any]) -> Iterator[Record]:
        """Yield the credential that is kept with the role itself."""
        if self._method == "userpass":
            yield FoundCredential(key, "password", name)
        if self._method == "cert":
            for certificate in _certificates(fields):
                if _is_authority(certificate):
                    continue
                known = certificate.fingerprint(SHA256()).hex()
                begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
                yield FoundCredential(key, "certificate", known, created_at=begins, expires_at=ends)


def _certificates(fields: Mapping[str, Any]) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(str(fields.get("certificate", "")).encode())
    except ValueError:
        return []


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _authority(fields: Mapping[str, Any]) -> Mapping[str, str]:
    """Tell who issues the certificates that a role takes; nobody where it takes just the one that it names."""
    names = [each.subject.rfc4514_string() for each in _certificates(fields) if _is_authority(each)]
    return {"bound_issuer": names[0]} if names else {}

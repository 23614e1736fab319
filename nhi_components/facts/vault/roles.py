"""Reads what a role, token, user or entity of Vault says about itself: policies, bounds and lifetimes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from nhi_components.facts.model import Fact, NotYetKnown, Resource, Unjudged
from nhi_components.facts.values import UNKNOWN, kind_of
from nhi_components.facts.vault.auth_roles import api_names, method_of, read_auth_role
from nhi_components.facts.vault.credentials import read_lifetime, read_secret_ids, read_tokens
from nhi_components.facts.vault.model import AuthMethod, VaultPolicyAttachment

_ATTACHING: Final = ("token_policies", "policies", "identity_policies", "allowed_policies")
_CERTIFICATE: Final = "issue certificates for hours or days, and let their holders ask again"
_ROLE: Final = "an auth role of Vault: an object with fields of its API"


def read_role(resource: Resource, path: str, value: object, told: object = None) -> Iterator[Fact]:
    """Yield the facts of a role, token or entity that stands alone.

    Args:
        resource: what it was read from.
        path: the place inside the resource.
        value: the role as data, its fields named as in Vault's API or as in Pulumi.
        told: the name of the auth method, where it is known.
    """
    if value is UNKNOWN:
        yield NotYetKnown(resource, path, "auth role")
        return
    if not isinstance(value, Mapping) or not value:
        yield Unjudged(resource, path, kind_of(value), _ROLE, "write it as Vault's API takes it")
        return
    fields = api_names(value)
    method = method_of(fields, told)
    attached = [fact for name in _ATTACHING for fact in read_attached(resource, f"{path}.{name}", fields.get(name))]
    if method is None and not attached and not any(name.endswith(("ttl", "period")) for name in fields):
        yield Unjudged(resource, path, "an object without any field of a role", _ROLE, "name the fields of the role")
        return
    yield from attached
    yield from read_login(resource, path, fields, method)
    yield from read_certificates(resource, path, fields)


def read_login(resource: Resource, path: str, fields: Mapping[str, Any], method: AuthMethod | None) -> Iterator[Fact]:
    """Yield who logs in by a role, and how long what they get lives; fields are named as in the API."""
    if method is not None:
        yield from read_auth_role(resource, path, method, fields)
    if method is AuthMethod.APPROLE:
        yield from read_secret_ids(resource, path, fields)
    yield from read_tokens(resource, path, fields)


def read_certificates(resource: Resource, path: str, fields: Mapping[str, Any]) -> Iterator[Fact]:
    """Yield how long the certificates of a role of the PKI engine live."""
    if "allowed_domains" in fields or "allow_any_name" in fields or "key_type" in fields:
        name = "max_ttl" if fields.get("max_ttl") else "ttl"
        yield from read_lifetime(resource, f"{path}.{name}", fields.get(name), "a certificate", _CERTIFICATE)


def read_attached(resource: Resource, path: str, value: object) -> Iterator[Fact]:
    """Yield the policies that a list, or a text with commas, names."""
    members = value.split(",") if isinstance(value, str) else value
    for index, member in enumerate(members if isinstance(members, list) else [members]):
        place = f"{path}[{index}]" if isinstance(value, list) else path
        match member:
            case None:
                continue
            case str():
                yield VaultPolicyAttachment(resource, place, member.strip())
            case _ if member is UNKNOWN:
                yield NotYetKnown(resource, place, "policy name")
            case _:
                yield Unjudged(resource, place, kind_of(member), "the name of a policy", "give its name as a string")

"""Reads roles by which workloads log in to Vault: who may use them, and how long what they get lives.

Source: Vault HTTP API, the pages of the auth methods; names are those of the API, or of Pulumi in camel case.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from nhi_components.facts.model import Fact, NotYetKnown, Resource, Unjudged
from nhi_components.facts.values import UNKNOWN, kind_of
from nhi_components.facts.vault.model import AuthMethod, VaultAuthRole

_CLAIMS: Final = "bound_claims"
_PLAIN: Final = ("role_type", "bound_claims_type", "auth_type", "type", "bind_secret_id", "audience")
_SIGNS: Final = (
    ("bound_service_account_names", AuthMethod.KUBERNETES),
    ("bound_service_account_namespaces", AuthMethod.KUBERNETES),
    ("bound_service_account_namespace_selector", AuthMethod.KUBERNETES),
    ("bound_iam_principal_arn", AuthMethod.AWS),
    ("bound_iam_principal_arns", AuthMethod.AWS),
    ("bound_account_id", AuthMethod.AWS),
    ("bound_account_ids", AuthMethod.AWS),
    ("bound_ami_id", AuthMethod.AWS),
    ("bound_projects", AuthMethod.GCP),
    ("bound_service_accounts", AuthMethod.GCP),
    ("bound_subscription_ids", AuthMethod.AZURE),
    ("bound_service_principal_ids", AuthMethod.AZURE),
    ("bound_resource_groups", AuthMethod.AZURE),
    ("user_claim", AuthMethod.JWT),
    (_CLAIMS, AuthMethod.JWT),
    ("bound_audiences", AuthMethod.JWT),
    ("bound_subject", AuthMethod.JWT),
    ("bind_secret_id", AuthMethod.APPROLE),
    ("secret_id_ttl", AuthMethod.APPROLE),
    ("secret_id_num_uses", AuthMethod.APPROLE),
    ("secret_id_bound_cidrs", AuthMethod.APPROLE),
)
"""Fields by which a role without a type is known."""

_METHODS: Final[dict[str, AuthMethod]] = {method.value: method for method in AuthMethod}
_UPPER: Final = re.compile(r"(?<=[a-z0-9])([A-Z])")


def method_of(fields: Mapping[str, Any], told: object = None) -> AuthMethod | None:
    """Tell by which method a role logs in: as told, or as its own fields show.

    Args:
        fields: the role, its fields named as in the API.
        told: the method's name where it is known beforehand.
    """
    for name in (told, fields.get("role_type"), fields.get("auth_method"), fields.get("method")):
        if isinstance(name, str) and name.lower() in _METHODS:
            return _METHODS[name.lower()]
    return next((method for field, method in _SIGNS if field in fields), None)


def read_auth_role(resource: Resource, path: str, method: AuthMethod, fields: Mapping[str, Any]) -> Iterator[Fact]:
    """Yield who may log in by a role; fields are named as in the API."""
    bounds: dict[str, tuple[str, ...]] = {}
    unknown: set[str] = set()
    noted: list[Fact] = []
    for name, value in fields.items():
        if name == _CLAIMS:
            _read_claims(resource, path, value, bounds, unknown, noted)
        elif name.startswith(("bound_", "allowed_")) or name in _PLAIN or name.endswith("_bound_cidrs"):
            _read_bound(resource, f"{path}.{name}", name, value, bounds, unknown, noted)
    if method is AuthMethod.JWT and bounds.get("role_type") == ("oidc",):
        method = AuthMethod.OIDC
    yield VaultAuthRole(resource, path, method, bounds, frozenset(unknown))
    yield from noted


def api_names(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Give the fields of a role the names that they have in Vault's API."""
    return {snake_case(str(name)): value for name, value in fields.items()}


@lru_cache(maxsize=1024)
def snake_case(name: str) -> str:
    """Turn `boundAudiences` into `bound_audiences`."""
    return _UPPER.sub(r"_\1", name).lower()


def _read_claims(
    resource: Resource,
    path: str,
    value: object,
    bounds: dict[str, tuple[str, ...]],
    unknown: set[str],
    noted: list[Fact],
) -> None:
    place = f"{path}.{_CLAIMS}"
    if not isinstance(value, Mapping):
        if value is UNKNOWN:
            unknown.add(_CLAIMS)
        if value is not None:
            noted.append(_note(resource, place, value, "an object of claims"))
        return
    for claim, wanted in value.items():
        _read_bound(resource, f"{place}.{claim}", f"{_CLAIMS}.{claim}", wanted, bounds, unknown, noted)


def _read_bound(
    resource: Resource,
    path: str,
    name: str,
    value: object,
    bounds: dict[str, tuple[str, ...]],
    unknown: set[str],
    noted: list[Fact],
) -> None:
    texts: list[str] = []
    for member in value if isinstance(value, list) else [value]:
        if isinstance(member, str):
            texts += [text.strip() for text in (member.split(",") if name not in _PLAIN else [member])]
        elif isinstance(member, bool | int | float):
            texts.append(str(member).lower())
        elif member is not None:
            unknown.add(name)
            noted.append(_note(resource, path, member, "a string or a list of strings"))
    kept = tuple(text for text in texts if text)
    if kept:
        bounds[name] = kept


def _note(resource: Resource, path: str, value: object, expected: str) -> Fact:
    if value is UNKNOWN:
        return NotYetKnown(resource, path, "bound of an auth role")
    return Unjudged(resource, path, kind_of(value), expected, "write it as Vault's API takes it")

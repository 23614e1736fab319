"""Google Cloud's predefined roles and permissions, as `data/gcp_roles.json` lists them with their source and date.

The data is read when it is first asked for; a role's permissions are unpacked when the role is first met.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from importlib import resources
from typing import Any

_ROLE = "roles/"
_ROLES_KEPT = 4096
_LONGEST = 200
_LIKE_ANOTHER = {"roles/admin": "roles/owner", "roles/writer": "roles/editor", "roles/reader": "roles/viewer"}
"""Basic roles of the second generation. Source: IAM documentation, 'Basic roles'."""


@cache
def _data() -> Mapping[str, Any]:
    text = (resources.files(__package__) / "data/gcp_roles.json").read_text(encoding="utf-8")
    data: dict[str, Any] = json.loads(text)
    return data


def version() -> str:
    """Tell the day of the data, `YYYY-MM-DD`, for messages about what it does not know."""
    return str(_data()["date"])


@cache
def predefined_roles() -> tuple[str, ...]:
    """Give the names of every predefined role, such as `roles/owner`, sorted."""
    return tuple(sorted(_ROLE + name for name in _data()["roles"]))


@lru_cache(_ROLES_KEPT)
def permissions_of(role: str) -> frozenset[str] | None:
    """Give the permissions of a predefined role; None when the data does not know the role.

    Args:
        role: its name, such as `roles/storage.admin`.
    """
    if not role.startswith(_ROLE):
        return None
    masks: str | None = _data()["roles"].get(_LIKE_ANOTHER.get(role, role)[len(_ROLE) :])
    return None if masks is None else frozenset(_unpacked(masks))


@cache
def all_permissions() -> frozenset[str]:
    """Give every permission that the data knows."""
    return frozenset(name for service in _data()["permissions"] for name in permissions_of_service(service))


@cache
def _by_lower_case() -> Mapping[str, str]:
    return {name.lower(): name for name in all_permissions()}


def in_another_letter_case(permission: str) -> str:
    """Give the known permission that a name differs from in letter case alone; empty when there is none."""
    return _by_lower_case().get(permission.lower(), "")


@cache
def permissions_of_service(service: str) -> tuple[str, ...]:
    """Give the permissions of one service, such as `storage`, in the order of the data; none when it is unknown."""
    kinds: dict[str, str] = _data()["permissions"].get(service, {})
    return tuple(f"{service}.{kind}.{verb}" for kind, verbs in kinds.items() for verb in verbs.split(" "))


@lru_cache(1024)
def matching(pattern: str) -> frozenset[str]:
    """Give the known permissions that a name with `*` in it would stand for, such as `storage.*`.

    Returns:
        None of them for a pattern that is longer than any permission.
    """
    return frozenset(_matched(pattern))


def is_documented(pattern: str) -> bool:
    """Tell whether a name with `*` in it would stand for any known permission."""
    return any(True for _ in _matched(pattern))


def _matched(pattern: str) -> Iterator[str]:
    if len(pattern) > _LONGEST:
        return
    service, literal = pattern.partition(".")[0], pattern.replace("[", "[[]")
    for each in _data()["permissions"] if "*" in service else (service,):
        yield from (name for name in permissions_of_service(each) if fnmatchcase(name, literal))


def _unpacked(masks: str) -> Iterator[str]:
    for part in masks.split(" ") if masks else ():
        service, _, digits = part.partition(":")
        names = permissions_of_service(service)
        bits = int(digits, 16)
        while bits:
            lowest = bits & -bits
            yield names[lowest.bit_length() - 1]
            bits ^= lowest

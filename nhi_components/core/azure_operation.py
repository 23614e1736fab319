"""Operations of Azure: which names there are, what wildcards in them match, and whether they are on data.

A typing error in a name grants nothing, or something unforeseen. Sources: Azure RBAC documentation, 'Understand Azure
role definitions', 'Actions format': `{Company}.{ProviderName}/{resourceType}/{action}`, where the last part is `read`,
`write`, `delete`, `action` or a wildcard, `*` stands for any characters, slashes included, and letter case does not
count. The operations of the directory (`microsoft.directory/…`) have their own last parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from nhi_components.core.azure_catalogue import (
    is_known_provider,
    operations_of,
    patterns_of,
    providers,
    roles,
    types_of,
)

VERBS: Final = ("read", "write", "delete", "action")
LONGEST: Final = 512
"""No operation is longer, in characters."""

COSMOS_PROVIDER: Final = "microsoft.documentdb"
COSMOS_ACCOUNTS: Final = f"{COSMOS_PROVIDER}/databaseaccounts"
COSMOS_VERBS: Final = frozenset(
    {
        "create",
        "executequery",
        "executestoredprocedure",
        "manageconflicts",
        "readchangefeed",
        "readmetadata",
        "replace",
        "upsert",
    }
)
"""Source: Azure Cosmos DB documentation, 'Data plane role-based access control', permission model."""

COSMOS_OPERATIONS: Final = frozenset(
    f"{COSMOS_ACCOUNTS}/{name}"
    for name in (
        "readmetadata",
        *(
            f"sqldatabases/containers/{name}"
            for name in ("executequery", "readchangefeed", "executestoredprocedure", "manageconflicts")
        ),
        *(f"sqldatabases/containers/items/{name}" for name in ("create", "read", "replace", "upsert", "delete")),
    )
)
"""Operations on data of Cosmos DB for NoSQL in lower case, which an account's own roles permit and Azure RBAC does not.
Source: as before."""

_CACHED = 16_384
_FORM = re.compile(r"[A-Za-z0-9.*_-]+(/[A-Za-z0-9.*$:{}_-]+)*")
_DIRECTORY = ("microsoft.directory/", "microsoft.office365.", "microsoft.azure.", "microsoft.intune/")
_OF_EVERY_PROVIDER = frozenset({"register", "unregister", "operations", "locations", "checknameavailability", "usages"})


@lru_cache(maxsize=_CACHED)
def _parts(pattern: str) -> tuple[str, ...]:
    return tuple(pattern.lower().split("*"))


def matches(pattern: str, operation: str) -> bool:
    """Tell whether a pattern matches an operation, which is given in lower case."""
    parts = _parts(pattern)
    if len(parts) == 1:
        return parts[0] == operation
    head, tail = parts[0], parts[-1]
    position, end = len(head), len(operation) - len(tail)
    if position > end or not operation.startswith(head) or not operation.endswith(tail):
        return False
    for part in parts[1:-1]:
        found = operation.find(part, position, end)
        if found < 0:
            return False
        position = found + len(part)
    return True


@lru_cache(maxsize=_CACHED)
def problem_of(operation: str) -> str | None:
    """Tell what is wrong with an operation, which may have wildcards; None for nothing."""
    if len(operation) > LONGEST:
        return "a text that is too long for an operation"
    if _FORM.fullmatch(operation) is None:
        return f"`{operation}`, which is no operation"
    name = operation.lower()
    if name.startswith(_DIRECTORY):
        return None
    provider, slash, rest = name.partition("/")
    if "*" in provider:
        return None
    if not slash or "." not in provider:
        return f"`{operation}`, which names no resource provider"
    return _problem_below(operation, provider, rest)


@lru_cache(maxsize=_CACHED)
def planes_of(operation: str) -> frozenset[str]:
    """Tell which of `control`, `data` and `cosmos` a known operation is of; more for the few names that are of several.

    `cosmos` is the data plane of Cosmos DB for NoSQL, which has roles of its own.

    Args:
        operation: its name; with wildcards, what it may stand for counts.

    Returns:
        Nothing for one that the catalogue does not know.
    """
    name = operation.lower()
    provider = name.partition("/")[0]
    planes = {plane for plane, data in (("control", False), ("data", True)) if _knows(name, provider, data=data)}
    if any(matches(name, each) for each in COSMOS_OPERATIONS):
        planes.add("cosmos")
    return frozenset(planes)


@lru_cache(maxsize=1024)
def documented(pattern: str) -> frozenset[tuple[str, bool]]:
    """Give the known operations that a pattern matches, in lower case, each with whether it is one on data.

    Those on data of Cosmos DB for NoSQL count among them.
    """
    return frozenset(_matched(pattern.lower()))


def is_documented(pattern: str) -> bool:
    """Tell whether a pattern matches a known operation; soon, for most of them."""
    return any(True for _ in _matched(pattern.lower()))


def _matched(wanted: str) -> Iterator[tuple[str, bool]]:
    provider = wanted.partition("/")[0]
    for each in providers() if "*" in provider else {provider} & providers():
        if matches(provider, each):
            for data in (False, True):
                yield from ((name, data) for name in operations_of(each, data=data) if matches(wanted, name))
    yield from ((name, True) for name in COSMOS_OPERATIONS if matches(wanted, name))


@lru_cache(maxsize=1024)
def contained(role: str) -> frozenset[tuple[str, bool]] | None:
    """Give the known operations that a built-in role permits, likewise; None for what is none.

    A wildcard that matches none of them, as some roles have, is among them as it stands.
    """
    entry = roles().find(role)
    if entry is None:
        return None
    found: set[tuple[str, bool]] = set()
    for each in entry.permissions:
        found |= _permitted(each.actions, each.not_actions, data=False)
        found |= _permitted(each.data_actions, each.not_data_actions, data=True)
    return frozenset(found)


def _permitted(given: Iterable[str], out: Iterable[str], *, data: bool) -> set[tuple[str, bool]]:
    found: set[tuple[str, bool]] = set()
    for pattern in given:
        known = {pair for pair in documented(pattern) if pair[1] is data}
        found |= known or {(pattern.lower(), data)}
    return {pair for pair in found if not any(matches(other, pair[0]) for other in out)}


def guessed_plane(operation: str) -> str:
    """Tell which plane an operation that the catalogue does not know is taken for: `data` where a wildcard says so.

    A wildcard that stands for all of a provider says nothing.
    """
    name = operation.lower()
    provider = name.partition("/")[0]
    telling = patterns_of(provider, data=True) - {f"{provider}/*"}
    return "data" if any(matches(each, name) for each in telling) else "control"


def _knows(name: str, provider: str, *, data: bool) -> bool:
    known = operations_of(provider, data=data)
    return name in known or ("*" in name and any(matches(name, each) for each in known))


def _problem_below(operation: str, provider: str, rest: str) -> str | None:
    if not is_known_provider(provider):
        return f"`{operation}`, whose resource provider is not known"
    first, last = rest.partition("/")[0], rest.rpartition("/")[2]
    if "*" not in last and last not in VERBS and not (provider == COSMOS_PROVIDER and last in COSMOS_VERBS):
        return f"`{operation}`, which ends in none of {', '.join(VERBS)}"
    known = types_of(provider)
    if known and "*" not in first and first not in known and first not in _OF_EVERY_PROVIDER | set(VERBS):
        return f"`{operation}`, whose resource type is not known"
    return None

"""What is wrong with the name of an operation, if anything: a typing error grants nothing, or something unforeseen.

Source: Azure RBAC documentation, 'Actions format': `{Company}.{ProviderName}/{resourceType}/{action}`, where the last
part is `read`, `write`, `delete`, `action` or a wildcard. The operations of the directory (`microsoft.directory/…`)
have their own last parts.
"""

from __future__ import annotations

import re
from functools import lru_cache

from nhi_components.facts.azure.catalogue import is_known_provider, types_of
from nhi_components.facts.azure.patterns import LONGEST, VERBS

_CACHED = 16_384
_FORM = re.compile(r"[A-Za-z0-9.*_-]+(/[A-Za-z0-9.*$:{}_-]+)*")
_DIRECTORY = ("microsoft.directory/", "microsoft.office365.", "microsoft.azure.", "microsoft.intune/")
_OF_EVERY_PROVIDER = frozenset({"register", "unregister", "operations", "locations", "checknameavailability", "usages"})

_COSMOS = "microsoft.documentdb"
_COSMOS_VERBS = frozenset(
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


def _problem_below(operation: str, provider: str, rest: str) -> str | None:
    if not is_known_provider(provider):
        return f"`{operation}`, whose resource provider is not known"
    first, last = rest.partition("/")[0], rest.rpartition("/")[2]
    if "*" not in last and last not in VERBS and not (provider == _COSMOS and last in _COSMOS_VERBS):
        return f"`{operation}`, which ends in none of {', '.join(VERBS)}"
    known = types_of(provider)
    if known and "*" not in first and first not in known and first not in _OF_EVERY_PROVIDER | set(VERBS):
        return f"`{operation}`, whose resource type is not known"
    return None

"""What the wildcards in Azure's operations match.

Source: Azure RBAC documentation, 'Understand Azure role definitions', 'Actions format': `*` stands for any characters,
slashes included; letter case does not count.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from nhi_components.core.azure_operation import LONGEST, VERBS, matches

__all__ = [
    "LONGEST",
    "VERBS",
    "change_left",
    "covers",
    "is_on_the_side",
    "is_whole_provider_change",
    "is_whole_service",
    "matches",
    "spans_providers",
    "verb_left",
    "verbs",
]

_CACHED = 16_384
_ANY: Final = "\x00"
_SEVERAL_PROVIDERS = frozenset({"", "microsoft", "microsoft."})
_ON_THE_SIDE = ("microsoft.support/", "microsoft.resourcehealth/")
"""Providers that change no resource: support requests and health reports."""


def covers(wider: str, narrower: str) -> bool:
    """Tell whether one pattern matches all that another matches."""
    return matches(wider, narrower.lower().replace("*", _ANY))


@lru_cache(maxsize=_CACHED)
def verbs(pattern: str) -> frozenset[str]:
    """Tell which kinds of operations a pattern may match."""
    last = pattern.lower().rpartition("/")[2]
    if "*" not in last:
        return frozenset({last}.intersection(VERBS))
    matched = frozenset(verb for verb in VERBS if matches(last, verb))
    return matched or frozenset(VERBS[1:])


def change_left(pattern: str, taken_out: tuple[str, ...]) -> bool:
    """Tell whether a pattern still grants more than reads when others are taken out of it."""
    return any(verb_left(pattern, verb, taken_out) for verb in VERBS[1:])


def verb_left(pattern: str, verb: str, taken_out: tuple[str, ...]) -> bool:
    """Tell whether a pattern still grants one kind of operations when others are taken out of it."""
    if verb not in verbs(pattern):
        return False
    if not taken_out:
        return True
    start, slash, last = pattern.rpartition("/")
    instance = pattern if "*" not in last else f"{start}{slash}*/{verb}"
    return not any(covers(other, instance) for other in taken_out)


@lru_cache(maxsize=_CACHED)
def spans_providers(pattern: str) -> bool:
    """Tell whether a pattern reaches into nearly every provider: `*`, `*/write`, `Microsoft.*`."""
    provider = pattern.lower().partition("/")[0]
    return "*" in provider and provider.replace("*", "") in _SEVERAL_PROVIDERS


@lru_cache(maxsize=_CACHED)
def is_whole_service(pattern: str) -> bool:
    """Tell whether a pattern matches every operation of a provider: `Microsoft.Storage/*`, and `*`, too."""
    provider, slash, rest = pattern.lower().partition("/")
    if f"{provider}/" in _ON_THE_SIDE:
        return False
    return not rest.strip("*/") if slash else provider.endswith("*")


@lru_cache(maxsize=_CACHED)
def is_whole_provider_change(pattern: str) -> bool:
    """Tell whether a pattern changes everything of a provider: `Microsoft.Compute/*`, `Microsoft.Compute/*/write`."""
    if not verbs(pattern) - {"read"} or is_on_the_side(pattern):
        return False
    if is_whole_service(pattern):
        return True
    rest = pattern.lower().partition("/")[2]
    if spans_providers(pattern) and rest in VERBS:
        return True
    return rest.startswith("*") and rest.replace("*", "").strip("/") in VERBS


@lru_cache(maxsize=_CACHED)
def is_on_the_side(pattern: str) -> bool:
    """Tell whether a pattern is about support requests or health reports, which change no resource."""
    return pattern.lower().startswith(_ON_THE_SIDE)

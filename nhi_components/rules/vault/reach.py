"""Tells which of Vault's own paths a policy reaches, most specific path first, as Vault decides."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Final

from nhi_components.core.vault_path import covers, meet, overlaps
from nhi_components.facts.vault.model import PathRule, VaultPolicyDocument
from nhi_components.facts.vault.paths import Precedence, mount_of, names_nearly_everything, precedence
from nhi_components.rules.vault.endpoints import ENDPOINTS, HARMLESS_WRITES, WRITES, Endpoint, Power

_BY_FIRST: Final = {
    first: tuple(endpoints)
    for first, endpoints in groupby(sorted(ENDPOINTS, key=attrgetter("path")), lambda each: each.path.partition("/")[0])
}
_OF_SECRETS: Final = frozenset({"data", "delete", "destroy", "metadata", "subkeys", "undelete"})
"""Segments that follow a mount of secrets; who writes `+/data/*` means these."""

_MOST_DECIDING: Final = 24
"""Rules of one document that can take a path away from others; beyond that nothing is taken away."""

_NO_SECRETS: Final = frozenset(
    {
        "auth",
        "aws",
        "azure",
        "consul",
        "cubbyhole",
        "database",
        "gcp",
        "identity",
        "kubernetes",
        "ldap",
        "nomad",
        "pki",
        "rabbitmq",
        "ssh",
        "sys",
        "totp",
        "transit",
    }
)
"""Mounts, by their usual names, that hold no stored secrets; what they make is judged as credentials."""

_WITHOUT_VALUES: Final = frozenset(
    {
        "config",
        "creds",
        "decrypt",
        "delete",
        "destroy",
        "encrypt",
        "issue",
        "metadata",
        "roles",
        "sign",
        "static-creds",
        "sts",
        "subkeys",
        "undelete",
    }
)
"""Segments of the API that return no stored secret."""


def enabled(document: VaultPolicyDocument, power: Power) -> Iterator[tuple[PathRule, str]]:
    """Yield the rules that give a power over Vault itself, each with what it enables, in words."""
    reaching = [rule for rule in document.granting if _touched(rule.pattern)]
    if not reaching:
        return
    limiting = [rule for rule in document.rules if not rule.granted >= WRITES and _touched(rule.pattern)]
    deciding = sorted(((precedence(rule.pattern), rule) for rule in limiting), key=itemgetter(0))[-_MOST_DECIDING:]
    for rule in reaching:
        for endpoint in _touched(rule.pattern):
            if power in endpoint.powers and _gives(rule, endpoint) and not _is_taken_away(rule, endpoint, deciding):
                yield rule, endpoint.what
                break


def operates(rule: PathRule) -> bool:
    """Tell whether a rule writes below `sys/` what is not known to be harmless."""
    return rule.pattern.startswith("sys/") and bool(rule.granted & WRITES) and rule.pattern not in HARMLESS_WRITES


def _is_taken_away(rule: PathRule, endpoint: Endpoint, deciding: list[tuple[Precedence, PathRule]]) -> bool:
    """Tell whether a more specific rule, which does not give it, takes in all that a rule shares with an endpoint."""
    rank = precedence(rule.pattern)
    shared = ""
    for other_rank, other in reversed(deciding):
        if other_rank <= rank:
            return False
        shared = shared or meet(rule.pattern, endpoint.path)
        if not other.granted & endpoint.capabilities and covers(other.pattern, shared):
            return True
    return False


def _gives(rule: PathRule, endpoint: Endpoint) -> bool:
    if not rule.granted & endpoint.capabilities or (rule.narrowed and endpoint.is_limitable):
        return False
    return not endpoint.of_every_role or _takes_in_every_role(rule.pattern, endpoint.path)


def _takes_in_every_role(pattern: str, path: str) -> bool:
    """Tell whether a pattern leaves open the role, which is the last name that a path of the API leaves open."""
    segments, names = pattern.split("/"), path.split("/")
    role = max(index for index, name in enumerate(names) if name == "+")
    for index, segment in enumerate(segments):
        if index == len(segments) - 1 and segment.endswith("*"):
            return index < role or segment == "*"
        if index == role:
            return segment == "+"
    return False


@lru_cache(maxsize=16384)
def _touched(pattern: str) -> tuple[Endpoint, ...]:
    """Give the endpoints of which a pattern matches at least one path."""
    first = pattern.partition("/")[0]
    if first == "+" and not _OF_SECRETS.isdisjoint(pattern.split("/", 2)[1:2]):
        return ()
    among = ENDPOINTS if first == "+" or first.endswith("*") else _BY_FIRST.get(first, ())
    return tuple(endpoint for endpoint in among if overlaps(pattern, endpoint.path))


def holds_every_secret(pattern: str) -> bool:
    """Tell whether a pattern takes in the values of all secrets of a mount, or of more."""
    if not pattern.endswith(("*", "+")) or not names_nearly_everything(pattern):
        return False
    segments = pattern.split("/")
    first = next(index for index, segment in enumerate(segments) if segment == "+" or segment.endswith("*"))
    if any(segment not in ("+", "*", "data") for segment in segments[first + 1 :]):
        return False
    return mount_of(pattern) not in _NO_SECRETS and _WITHOUT_VALUES.isdisjoint(segments[1:])

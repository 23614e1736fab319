"""Tells which of Vault's own paths a policy reaches, most specific path first, as Vault decides."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from nhi_components.facts.vault.model import PathRule, VaultPolicyDocument
from nhi_components.facts.vault.paths import covers, meet, mount_of, names_nearly_everything, overlaps, precedence
from nhi_components.rules.vault.endpoints import ENDPOINTS, HARMLESS_WRITES, WRITES, Endpoint, Power

_FIRST: Final = frozenset(endpoint.path.partition("/")[0] for endpoint in ENDPOINTS)
_OF_SECRETS: Final = frozenset({"data", "delete", "destroy", "metadata", "subkeys", "undelete"})
"""Segments that follow a mount of secrets; who writes `+/data/*` means these."""

_MOST_DECIDING: Final = 64
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


def granting(document: VaultPolicyDocument) -> Iterator[PathRule]:
    """Yield the rules that grant something: Vault adds up the rules of a path, and one `deny` among them is all."""
    denied = {rule.pattern for rule in document.rules if any(name.text == "deny" for name in rule.capabilities)}
    for rule in document.rules:
        if rule.capabilities and rule.pattern not in denied:
            yield rule


def enabled(document: VaultPolicyDocument, power: Power) -> Iterator[tuple[PathRule, str]]:
    """Yield the rules that give a power over Vault itself, each with what it enables, in words."""
    touching = [rule for rule in document.rules if _touched(rule.pattern)]
    if not touching:
        return
    deciding = sorted(touching, key=lambda rule: precedence(rule.pattern))[-_MOST_DECIDING:]
    for rule in granting(document):
        for endpoint in _touched(rule.pattern):
            if power in endpoint.powers and _gives(rule, endpoint) and not _decided_by_others(rule, endpoint, deciding):
                yield rule, endpoint.what
                break


def operates(rule: PathRule) -> bool:
    """Tell whether a rule writes below `sys/` what is not known to be harmless."""
    return rule.pattern.startswith("sys/") and bool(rule.granted & WRITES) and rule.pattern not in HARMLESS_WRITES


def _decided_by_others(rule: PathRule, endpoint: Endpoint, deciding: list[PathRule]) -> bool:
    """Tell whether more specific rules take in all that a rule shares with an endpoint; they are judged themselves."""
    rank = precedence(rule.pattern)
    shared = meet(rule.pattern, endpoint.path)
    return any(precedence(other.pattern) > rank and covers(other.pattern, shared) for other in reversed(deciding))


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


@lru_cache(maxsize=8192)
def _touched(pattern: str) -> tuple[Endpoint, ...]:
    """Give the endpoints of which a pattern matches at least one path."""
    first = pattern.partition("/")[0]
    if first not in _FIRST and first != "+" and not first.endswith("*"):
        return ()
    if first == "+" and not _OF_SECRETS.isdisjoint(pattern.split("/", 2)[1:2]):
        return ()
    return tuple(endpoint for endpoint in ENDPOINTS if overlaps(pattern, endpoint.path))


def holds_every_secret(pattern: str) -> bool:
    """Tell whether a pattern takes in the values of all secrets of a mount, or of more."""
    segments = pattern.split("/")
    if not segments[-1].endswith(("*", "+")) or not names_nearly_everything(pattern):
        return False
    return mount_of(pattern) not in _NO_SECRETS and _WITHOUT_VALUES.isdisjoint(segments[1:])

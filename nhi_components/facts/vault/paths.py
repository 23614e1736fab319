"""What the wildcards in Vault paths match.

`+`, alone between slashes, stands for one segment; `*`, as the last character, for any continuation; anywhere else both
are themselves. Source: Vault documentation, 'Policies: Policy syntax'; tried on OpenBao 2.7.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

_ENDPOINTS = frozenset(
    {
        "config",
        "creds",
        "data",
        "decrypt",
        "delete",
        "destroy",
        "encrypt",
        "export",
        "issue",
        "keys",
        "metadata",
        "roles",
        "sign",
        "static-creds",
        "sts",
        "subkeys",
        "undelete",
    }
)
"""Segments with which secret engines divide what they hold; the name of a secret, role or key comes after them."""


Precedence = tuple[float, bool, int, int, str]
"""What Vault compares to choose among the patterns that match a path."""

_OWN: Final = "cubbyhole"
"""A mount of which every token has one of its own."""


@lru_cache(maxsize=16384)
def names_nearly_everything(pattern: str) -> bool:
    """Tell whether a path pattern covers a whole mount, or more: `*`, `secret/*`, `secret/data/*`, `+/data/orders`."""
    literal = _literal_segments(pattern)
    if literal is None or literal[:1] == [_OWN]:
        return False
    return len(literal) < 2 or (literal[-1] in _ENDPOINTS and not _ENDPOINTS.intersection(literal[:-1]))


def names_everything(pattern: str) -> bool:
    """Tell whether a path pattern covers all that Vault holds: `*`, `+*`, `+/*`."""
    return pattern.endswith("*") and not pattern.strip("+/*")


def mount_of(pattern: str) -> str:
    """Give the first segment of a pattern, without a wildcard at its end; empty when it is a wildcard."""
    return pattern.partition("/")[0].rstrip("*").replace("+", "")


def _literal_segments(pattern: str) -> list[str] | None:
    """Give the segments before the first wildcard; None when there is none."""
    segments = pattern.split("/")
    for index, segment in enumerate(segments):
        if segment == "+":
            return segments[:index]
        if index == len(segments) - 1 and segment.endswith("*"):
            prefix = segment.rstrip("*")
            return [*segments[:index], prefix] if prefix else segments[:index]
    return None


@lru_cache(maxsize=16384)
def precedence(pattern: str) -> Precedence:
    """Give what Vault compares to choose among the patterns that match a path: the greatest decides alone.

    Source: Vault documentation, 'Policies: Priority matching'.
    """
    segments = pattern.split("/")
    glob = segments[-1].endswith("*")
    offset = 0
    first = float("inf")
    for segment in segments:
        if segment == "+":
            first = offset
            break
        offset += len(segment) + 1
    else:
        first = len(pattern) - 1 if glob else first
    return first, not glob, -segments.count("+"), len(pattern), pattern

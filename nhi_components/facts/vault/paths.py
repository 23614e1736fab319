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


def overlaps(one: str, other: str) -> bool:
    """Tell whether there is a path that both patterns match; in time linear in their lengths."""
    ours, theirs = one.split("/"), other.split("/")
    for index in range(max(len(ours), len(theirs))):
        if index >= len(ours) or index >= len(theirs):
            return False
        mine, yours = ours[index], theirs[index]
        mine_ends, yours_ends = _is_glob(ours, index), _is_glob(theirs, index)
        if mine_ends or yours_ends:
            return _prefixes_agree(mine, mine_ends, yours, yours_ends)
        if mine != yours and "+" not in (mine, yours):
            return False
    return True


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


def _is_glob(segments: list[str], index: int) -> bool:
    return index == len(segments) - 1 and segments[index].endswith("*")


def _prefixes_agree(mine: str, mine_ends: bool, yours: str, yours_ends: bool) -> bool:
    mine, yours = mine[:-1] if mine_ends else mine, yours[:-1] if yours_ends else yours
    if (mine == "+" and not mine_ends) or (yours == "+" and not yours_ends):
        return True
    if mine_ends and yours_ends:
        return mine.startswith(yours) or yours.startswith(mine)
    return yours.startswith(mine) if mine_ends else mine.startswith(yours)


def covers(general: str, special: str) -> bool:
    """Tell whether every path that one pattern matches is matched by another; in time linear in their lengths."""
    ours, theirs = general.split("/"), special.split("/")
    for index, mine in enumerate(ours):
        if index >= len(theirs):
            return False
        yours, yours_ends = theirs[index], _is_glob(theirs, index)
        if _is_glob(ours, index):
            prefix = mine[:-1]
            return not prefix or (yours != "+" and yours.rstrip("*" if yours_ends else "").startswith(prefix))
        if yours_ends or (mine not in ("+", yours)):
            return False
    return len(ours) == len(theirs)


def meet(pattern: str, path: str) -> str:
    """Give the part of an overlapping path, whose only wildcard is `+`, that a pattern matches; rather more."""
    segments, names = pattern.split("/"), path.split("/")
    met: list[str] = []
    for index, name in enumerate(names):
        if _is_glob(segments, index):
            return "/".join([*met, *names[index:]])
        met.append(segments[index] if name == "+" else name)
    return "/".join(met)


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

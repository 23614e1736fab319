"""What the wildcards in Vault paths match.

`+`, alone between slashes, stands for one segment; `*`, as the last character, for any continuation; anywhere else both
are themselves. Source: Vault documentation, 'Policies: Policy syntax'; tried on OpenBao 2.7.
"""

from __future__ import annotations

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


def names_nearly_everything(pattern: str) -> bool:
    """Tell whether a path pattern covers a whole mount, or more: `*`, `secret/*`, `secret/data/*`, `+/data/orders`."""
    literal = _literal_segments(pattern)
    if literal is None:
        return False
    return len(literal) < 2 or (literal[-1] in _ENDPOINTS and not _ENDPOINTS.intersection(literal[:-1]))


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

"""Patterns of Vault paths: when two of them meet, and when one holds all of another.

`+`, alone between slashes, stands for one segment; `*`, as the last character, for any continuation; anywhere else both
are themselves. Source: Vault documentation, 'Policies: Policy syntax'; tried on OpenBao 2.7.
"""

from __future__ import annotations


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


def _is_glob(segments: list[str], index: int) -> bool:
    return index == len(segments) - 1 and segments[index].endswith("*")


def _prefixes_agree(mine: str, mine_ends: bool, yours: str, yours_ends: bool) -> bool:
    mine, yours = mine[:-1] if mine_ends else mine, yours[:-1] if yours_ends else yours
    if (mine == "+" and not mine_ends) or (yours == "+" and not yours_ends):
        return True
    if mine_ends and yours_ends:
        return mine.startswith(yours) or yours.startswith(mine)
    return yours.startswith(mine) if mine_ends else mine.startswith(yours)

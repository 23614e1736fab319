"""Who owns a folder by a file CODEOWNERS.

Source: GitHub documentation, 'About code owners': patterns as in `.gitignore` but for `!`, `#` in a pattern and
`[ ]`; the last pattern that matches counts, also one without owners; the file's three places, of which the first is
taken. GitLab looks into the same ones but for its own folder in `.github`'s place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from nhi_components.core.glob import glob_matches

FILES: Final = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
_ANY_FILE: Final = "program"
"""Stands for the files of a folder; it has no ending that a pattern would be about."""


def owners_of_folder(text: str, folder: str) -> tuple[str, ...]:
    """Tell who owns what a folder holds; nobody where the last pattern that matches names none.

    Args:
        text: of the file CODEOWNERS.
        folder: from the root of the repository; empty for the root.
    """
    path = [*(part for part in folder.split("/") if part), _ANY_FILE]
    owners: tuple[str, ...] = ()
    for line in text.splitlines():
        pattern, *named = line.partition("#")[0].replace("\\ ", "\0").split() or [""]
        if pattern and _matches(pattern.replace("\0", " "), path):
            owners = tuple(named)
    return owners


def _matches(pattern: str, path: Sequence[str]) -> bool:
    """Tell whether a pattern is about a file, itself or by one of its folders."""
    parts = [part for part in pattern.split("/") if part]
    if not parts:
        return False
    if "/" not in pattern.rstrip("/"):
        parts = ["**", *parts]
    ends = _ends(parts, path)
    if pattern.endswith("/"):
        return any(end < len(path) for end in ends)
    # `docs/*` is about what lies in `docs` itself, and not about what lies deeper.
    return len(path) in ends or (parts[-1] != "*" and bool(ends))


def _ends(parts: Sequence[str], path: Sequence[str]) -> set[int]:
    """Give how much of a path a pattern's parts take, in each way they can."""
    ends = {0}
    for part in parts:
        if part == "**":
            ends = set(range(min(ends), len(path) + 1)) if ends else ends
        else:
            ends = {end + 1 for end in ends if end < len(path) and glob_matches(part, path[end])}
    return ends

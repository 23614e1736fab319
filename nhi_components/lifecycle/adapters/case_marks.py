"""The mark of a case of decommissioning on what it is about: one value, `CASE/STAGE`, under one name everywhere.

Where a system takes no tags, it is a word of a description; what stands there besides is left as it is.
"""

from __future__ import annotations

import re
from typing import Final

CASE: Final = "nhi:case"
"""The name of a tag."""
CASE_KEY: Final = "nhi_case"
"""The name where no colon may be in one."""

_WORD: Final = re.compile(rf"(?:^| ){CASE}=(\S+)")


def mark_value(case: str, stage: str) -> str:
    """Write a mark as a value; empty for no case."""
    return f"{case}/{stage}" if case else ""


def read_mark(value: str) -> tuple[str, str]:
    """Read case and stage from a value; both empty for none."""
    case, _, stage = value.rpartition("/")
    return (case, stage) if case else ("", "")


def has_begun(stage: str) -> bool:
    """Tell whether the stage of a mark is one in which its bearer is denied: any but that of the notice."""
    return stage not in ("", "noticed")


def marked_text(text: str, case: str, stage: str) -> str:
    """Write a mark into a description, in the place of another one; without a case it is taken out."""
    words = _WORD.sub("", text)
    if not case:
        return words
    word = f"{CASE}={mark_value(case, stage)}"
    return f"{words} {word}" if words else word


def mark_in_text(text: str) -> tuple[str, str]:
    """Read case and stage from a description; both empty for none."""
    found = _WORD.search(text)
    return read_mark(found[1]) if found else ("", "")

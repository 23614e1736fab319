"""Words for people."""

from __future__ import annotations


def counted(count: int, noun: str) -> str:
    """Write a number with its noun: `1 file`, `2 files`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def shown(text: str) -> str:
    """Make a text safe for a terminal: what is not printable is escaped."""
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)

"""Texts for messages."""

from __future__ import annotations

_SHOWN_CHARACTERS = 120


def shown(value: object) -> str:
    """Shorten a value for an error message."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"

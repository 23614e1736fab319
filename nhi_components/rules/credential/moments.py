"""Reads the end of a credential, and says how long is too long."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from nhi_components.facts import StandingCredential, Unknown

LONGEST_DAYS: Final = 366
"""A year and a leap day: Microsoft Entra's documentation, 'Add and manage application credentials', advises less than
twelve months, and NIST SP 800-57 part 1, 5.3.6, one to two years at most for keys that authenticate."""


def end_of(credential: StandingCredential) -> datetime | None:
    """Give the moment at which a credential ends (aware); None when there is none, or none that can be read."""
    text = credential.ends
    if text is None or isinstance(text, Unknown):
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

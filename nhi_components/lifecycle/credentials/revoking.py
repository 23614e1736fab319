"""Taking keys out of use: disabled, deleted, and tried once more where their value is at hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from nhi_components.core.links import NotChecked
from nhi_components.lifecycle.credentials.outcome import Revoked
from nhi_components.lifecycle.credentials.ports import Material, Source
from nhi_components.lifecycle.credentials.wanted import Tools

REFUSED_WITHIN = 60.0
"""Seconds that a deleted key may go on being let in; IAM is eventually consistent, without a figure."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0
_NOT_AT_HAND = NotChecked("its value is at none of the places any more, so that it could not be tried")


@dataclass(frozen=True, slots=True)
class Revoker:
    """Takes keys of one source out of use."""

    source: Source
    tools: Tools

    def disable(self, key: str) -> datetime:
        """Disable a key, or delete it where its source can't disable; tells when."""
        if self.source.can_disable:
            self.source.disable(key)
        else:
            self.source.delete(key)
        return self.tools.clock()

    def revoke(self, key: str, why: str, material: Material | None, disabled_at: datetime | None = None) -> Revoked:
        """Disable and delete a key, and try it once more.

        Args:
            key: which.
            why: why, for the record.
            material: the key with its value, where it is at hand.
            disabled_at: when it was disabled, if it was before.
        """
        if disabled_at is None and self.source.can_disable:
            self.source.disable(key)
            disabled_at = self.tools.clock()
        self.source.delete(key)
        deleted_at = self.tools.clock()
        return Revoked(key, why, disabled_at, deleted_at, self.refused(material) if material else _NOT_AT_HAND)

    def refused(self, material: Material) -> datetime | NotChecked:
        """Try a key until it is refused, and tell when; or that it was not."""
        if until(lambda: not self.source.works(material), REFUSED_WITHIN, self.tools.sleep):
            return self.tools.clock()
        return NotChecked(f"it still worked {REFUSED_WITHIN:.0f} s after it was deleted")


def until(question: Callable[[], bool], seconds: float, sleep: Callable[[float], None]) -> bool:
    """Ask again and again, with growing pauses, until the answer is yes; False when it was not within the seconds."""
    waited, pause = 0.0, _FIRST_PAUSE
    while not question():
        if waited >= seconds:
            return False
        sleep(pause)
        waited, pause = waited + pause, min(pause * 2, _LONGEST_PAUSE)
    return True

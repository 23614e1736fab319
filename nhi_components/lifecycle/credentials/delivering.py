"""Giving a key to the copies of a credential; its home is given it by the run itself, before them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from nhi_components.core.errors import NhiError
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.clock import Clock
from nhi_components.lifecycle.credentials.decision import Cause, Decision
from nhi_components.lifecycle.credentials.journal import Journal, mark_of_place
from nhi_components.lifecycle.credentials.outcome import Delivery
from nhi_components.lifecycle.credentials.ports import Held, Material, Place
from nhi_components.lifecycle.credentials.wanted import side_by_side

_PLANNED = (Cause.DUE, Cause.GENERATION, Cause.FORCED)


@dataclass(slots=True)
class Deliverer:
    """Delivers to the copies of one credential, in one run; looks at each once, and at none that is written anyway.

    Attributes:
        copies: the places.
        lease: whose they are.
        clock: tells the time.
        older: those that were last seen to hold older versions.
    """

    copies: Sequence[Place]
    lease: LeaseTags
    clock: Clock
    older: list[Place] = field(default_factory=list)
    _looks: dict[str, tuple[Held | NhiError | None, datetime]] = field(default_factory=dict)

    def look(self, journal: Journal, decision: Decision) -> None:
        """See, before anything is made, what stands where nothing was delivered yet, and who can be reached.

        Raises:
            NhiError: something stands there that is not ours; or a place can't be looked at, and what is planned
                waits until it can. A leaked key is replaced wherever that can be done.
        """
        new = [place for place in self.copies if not journal.expects(place.spec)]
        chosen = self.copies if decision.cause in (None, *_PLANNED) else new
        for place, look in zip(chosen, side_by_side(self._looked, chosen), strict=True):
            found = look[0]
            if isinstance(found, NhiError):
                if decision.cause in _PLANNED or (place in new and decision.cause is not Cause.EXPOSED):
                    raise found
            elif place in new and found and found.version and found.lease != self.lease.lease:
                raise NhiError(
                    f"{place.spec.kind} {place.spec.address}: found something there that this credential did not "
                    "deliver, expected nothing; fix: remove it if nobody needs it, or give another place"
                )
            self._looks[mark_of_place(place.spec)] = look

    def deliver(self, journal: Journal, decision: Decision, material: Material) -> list[Delivery]:
        """Give every copy the key; what fails is told, and keeps no other from it."""

        def delivered(place: Place) -> Delivery:
            try:
                # What was just made can't be anywhere yet.
                there = None if decision.cause else self._there(place, journal, material)
                return there or self._written(place, material)
            except NhiError as failure:
                return Delivery(place.spec, "", None, written=False, problem=str(failure))

        return side_by_side(delivered, self.copies)

    def prune(self) -> None:
        """Destroy the older versions that were seen; the keys that they hold have been deleted."""
        side_by_side(lambda place: place.prune(), self.older)

    def _looked(self, place: Place) -> tuple[Held | NhiError | None, datetime]:
        try:
            return place.find(), self.clock()
        except NhiError as failure:
            return failure, self.clock()

    def _there(self, place: Place, journal: Journal, material: Material) -> Delivery | None:
        """Tell that a copy holds the key, as it was delivered; None when it does not."""
        found, at = self._looks[mark_of_place(place.spec)]
        if isinstance(found, NhiError):
            raise found
        # A copy that can't tell its key holds the current one if it is as it was left.
        keys = (material.key_id, None if journal.key == material.key_id else "")
        if not found or found.key_id not in keys or not journal.is_at(place.spec, found.version):
            return None
        self._note_older(place, found)
        return Delivery(place.spec, found.version, at, written=False)

    def _written(self, place: Place, material: Material) -> Delivery:
        held = place.write(self.lease, material)
        self._note_older(place, held)
        return Delivery(place.spec, held.version, self.clock(), written=True)

    def _note_older(self, place: Place, held: Held) -> None:
        if held.older:
            self.older.append(place)

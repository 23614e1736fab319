"""What evidence says of a credential that was issued, rotated or revoked; ids and times, never a value."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from nhi_components.core.credential.places import PlaceKind
from nhi_components.core.credential.rotation import SourceKind
from nhi_components.lifecycle.evidence.about_lease import AboutLease, Kind
from nhi_components.lifecycle.evidence.parts import FactRecord, LinkRecord, Record, UtcTime
from nhi_components.lifecycle.evidence.text import Identifier, Prose


class RevokedRow(Record):
    """A key that was taken out of use.

    Attributes:
        key: its id.
        why: why.
        disabled_at: when it was disabled; not applicable where its source can only delete.
        deleted_at: when the source no longer listed it.
        refused_at: when it was used once more and refused; why that was not tried.
    """

    key: Identifier
    why: Prose
    disabled_at: FactRecord
    deleted_at: FactRecord
    refused_at: FactRecord


class DeliveryRow(Record):
    """What became of one place.

    Attributes:
        place: what sort of place it is.
        link: where.
        confirmed_at: when it was seen to hold the key; why it does not.
        written: whether it had to be written.
    """

    place: PlaceKind
    link: LinkRecord
    confirmed_at: FactRecord
    written: bool


class RefreshRow(Record):
    """What became of telling a dependent of the new key.

    Attributes:
        name: what people call it.
        at: when it had taken it up, or failed to.
        problem: why it did not; None when it did.
    """

    name: Prose
    at: UtcTime
    problem: Prose | None = None


class RetiringRow(Record):
    """A key that still works, and until when."""

    key: Identifier
    until: UtcTime


class RotationRecord(AboutLease):
    """A credential was issued, rotated, delivered anew, or keys of it were revoked.

    Attributes:
        source: what issues it.
        cause: why a new key was made; None when none was.
        key: the key that its places hold.
        version: how many keys were delivered, this one included.
        started: when the run began.
        ended: when it ended.
        issued_at: when the key was made.
        resumed: whether a rotation that another run had begun was finished.
        revoked: the keys that were taken out of use.
        deliveries: one for each place.
        refreshed: the dependents that were told.
        retiring: the keys before it that still work.
        notified: who was told of an exposure, and what came of it.
    """

    kind: Literal[Kind.ROTATION] = Kind.ROTATION
    source: SourceKind
    cause: Identifier | None
    key: Identifier | None
    version: Annotated[int, Field(ge=0)]
    started: UtcTime
    ended: UtcTime
    issued_at: FactRecord
    resumed: bool
    revoked: tuple[RevokedRow, ...]
    deliveries: tuple[DeliveryRow, ...]
    refreshed: tuple[RefreshRow, ...]
    retiring: tuple[RetiringRow, ...]
    notified: tuple[RefreshRow, ...] = ()

    @property
    def links(self) -> tuple[LinkRecord, ...]:
        """The places."""
        return tuple(row.link for row in self.deliveries)

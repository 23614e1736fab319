"""What a hook is asked about single identities, and what it may answer; docs/discovery-protocol.md describes it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints, TypeAdapter, field_validator

from nhi_components.lifecycle.adapters.hook.discovery_records import Text, Told
from nhi_components.lifecycle.adapters.hook.protocol import Done
from nhi_components.lifecycle.decommission.ports import Presence, Removed, Standing

LONGEST_UNDO: Final = 100_000
"""Characters of an undo as JSON: our own figure; it is kept in the inventory."""
_Mark = Annotated[str, StringConstraints(max_length=200)]


class Asked(StrEnum):
    """What a hook is asked that retires identities."""

    LOOK = "retire.look"
    UNDO = "retire.undo"
    MARK = "retire.mark"
    DISABLE = "retire.disable"
    RESTORE = "retire.restore"
    DELETE = "retire.delete"


class StandingTold(Done):
    """How an identity stands; see `ports.Standing`."""

    presence: Literal["alive", "disabled", "gone", "other"]
    case: _Mark = ""
    stage: _Mark = ""
    guarded: Annotated[str, StringConstraints(max_length=2000)] = ""
    dependents: Annotated[tuple[Text, ...], Field(max_length=1000)] = ()
    used_at: AwareDatetime | None = None

    def standing(self) -> Standing:
        """Give what was told as ours."""
        used = self.used_at.astimezone(UTC) if self.used_at else None
        return Standing(Presence(self.presence), self.case, self.stage, self.guarded, self.dependents, used)


class UndoTold(Done):
    """What disabling changes, in the hook's own words; never the value of a credential."""

    undo: dict[str, Any]

    @field_validator("undo")
    @classmethod
    def _short(cls, undo: dict[str, Any]) -> dict[str, Any]:
        if len(json.dumps(undo)) > LONGEST_UNDO:
            raise ValueError(f"at most {LONGEST_UNDO:,} characters of JSON")
        return undo


class MarkedTold(Done):
    """Whether the system has a place for a mark."""

    marked: bool


class RemovedTold(Told):
    """Something that was removed; see `ports.Removed`."""

    kind: Text
    name: Text
    recoverable_until: AwareDatetime | None = None

    def removed(self) -> Removed:
        """Give what was told as ours."""
        until: datetime | None = self.recoverable_until
        return Removed(self.kind, self.name, until.astimezone(UTC) if until else None)


class DeletedTold(Done):
    """What was removed now; nothing for an identity that is gone, or in whose place another stands."""

    removed: Annotated[tuple[RemovedTold, ...], Field(max_length=1000)]


MODELS: Final[tuple[type[BaseModel], ...]] = (StandingTold, UndoTold, MarkedTold, DeletedTold, RemovedTold)
"""Every model of an answer, and of its parts."""


def schema() -> dict[str, Any]:
    """Give the JSON Schema of these answers, for whoever writes a hook."""
    return TypeAdapter(StandingTold | UndoTold | MarkedTold | DeletedTold).json_schema()

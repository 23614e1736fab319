"""A case: one decommissioning of one identity, from the notice to the removal or back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from nhi_components.lifecycle.decommission.ports import Presence, Target, Undo


class Stage(StrEnum):
    """How far a case is."""

    NOTICED = "noticed"
    DISABLING = "disabling"
    DISABLED = "disabled"
    DELETING = "deleting"
    RESTORING = "restoring"
    REMOVED = "removed"
    RESTORED = "restored"
    REFUSED = "refused"

    @property
    def is_closed(self) -> bool:
        """Whether nothing is left to be done."""
        return self in (Stage.REMOVED, Stage.RESTORED, Stage.REFUSED)


class Despite(StrEnum):
    """What a person may decide that a case goes on despite."""

    DEPENDENTS = "dependents"
    USE = "use"
    NOT_DISABLED = "not-disabled"
    """Its system knows no way back from a disable: only the delete ends it, after the grace all the same."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decides about an identity.

    Attributes:
        approver: who.
        reason: why, such as a ticket's number.
        despite: what it goes on despite.
    """

    approver: str
    reason: str
    despite: frozenset[Despite] = frozenset()


@dataclass(frozen=True, slots=True)
class Terms:
    """How long a case takes.

    Attributes:
        notice_days: from the notice until it is disabled, at least.
        grace_days: from the disable until it is deleted, 7 to 30.
    """

    notice_days: int
    grace_days: int


@dataclass(frozen=True, slots=True)
class Case:
    """One decommissioning of one identity.

    Attributes:
        id: of letters, digits and hyphens, as it stands in the mark at the system.
        version: counts its changes.
        target: which identity.
        stage: how far it is.
        decision: who decided it first, and why; with all that it goes on despite, whoever said so.
        opened_at: when it was opened, and the notice given.
        notice_until: before that it is not disabled; counted from when the hooks were told, where there are any.
        notified_at: when the hooks were told; None as long as they were not.
        grace_days: how many days it stays disabled.
        disabled_at: since when it is disabled; None before.
        grace_until: before that it is not deleted; None before it is disabled.
        closed_at: when it ended; None while it is open.
        marked: whether its system has a place for the mark.
        before: how it stood before it was disabled.
        undo: what `restore` needs; None before, and when it can't be disabled.
        held: what it held when the case was opened: `owners`, `privileges`, `credentials`.
        removed: what the delete has removed so far.
        stopped: why it does not go on by itself; empty for no reason.
        record: the removal record, once it is removed.
    """

    id: str
    version: int
    target: Target
    stage: Stage
    decision: Decision
    opened_at: datetime
    notice_until: datetime
    notified_at: datetime | None
    grace_days: int
    disabled_at: datetime | None
    grace_until: datetime | None
    closed_at: datetime | None
    marked: bool
    before: Presence
    undo: Undo | None
    held: Mapping[str, Any]
    removed: tuple[Mapping[str, Any], ...]
    stopped: str
    record: Mapping[str, Any] | None

    @property
    def due_at(self) -> datetime | None:
        """When something is to be done next; None for now, and for never."""
        if self.stage is Stage.NOTICED:
            # What kept its notice from being delivered, or it from being disabled, may be over by now.
            return None if self.stopped else self.notice_until
        return self.grace_until if self.stage is Stage.DISABLED else None


@dataclass(frozen=True, slots=True)
class Noted:
    """One stage that a case has reached, or one decision about it.

    Attributes:
        number: counts those of the case.
        stage: which.
        at: when.
        approver: who decided it.
        reason: why.
        detail: what is to be said of it beside; empty for nothing.
    """

    number: int
    stage: Stage
    at: datetime
    approver: str
    reason: str
    detail: str

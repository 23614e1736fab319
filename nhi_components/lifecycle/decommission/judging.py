"""What stands against the next stage of a case; pure functions of what is known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from nhi_components.lifecycle.decommission.case import Case, Despite
from nhi_components.lifecycle.decommission.known import Known
from nhi_components.lifecycle.decommission.ports import Presence, Standing

_SETTLING: Final = timedelta(minutes=5)
"""Uses so soon after a disable are not held against the delete: changes of permissions take up to minutes to be seen
everywhere (the figures are in `lifecycle/residue/`), and a refused try may be told as a use."""


def against_beginning(known: Known | None, standing: Standing, despite: frozenset[Despite]) -> list[str]:
    """Tell why an identity must not be decommissioned, or not yet.

    Args:
        known: what the inventory knows of it; None for nothing.
        standing: how it stands at its system.
        despite: what it goes on despite.
    """
    if known is None:
        return ["the inventory does not know it, so that what depends on it is not known; run `nhi discover`"]
    guarded = known.guard
    guards = [f"the inventory guards it: {guarded}" if guarded else "", standing.guarded]
    found = [f"it must never be decommissioned: {guard}" for guard in guards if guard]
    if (dependents := _dependents(known, standing)) and Despite.DEPENDENTS not in despite:
        told = ", ".join(dependents)
        found.append(f"it has dependents: {told}; move them, or give --despite-dependents")
    return found


def against_mark(standing: Standing, case_id: str) -> list[str]:
    """Tell whether somebody else's case is on it, as an inventory that is not this one has it."""
    if standing.case in ("", case_id):
        return []
    return [f"it bears the mark of case {standing.case}, which is not this one's; go on with that one's inventory"]


def against_disabling(case: Case, known: Known | None, standing: Standing) -> list[str]:
    """Tell what speaks against disabling an identity whose notice is over."""
    found = against_beginning(known, standing, case.decision.despite)
    if _used_after(standing, case.opened_at) and Despite.USE not in case.decision.despite:
        found.append(
            f"it was used since the notice, at {_told(standing.used_at)}; see who uses it, or give --despite-use"
        )
    return found


def against_deleting(case: Case, known: Known | None, standing: Standing) -> list[str]:
    """Tell what speaks against deleting an identity whose grace is over."""
    despite = case.decision.despite
    found = [*against_mark(standing, case.id), *against_beginning(known, standing, despite)]
    if standing.presence is not Presence.DISABLED and case.undo is not None:
        found.append("somebody has enabled it again; `nhi restore` closes the case")
    if case.marked and not standing.case:
        found.append("somebody has taken the mark of the case off it; `nhi restore` closes the case")
    if _used_meanwhile(case, standing) and Despite.USE not in despite:
        found.append(
            f"it was used, or somebody tried to, since the notice, at {_told(standing.used_at)}; "
            "`nhi restore` gives it back, --despite-use goes on"
        )
    return found


def _dependents(known: Known, standing: Standing) -> Sequence[str]:
    return sorted({*known.dependents, *standing.dependents})


def _used_meanwhile(case: Case, standing: Standing) -> bool:
    """Tell whether it was used since the notice; systems may tell only after the disable of a use before it."""
    if case.disabled_at is None or not _used_after(standing, case.opened_at):
        return False
    return not _used_after(standing, case.disabled_at) or _used_after(standing, case.disabled_at + _SETTLING)


def _used_after(standing: Standing, at: datetime) -> bool:
    return standing.used_at is not None and standing.used_at > at


def _told(at: datetime | None) -> str:
    return at.isoformat(timespec="seconds") if at else "an unknown time"

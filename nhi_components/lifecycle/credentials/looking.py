"""Looking at a credential without changing anything: what is, what has drifted, what a run would do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from nhi_components.core.credential.places import PlaceSpec
from nhi_components.core.errors import NhiError
from nhi_components.lifecycle.credentials.decision import Cause, Decision, decide, due_at, refusal
from nhi_components.lifecycle.credentials.dependents import Standing as DependentStanding
from nhi_components.lifecycle.credentials.examining import examine
from nhi_components.lifecycle.credentials.journal import Journal
from nhi_components.lifecycle.credentials.ports import Held, Kept, Key, Place
from nhi_components.lifecycle.credentials.rotating import facts_of
from nhi_components.lifecycle.credentials.wanted import Tools, Wanted, side_by_side


@dataclass(frozen=True, slots=True)
class Standing:
    """What is there of a credential.

    Attributes:
        journal: what its home notes.
        keys: every key of its principal that lives, oldest first.
        due_at: from when on the current one is replaced.
        drift: what is not as the last run left it; a line each.
    """

    journal: Journal
    keys: tuple[Key, ...]
    due_at: datetime | None
    drift: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would do.

    Attributes:
        standing: what is there.
        decision: what would be made and revoked.
        deliver: the places that would be written.
        dependents: what uses the credential, and whether it lives.
        refused: why a run would refuse; empty when it would not.
    """

    standing: Standing
    decision: Decision
    deliver: tuple[str, ...]
    dependents: tuple[DependentStanding, ...]
    refused: str = ""

    def is_behind(self, state: Mapping[str, Any]) -> bool:
        """Tell whether a state has another version than the systems, as after a rotation elsewhere."""
        return self.decision.current != state.get("keyId") or self.standing.journal.version != state.get("version")


def look(wanted: Wanted, tools: Tools) -> Standing:
    """Tell what is there; a place that is down is told as drift, because nobody knows what it holds."""
    return _look(wanted, tools).standing


def plan(wanted: Wanted, tools: Tools, *, asked: Cause | None, exposed: frozenset[str] = frozenset()) -> Plan:
    """Tell what a run would do, and change nothing."""
    seen = _look(wanted, tools)
    standing, journal = seen.standing, seen.standing.journal
    found = examine(journal, seen.kept, list(standing.keys), wanted.source(tools), tools)
    decision = decide(wanted.spec, found, tools.clock(), asked, exposed)
    new = decision.cause is not None or decision.current != journal.key
    deliver = [_named(place) for place, drift in zip(wanted.spec.places, seen.drifts, strict=True) if new or drift]
    facts = facts_of(wanted, journal, "exposure" if exposed else "rotation")
    dependents = tuple(tools.dependants.look(wanted.spec.dependents, facts)) if wanted.spec.dependents else ()
    refused = refusal(wanted.spec, decision, dependents)
    return Plan(standing, decision, tuple(deliver), dependents, refused)


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at everything.

    Attributes:
        kept: what the home keeps.
        standing: what is there.
        drifts: for each place, how it is not as the last run left it; empty where it is.
    """

    kept: Kept
    standing: Standing
    drifts: tuple[str, ...]


def _look(wanted: Wanted, tools: Tools) -> _Look:
    home = wanted.home(tools)
    kept = home.kept()
    journal = Journal.of(kept.notes, home.spec.address)
    keys = tuple(wanted.source(tools).keys(wanted.lease))
    copies = side_by_side(lambda place: _drift(place, journal), wanted.copies(tools))
    drifts = (_drift_of(home.spec, kept.held, journal), *copies)
    drift = [line for line in drifts if line]
    living = {key.id: key for key in keys}
    if journal.key and journal.key not in living:
        drift.append(f"{journal.key}, the current key, is gone at its source")
    elif journal.key and not living[journal.key].enabled and not journal.suspended:
        drift.append(f"{journal.key}, the current key, is disabled at its source")
    strays = [key.id for key in keys if key.id != journal.key and key.id not in journal.retiring]
    drift += [f"{key} lives at the source, and nobody delivers it" for key in strays]
    return _Look(kept, Standing(journal, keys, due_at(wanted.spec, journal.issued_at), tuple(drift)), drifts)


def _drift(place: Place, journal: Journal) -> str:
    try:
        return _drift_of(place.spec, place.find(), journal)
    except NhiError as failure:
        return f"{_named(place.spec)} could not be looked at: {failure}"


def _drift_of(place: PlaceSpec, found: Held | None, journal: Journal) -> str:
    if found is None or not found.version:
        return f"{_named(place)} holds nothing" if journal.version else ""
    if not journal.is_at(place, found.version):
        return f"{_named(place)} holds another version than was delivered"
    return ""


def _named(place: PlaceSpec) -> str:
    return f"{place.system} {place.kind} {place.address}"

"""Looking at a credential without changing anything: what is, what has drifted, what a run would do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from nhi_components.core.errors import NhiError
from nhi_components.lifecycle.credentials.decision import Cause, Decision, decide, due_at, refusal
from nhi_components.lifecycle.credentials.dependents import Standing as DependentStanding
from nhi_components.lifecycle.credentials.journal import Journal
from nhi_components.lifecycle.credentials.ports import Key, Place
from nhi_components.lifecycle.credentials.rotating import facts_of, find
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
    home, source = wanted.home(tools), wanted.source(tools)
    journal = Journal.of(home.notes(), home.spec.address)
    keys = tuple(source.keys(wanted.lease))
    places = [home, *wanted.copies(tools)]
    drift = [line for line in side_by_side(lambda place: _drift(place, journal), places) if line]
    living = {key.id: key for key in keys}
    if journal.key and journal.key not in living:
        drift.append(f"{journal.key}, the current key, is gone at its source")
    elif journal.key and not living[journal.key].enabled and not journal.suspended:
        drift.append(f"{journal.key}, the current key, is disabled at its source")
    strays = [key.id for key in keys if key.id != journal.key and key.id not in journal.retiring]
    drift += [f"{key} lives at the source, and nobody delivers it" for key in strays]
    return Standing(journal, keys, due_at(wanted.spec, journal.issued_at), tuple(drift))


def plan(wanted: Wanted, tools: Tools, *, asked: Cause | None, exposed: frozenset[str] = frozenset()) -> Plan:
    """Tell what a run would do, and change nothing."""
    standing = look(wanted, tools)
    found, _ = find(wanted, tools)
    decision = decide(wanted.spec, found, tools.clock(), asked, exposed)
    journal, places = standing.journal, [wanted.home(tools), *wanted.copies(tools)]
    new = decision.cause is not None or decision.current != journal.key
    deliver = [_named(place) for place in places if new or _drift(place, journal)]
    facts = facts_of(wanted, journal, "exposure" if exposed else "rotation")
    dependents = tuple(tools.dependants.look(wanted.spec.dependents, facts)) if wanted.spec.dependents else ()
    refused = refusal(wanted.spec, decision, dependents)
    return Plan(standing, decision, tuple(deliver), dependents, refused)


def _drift(place: Place, journal: Journal) -> str:
    try:
        found = place.find()
    except NhiError as failure:
        return f"{_named(place)} could not be looked at: {failure}"
    if found is None or not found.version:
        return f"{_named(place)} holds nothing" if journal.version else ""
    if not journal.is_at(place.spec, found.version):
        return f"{_named(place)} holds another version than was delivered"
    return ""


def _named(place: Place) -> str:
    return f"{place.spec.system} {place.spec.kind} {place.spec.address}"

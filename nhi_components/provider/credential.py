"""The Credential: made once its principal is there, deleted before it; keeps ids, versions and times, never a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from nhi_components.core.credential.places import PlaceSpec
from nhi_components.core.credential.spec import CredentialSpec
from nhi_components.core.errors import Problem, SpecError
from nhi_components.core.ledger import link_from_state
from nhi_components.core.life import State
from nhi_components.core.links import Link
from nhi_components.core.revocation import Revocation
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.account import Terms
from nhi_components.lifecycle.credentials.looking import Standing
from nhi_components.lifecycle.credentials.outcome import Outcome
from nhi_components.lifecycle.credentials.wanted import Wanted
from nhi_components.provider.known import UNKNOWN, contains_unknown
from nhi_components.provider.schema import SCHEMA_VERSION

_TAG_FIELDS = ("leaseId", "identity", "environment", "owner", "purpose", "ends", "stack")
_FOUND = ("keyId", "version", "issuedAt", "dueAt", "retiring")


@dataclass(frozen=True, slots=True)
class CredentialInputs:
    """A credential's inputs.

    Attributes:
        terms: the terms of its lease.
        spec: what is wanted, with the names that are the identity's own.
        state: active or suspended.
        accounts: the identity's accounts at other systems, one of which the keys may be of; they come first.
    """

    terms: Terms
    spec: CredentialSpec
    state: State
    accounts: tuple[Link, ...] = ()

    @classmethod
    def from_state(cls, properties: Mapping[str, Any]) -> CredentialInputs:
        """Read them from inputs or outputs; all values must be known."""
        lease, identity, environment, owner, purpose, ends, stack = (properties[name] for name in _TAG_FIELDS)
        tags = LeaseTags(lease, identity, environment, owner, purpose, date.fromisoformat(ends), stack)
        revocation = Revocation(properties.get("revocation", Revocation.MINUTES))
        terms = Terms(tags, date.fromisoformat(properties["issued"]), revocation)
        spec = CredentialSpec.parse(properties["credential"]).resolved(tags)
        accounts = tuple(link_from_state(link) for link in properties.get("accounts", ()))
        return cls(terms, spec, State(properties.get("state", State.ACTIVE)), accounts)

    def wanted(self, olds: Mapping[str, Any] | None = None) -> Wanted:
        """Say what a run works on; `olds` is the state before, which may have had another home."""
        home = self.spec.places[0]
        before = CredentialInputs.from_state(olds).spec.places[0] if olds else home
        return Wanted(self.terms.tags, self.spec, before if before != home else None)


def hidden_behind(olds: Mapping[str, Any], news: CredentialInputs) -> list[PlaceSpec]:
    """Choose the places of the state before that left the program, and whose links a new place's stands for.

    Such as an entry that moves to another mount and keeps its path: the ledger has one row for both.
    """
    if not olds:
        return []
    places = news.spec.places
    keys = {place.link().key for place in places}
    before = CredentialInputs.from_state(olds).spec.places
    return [place for place in before if place not in places and place.link().key in keys]


def check(new: Mapping[str, Any]) -> dict[str, Any]:
    """Judge a credential's inputs.

    Raises:
        SpecError: with every problem, when anything is unknown or wrong.
    """
    if contains_unknown(new.get("credential")):
        fix = "give plain values; what is made by the same program is named by leaving its name out"
        problem = Problem("credential", "a value that is known only at deployment", "plain values", fix)
        raise SpecError("credential", [problem])
    CredentialSpec.parse(new["credential"])
    return dict(new)


def changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Name the inputs that differ."""
    return [name for name in sorted(new) if name not in _FOUND and old.get(name) != new[name]]


def moved(old: Mapping[str, Any], standing: Standing, now: datetime) -> list[str]:
    """Name what became of a credential since the state was written: rotated elsewhere, changed by hand, or due."""
    journal, suspended = standing.journal, old.get("state") == State.SUSPENDED
    if suspended:
        return ["state"] if any(key.enabled for key in standing.keys) else []
    ended = any(each.until <= now for each in journal.retiring.values())
    if journal.version != old.get("version") or journal.key != old.get("keyId"):
        return ["keyId", "version"]
    if standing.drift or ended or (standing.due_at and standing.due_at <= now):
        return ["version"]
    return []


def outputs(inputs: Mapping[str, Any], outcome: Outcome) -> dict[str, Any]:
    """Tell what the state keeps of a credential after a run."""
    return _kept(inputs, outcome.key, outcome.version, outcome.issued_at, outcome.due_at, dict(outcome.retiring))


def found(inputs: Mapping[str, Any], standing: Standing) -> dict[str, Any]:
    """Tell what the state keeps of a credential that was only looked at."""
    journal = standing.journal
    retiring = {key: each.until for key, each in journal.retiring.items()}
    return _kept(inputs, journal.key, journal.version, journal.issued_at, standing.due_at, retiring)


def foreseen(inputs: Mapping[str, Any], olds: Mapping[str, Any], *, rotates: bool) -> dict[str, Any]:
    """Tell at preview what the state will keep: what is not known yet is said to be."""
    if olds and not rotates:
        return {**_plain(inputs), **{name: olds[name] for name in _FOUND if name in olds}}
    return {**_plain(inputs), **dict.fromkeys(_FOUND[:-1], UNKNOWN)}


def _kept(
    inputs: Mapping[str, Any],
    key: str,
    version: int,
    issued_at: datetime | None,
    due_at: datetime | None,
    retiring: Mapping[str, datetime],
) -> dict[str, Any]:
    return {
        **_plain(inputs),
        "keyId": key or None,
        "version": version,
        "issuedAt": issued_at.isoformat() if issued_at else None,
        "dueAt": due_at.isoformat() if due_at else None,
        "retiring": [{"keyId": each, "until": until.isoformat()} for each, until in sorted(retiring.items())],
        "schemaVersion": SCHEMA_VERSION,
    }


def _plain(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in inputs.items() if name not in _FOUND}

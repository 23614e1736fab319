"""The Lease: registered first, deleted last; stamps issue day, end date and lease id, and keeps the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from nhi_components.core.connection import DEFAULT
from nhi_components.core.credential.links import DELIVERED, link_of_part, place_of_part
from nhi_components.core.credential.places import PlaceSpec
from nhi_components.core.errors import Problem, SpecError
from nhi_components.core.expiry import problem_of_new_end
from nhi_components.core.identity import Identity
from nhi_components.core.lease_id import name_of, new_lease_id
from nhi_components.core.ledger import LedgerEntry, PartState, succeed
from nhi_components.core.life import State
from nhi_components.core.links import Link, LinkKind, System
from nhi_components.core.revocation import Revocation
from nhi_components.core.tags import LeaseTags
from nhi_components.core.text import shown
from nhi_components.lifecycle.account import Terms
from nhi_components.provider.known import contains_unknown
from nhi_components.provider.schema import SCHEMA_VERSION


@dataclass(frozen=True, slots=True)
class LeaseInputs:
    """A lease's inputs after `check` has stamped them.

    Attributes:
        identity: whose lease it is.
        stack: `project/stack`.
        parts: what the program declares, with the names that follow from the lease id.
        lease_id: made once.
        issued: the UTC day on which it was made.
        ends: the UTC day at whose start access ends.
        state: active or suspended, on the day of the run.
        revocation: how fast access must end everywhere.
    """

    identity: Identity
    stack: str
    parts: tuple[Link, ...]
    lease_id: str
    issued: date
    ends: date
    state: State
    revocation: Revocation

    @classmethod
    def from_state(cls, properties: Mapping[str, Any]) -> LeaseInputs:
        """Read them back from stamped inputs or from outputs."""
        return cls(
            identity=Identity.parse(properties["identity"]),
            stack=properties["stack"],
            parts=tuple(_part(part, properties) for part in properties["parts"]),
            lease_id=properties["leaseId"],
            issued=date.fromisoformat(properties["issued"]),
            ends=date.fromisoformat(properties["ends"]),
            state=State(properties.get("state", State.ACTIVE)),
            revocation=Revocation(properties.get("revocation", Revocation.MINUTES)),
        )

    @property
    def terms(self) -> Terms:
        """What the services have to know of it."""
        return Terms(self.tags, self.issued, self.revocation)

    @property
    def tags(self) -> LeaseTags:
        """What everything that belongs to the lease bears."""
        return LeaseTags(
            lease=self.lease_id,
            identity=self.identity.name,
            environment=self.identity.environment,
            owner=self.identity.owner.email,
            purpose=self.identity.purpose,
            ends=self.ends,
            stack=self.stack,
        )


def check(new: Mapping[str, Any], old: Mapping[str, Any], seed: bytes, today: date) -> dict[str, Any]:
    """Stamp a lease's inputs; what was stamped before is kept, but for the state, which follows from the day.

    Raises:
        SpecError: with every problem, when anything is unknown, wrong, or ends at a day that can't be granted.
    """
    if contains_unknown(new):
        fix = "give plain values; only the targets of grants may be outputs"
        raise SpecError("lease", [Problem("(whole)", "a value that is known only at deployment", "plain values", fix)])
    identity = Identity.parse(new["identity"])
    _refuse_unknown_revocation(new)
    issued = date.fromisoformat(old["issued"]) if "issued" in old else today
    ends = identity.expires.resolve(issued)
    if old.get("ends") != ends.isoformat() and (problem := problem_of_new_end(ends, today)):
        raise SpecError(f"identity {identity.name!r}", [problem])
    return {
        **new,
        "leaseId": old.get("leaseId") or new_lease_id(seed),
        "issued": issued.isoformat(),
        "ends": ends.isoformat(),
        # A retired identity's component does not register a lease.
        "state": str(State.ACTIVE if identity.state is State.ACTIVE and today < ends else State.SUSPENDED),
    }


def outputs(inputs: Mapping[str, Any], old: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Tell what the state keeps of a lease: its inputs and the ledger of everything that was ever linked."""
    before = ledger_of(old) if old else []
    entries = succeed(before, LeaseInputs.from_state(inputs).parts)
    return with_ledger(inputs, entries)


def with_ledger(properties: Mapping[str, Any], entries: list[LedgerEntry]) -> dict[str, Any]:
    """Put a ledger into a lease's outputs."""
    return {**properties, "ledger": [entry.to_state() for entry in entries], "schemaVersion": SCHEMA_VERSION}


def ledger_of(properties: Mapping[str, Any]) -> list[LedgerEntry]:
    """Read the ledger from a lease's outputs."""
    return [LedgerEntry.from_state(entry) for entry in properties.get("ledger", [])]


def departed(entries: list[LedgerEntry]) -> list[Link]:
    """Choose the parts that left the program and were not yet confirmed gone."""
    return [entry.link for entry in entries if entry.state is PartState.DEPARTED]


def joining(olds: Mapping[str, Any], parts: Sequence[Link]) -> list[Link]:
    """Choose the parts that are about to be created: those that the lease never had before."""
    before = {entry.link.key for entry in ledger_of(olds)}
    return [part for part in parts if part.key not in before]


def home_of(properties: Mapping[str, Any]) -> PlaceSpec | None:
    """Tell where the journal of a lease's credential is to be: the first place of its parts; None without one."""
    tags = _tags(properties)
    delivered = [part[DELIVERED] for part in properties["parts"] if DELIVERED in part]
    return next((place_of_part(each, tags) for each in delivered if "place" in each), None)


def confirm(entries: list[LedgerEntry], gone: set[tuple[str, str, str, str]], now: datetime) -> list[LedgerEntry]:
    """Mark the departed parts that were confirmed gone."""
    return [
        replace(entry, state=PartState.GONE, gone_at=now)
        if entry.state is PartState.DEPARTED and entry.link.key in gone
        else entry
        for entry in entries
    ]


def changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Name the inputs that differ, and the ledger when a departed part awaits its confirmation."""
    names = [name for name in sorted(new) if old.get(name) != new[name]]
    return [*names, "ledger"] if departed(ledger_of(old)) else names


def _refuse_unknown_revocation(new: Mapping[str, Any]) -> None:
    got = new.get("revocation", Revocation.MINUTES)
    if got not in set(Revocation):
        expected = ", ".join(Revocation)
        raise SpecError("lease", [Problem("revocation", shown(str(got)), f"one of {expected}", "give one of them")])


def _part(part: Mapping[str, Any], properties: Mapping[str, Any]) -> Link:
    if DELIVERED in part:
        return link_of_part(part[DELIVERED], _tags(properties))
    tags, kind, attributes = _tags(properties), LinkKind(part["kind"]), dict(part.get("attributes", {}))
    return Link(
        system=System(part["system"]),
        kind=kind,
        name=name_of(kind, tags.identity, tags.environment, tags.lease, attributes),
        connection=part.get("connection", DEFAULT),
        attributes=attributes,
    )


def _tags(properties: Mapping[str, Any]) -> LeaseTags:
    identity = Identity.parse(properties["identity"])
    return LeaseTags(
        lease=properties["leaseId"],
        identity=identity.name,
        environment=identity.environment,
        owner=identity.owner.email,
        purpose=identity.purpose,
        ends=date.fromisoformat(properties["ends"]),
        stack=properties["stack"],
    )

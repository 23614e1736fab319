"""What evidence says of identities without a lease: they were found, judged, noticed, disabled, restored, removed.

One statement holds many events, so that ten thousand verdicts are not ten thousand signatures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from re import sub
from typing import Annotated, Any, Literal, Protocol, Self

from pydantic import Field, StringConstraints, model_validator

from nhi_components.core.links import System
from nhi_components.core.model import wrong
from nhi_components.lifecycle.evidence.about_lease import Kind
from nhi_components.lifecycle.evidence.parts import Record, Stated, Unknown, UtcTime, names_a_credential
from nhi_components.lifecycle.evidence.text import REDACTED, Identifier, Name, Prose, prose

MOST_EVENTS = 500
"""Events of one statement: our own figure, at which a statement of usual events has less than a mebibyte."""
MOST_DETAILS = 100
MOST_PRIVILEGES = 10_000
"""Rows of one removal: our own figure; how many more there were is said."""

_UNSAID = Unknown(why="the event does not tell")


class EventType(StrEnum):
    """What happened."""

    SCAN_ENDED = "scan-ended"
    VERDICT_FOUND = "verdict-found"
    VERDICT_CLEARED = "verdict-cleared"
    IDENTITY_NOTICED = "identity-noticed"
    """Its owner was told that it is to be decommissioned."""
    IDENTITY_DISABLED = "identity-disabled"
    IDENTITY_RESTORED = "identity-restored"
    IDENTITY_REMOVED = "identity-removed"
    IDENTITY_ADOPTED = "identity-adopted"
    INVENTORY_EXPORTED = "inventory-exported"


ABOUT_NO_IDENTITY = frozenset({EventType.SCAN_ENDED, EventType.INVENTORY_EXPORTED})
ABOUT_A_VERDICT = frozenset({EventType.VERDICT_FOUND, EventType.VERDICT_CLEARED})


class Outcome(StrEnum):
    """Whether it was done."""

    SUCCESS = "success"
    FAILURE = "failure"


class Named(Protocol):
    """What names an identity: `core.inventory.records.FoundIdentity`, `lifecycle.decommission.ports.Target`."""

    @property
    def key(self) -> str:
        """Its name in the whole organisation."""

    @property
    def unique_id(self) -> str:
        """Its system's own id; empty for none."""

    @property
    def system(self) -> System:
        """Where it lives."""

    @property
    def place(self) -> str:
        """The account, project, tenant, cluster or server."""

    @property
    def kind(self) -> str:
        """What it is, in its system's words."""

    @property
    def name(self) -> str:
        """How people call it."""


class AuditedIdentity(Record):
    """The identity that an event is about; see `core.inventory.records.FoundIdentity`."""

    key: Name
    unique_id: Name | None
    system: System
    place: Name | None
    kind: Name
    name: Name

    @classmethod
    def of(cls, named: Named) -> Self:
        """Write down which identity it is."""
        return cls(
            key=named.key,
            unique_id=named.unique_id or None,
            system=System(named.system),
            place=named.place or None,
            kind=named.kind,
            name=named.name,
        )


class PrivilegeRow(Record):
    """A privilege that was held; see `core.inventory.records.FoundGrant`."""

    privilege: Name
    target: Name
    denied: bool = False
    condition: Prose | None = None
    via: Name | None = None


class ApprovalRow(Record):
    """Somebody approved a stage."""

    stage: Identifier
    approver: Stated
    reason: Stated
    at: UtcTime


class StageRow(Record):
    """A stage was reached."""

    stage: Identifier
    at: UtcTime


class RemovedRow(Record):
    """Something that was removed.

    Attributes:
        recoverable_until: until when its system could bring it back; None for never.
    """

    system: System
    kind: Name
    name: Name
    recoverable_until: UtcTime | None = None


class RemovalRow(Record):
    """What a removal has ended.

    Attributes:
        systems: on which systems.
        privileges: what was held before; its first `MOST_PRIVILEGES`.
        privileges_left_out: how many more there were.
        approvals: who approved which stage, and why.
        stages: when each stage was reached.
        removed: what was removed.
    """

    systems: Annotated[tuple[System, ...], Field(min_length=1)]
    privileges: Annotated[tuple[PrivilegeRow, ...], Field(max_length=MOST_PRIVILEGES)]
    privileges_left_out: Annotated[int, Field(ge=0)] = 0
    approvals: tuple[ApprovalRow, ...]
    stages: Annotated[tuple[StageRow, ...], Field(min_length=1)]
    removed: tuple[RemovedRow, ...]


class Detail(Record):
    """One more fact, by the path that it has in the JSON that was told, such as `sections[0].reason`."""

    name: Annotated[Name, StringConstraints(max_length=200)]
    value: Prose


class AuditEvent(Record):
    """One event.

    Attributes:
        id: the event's own id where whoever tells it may tell it twice, such as `CASE/disabled`; it is kept as it is.
        at: when it happened.
        identity: about which identity; None for events about none.
        actor: who, or what, did it.
        verdict: which verdict was found or cleared.
        case: of which case it is a part.
        removal: what was removed; told by `identity-removed`, and by no other.
        detail: more, as `details_of` makes it.
    """

    type: EventType
    at: UtcTime
    identity: AuditedIdentity | None = None
    actor: Stated = _UNSAID
    approver: Stated = _UNSAID
    reason: Stated = _UNSAID
    outcome: Outcome = Outcome.SUCCESS
    id: Name | None = None
    verdict: Name | None = None
    case: Name | None = None
    removal: RemovalRow | None = None
    detail: Annotated[tuple[Detail, ...], Field(max_length=MOST_DETAILS)] = ()

    @model_validator(mode="after")
    def _whole(self) -> Self:
        asked = {
            "identity": self.type not in ABOUT_NO_IDENTITY,
            "verdict": self.type in ABOUT_A_VERDICT,
            "removal": self.type is EventType.IDENTITY_REMOVED and self.outcome is Outcome.SUCCESS,
        }
        for field, needed in asked.items():
            if (getattr(self, field) is not None) != needed:
                expected = f"{'a' if needed else 'no'} field {field} in an event {self.type} that is a {self.outcome}"
                raise wrong(got="none" if needed else "one", expected=expected, fix="give what the event is about")
        return self

    @property
    def subject(self) -> tuple[str, list[str | None]]:
        """What it is about: a name, and what its digest is made of."""
        if self.identity is None:
            return f"event:{self.type}", ["event", self.type, self.at.isoformat()]
        return f"identity:{self.identity.key}", ["identity", self.identity.key, self.identity.unique_id]


class AuditRecord(Record):
    """Events, in the order in which they were told."""

    kind: Literal[Kind.AUDIT] = Kind.AUDIT
    events: Annotated[tuple[AuditEvent, ...], Field(min_length=1, max_length=MOST_EVENTS)]

    @property
    def subjects(self) -> list[tuple[str, list[str | None]]]:
        """What they are about, each once."""
        about = {tuple(parts): (name, parts) for name, parts in (event.subject for event in self.events)}
        return list(about.values())


def details_of(facts: Mapping[str, Any]) -> tuple[Detail, ...]:
    """Write facts down that are JSON; what is empty is left out, what would hold a credential is `[redacted]`.

    Args:
        facts: JSON of any depth. Beyond `MOST_DETAILS` facts, the last row says how many are left out.
    """
    rows = [Detail(name=path[:200] or "-", value=value) for path, value in _facts("", facts) if prose(value)]
    if len(rows) <= MOST_DETAILS:
        return tuple(rows)
    kept = rows[: MOST_DETAILS - 1]
    return (*kept, Detail(name="leftOut", value=f"{len(rows) - len(kept)} more"))


def _facts(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            inside = f"{path}.{name}" if path else str(name)
            if names_a_credential(sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", str(name))):
                yield inside, REDACTED
            else:
                yield from _facts(inside, inner)
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for index, inner in enumerate(value):
            yield from _facts(f"{path}[{index}]", inner)
    elif value is not None:
        yield path, _text(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return REDACTED if isinstance(value, bytes) else str(value)

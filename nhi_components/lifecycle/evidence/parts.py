"""The parts that evidence is made of: facts, links, leases, callers. Frozen, closed, without free-form mappings."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from nhi_components.core.links import Fact, Link, LinkKind, NeverCreated, NotChecked, System
from nhi_components.core.model import wrong
from nhi_components.lifecycle.evidence.canonical import canonical_json, sha256_hex
from nhi_components.lifecycle.evidence.text import Identifier, Prose, prose
from nhi_components.lifecycle.ports import Caller

_CREDENTIAL_NAME = re.compile(
    r"(?:.*[_-])?(?:secret|secret[_-]id|secret[_-]access[_-]key|token|password|passphrase|private[_-]key|credential|value)"
)

UtcTime = Annotated[AwareDatetime, AfterValidator(lambda time: time.astimezone(UTC))]
"""An aware time, kept in UTC."""

Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False), AfterValidator(lambda seconds: round(seconds, 3))]
"""A measured duration in seconds, to the millisecond."""

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""A SHA-256 digest in lower-case hexadecimal."""


class Record(BaseModel):
    """Base of everything that evidence holds: frozen, no unknown fields, no input shown in errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class At(Record):
    """The fact became true at this time."""

    state: Literal["at"] = "at"
    time: UtcTime


class NotApplicable(Record):
    """The fact means nothing for this kind of resource."""

    state: Literal["not-applicable"] = "not-applicable"


class NeverMade(Record):
    """The resource was planned and never came to exist."""

    state: Literal["never-created"] = "never-created"


class Unchecked(Record):
    """The fact could not be established."""

    state: Literal["not-checked"] = "not-checked"
    reason: Prose


FactRecord = Annotated[At | NotApplicable | NeverMade | Unchecked, Field(discriminator="state")]


def fact_record(fact: Fact) -> At | NotApplicable | NeverMade | Unchecked:
    """Write a fact down."""
    match fact:
        case None:
            return NotApplicable()
        case NotChecked(reason=reason):
            return Unchecked(reason=reason)
        case NeverCreated():
            return NeverMade()
        case datetime():
            return At(time=fact)


def names_a_credential(name: str) -> bool:
    """Tell whether a field of this name would hold a credential."""
    return bool(_CREDENTIAL_NAME.fullmatch(name.lower()))


def _attribute_name(name: str) -> str:
    if names_a_credential(name):
        raise wrong(got=name, expected="a plain fact about a link", fix="keep credentials out of a link's attributes")
    return name


class AttributeRecord(Record):
    """One plain fact that an adapter needs to find a link again, such as its mount."""

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,63}$"), AfterValidator(_attribute_name)]
    value: Annotated[Identifier, StringConstraints(max_length=512)]


class LinkRecord(Record):
    """A linked resource, as `nhi_components.core.links.Link` describes it."""

    system: System
    connection: Identifier
    kind: LinkKind
    name: Identifier
    unique_id: Identifier | None
    attributes: tuple[AttributeRecord, ...] = ()

    @classmethod
    def of(cls, link: Link) -> Self:
        """Write a link down."""
        return cls(
            system=link.system,
            connection=link.connection,
            kind=link.kind,
            name=link.name,
            unique_id=link.unique_id,
            attributes=tuple(
                AttributeRecord(name=name, value=link.attributes[name]) for name in sorted(link.attributes)
            ),
        )

    def to_link(self) -> Link:
        """Read it back."""
        return Link(
            system=self.system,
            kind=self.kind,
            name=self.name,
            connection=self.connection,
            unique_id=self.unique_id,
            attributes={attribute.name: attribute.value for attribute in self.attributes},
        )

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What makes two links the same linked resource; equals `Link.key`."""
        return (self.system, self.connection, self.kind, self.name)

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON of key and unique id."""
        return sha256_hex(canonical_json([*self.key, self.unique_id]))

    def __str__(self) -> str:
        return f"{self.system} {self.kind} {self.name}"


def distinct(links: Iterable[LinkRecord]) -> tuple[LinkRecord, ...]:
    """Keep each linked resource once, in the order in which they come."""
    return tuple({link.digest: link for link in links}.values())


class Known(Record):
    """Something that somebody stated."""

    state: Literal["known"] = "known"
    value: Prose


class Unknown(Record):
    """Something that nobody stated, and why it is not known."""

    state: Literal["unknown"] = "unknown"
    why: Prose


Stated = Annotated[Known | Unknown, Field(discriminator="state")]


def stated(value: str | None, otherwise: str) -> Known | Unknown:
    """Write down what was stated, or why it is unknown."""
    return Known(value=value) if value and prose(value) else Unknown(why=otherwise)


class LeaseRecord(Record):
    """The lease that a statement is about.

    Attributes:
        stack: the stack that held it, as `organisation/project/stack`.
        issued: the UTC day on which it began.
        ends: the UTC day on which it was to end.
    """

    lease_id: Identifier
    identity: Identifier
    environment: Identifier
    owner: Prose
    stack: Identifier
    purpose: Prose
    issued: date
    ends: date


class CallerRecord(Record):
    """Whom a connection's credentials spoke for while it was done.

    Attributes:
        principal: ARN, or Vault's display name; or why it is unknown.
        account: the AWS account id, the Vault's cluster id or namespace.
    """

    system: System
    connection: Identifier
    principal: Stated
    account: Identifier | None

    @classmethod
    def of(cls, caller: Caller) -> Self:
        """Write a caller down."""
        principal = stated(caller.principal, "the system did not tell")
        return cls(
            system=caller.system, connection=caller.connection, principal=principal, account=caller.account or None
        )

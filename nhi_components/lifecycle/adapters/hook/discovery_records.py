"""What a hook tells of a system, record by record, as docs/discovery-protocol.md has it; each becomes one of ours."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from nhi_components.core.inventory.records import (
    FoundCarrier,
    FoundCredential,
    FoundDependent,
    FoundDocument,
    FoundGrant,
    FoundIdentity,
    FoundStep,
    Guard,
    Knowledge,
    Record,
    Subject,
    Use,
)
from nhi_components.core.links import System
from nhi_components.lifecycle.adapters.hook.protocol import Done

Text = Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""One line."""
LongText = Annotated[str, StringConstraints(max_length=200_000)]


class Told(BaseModel):
    """A part of an answer. Unknown fields and wrong types are refused."""

    model_config = Done.model_config


class UseTold(Told):
    """When something was last used, as `records.Use` has it."""

    at: AwareDatetime | None = None
    watched_since: AwareDatetime | None = None
    as_of: AwareDatetime | None = None

    def use(self) -> Use:
        """Give what was told as ours."""
        return Use(self.at, self.watched_since, self.as_of)


class IdentityTold(Told):
    """An identity; its system and place are the hook's."""

    record: Literal["identity"]
    key: Text
    kind: Text
    name: Text
    unique_id: Text
    created_at: AwareDatetime | None = None
    disabled: bool = False
    use: UseTold = UseTold()
    marks: Annotated[dict[Text, LongText], Field(max_length=200)] = {}
    guard: Literal["caller", "service-linked", "break-glass"] | None = None

    def found(self, place: str) -> Record:
        """Give what was told as ours."""
        guard = Guard(self.guard) if self.guard else None
        return FoundIdentity(
            key=self.key,
            system=System.HOOK,
            place=place,
            kind=self.kind,
            name=self.name,
            unique_id=self.unique_id,
            created_at=self.created_at,
            disabled=self.disabled,
            use=self.use.use(),
            marks=dict(self.marks),
            guard=guard,
        )


class CredentialTold(Told):
    """A standing credential; never its value."""

    record: Literal["credential"]
    identity: Text
    kind: Text
    id: Text
    created_at: AwareDatetime | None = None
    expires_at: AwareDatetime | None = None
    disabled: bool = False
    use: UseTold = UseTold()

    def found(self, _: str) -> Record:
        """Give what was told as ours."""
        ends, use = self.expires_at, self.use.use()
        return FoundCredential(self.identity, self.kind, self.id, self.created_at, ends, self.disabled, use)


class CarrierTold(Told):
    """An identity, or a carrier, has what a carrier holds."""

    record: Literal["carrier"]
    identity: Text
    carrier: Text
    kind: Text

    def found(self, _: str) -> Record:
        """Give what was told as ours."""
        return FoundCarrier(self.identity, self.carrier, self.kind)


class GrantTold(Told):
    """A privilege that an identity or a carrier holds, or is denied."""

    record: Literal["grant"]
    holder: Text
    privilege: Text
    target: Text
    denied: bool = False
    condition: LongText = ""
    via: LongText = ""

    def found(self, _: str) -> Record:
        """Give what was told as ours."""
        return FoundGrant(self.holder, self.privilege, self.target, self.denied, self.condition, self.via)


class DocumentTold(Told):
    """A document of grants or of trust."""

    record: Literal["document"]
    holder: Text
    kind: Text
    name: Text
    content: LongText

    def found(self, _: str) -> Record:
        """Give what was told as ours."""
        return FoundDocument(self.holder, self.kind, self.name, self.content)


class StepTold(Told):
    """Somebody may become an identity."""

    record: Literal["step"]
    source: Text
    target: Text
    how: Text
    condition: LongText = ""

    def found(self, _: str) -> Record:
        """Give what was told as ours."""
        return FoundStep(self.source, self.target, self.how, self.condition)


class DependentTold(Told):
    """Something runs as an identity, or cannot work without it."""

    record: Literal["dependent"]
    identity: Text
    kind: Text
    name: Text

    def found(self, _: str) -> Record:
        """Give what was told as ours."""
        return FoundDependent(self.identity, self.kind, self.name)


class KnowledgeTold(Told):
    """What is said of an identity, and who says it."""

    record: Literal["knowledge"]
    identity: Text
    subject: Literal["owner", "purpose", "environment", "tier"]
    value: Text
    source: Text

    def found(self, _: str) -> Record:
        """Give what was told as ours."""
        return Knowledge(self.identity, Subject(self.subject), self.value, self.source)


RecordTold = Annotated[
    IdentityTold | CredentialTold | CarrierTold | GrantTold | DocumentTold | StepTold | DependentTold | KnowledgeTold,
    Field(discriminator="record"),
]

KINDS: Final = ("identity", "credential", "carrier", "grant", "document", "step", "dependent", "knowledge")
"""What a record may be, by its field `record`."""

MODELS: Final[tuple[type[BaseModel], ...]] = (
    *(UseTold, IdentityTold, CredentialTold, CarrierTold, GrantTold),
    *(DocumentTold, StepTold, DependentTold, KnowledgeTold),
)
"""Every model of a record, and of its parts."""

"""The in-toto statement: what evidence says, who signed it, and its place in the chain."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, StringConstraints, ValidationError

from nhi_components.lifecycle.evidence.about_lease import Kind
from nhi_components.lifecycle.evidence.audit_events import AuditRecord
from nhi_components.lifecycle.evidence.canonical import canonical_json, sha256_hex
from nhi_components.lifecycle.evidence.contents import Content
from nhi_components.lifecycle.evidence.flaws import RESTORE, EvidenceRefused, Flaw, FlawCode, malformed
from nhi_components.lifecycle.evidence.parts import Record, Seconds, Sha256, UtcTime
from nhi_components.lifecycle.evidence.signer import KeyClass
from nhi_components.lifecycle.evidence.text import Identifier
from nhi_components.version import VERSION

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
_PREDICATE_TYPE = "urn:nhi-components:evidence:{kind}:v1"


class ChainPosition(Record):
    """Where a statement stands.

    Attributes:
        chain_id: the chain.
        sequence: its number, counted from 1.
        previous_digest: SHA-256 of the previous envelope's bytes; zeros for the first.
        anchor: where the chain's head is anchored; None when it was not anchored.
        clock_stepped_back: seconds by which the machine's clock stood behind the previous statement's time; None when
            it did not.
    """

    chain_id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
    sequence: Annotated[int, Field(ge=1)]
    previous_digest: Sha256
    anchor: Identifier | None
    clock_stepped_back: Seconds | None


class SigningKey(Record):
    """The key that the writer meant to sign with."""

    fingerprint: Sha256
    key_class: KeyClass


class Tool(Record):
    """What wrote the statement."""

    name: Identifier = "nhi-components"
    version: Identifier = VERSION


class Predicate(Record):
    """The predicate of a statement of evidence."""

    chain: ChainPosition
    recorded_at: UtcTime
    signed_with: SigningKey
    tool: Tool
    content: Content

    @property
    def kind(self) -> Kind:
        """What it is about."""
        return self.content.kind

    @property
    def lease_id(self) -> str | None:
        """The lease that it is about; None for events about identities without a lease."""
        return None if isinstance(self.content, AuditRecord) else self.content.lease.lease_id


def stepped_back(previous: datetime | None, now: datetime) -> float | None:
    """Seconds by which `now` lies before the previous statement's time; None when it does not."""
    return (previous - now).total_seconds() if previous and now < previous else None


def predicate_type(kind: Kind) -> str:
    """The predicate type's URI; its last part is the version of the form."""
    return _PREDICATE_TYPE.format(kind=kind)


def encode(predicate: Predicate) -> bytes:
    """Write the statement as canonical JSON: one subject for the lease, one for each linked resource.

    Events without a lease have one subject for each identity, or each event that is about none.
    """
    from google.protobuf.json_format import MessageToDict
    from in_toto_attestation.v1.resource_descriptor import ResourceDescriptor
    from in_toto_attestation.v1.statement import Statement

    content = predicate.model_dump(mode="json")
    subjects = [ResourceDescriptor(name=name, digest={"sha256": digest}).pb for name, digest in _subjects(predicate)]
    # A protobuf Struct holds every number as a double, and is slow to make: the predicate is kept as it was.
    statement = Statement(subjects, predicate_type(predicate.kind), {"kind": predicate.kind.value})
    statement.validate()
    written: dict[str, Any] = MessageToDict(statement.pb)
    return canonical_json(written | {"predicate": content})


def decode(payload: bytes, path: str) -> Predicate:
    """Read a statement back.

    Raises:
        EvidenceRefused: unknown or missing fields, another form, or subjects that do not fit the content.
    """
    fix = "read it with the version of nhi-components that wrote it, or treat it as forged"
    try:
        statement = json.loads(payload)
        predicate = Predicate.model_validate_json(canonical_json(statement["predicate"]), strict=True)
    except ValidationError as error:
        raise EvidenceRefused("evidence", malformed(error, f"{path} predicate", fix)) from None
    except (ValueError, KeyError, TypeError, RecursionError):
        flaw = Flaw(FlawCode.MALFORMED, path, "a payload of another form", "an in-toto statement of evidence", fix)
        raise EvidenceRefused("evidence", [flaw]) from None
    if _frame(statement) != _frame(json.loads(encode(predicate))):
        got, expected = "type, subjects or fields that do not follow from the content", "those that follow from it"
        raise EvidenceRefused("evidence", [Flaw(FlawCode.SUBJECTS, path, got, expected, RESTORE)])
    return predicate


def _frame(statement: dict[str, Any]) -> dict[str, Any]:
    """All but the predicate, to which a later version may add fields that have a default."""
    return {name: value for name, value in statement.items() if name != "predicate"}


def _subjects(predicate: Predicate) -> list[tuple[str, str]]:
    content = predicate.content
    if isinstance(content, AuditRecord):
        return [(name, sha256_hex(canonical_json(parts))) for name, parts in content.subjects]
    lease_id = content.lease.lease_id
    links = {link.digest: link for link in content.links}
    named = [(":".join(link.key), digest) for digest, link in links.items()]
    return [(f"lease:{lease_id}", sha256_hex(canonical_json(["lease", lease_id]))), *named]

"""The DSSE envelope around a statement: sealing it, and opening it with trusted keys only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nhi_components.lifecycle.evidence.canonical import canonical_json
from nhi_components.lifecycle.evidence.flaws import RESTORE, EvidenceRefused, Flaw, FlawCode
from nhi_components.lifecycle.evidence.keys import VerifyingKey
from nhi_components.lifecycle.evidence.signer import EvidenceSigner

if TYPE_CHECKING:
    from securesystemslib.dsse import Envelope

PAYLOAD_TYPE = "application/vnd.in-toto+json"
"""The media type of an in-toto statement (in-toto attestation framework, 'Envelope layer')."""


class _Signature(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    keyid: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    sig: str


class _Envelope(BaseModel):
    """The form of a stored envelope: exactly these fields and exactly one signature."""

    model_config = ConfigDict(extra="forbid", strict=True)
    payload: str
    payloadType: Literal["application/vnd.in-toto+json"]  # noqa: N815 - DSSE's own name
    signatures: Annotated[list[_Signature], Field(min_length=1, max_length=1)]


def seal(payload: bytes, signer: EvidenceSigner) -> bytes:
    """Sign a payload and return the envelope's canonical bytes.

    Raises:
        EvidenceError: the signer cannot sign.
    """
    from securesystemslib.dsse import Envelope
    from securesystemslib.signer import Signature

    envelope = Envelope(payload, PAYLOAD_TYPE, {})
    fingerprint = signer.key.fingerprint
    envelope.signatures[fingerprint] = Signature(fingerprint, signer.sign(envelope.pae()).hex())
    return canonical_json(envelope.to_dict())


def open_sealed(data: bytes, trusted: Mapping[str, VerifyingKey], path: str) -> tuple[bytes, str]:
    """Return an envelope's payload and the fingerprint of the trusted key that signed it.

    Args:
        data: the envelope's bytes.
        trusted: the keys to accept, by fingerprint.
        path: the file, for messages.

    Raises:
        EvidenceRefused: it is no envelope, not in canonical form, or not signed by a trusted key.
    """
    envelope = _parse(data, path)
    if canonical_json(envelope.to_dict()) != data:
        raise _refused(FlawCode.NOT_CANONICAL, path, "other bytes that mean the same", "the bytes that were written")
    fingerprint = next(iter(envelope.signatures))
    if fingerprint not in trusted:
        known = ", ".join(sorted(trusted)) or "none"
        raise _refused(FlawCode.UNTRUSTED_KEY, path, f"signed by key {fingerprint}", f"a trusted key: {known}")
    _check_signature(envelope, trusted[fingerprint], path)
    return envelope.payload, fingerprint


def _check_signature(envelope: Envelope, key: VerifyingKey, path: str) -> None:
    from securesystemslib.exceptions import VerificationError

    try:
        envelope.verify([key.to_securesystemslib()], threshold=1)
    except VerificationError:
        got, expected = "a signature that does not fit the content", f"a signature by {key.fingerprint}"
        raise _refused(FlawCode.BAD_SIGNATURE, path, got, expected) from None


def _parse(data: bytes, path: str) -> Envelope:
    from securesystemslib.dsse import Envelope

    try:
        content = _Envelope.model_validate(json.loads(data)).model_dump()
        return Envelope.from_dict(content)
    except (ValidationError, ValueError, RecursionError):
        expected = "a DSSE envelope of an in-toto statement with one signature"
        raise _refused(FlawCode.NOT_AN_ENVELOPE, path, "something else", expected) from None


def _refused(code: FlawCode, path: str, got: str, expected: str) -> EvidenceRefused:
    return EvidenceRefused("evidence", [Flaw(code, path, got, expected, RESTORE)])

"""What every statement about a lease tells: what it is about, which lease, who decided, with whose access."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator

from nhi_components.core.model import wrong
from nhi_components.lifecycle.evidence.parts import CallerRecord, LeaseRecord, LinkRecord, Record, Stated
from nhi_components.lifecycle.evidence.revocations import RevocationRow


class Kind(StrEnum):
    """What a statement of evidence is about."""

    CUT_OFF = "cut-off"
    TEARDOWN = "teardown"
    TEARDOWN_INCOMPLETE = "teardown-incomplete"
    SUSPENSION = "suspension"
    RESTORATION = "restoration"
    ROTATION = "rotation"
    AUDIT = "audit"


def _named(link: LinkRecord) -> LinkRecord:
    if link.unique_id is None:
        raise wrong(got="no unique id", expected="the namesake's own unique id", fix="record the id that told it apart")
    return link


class AboutLease(Record):
    """What every kind of evidence about a lease says: which lease, who decided, and with whose access it was done.

    Attributes:
        revocations: how fast access ended, by system and connection; empty where nothing was revoked, and in what
            release 0.1.0 wrote.
    """

    lease: LeaseRecord
    approver: Stated
    reason: Stated
    callers: tuple[CallerRecord, ...]
    namesakes: tuple[Annotated[LinkRecord, AfterValidator(_named)], ...] = ()
    revocations: tuple[RevocationRow, ...] = ()

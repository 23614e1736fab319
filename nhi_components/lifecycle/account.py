"""What every statement about one lease tells, from what the services know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from nhi_components.core.links import Link
from nhi_components.core.revocation import Revocation
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.evidence.parts import CallerRecord, LeaseRecord, LinkRecord, stated
from nhi_components.lifecycle.evidence.revocations import RevocationRow
from nhi_components.lifecycle.latency import Latency
from nhi_components.lifecycle.ports import Caller

_KEPT_ATTRIBUTES = ("account", "mount", "role")
_NOT_STATED = "stated neither in the environment (NHI_APPROVER, NHI_REASON) nor in nhi:life or nhi:approval"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a lease says: whom it is for, since when, until when, how fast it has to be revoked.

    Attributes:
        tags: what everything that belongs to the lease bears.
        issued: the UTC day on which it began.
        revocation: how fast access must end everywhere.
    """

    tags: LeaseTags
    issued: date
    revocation: Revocation = Revocation.MINUTES


@dataclass(frozen=True, slots=True)
class Account:
    """What every statement about one lease tells: its terms, who decided, with whose access it was done.

    Attributes:
        terms: the lease's terms.
        approver: who approved; None when nobody said.
        reason: why; None when nobody said.
        callers: whom the connections spoke for.
    """

    terms: Terms
    approver: str | None
    reason: str | None
    callers: Sequence[Caller]


def common(account: Account, measured: Sequence[Latency] = ()) -> dict[str, Any]:
    """Write down the fields that every statement has; `measured` is how fast access ended."""
    terms, tags = account.terms, account.terms.tags
    lease = LeaseRecord(
        lease_id=tags.lease,
        identity=tags.identity,
        environment=tags.environment,
        owner=tags.owner,
        stack=tags.stack,
        purpose=tags.purpose,
        issued=terms.issued,
        ends=tags.ends,
    )
    return {
        "lease": lease,
        "approver": stated(account.approver, _NOT_STATED),
        "reason": stated(account.reason, _NOT_STATED),
        "callers": tuple(CallerRecord.of(caller) for caller in account.callers),
        "revocations": tuple(RevocationRow.of(latency, terms.revocation, tags.ends) for latency in measured),
    }


def recorded(link: Link) -> LinkRecord:
    """Write a link down, with those of its attributes only that tell where it is."""
    return LinkRecord.of(slim(link))


def slim(link: Link) -> Link:
    """Keep those attributes of a link that tell where it is; an empty one, as of any host, tells nothing."""
    kept = {name: value for name, value in link.attributes.items() if value and name in _KEPT_ATTRIBUTES}
    return replace(link, attributes=kept)

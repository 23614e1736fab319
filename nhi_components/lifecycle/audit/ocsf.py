"""Statements of the chain as OCSF events, each with its place in the chain: a receiver can tell that none is missing.

Within a statement events are counted from 1. `metadata.uid` is `CHAIN-SEQUENCE-EVENT`, the same whenever the event is
exported, so that a receiver knows a repetition. Under `unmapped.chain` are the chain, the statement's number in it, its
digest and that of the one before it, the event's number and how many events the statement has.
"""

from __future__ import annotations

from typing import Any, Final

from nhi_components.lifecycle.audit.ocsf_classes import VERSION, Status
from nhi_components.lifecycle.audit.ocsf_drafts import Draft, given, milliseconds
from nhi_components.lifecycle.audit.ocsf_of_events import draft_of_event
from nhi_components.lifecycle.audit.ocsf_of_leases import drafts_of_lease
from nhi_components.lifecycle.evidence.audit_events import AuditRecord
from nhi_components.lifecycle.evidence.statement import Predicate

_PRODUCT: Final = "nhi-components"


def events_of(predicate: Predicate, digest: str) -> list[dict[str, Any]]:
    """Write one statement as OCSF events, in the order in which it tells them; never none.

    Args:
        predicate: what the statement says.
        digest: SHA-256 of its envelope's bytes.
    """
    content = predicate.content
    if isinstance(content, AuditRecord):
        drafts = [draft_of_event(event) for event in content.events]
    else:
        drafts = drafts_of_lease(content, predicate.recorded_at)
    return [_event(predicate, digest, draft, number, len(drafts)) for number, draft in enumerate(drafts, start=1)]


def _event(predicate: Predicate, digest: str, draft: Draft, number: int, count: int) -> dict[str, Any]:
    activity, chain = draft.activity, predicate.chain
    status = Status.FAILURE if draft.failed else Status.SUCCESS
    return given(
        {
            "activity_id": activity.activity_id,
            "activity_name": activity.activity_name,
            "category_uid": activity.category_uid,
            "category_name": activity.category_name,
            "class_uid": activity.class_uid,
            "class_name": activity.class_name,
            "type_uid": activity.type_uid,
            "type_name": activity.type_name,
            "severity_id": int(draft.severity),
            "severity": draft.severity.name.capitalize(),
            "status_id": int(status),
            "status": status.name.capitalize(),
            "status_detail": draft.failed,
            "time": milliseconds(draft.time),
            "message": draft.message,
            "metadata": given(
                {
                    "version": VERSION,
                    "product": {"name": _PRODUCT, "vendor_name": _PRODUCT, "version": predicate.tool.version},
                    "uid": f"{chain.chain_id}-{chain.sequence:08d}-{number:04d}",
                    "event_code": predicate.kind,
                    "log_name": f"evidence chain {chain.chain_id}",
                    "sequence": chain.sequence,
                    "logged_time": milliseconds(predicate.recorded_at),
                    "correlation_uid": draft.correlation,
                    "original_event_uid": draft.original_id,
                }
            ),
            **draft.fields,
            "unmapped": {
                **draft.unmapped,
                "chain": {
                    "id": chain.chain_id,
                    "sequence": chain.sequence,
                    "digest": digest,
                    "previous_digest": chain.previous_digest,
                    "event": number,
                    "events": count,
                },
            },
        }
    )

"""What events about identities without a lease are in OCSF: one event each."""

from __future__ import annotations

from typing import Any, Final

from nhi_components.lifecycle.audit.ocsf_classes import (
    ENTITY_READ,
    FINDING_CLOSED,
    FINDING_CREATED,
    FINDING_NEW,
    FINDING_RESOLVED,
    ROLE_DELETED,
    ROLE_DISABLED,
    ROLE_ENABLED,
    ROLE_NOTICED,
    ROLE_UPDATED,
    SCAN_COMPLETED,
    SCAN_FAILED,
    USER_DELETED,
    USER_DISABLED,
    USER_ENABLED,
    USER_NOTICED,
    USER_UPDATED,
    Activity,
    Severity,
)
from nhi_components.lifecycle.audit.ocsf_drafts import Draft, actor, decided, given, service, told
from nhi_components.lifecycle.evidence.audit_events import AuditedIdentity, AuditEvent, EventType, Outcome

_OTHER_SCAN: Final = 99
"""`scan.type_id` of a scan that is none of devices."""

_CHANGES: Final[dict[EventType, tuple[Activity, Activity, str]]] = {
    EventType.IDENTITY_NOTICED: (USER_NOTICED, ROLE_NOTICED, "had notice of its decommissioning given"),
    EventType.IDENTITY_DISABLED: (USER_DISABLED, ROLE_DISABLED, "was disabled"),
    EventType.IDENTITY_RESTORED: (USER_ENABLED, ROLE_ENABLED, "was restored"),
    EventType.IDENTITY_REMOVED: (USER_DELETED, ROLE_DELETED, "was removed"),
    EventType.IDENTITY_ADOPTED: (USER_UPDATED, ROLE_UPDATED, "was adopted by a program"),
}
"""Of each change: what it is of a user, what of a role, and in words."""


def draft_of_event(event: AuditEvent) -> Draft:
    """Write one event."""
    match event.type:
        case EventType.SCAN_ENDED:
            done = event.outcome is Outcome.SUCCESS
            scan = {"scan": {"name": "discovery", "type_id": _OTHER_SCAN, "type": "Discovery of identities"}}
            said = "a scan of the identities ended" + ("" if done else "; not everything was seen")
            return _draft(event, SCAN_COMPLETED if done else SCAN_FAILED, said, scan)
        case EventType.INVENTORY_EXPORTED:
            fields = {"actor": _actor(event), "entity": {"name": "inventory", "type": "Inventory"}}
            return _draft(event, ENTITY_READ, "the inventory was exported", fields)
        case EventType.VERDICT_FOUND | EventType.VERDICT_CLEARED:
            return _finding(event)
        case _:
            return _change(event)


def _change(event: AuditEvent) -> Draft:
    of_user, of_role, said = _CHANGES[event.type]
    identity = _identity(event)
    fields: dict[str, Any] = {"actor": _actor(event)}
    if _is_role(identity):
        fields["iam_role"] = given({"name": identity.name, "uid": identity.key, **_ids(identity)})
    else:
        fields["user"] = service(identity.name, identity.key, **_ids(identity))
    if event.removal:
        rows = event.removal.privileges
        fields["privileges"] = [f"{'not ' if row.denied else ''}{row.privilege} on {row.target}" for row in rows]
    return _draft(event, of_role if _is_role(identity) else of_user, f"{identity.key} {said}", given(fields))


def _finding(event: AuditEvent) -> Draft:
    identity, found = _identity(event), event.type is EventType.VERDICT_FOUND
    verdict = str(event.verdict)
    fields = {
        "finding_info": {"uid": f"{verdict}:{identity.key}", "title": f"{verdict}: {identity.key}", "types": [verdict]},
        "user": service(identity.name, identity.key, **_ids(identity)),
        "applications": [given({"name": identity.system, "uid": identity.place})],
        "status_id": FINDING_NEW if found else FINDING_RESOLVED,
        "status": "New" if found else "Resolved",
    }
    said = f"{identity.key} is {'' if found else 'no longer '}{verdict}"
    severity = Severity.MEDIUM if found else Severity.INFORMATIONAL
    unmapped = {"actor": _actor(event)}
    return _draft(event, FINDING_CREATED if found else FINDING_CLOSED, said, fields, severity, unmapped)


def _draft(
    event: AuditEvent,
    activity: Activity,
    said: str,
    fields: dict[str, Any],
    severity: Severity = Severity.INFORMATIONAL,
    unmapped: dict[str, Any] | None = None,
) -> Draft:
    failed = None if event.outcome is Outcome.SUCCESS else told(event.reason) or "no reason was told"
    removal = event.removal.model_dump(mode="json", exclude_none=True) if event.removal else None
    identity = event.identity
    more = {
        "event_type": event.type,
        "actor": None if "actor" in fields else _actor(event),
        "system": identity.system if identity else None,
        "place": identity.place if identity else None,
        "identity_kind": identity.kind if identity else None,
        "case": event.case,
        "removal": removal,
        "detail": {row.name: row.value for row in event.detail},
    }
    return Draft(
        activity,
        event.at,
        f"{said}{f'; it failed: {failed}' if failed else ''}",
        fields,
        {**given(more), **decided(event.approver, event.reason), **(unmapped or {})},
        Severity.HIGH if failed else severity,
        failed,
        event.case,
        event.id,
    )


def _identity(event: AuditEvent) -> AuditedIdentity:
    if event.identity is None:
        raise TypeError(event.type)
    return event.identity


def _is_role(identity: AuditedIdentity) -> bool:
    return identity.kind.endswith("role")


def _ids(identity: AuditedIdentity) -> dict[str, Any]:
    account = {"uid": identity.place} if identity.place else None
    return {"uid_alt": identity.unique_id, "account": account}


def _actor(event: AuditEvent) -> dict[str, Any]:
    who = told(event.actor)
    return actor({"name": who} if who else None)

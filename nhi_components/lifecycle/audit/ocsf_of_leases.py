"""What statements about a lease are in OCSF: one event of its identity, and one of each role that was changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from nhi_components.core.links import LinkKind
from nhi_components.lifecycle.audit.ocsf_classes import (
    ROLE_DELETED,
    ROLE_DISABLED,
    ROLE_ENABLED,
    USER_CREDENTIALS_ADDED,
    USER_CREDENTIALS_REMOVED,
    USER_DELETED,
    USER_DISABLED,
    USER_ENABLED,
    USER_UPDATED,
    Activity,
    Severity,
)
from nhi_components.lifecycle.audit.ocsf_drafts import Draft, actor, decided, given, service, told
from nhi_components.lifecycle.evidence.changes_of_state import RestorationRecord, SuspensionRecord
from nhi_components.lifecycle.evidence.contents import CutOffRecord, IncompleteRecord, LeaseContent, TeardownRecord
from nhi_components.lifecycle.evidence.parts import At, LinkRecord, NeverMade, distinct
from nhi_components.lifecycle.evidence.rotations import RotationRecord

ROLES: Final = frozenset(
    {
        LinkKind.IAM_ROLE,
        LinkKind.VAULT_APPROLE,
        LinkKind.VAULT_JWT_ROLE,
        LinkKind.VAULT_KUBERNETES_ROLE,
        LinkKind.VAULT_DATABASE_ROLE,
        LinkKind.VAULT_PKI_ROLE,
        LinkKind.GCP_CUSTOM_ROLE,
        LinkKind.AZURE_ROLE_DEFINITION,
        LinkKind.KUBERNETES_ROLE,
    }
)
_AFFECTED: Final = 3
"""`resources.role_id` of what an activity has affected."""


def drafts_of_lease(content: LeaseContent, recorded_at: datetime) -> list[Draft]:
    """Write a statement about a lease as events, the first of which holds all that it says.

    Args:
        content: the statement.
        recorded_at: when it was recorded, which stands for the time of a restoration.
    """
    match content:
        case CutOffRecord():
            return _changed(content, USER_DISABLED, content.started, "was cut off", ROLE_DISABLED)
        case TeardownRecord():
            return _changed(content, USER_DELETED, content.operation.ended, "is confirmed gone", ROLE_DELETED)
        case IncompleteRecord():
            alive = f"still alive: {', '.join(str(row.link) for row in content.alive)}"
            return [_of_identity(content, USER_DELETED, content.deadline, "is not confirmed gone", alive)]
        case SuspensionRecord():
            failed = "; ".join(f"{row.system}, {row.connection}: {row.reason}" for row in content.unrevoked) or None
            said = f"was suspended: {content.cause}"
            return _changed(content, USER_DISABLED, content.started, said, ROLE_DISABLED, failed)
        case RestorationRecord():
            return _changed(content, USER_ENABLED, recorded_at, f"was restored: {content.cause}", ROLE_ENABLED)
        case RotationRecord():
            return _rotated(content)


def _changed(
    content: LeaseContent, user: Activity, time: datetime, said: str, role: Activity, failed: str | None = None
) -> list[Draft]:
    return [
        _of_identity(content, user, time, said, failed),
        *(_of_role(content, role, link, time, said) for link in _links(content) if link.kind in ROLES),
    ]


def _links(content: LeaseContent) -> tuple[LinkRecord, ...]:
    """What an activity was done to: not what a suspension revoked, nor what a teardown found was never created."""
    match content:
        case SuspensionRecord():
            return content.linked
        case TeardownRecord():
            return tuple(row.link for row in content.removals if not isinstance(row.absent_at, NeverMade))
        case _:
            return distinct(content.links)


def _of_identity(
    content: LeaseContent,
    activity: Activity,
    time: datetime,
    said: str,
    failed: str | None,
    fields: Mapping[str, Any] | None = None,
) -> Draft:
    lease = content.lease
    return Draft(
        activity,
        time,
        f"{lease.identity} ({lease.environment}) {said}",
        {"actor": _actor(content), "user": _user(content), "resources": _resources(content.links), **(fields or {})},
        {**decided(content.approver, content.reason), "statement": content.model_dump(mode="json")},
        Severity.HIGH if failed else Severity.INFORMATIONAL,
        failed,
        lease.lease_id,
    )


def _of_role(content: LeaseContent, activity: Activity, link: LinkRecord, time: datetime, said: str) -> Draft:
    role = given({"name": link.name, "uid": link.unique_id})
    lease = content.lease
    return Draft(
        activity,
        time,
        f"{link} of {lease.identity} ({lease.environment}) {said}",
        {"actor": _actor(content), "iam_role": role, "resources": _resources([link])},
        {**decided(content.approver, content.reason), "user": _user(content)},
        correlation=lease.lease_id,
    )


def _rotated(content: RotationRecord) -> list[Draft]:
    failed = "; ".join(
        [f"{row.link} does not hold the key" for row in content.deliveries if not isinstance(row.confirmed_at, At)]
        + [f"{row.name}: {row.problem}" for row in (*content.refreshed, *content.notified) if row.problem]
    )
    key = _with_key(content, content.key) if content.key else None
    if content.cause and key:
        said = f"has a new key {content.key}: {content.cause}"
        first = _of_identity(content, USER_CREDENTIALS_ADDED, content.ended, said, failed or None, key)
    else:
        said = "had its credential looked after"
        first = _of_identity(content, USER_UPDATED, content.ended, said, failed or None, key)
    return [first, *(_revoked(content, row.key, row.why) for row in content.revoked)]


def _revoked(content: RotationRecord, key: str, why: str) -> Draft:
    lease = content.lease
    return Draft(
        USER_CREDENTIALS_REMOVED,
        content.ended,
        f"{lease.identity} ({lease.environment}) had key {key} revoked: {why}",
        {"actor": _actor(content), **_with_key(content, key)},
        decided(content.approver, content.reason),
        correlation=lease.lease_id,
    )


def _with_key(content: RotationRecord, key: str) -> dict[str, Any]:
    return {"user": {**_user(content), "programmatic_credentials": [{"uid": key, "type": content.source}]}}


def _user(content: LeaseContent) -> dict[str, Any]:
    return service(content.lease.identity, content.lease.lease_id, domain=content.lease.environment)


def _actor(content: LeaseContent) -> dict[str, Any]:
    """Who it was done as: the first caller that its system has told."""
    for caller in content.callers:
        if principal := told(caller.principal):
            account = {"uid": caller.account} if caller.account else None
            return actor(given({"name": principal, "uid": principal, "account": account}))
    return actor(None)


def _resources(links: Iterable[LinkRecord]) -> list[dict[str, Any]]:
    return [
        given(
            {
                "name": link.name,
                "uid": link.unique_id,
                "type": link.kind,
                "namespace": f"{link.system}/{link.connection}",
                "role_id": _AFFECTED,
                "role": "Affected",
            }
        )
        for link in links
    ]

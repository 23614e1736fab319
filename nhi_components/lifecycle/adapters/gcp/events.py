"""What entries of Google Cloud's audit logs say: which sections of discovery are stale, and which accounts were used.

Sources: Cloud Logging, 'LogEntry' and 'AuditLog' (REST references); IAM documentation, 'IAM audit logging' and 'Example
logs for service accounts'; Resource Manager, 'Audit logging'. Grants and dependents are read from Cloud Asset
Inventory, which is minutes late, so that their events settle later.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

from nhi_components.core.links import System
from nhi_components.lifecycle.events.ports import (
    EVERYTHING,
    NOTHING,
    SETTLED,
    Event,
    Told,
    Unreadable,
    Used,
    required,
    text_in,
    time_in,
)

ASSETS_SETTLE: Final = timedelta(minutes=10)
"""How late Cloud Asset Inventory may be: our own figure, as Google names none but minutes."""

_ACCOUNT: Final = re.compile(r"[^@/]+@[\w.-]+\.gserviceaccount\.com", re.ASCII)
_LOG: Final = re.compile(r"(projects|folders|organizations)/([^/]+)/logs/cloudaudit\.googleapis\.com(%2F|/)(\w+)")
_WORKLOADS: Final = ("run.googleapis.com", "cloudfunctions.googleapis.com")
_WORKLOAD_TYPES: Final = re.compile(r"instances|instanceTemplates|nodePools|clusters|bulkInsert", re.IGNORECASE)
_LISTS: Final = ("projects",)
_ABOVE: Final = "organization"
_READS: Final = re.compile(r"(^|\.)(get|list|search|query|test|lookup|aggregatedList)[^.]*$", re.ASCII | re.IGNORECASE)
_ELSE_OF_RESOURCES: Final = re.compile(r"(Create|Update|Delete|Undelete|Move)(Folder|Tag\w+|Lien|Organization)")

_OF_IAM: Final[tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]] = tuple(
    (re.compile(pattern), parts)
    for pattern, parts in (
        (r"(Create|Upload|Delete|Enable|Disable)ServiceAccountKey", ("keys",)),
        (r"(Create|Delete|Undelete)ServiceAccount", ("accounts", "keys", "ways-in", "grants")),
        (r"(Update|Patch|Enable|Disable)ServiceAccount", ("accounts",)),
        (r"SetI(AM|am)Policy", ("ways-in",)),
        (r"(Create|Update|Delete|Undelete)Role", ("roles",)),
        (r"(Create|Update|Delete|Undelete)WorkloadIdentityPool(Provider)?(Key)?", ("pools",)),
        (r"(SignBlob|SignJwt|GenerateAccessToken|GenerateIdToken)", ()),
    )
)
"""The last part of calls of IAM, by the parts of a project that they make stale."""


def told(record: Mapping[str, Any], place: str = "") -> Told:
    """Tell what a log entry says.

    Args:
        record: a LogEntry, as the API gives it and sinks export it.
        place: as discovery calls what the connection reads; entries name projects, which are among that.

    Raises:
        Unreadable: it is none.
    """
    log = _LOG.fullmatch(required(record, "logName"))
    payload = record.get("protoPayload")
    if log is None:
        return NOTHING
    if not isinstance(payload, Mapping):
        raise Unreadable("protoPayload: no object, expected an AuditLog")
    status = payload.get("status")
    if isinstance(status, Mapping) and status.get("code"):
        return NOTHING
    at, uses = time_in(record, "timestamp"), tuple(_uses(record, payload))
    service, method = required(payload, "serviceName"), required(payload, "methodName")
    project = text_in(record, "resource", "labels", "project_id") or (log[2] if log[1] == "projects" else "")
    # Only what changes something is in the log of administrators' activity; in that of data, reads are as well.
    reads = log[4] != "activity" and _READS.search(method) is not None
    sections = () if reads else sections_of(service, method, text_in(payload, "resourceName"), project)
    if not sections:
        return Told(uses=uses)
    # Entries of one log, time and insertId are one ('LogEntry').
    itself = f"{log[0]} {required(record, 'timestamp')} {required(record, 'insertId')}"
    from_assets = any(each.startswith(("grants/", "dependents/", _ABOVE)) for each in sections)
    event = Event(
        System.GCP,
        place,
        itself,
        at,
        f"{service} {method}",
        sections,
        _LISTS,
        about=tuple(_named(payload)),
        settles=ASSETS_SETTLE if from_assets or sections == EVERYTHING else SETTLED,
    )
    return Told((event,), uses)


def sections_of(service: str, method: str, resource: str, project: str) -> tuple[str, ...]:
    """Tell which sections a call that changes something makes stale.

    For an unknown one of IAM or of Resource Manager it is everything.

    Args:
        service: such as `iam.googleapis.com`.
        method: such as `google.iam.admin.v1.CreateServiceAccount`.
        resource: on what it was called.
        project: in which project; empty above projects.
    """
    last = method.rpartition(".")[2]
    match service:
        case "iam.googleapis.com":
            parts = next((parts for pattern, parts in _OF_IAM if pattern.fullmatch(last)), None)
            return EVERYTHING if parts is None else _in_project(parts, project, resource)
        case "iamcredentials.googleapis.com" | "sts.googleapis.com":
            return ()
        case "cloudresourcemanager.googleapis.com":
            if last.casefold() == "setiampolicy":
                return _in_project(("grants",), project, resource)
            return () if _ELSE_OF_RESOURCES.fullmatch(last) else _LISTS if "Project" in last else EVERYTHING
        case _ if last.casefold() in ("setiampolicy", "setiampermissions"):
            return _in_project(("grants",), project, resource)
        case _ if service in _WORKLOADS or _is_workload(service, method):
            return _in_project(("dependents",), project, resource)
        case _:
            return ()


def _in_project(parts: tuple[str, ...], project: str, resource: str) -> tuple[str, ...]:
    if project and not resource.startswith(("organizations/", "folders/")):
        return tuple(f"{part}/{project}" for part in parts)
    return tuple(f"{_ABOVE}/{part}/*" for part in parts if part in ("grants", "roles"))


def _is_workload(service: str, method: str) -> bool:
    runs = service in ("compute.googleapis.com", "container.googleapis.com")
    return runs and (service.startswith("container") or _WORKLOAD_TYPES.search(method) is not None)


def _uses(record: Mapping[str, Any], payload: Mapping[str, Any]) -> Iterator[Used]:
    """Yield the account that has called, with its key where that is told."""
    who = text_in(payload, "authenticationInfo", "principalEmail")
    if _ACCOUNT.fullmatch(who):
        key = text_in(payload, "authenticationInfo", "serviceAccountKeyName").rpartition("/keys/")[2]
        yield Used(System.GCP, f"serviceAccount:{who}", time_in(record, "timestamp"), credential=key)


def _named(payload: Mapping[str, Any]) -> Iterator[str]:
    if found := _ACCOUNT.search(text_in(payload, "resourceName")):
        yield f"serviceAccount:{found[0]}"

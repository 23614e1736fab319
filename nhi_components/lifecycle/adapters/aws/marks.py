"""What a cut-off writes on a role: a deny for its sessions, a trust that admits nobody, and a canary's way in."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

CUT_OFF_POLICY = "nhi-cut-off"
CANARY_POLICY = "nhi-canary"
OUR_POLICIES = frozenset({CUT_OFF_POLICY, CANARY_POLICY})

CANARY_WINDOW = timedelta(minutes=10)
"""How long the canary's way in stays open at most should we be killed before it is closed."""

_VERSION = "2012-10-17"
_CUT_OFF_SID = "NhiCutOff"
_CANARY_SID = "NhiCanary"
_TIME = "%Y%m%dT%H%M%SZ"
_SID_WITH_TIME = re.compile(rf"{_CUT_OFF_SID}(\d{{8}}T\d{{6}}Z)")
_ASSUME_ACTIONS = ["sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"]


def deny_everything(at: datetime) -> str:
    """Write the policy that makes every session of the role useless, also those opened before; it bears its time."""
    return _document({"Sid": _sid(at), "Effect": "Deny", "Action": "*", "Resource": "*"})


def trust_nobody(at: datetime) -> str:
    """Write the trust policy under which no session can be opened; it bears its time."""
    return _document({"Sid": _sid(at), "Effect": "Deny", "Principal": {"AWS": "*"}, "Action": _ASSUME_ACTIONS})


def trust_canary(principal: str, external_id: str, now: datetime) -> str:
    """Write the trust policy under which only one principal can open a session, for a few minutes."""
    return _document(
        {
            "Sid": _CANARY_SID,
            "Effect": "Allow",
            "Principal": {"AWS": principal},
            "Action": "sts:AssumeRole",
            "Condition": {
                "StringEquals": {"sts:ExternalId": external_id},
                "DateLessThan": {"aws:CurrentTime": _until(now)},
            },
        }
    )


def allow_canary(role_arn: str, now: datetime) -> str:
    """Write the policy under which a session may read its own role, for a few minutes.

    The role is also named without its path, as the sandbox's AWS judges it; names are unique in an account, so both
    are the same role.
    """
    account, name = role_arn.split(":role/")[0], role_arn.rsplit("/", 1)[1]
    return _document(
        {
            "Sid": _CANARY_SID,
            "Effect": "Allow",
            "Action": "iam:GetRole",
            "Resource": [role_arn, f"{account}:role/{name}"],
            "Condition": {"DateLessThan": {"aws:CurrentTime": _until(now)}},
        }
    )


def denies_everything(document: Mapping[str, Any] | None) -> bool:
    """Tell whether a policy of a role denies it everything, without any condition."""
    return any(
        (statement.get("Effect"), statement.get("Action"), statement.get("Resource")) == ("Deny", "*", "*")
        and not statement.get("Condition")
        for statement in _statements(document or {})
    )


def is_our_trust(trust: Mapping[str, Any]) -> bool:
    """Tell whether a trust policy is one that a cut-off wrote."""
    sids = [str(statement.get("Sid", "")) for statement in _statements(trust)]
    return bool(sids) and all(sid == _CANARY_SID or _SID_WITH_TIME.fullmatch(sid) for sid in sids)


def marked_at(document: Mapping[str, Any] | None, writer: Any) -> datetime | None:
    """Tell since when a cut-off document has been in force; None when it is not exactly what the writer writes.

    Args:
        document: a policy as IAM has it now.
        writer: `deny_everything` or `trust_nobody`.
    """
    statements = _statements(document or {})
    match = _SID_WITH_TIME.fullmatch(str(statements[0].get("Sid", ""))) if statements else None
    if match is None:
        return None
    at = datetime.strptime(match[1], _TIME).replace(tzinfo=UTC)
    return at if document == json.loads(writer(at)) else None


def _sid(at: datetime) -> str:
    return _CUT_OFF_SID + at.astimezone(UTC).strftime(_TIME)


def _until(now: datetime) -> str:
    return (now + CANARY_WINDOW).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _statements(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    statements = document.get("Statement", [])
    return [statements] if isinstance(statements, Mapping) else list(statements)


def _document(statement: Mapping[str, Any]) -> str:
    return json.dumps({"Version": _VERSION, "Statement": [statement]})

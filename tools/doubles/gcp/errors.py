"""Errors in the form of Google's REST APIs (google.rpc.Status)."""

from __future__ import annotations

from typing import Any

from tools.doubles.messages import Answer, Refusal

STATUSES = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "ABORTED": 409,
    "RESOURCE_EXHAUSTED": 429,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
}
"""By canonical code, the HTTP status."""


def failure(code: str, message: str, *, domain: str = "googleapis.com", **info: str) -> Answer:
    """Make an answer of an error.

    Args:
        code: the canonical code, such as `NOT_FOUND`.
        message: for people.
        domain: of an ErrorInfo.
        info: `reason` of an ErrorInfo, and its metadata; none: without details.
    """
    error: dict[str, Any] = {"code": STATUSES[code], "message": message, "status": code}
    if info:
        reason, metadata = info.pop("reason"), info
        kind = "type.googleapis.com/google.rpc.ErrorInfo"
        error["details"] = [{"@type": kind, "reason": reason, "domain": domain, "metadata": metadata}]
    return Answer(STATUSES[code], {"error": error})


def refuse(code: str, message: str, **info: str) -> Refusal:
    """Make the same to be raised."""
    return Refusal(failure(code, message, **info))

"""Errors as Google's older JSON APIs word them, Cloud Storage and BigQuery: a message, and a list of reasons.

Sources: Cloud Storage, 'HTTP status and error codes for JSON'; BigQuery, 'Error messages'.
"""

from __future__ import annotations

from http import HTTPStatus

from tools.doubles.messages import Answer, Refusal

_STATUSES = {
    "invalid": HTTPStatus.BAD_REQUEST,
    "required": HTTPStatus.BAD_REQUEST,
    "invalidQuery": HTTPStatus.BAD_REQUEST,
    "resourceInUse": HTTPStatus.BAD_REQUEST,
    "forbidden": HTTPStatus.FORBIDDEN,
    "accessDenied": HTTPStatus.FORBIDDEN,
    "notFound": HTTPStatus.NOT_FOUND,
    "conflict": HTTPStatus.CONFLICT,
    "duplicate": HTTPStatus.CONFLICT,
    "conditionNotMet": HTTPStatus.PRECONDITION_FAILED,
}
"""By reason, the HTTP status."""


def json_failure(reason: str, message: str) -> Answer:
    """Make an answer of an error."""
    status = _STATUSES[reason]
    told = {"message": message, "domain": "global", "reason": reason}
    return Answer(status, {"error": {"code": int(status), "message": message, "errors": [told]}})


def json_refuse(reason: str, message: str) -> Refusal:
    """Make the same to be raised."""
    return Refusal(json_failure(reason, message))

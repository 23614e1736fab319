"""How the API server refuses: `Status` objects, in its own words."""

from __future__ import annotations

from http import HTTPStatus

from tools.doubles.kubernetes.kinds import named
from tools.doubles.messages import Answer, Refusal

Key = tuple[str, str, str]
"""A resource in the plural, a namespace, empty for what is in none, and a name."""


def status(code: int, reason: str, message: str, kinds: str = "", name: str = "") -> Answer:
    """Refuse, as the server words it."""
    details = {"details": {"name": name, "kind": kinds}} if kinds else {}
    told = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message}
    return Answer(code, {**told, "reason": reason, **details, "code": int(code)})


def missing(kinds: str, name: str) -> Refusal:
    """Tell that there is no such object."""
    return Refusal(status(HTTPStatus.NOT_FOUND, "NotFound", f'{kinds} "{name}" not found', kinds, name))


def unserved() -> Answer:
    """Tell that there is no such path."""
    return status(HTTPStatus.NOT_FOUND, "NotFound", "the server could not find the requested resource")


def exists(kinds: str, name: str) -> Refusal:
    """Tell that one of that name is there."""
    return Refusal(status(HTTPStatus.CONFLICT, "AlreadyExists", f'{kinds} "{name}" already exists', kinds, name))


def conflict(key: Key, why: str) -> Refusal:
    """Tell that it is another version, or another object, by now."""
    text = f'Operation cannot be fulfilled on {key[0]} "{key[2]}": {why}'
    return Refusal(status(HTTPStatus.CONFLICT, "Conflict", text, key[0], key[2]))


def invalid(kinds: str, name: str, field: str, why: str) -> Refusal:
    """Tell that a field may not be so."""
    text = f'{named(kinds).name} "{name}" is invalid: {field}: {why}'
    return Refusal(status(HTTPStatus.UNPROCESSABLE_ENTITY, "Invalid", text, kinds, name))


def denied(kinds: str, name: str, why: str) -> Refusal:
    """Tell that a ValidatingAdmissionPolicy refuses it."""
    policy = "ValidatingAdmissionPolicy 'shop' with binding 'shop' denied request"
    text = f'{kinds} "{name}" is forbidden: {policy}: {why}'
    return Refusal(status(HTTPStatus.UNPROCESSABLE_ENTITY, "Invalid", text, kinds, name))


def terminating(kinds: str, name: str, namespace: str) -> Refusal:
    """Tell that the namespace takes nothing new."""
    why = f"unable to create new content in namespace {namespace} because it is being terminated"
    return Refusal(status(HTTPStatus.FORBIDDEN, "Forbidden", f'{kinds} "{name}" is forbidden: {why}', kinds, name))


def bad(message: str) -> Refusal:
    """Tell that a request can't be read."""
    return Refusal(status(HTTPStatus.BAD_REQUEST, "BadRequest", message))

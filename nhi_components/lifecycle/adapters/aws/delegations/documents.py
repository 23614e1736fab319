"""Resource policies as documents: reading them strictly, and changing single statements; pure functions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from nhi_components.core.errors import NhiError


class UnreadablePolicy(NhiError):
    """A policy that can't be read exactly, and so is not changed."""


Document = Mapping[str, Any]
Statement = Mapping[str, Any]

_VERSION = "2012-10-17"
_DIGEST_LENGTH = 12


def read_document(text: str, where: str) -> Document:
    """Read a policy.

    Args:
        text: as the service gives it.
        where: whose it is, for the report.

    Raises:
        UnreadablePolicy: when it can't be written again with the same meaning for certain.
    """
    try:
        document = json.loads(text, object_pairs_hook=_without_repetition)
    except ValueError as error:
        raise _unreadable(where, str(error)) from None
    if not isinstance(document, Mapping):
        raise _unreadable(where, type(document).__name__)
    for statement in _listed(document.get("Statement", [])):
        if not isinstance(statement, Mapping):
            raise _unreadable(where, f"a statement of type {type(statement).__name__}")
    return document


def written(document: Document) -> str:
    """Write a policy without white space, which counts for some limits."""
    return json.dumps(document, separators=(",", ":"))


def statements_of(document: Document | None) -> list[Statement]:
    """List a policy's statements; a single one may stand without a list."""
    return _listed((document or {}).get("Statement", []))


def mark_of(statement: Statement) -> str:
    """Tell what a statement is found again by: its Sid, else a digest of all but its principals.

    AWS rewrites the ARN of a deleted role to its unique id, so principals are left out of the digest.
    """
    sid = statement.get("Sid")
    if isinstance(sid, str) and sid:
        return sid
    rest = {name: value for name, value in statement.items() if name != "Principal"}
    digest = hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()
    return f"sha256:{digest[:_DIGEST_LENGTH]}"


def with_statement(document: Document | None, statement: Statement) -> Document:
    """Add a statement, or put it in the place of the one with its Sid; unchanged when that means the same already."""
    existing = statements_of(document)
    here = [index for index, found in enumerate(existing) if found.get("Sid") == statement["Sid"]]
    if here and means_the_same(existing[here[0]], statement):
        return document or {}
    if here:
        existing[here[0]] = statement
    else:
        existing.append(statement)
    return {**(document or {"Version": _VERSION}), "Statement": existing}


def with_each(document: Document, change: Callable[[Statement], Statement | None]) -> Document | None:
    """Change statements one by one.

    Args:
        document: the policy.
        change: returns a statement as it shall be, the same one to keep it, or None to remove it.

    Returns:
        The same document when nothing changed; None when no statement is left.
    """
    before = statements_of(document)
    after = [changed for statement in before if (changed := change(statement)) is not None]
    if len(after) == len(before) and all(new is old for new, old in zip(after, before, strict=True)):
        return document
    return {**document, "Statement": after} if after else None


def means_the_same(one: Statement, other: Statement) -> bool:
    """Compare statements as IAM reads them: a single value is a list of one, and the order of a list says nothing."""
    return _canonical(one) == _canonical(other)


def _canonical(statement: Statement) -> dict[str, Any]:
    return {name: _canonical_element(name, value) for name, value in statement.items()}


def _canonical_element(name: str, value: Any) -> Any:
    match name:
        case "Action" | "NotAction":
            return sorted(str(action).lower() for action in _listed(value))
        case "Resource" | "NotResource":
            return sorted(map(str, _listed(value)))
        case "Principal" | "NotPrincipal" if isinstance(value, Mapping):
            return {kind: sorted(map(str, _listed(entries))) for kind, entries in value.items()}
        case "Condition" if isinstance(value, Mapping):
            return {
                operator: {key.lower(): sorted(map(str, _listed(values))) for key, values in tests.items()}
                for operator, tests in value.items()
            }
        case _:
            return value


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) < len(pairs):
        raise ValueError("the same name twice in one object")
    return read


def _unreadable(where: str, got: str) -> UnreadablePolicy:
    return UnreadablePolicy(
        f"policy of {where}: got {got}, expected a JSON object with statements; nothing of it was changed; "
        "fix: correct the policy by hand, then run the same command again"
    )

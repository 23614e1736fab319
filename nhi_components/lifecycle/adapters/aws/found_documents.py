"""Policy documents of AWS as records: their grants, and who a trust lets in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from nhi_components.core.inventory.records import FoundDocument, FoundGrant, FoundStep, Record
from nhi_components.facts.aws.document import read_policy
from nhi_components.facts.aws.model import GrantDocument, PolicyKind, Statement
from nhi_components.facts.model import Resource


def grants_in(holder: str, name: str, document: Mapping[str, Any]) -> Iterator[Record]:
    """Yield a document and what it grants or denies; what can't be read stays in the document, for the rules to tell.

    Args:
        holder: key of the identity, or name of the carrier, that it hangs on.
        name: the document's name there.
        document: as data.
    """
    yield FoundDocument(holder, PolicyKind.IDENTITY, name, json.dumps(document, sort_keys=True))
    # Several statements may say the same.
    yield from dict.fromkeys(_grants(holder, name, document))


def _grants(holder: str, name: str, document: Mapping[str, Any]) -> Iterator[FoundGrant]:
    for statement in _statements(holder, document, PolicyKind.IDENTITY):
        condition = _condition(statement)
        for privilege in _listed(statement.actions, statement.not_actions):
            for target in _listed(statement.resources, statement.not_resources):
                yield FoundGrant(holder, privilege, target, not statement.allows, condition, name)


def steps_in(role: str, document: Mapping[str, Any]) -> Iterator[Record]:
    """Yield the trust policy of a role and each principal that it lets in.

    Args:
        role: ARN of the role.
        document: as data.
    """
    yield FoundDocument(role, PolicyKind.TRUST, "trust", json.dumps(document, sort_keys=True))
    yield from dict.fromkeys(
        FoundStep(principal.text, role, "assume", _condition(statement))
        for statement in _statements(role, document, PolicyKind.TRUST)
        if statement.allows
        for principal in statement.principals
    )


def _statements(holder: str, document: Mapping[str, Any], kind: PolicyKind) -> Iterator[Statement]:
    for fact in read_policy(Resource(holder, "document"), "document", dict(document), kind):
        if isinstance(fact, GrantDocument):
            yield from fact.statements


def _condition(statement: Statement) -> str:
    condition = statement.given.get("Condition")
    return json.dumps(condition, sort_keys=True) if condition else ""


def _listed(named: tuple[str, ...], others: tuple[str, ...] | None) -> Iterator[str]:
    """Yield what is named; `all but …` where a statement names what it does not mean."""
    yield from named
    if others is not None:
        yield f"all but {' '.join(others)}"

"""The statements of AWS documents that give something."""

from __future__ import annotations

from collections.abc import Iterator

from nhi_components.facts import Facts
from nhi_components.facts.aws.model import GrantDocument, PolicyKind, Statement

HELD = frozenset({PolicyKind.IDENTITY, PolicyKind.DECLARED})
"""Documents that hang on a principal: what they name as resources is up to them."""

ADMITTING = frozenset({PolicyKind.TRUST, PolicyKind.RESOURCE})
"""Documents that hang on what is used: whom they name as principals is up to them."""

GRANTING = HELD | ADMITTING
"""All but boundaries, which only cap."""


def allowing(facts: Facts, kinds: frozenset[PolicyKind]) -> Iterator[tuple[GrantDocument, Statement]]:
    """Yield each statement with effect Allow of documents of these kinds; a Deny never widens anything."""
    for document in facts.of(GrantDocument):
        if document.kind in kinds:
            for statement in document.statements:
                if statement.allows:
                    yield document, statement

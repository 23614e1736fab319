"""The statements of AWS documents that give something, and what they give on resources that are not named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from nhi_components.facts import Facts, Resource
from nhi_components.facts.aws.model import GrantDocument, PolicyKind, Statement
from nhi_components.facts.aws.permission import ALL_BUT, Permission

HELD = frozenset({PolicyKind.IDENTITY, PolicyKind.DECLARED})
"""Documents that hang on a principal: what they name as resources is up to them."""

ADMITTING = frozenset({PolicyKind.TRUST, PolicyKind.RESOURCE})
"""Documents that hang on what is used: whom they name as principals is up to them."""

GRANTING = HELD | ADMITTING
"""All but boundaries, which only cap."""

_SHOWN_ACTIONS = 3
MOST_LOOKED_FOR = _SHOWN_ACTIONS + 1
"""How many actions a finding needs, to name the first few and tell whether there are more."""


class Grant(NamedTuple):
    """What one statement allows on resources that it does not name.

    Attributes:
        resource: where the document was found.
        place: where the actions stand.
        actions: the first of those that matter, as they are written.
        on: the resource patterns.
    """

    resource: Resource
    place: str
    actions: list[str]
    on: tuple[str, ...]

    def __str__(self) -> str:
        """Name the first few actions, and on what they are allowed."""
        return f"{listed(self.actions)} on {self.on[0]}"


def documents(facts: Facts, now: datetime, kinds: frozenset[PolicyKind]) -> Iterator[GrantDocument]:
    """Yield the documents of these kinds, as they hold at a moment (aware)."""
    for document in facts.of(GrantDocument):
        if document.kind in kinds:
            yield document.at(now)


def allowing(facts: Facts, now: datetime, kinds: frozenset[PolicyKind]) -> Iterator[tuple[GrantDocument, Statement]]:
    """Yield each statement that allows at a moment, of documents of these kinds; a Deny never widens anything."""
    for document in documents(facts, now, kinds):
        for statement in document.statements:
            if statement.allows:
                yield document, statement


def on_everything(facts: Facts, now: datetime, traits: int) -> Iterator[Grant]:
    """Yield, for each statement of a principal's documents, its actions with one of the traits on unnamed resources."""
    for document in documents(facts, now, HELD):
        if document.permissions.wide_traits & traits:
            for permission in document.permissions.each:
                if permission.wide_traits & traits:
                    actions = permission.held_widely(traits, MOST_LOOKED_FOR)
                    yield Grant(document.resource, place_of(permission, actions[0]), actions, permission.wide)


def place_of(permission: Permission, action: str) -> str:
    """Tell where one of a permission's actions stands."""
    if action is ALL_BUT:
        return f"{permission.statement.path}.NotAction"
    return permission.statement.place("Action", action)


def listed(actions: Iterable[str]) -> str:
    """Name the first few actions and tell whether there are more."""
    named = list(actions)
    return ", ".join(named[:_SHOWN_ACTIONS]) + (" and more" if len(named) > _SHOWN_ACTIONS else "")

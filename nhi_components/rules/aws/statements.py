"""The statements of AWS documents that give something, and what they give on resources that are not named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from nhi_components.core.findings import Finding
from nhi_components.facts import Facts
from nhi_components.facts.aws.model import GrantDocument, PolicyKind, Statement
from nhi_components.facts.aws.permission import ALL_BUT, Permission
from nhi_components.rules.registry import Rule

HELD = frozenset({PolicyKind.IDENTITY, PolicyKind.DECLARED})
"""Documents that hang on a principal: what they name as resources is up to them."""

ADMITTING = frozenset({PolicyKind.TRUST, PolicyKind.RESOURCE})
"""Documents that hang on what is used: whom they name as principals is up to them."""

GRANTING = HELD | ADMITTING
"""All but boundaries, which only cap."""

_SHOWN_ACTIONS = 3
MOST_LOOKED_FOR = _SHOWN_ACTIONS + 1
"""How many actions a finding needs, to name the first few and tell whether there are more."""


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


def on_resources_not_named(rules: Sequence[Rule], facts: Facts, now: datetime) -> list[Finding]:
    """Find, for each rule, the actions with a trait that it needs, on resources that a document does not name.

    Args:
        rules: each with the traits that it needs and what it expects.
        facts: what is judged.
        now: this moment (aware).
    """
    findings: list[Finding] = []
    for document in documents(facts, now, HELD):
        wide = document.permissions.wide_traits
        needed = [(rule.needs, rule) for rule in rules if rule.needs & wide]
        for permission in document.permissions.each if needed else ():
            traits = permission.wide_traits
            for needs, rule in needed if traits else ():
                if traits & needs:
                    actions = permission.held_widely(needs, MOST_LOOKED_FOR)
                    got = f"{listed(actions)} on {permission.wide[0]}"
                    place = place_of(permission, actions[0])
                    findings.append(rule.finding(document.resource, place, got, rule.expected))
    return findings


def place_of(permission: Permission, action: str) -> str:
    """Tell where one of a permission's actions stands."""
    if action is ALL_BUT:
        return f"{permission.statement.path}.NotAction"
    return permission.statement.place("Action", action)


def listed(actions: Iterable[str]) -> str:
    """Name the first few actions and tell whether there are more."""
    named = list(actions)
    return ", ".join(named[:_SHOWN_ACTIONS]) + (" and more" if len(named) > _SHOWN_ACTIONS else "")

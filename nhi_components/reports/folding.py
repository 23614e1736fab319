"""Folds what follows from being an administrator under the finding that says so."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from nhi_components.reports.model import Entry
from nhi_components.rules import RuleClass

FOLLOWING = frozenset(
    {
        RuleClass.SERVICE_WILDCARD,
        RuleClass.ACTION_WILDCARD,
        RuleClass.RESOURCE_WILDCARD,
        RuleClass.NOT_ACTION,
        RuleClass.NOT_RESOURCE,
        RuleClass.PASS_ROLE,
        RuleClass.ESCALATION,
        RuleClass.EXFILTRATION,
        RuleClass.CREDENTIALS_EXPOSURE,
        RuleClass.RESOURCE_EXPOSURE,
        RuleClass.WRITE_WITHOUT_CONSTRAINT,
    }
)
"""Classes that hold of whoever may do everything."""

_STATEMENT = re.compile(r".*?\bStatement(\[\d+\])?(?=\.|$)")


@dataclass(slots=True)
class Fold:
    """A finding, and those that follow from it."""

    entry: Entry
    following: list[Entry] = field(default_factory=list)


def folded(entries: Iterable[Entry]) -> list[Fold]:
    """Put under each `admin` finding what follows from it at the same place of the same resource; keep the order.

    A statement is one place, and what is said of all statements follows from the one that grants everything.
    """
    entries = list(entries)
    admins = [Fold(entry) for entry in entries if entry.rule_class is RuleClass.ADMIN]
    folds: list[Fold] = []
    for entry in entries:
        own = next((fold for fold in admins if fold.entry is entry), None)
        above = next(
            (fold for fold in admins if entry.rule_class in FOLLOWING and _same_place(fold.entry, entry)), None
        )
        if own is not None:
            folds.append(own)
        elif above is not None:
            above.following.append(entry)
        else:
            folds.append(Fold(entry))
    return folds


def _same_place(admin: Entry, other: Entry) -> bool:
    if (admin.file, admin.finding.resource) != (other.file, other.finding.resource):
        return False
    one, two = _statement(admin.finding.path), _statement(other.finding.path)
    return one == two or one.startswith((f"{two}[", f"{two}.")) or two.startswith((f"{one}[", f"{one}."))


def _statement(path: str) -> str:
    found = _STATEMENT.match(path)
    return found[0] if found else path

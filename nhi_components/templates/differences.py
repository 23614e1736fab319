"""How an organisation's templates differ from the standard ones; nothing is loosened without being seen here."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Final, NamedTuple

from nhi_components.core.identity import Kind
from nhi_components.core.revocation import Revocation
from nhi_components.templates.in_force import Templates
from nhi_components.templates.model import Template

_NUMBERS: Final = ("lifetime_days", "grace_days", "review_days", "rotation_days", "session_seconds")
"""Settings of which the smaller number is the stricter."""

_NOT_FORBIDDEN: Final = "permitted"
_FORBIDDEN: Final = "forbidden"


class Direction(StrEnum):
    """Whether a change allows less or more."""

    TIGHTENED = "tightened"
    LOOSENED = "loosened"


class Difference(NamedTuple):
    """One setting that an organisation changes.

    Attributes:
        kind: in whose template.
        setting: its name, such as `lifetime_days`, `approvals.prod*` or `forbidden.pass-role`.
        standard: its value in the standard template.
        organisation: its value in force.
        direction: less is allowed, or more.
        reason: the organisation's, where it must give one.
    """

    kind: Kind
    setting: str
    standard: str
    organisation: str
    direction: Direction
    reason: str = ""


def differences(templates: Templates) -> list[Difference]:
    """List what the organisation changes, by kind and setting; nothing without its file."""
    found: list[Difference] = []
    if templates.organisation is not None:
        for kind, template in templates.by_kind.items():
            change = templates.organisation.kinds.get(kind)
            reasons = change.permit if change else {}
            found += _of_settings(templates.standard.template(kind), template)
            found += _of_approvals(templates.standard.template(kind), template)
            found += _of_forbidden(templates.standard.template(kind), template, reasons)
    return found


def value_of(template: Template, setting: str) -> str:
    """Write a setting's value for people."""
    value = getattr(template, setting)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(str(each) for each in value) if isinstance(value, tuple) else str(value)


def approvals_of(template: Template) -> dict[str, int]:
    """Give how many people must approve, by the pattern of environments."""
    return {approvals.environments: approvals.approvers for approvals in template.approvals}


def _of_settings(before: Template, after: Template) -> Iterator[Difference]:
    strictness = list(Revocation)
    loosened = {name: getattr(after, name) > getattr(before, name) for name in _NUMBERS}
    loosened["revocation"] = strictness.index(after.revocation) > strictness.index(before.revocation)
    loosened["secrets"] = not set(after.secrets) <= set(before.secrets)
    loosened["sponsor_required"] = before.sponsor_required
    for name, is_loosened in loosened.items():
        if getattr(before, name) != getattr(after, name):
            yield _difference(after.kind, name, value_of(before, name), value_of(after, name), is_loosened)


def _of_approvals(before: Template, after: Template) -> Iterator[Difference]:
    old, new = approvals_of(before), approvals_of(after)
    for pattern in sorted({*old, *new}):
        had, has = old.get(pattern, 0), new.get(pattern, 0)
        if had != has:
            yield _difference(after.kind, f"approvals.{pattern}", str(had), str(has), has < had)


def _of_forbidden(before: Template, after: Template, reasons: dict[str, str]) -> Iterator[Difference]:
    for name in sorted(before.forbidden.keys() - after.forbidden.keys()):
        difference = _difference(after.kind, f"forbidden.{name}", _FORBIDDEN, _NOT_FORBIDDEN, True)
        yield difference._replace(reason=reasons[name])
    for name in sorted(after.forbidden.keys() - before.forbidden.keys()):
        difference = _difference(after.kind, f"forbidden.{name}", _NOT_FORBIDDEN, _FORBIDDEN, False)
        yield difference._replace(reason=after.forbidden[name].reason)


def _difference(kind: Kind, setting: str, before: str, after: str, loosened: bool) -> Difference:
    return Difference(kind, setting, before, after, Direction.LOOSENED if loosened else Direction.TIGHTENED)

"""What `nhi adopt` makes of what is told and said of an identity, whatever its system."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nhi_components.core.errors import Problem
    from nhi_components.core.identity import Identity
    from nhi_components.core.rule_exception import RuleException
    from nhi_components.lifecycle.adoption.existing import Existing


class Outcome(NamedTuple):
    """What adopting an identity comes to.

    Attributes:
        files: of its project, by their paths below its folder.
        document: the plan as plain data.
        show: prints the plan for a folder, then the files where they were not written.
    """

    files: dict[str, str]
    document: dict[str, Any]
    show: Callable[[Path, dict[str, str] | None], None]


def permitted_by(told: dict[str, Any]) -> RuleException | None:
    """Make what permits exceptions; which rule, which resource and until when follows for each."""
    from nhi_components.cli.deciding import approval
    from nhi_components.core.rule_exception import RuleException
    from nhi_components.today import today

    if not told["permitted_by"] and not told["reason"]:
        return None
    approver, reason = approval("nhi adopt", told["permitted_by"], told["reason"])
    return RuleException.parse(
        {
            "rule": "aws.wildcard-action",
            "resource": told["name"] or told["key"],
            "approver": approver,
            "reason": reason,
            "ends": today(),
        }
    )


def known_of(told: dict[str, Any], found: Existing) -> tuple[dict[str, str | None], list[Problem]]:
    """Give what is told or said of the identity, and all that is missing."""
    from nhi_components.core.errors import Problem
    from nhi_components.core.inventory.records import Subject

    def said(subject: Subject, *, address: bool | None = None) -> str | None:
        """Give what all sources say alike."""
        values = {each.value for each in found.said(subject) if address is None or ("@" in each.value) is address}
        return values.pop() if len(values) == 1 else None

    given = {
        "environment": told["environment"] or label(said(Subject.ENVIRONMENT) or ""),
        "team": told["team"] or said(Subject.OWNER, address=False),
        "email": told["email"] or said(Subject.OWNER, address=True),
        "purpose": told["purpose"] or said(Subject.PURPOSE),
    }
    problems = [
        Problem(f"--{flag}", "nothing, or several things, are said of it", f"its {flag}", f"give --{flag}")
        for flag, value in given.items()
        if not value
    ]
    return given, problems


def identity_of(told: dict[str, Any], name: str, known: dict[str, str | None], *, pipeline: bool) -> Identity:
    """Put the identity together; `name` is what it was called, where nobody says what it is called from now on."""
    from nhi_components.core.identity import Identity, Kind
    from nhi_components.templates import templates_in_force

    kind = told["kind"] or (Kind.PIPELINE if pipeline else Kind.WORKLOAD)
    template = templates_in_force().by_kind.get(kind)
    fields = {
        "name": told["name"] or label(name),
        "environment": known["environment"],
        "kind": kind,
        "owner": {"team": known["team"], "email": known["email"]},
        "purpose": known["purpose"],
        "expires": {"after_days": told["days"] or (template.lifetime_days if template else 1)},
        "approvers": told["approver"],
    }
    return Identity.parse(fields)


def label(name: str) -> str:
    """Write a name in the letters that an identity's may have."""
    import re

    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def until_its_end(exception: RuleException, identity: Identity) -> RuleException:
    """Let an exception end with the identity, and be for what is named after it."""
    from nhi_components.today import today

    ends = identity.expires.resolve(today())
    return exception.model_copy(update={"ends": ends, "resource": f"{identity.name}*"})

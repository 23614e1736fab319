"""What people read in a preview: findings, and what could not be judged."""

from __future__ import annotations

from types import TracebackType

from nhi_components.core.findings import Finding, Severity
from nhi_components.crossguard.systems import BEARS_NO_LABELS, SYSTEMS, identities
from nhi_components.rules import Rule
from nhi_components.rules.registry import rules_on, subjects

NOT_JUDGED = "document.unjudged"
_ABOUT_LABELS = frozenset({"identity.owner-missing", "identity.end-missing"})
_LABELS = identities(frozenset(SYSTEMS))
_NO_LABELS_FIX = (
    "it can't bear tags: enclose it in a component that names owner and end date, or permit it by an exception, which "
    "has an approver and an end"
)


def rule_of(rule_id: str) -> Rule | None:
    """Give the rule of a finding; only the folder that the id names is loaded."""
    folder = rule_id.partition(".")[0]
    if folder not in subjects():
        return None
    return next((rule for rule in rules_on(folder) if rule.id == rule_id), None)


def violation_text(finding: Finding, type_token: str = "") -> str:
    """Write a finding for people who read a preview; the engine names the resource itself.

    Args:
        finding: what was found.
        type_token: of the resource; where that can bear no tags, none are asked for.
    """
    known = rule_of(finding.rule)
    bears_none = finding.rule in _ABOUT_LABELS and _LABELS.get(type_token) == BEARS_NO_LABELS
    title = f" {known.title}." if known else f" {finding.resource}."
    return (
        f"[{finding.rule}]{title}\n"
        f"  at:       {finding.path or 'the whole resource'}\n"
        f"  got:      {finding.got}\n"
        f"  expected: {finding.expected}\n"
        f"  fix:      {_NO_LABELS_FIX if bears_none else finding.fix}"
    )


def not_judged(what: str, error: Exception) -> Finding:
    """Make the finding about a resource, or a stack, over which a reader or a rule raised.

    Args:
        what: the URN, or `the stack`.
        error: only its type and place are told: its text may hold a value.
    """
    return Finding(
        rule=NOT_JUDGED,
        severity=Severity.HIGH,
        resource=what,
        path="",
        got=f"{type(error).__name__} at {_place(error.__traceback__)}, while judging {what}",
        expected="something that the rules can judge",
        fix="report type and place of the error; until it is mended, an exception can let the resource pass",
    )


def _place(trace: TracebackType | None) -> str:
    if trace is None:
        return "an unknown place"
    while trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}"

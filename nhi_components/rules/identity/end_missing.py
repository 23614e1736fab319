"""identity.end-missing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.core.text import shown
from nhi_components.facts import UNKNOWN, Facts, Ownership
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.identity.governed import governed, label_of
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule


@rule(
    id="identity.end-missing",
    rule_class=RuleClass.METADATA,
    severity=Severity.HIGH,
    about=(Ownership,),
    title="Every governed identity has an end date, and it lies ahead",
    why="Without an end date nobody has to decide that an identity is still needed, so nobody does. An end in the past "
    "is an identity that should be suspended.",
    fix="add the tag with the day on which access ends, or declare the identity suspended",
    bad=Example(
        '{"type": "aws:iam/role:Role", "inputs": {"tags": {"nhi:managed-by": "nhi_components", '
        '"nhi:owner": "orders@example.com", "nhi:ends": "2001-01-01"}}}'
    ),
    good=Example(
        '{"type": "aws:iam/role:Role", "inputs": {"tags": {"nhi:managed-by": "nhi_components", '
        '"nhi:owner": "orders@example.com", "nhi:ends": "2099-01-01"}}}'
    ),
    references=(Reference.IMPROPER_OFFBOARDING, Reference.LONG_LIVED_SECRETS, Reference.CREDENTIALS_MANAGED),
)
def end_missing(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find governed resources without an end date, with one that is no date, and with one that has passed."""
    today = now.astimezone(UTC).date()
    for own, answering in governed(facts, config):
        got = _wrong_end(own, answering, config, today)
        if got:
            expected = f"`{config.tags.ends}` with a day after {today.isoformat()} (today, UTC), as YYYY-MM-DD"
            yield this.finding(own.resource, own.path, got, expected)


def _wrong_end(own: Ownership, answering: Ownership, config: JudgeConfig, today: date) -> str:
    label = label_of(own, config, "ends") or label_of(answering, config, "ends")
    if label is UNKNOWN or (label is None and answering.lifetime_days):
        return ""
    if label is None:
        return "no end date"
    try:
        ends = date.fromisoformat(label)
    except ValueError:
        return shown(label)
    passed = ends <= today and not (own.suspended or answering.suspended)
    return f"{label}, which has passed" if passed else ""

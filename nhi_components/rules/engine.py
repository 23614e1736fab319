"""Judges facts: runs every rule that is not disabled and applies the exceptions."""

from __future__ import annotations

from datetime import datetime

from nhi_components.core.findings import Finding
from nhi_components.core.rule_exception import apply_exceptions
from nhi_components.facts import Facts
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Level, rules


def find(facts: Facts, config: JudgeConfig, now: datetime) -> list[Finding]:
    """Run the rules, without regard to exceptions.

    Args:
        facts: what is judged.
        config: what the team sets.
        now: this moment (aware).

    Returns:
        The findings, in the order of the resources' names, of the places inside them, and of the rule ids.
    """
    findings = [
        finding
        for rule in rules().values()
        if config.level_of(rule.id) is not Level.DISABLED
        for finding in rule.check(facts, config, now)
    ]
    return sorted(findings, key=lambda finding: (finding.resource, finding.path, finding.rule))


def judge(facts: Facts, config: JudgeConfig, now: datetime) -> list[Finding]:
    """Run the rules and apply the exceptions; an exception that is expired or permits nothing is reported, too.

    Args:
        facts: everything that the exceptions are for.
        config: what the team sets.
        now: this moment (aware).
    """
    return apply_exceptions(find(facts, config, now), config.exceptions, now)

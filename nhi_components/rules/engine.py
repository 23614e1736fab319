"""Judges facts: runs every rule that is about them and is not disabled, and applies the exceptions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple

from nhi_components.core.findings import Finding
from nhi_components.facts import Fact, Facts
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Level, Rule, Together, rules_on, subjects

_FACTS = "nhi_components.facts."
_ON_EVERY_SYSTEM = ("credential", "document", "grants", "identity")
_ORDER = attrgetter("resource", "path", "rule")


class _Plan(NamedTuple):
    """Which rules run by themselves, and which in one pass."""

    alone: tuple[Rule, ...]
    together: tuple[tuple[Together, tuple[Rule, ...]], ...]


class Judge:
    """Runs the rules under one configuration; it knows which rules are about which facts.

    Rules of a system are loaded when the first fact of that system is judged.
    """

    def __init__(self, config: JudgeConfig) -> None:
        self._config = config
        self._by_kinds: dict[frozenset[type[Fact]], _Plan] = {}

    def find(self, facts: Facts, now: datetime) -> list[Finding]:
        """Run the rules, without regard to exceptions.

        Args:
            facts: what is judged.
            now: this moment (aware).

        Returns:
            The findings, in the order of the resources' names, of the places inside them, and of the rule ids.
        """
        kinds = facts.kinds()
        plan = self._by_kinds.get(kinds)
        if plan is None:
            plan = self._by_kinds[kinds] = _plan(self._rules_about(kinds))
        findings: list[Finding] = []
        traits = facts.traits
        for rule in plan.alone:
            if rule.needs and not rule.needs & traits:
                continue
            findings.extend(rule.check(facts, self._config, now))
        for run, members in plan.together:
            needed = [rule for rule in members if rule.needs & traits]
            if needed:
                findings.extend(run(needed, facts, now))
        if len(findings) > 1:
            findings.sort(key=_ORDER)
        return findings

    def _rules_about(self, kinds: frozenset[type[Fact]]) -> tuple[Rule, ...]:
        systems = {kind.__module__.removeprefix(_FACTS).partition(".")[0] for kind in kinds}
        folders = sorted({*_ON_EVERY_SYSTEM, *systems}.intersection(subjects()))
        return tuple(
            rule
            for folder in folders
            for rule in rules_on(folder)
            if kinds.intersection(rule.about) and self._config.level_of_rule(rule) is not Level.DISABLED
        )


def _plan(about: Iterable[Rule]) -> _Plan:
    alone: list[Rule] = []
    together: dict[Together, list[Rule]] = {}
    for rule in about:
        if rule.together is None:
            alone.append(rule)
        else:
            together.setdefault(rule.together, []).append(rule)
    return _Plan(tuple(alone), tuple((run, tuple(members)) for run, members in together.items()))


def find(facts: Facts, config: JudgeConfig, now: datetime) -> list[Finding]:
    """Run the rules once; who judges more than one thing keeps a `Judge`."""
    return Judge(config).find(facts, now)


def judge(facts: Facts, config: JudgeConfig, now: datetime) -> list[Finding]:
    """Run the rules and apply the exceptions; an exception that is expired or permits nothing is reported, too.

    Args:
        facts: everything that the exceptions are for.
        config: what the team sets.
        now: this moment (aware).
    """
    findings = find(facts, config, now)
    if not config.exceptions:
        return findings
    from nhi_components.core.rule_exception import apply_exceptions

    return apply_exceptions(findings, config.exceptions, now)

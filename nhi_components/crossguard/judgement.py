"""Judges the resources of one preview or update, each read once, and remembers what later verdicts need."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from nhi_components.core.findings import Finding
from nhi_components.crossguard.configuration import PackConfig
from nhi_components.crossguard.messages import not_judged, rule_of
from nhi_components.crossguard.remediation import missing_labels, place_of_labels
from nhi_components.crossguard.systems import SYSTEMS, is_component_type, system_of
from nhi_components.facts import Fact, Facts, Ownership, Platform, PulumiResource, Surroundings, read_pulumi_resource
from nhi_components.facts.chain.model import Part
from nhi_components.facts.chain.reading import graph_of, part_of
from nhi_components.facts.chain.stack_links import Told
from nhi_components.facts.governed import read_ownership
from nhi_components.rules import Judge, JudgeConfig, Level

if TYPE_CHECKING:
    from nhi_components.core.rule_exception import RuleException

StackCheck = Callable[[Facts, JudgeConfig, datetime], Iterable[Finding]]
"""Judges the facts of all resources of a stack together; each of its findings names a resource by the URN."""

_THE_STACK = "the stack"


class Verdict(NamedTuple):
    """What was found, divided by what it does to a deployment."""

    blocking: tuple[Finding, ...] = ()
    advised: tuple[Finding, ...] = ()


class Judgement:
    """The verdicts of one run under one configuration.

    Args:
        config: what the pack judges by.
        systems: whose resources are judged; components of ours are read in any case, for they answer for others.
        checks: what judges all resources together, at the end.
    """

    def __init__(self, config: PackConfig, systems: frozenset[Platform], checks: Sequence[StackCheck]) -> None:
        self._config = config
        self._systems = systems
        self._is_limited = systems != SYSTEMS.keys()
        self._checks = checks
        self._judge = Judge(config.judge)
        self._surroundings = Surroundings()
        self._facts: dict[str, tuple[Fact, ...]] = {}
        self._parts: dict[str, Part] = {}
        self._used: list[RuleException] = []

    def is_about(self, type_token: str) -> bool:
        """Tell whether resources of this type are judged."""
        return not self._is_limited or system_of(type_token) in self._systems

    def is_read(self, type_token: str) -> bool:
        """Tell whether resources of this type are read."""
        return self.is_about(type_token) or is_component_type(type_token)

    def enclose(self, resource: PulumiResource) -> None:
        """Remember a resource that is not read as one that may enclose others."""
        self._surroundings.add(resource.identity, ())

    def of(self, resource: PulumiResource, now: datetime) -> Verdict:
        """Judge one resource; those that enclose it come first. What raises is a verdict that blocks."""
        try:
            facts = read_pulumi_resource(resource)
            self._surroundings.add(resource.identity, facts)
            if not self.is_about(resource.type):
                return Verdict()
            if self._checks:
                self._facts[resource.urn] = facts
            part = part_of(resource, facts)
            if part is not None:
                self._parts[resource.urn] = part
            findings = self._judge.find(Facts(facts, self._surroundings), now)
            return self._divided(findings, now)
        except Exception as error:  # noqa: BLE001 - whatever a reader or a rule raises must not let a resource pass
            return Verdict(self._standing([not_judged(resource.urn, error)], now))

    def together(self, told: Mapping[str, Told], now: datetime) -> Verdict:
        """Judge the resources of a stack together, on the facts that were read when each was judged.

        Args:
            told: what the end of the run tells of each resource, by URN.
            now: this moment (aware).
        """
        facts = Facts((fact for urn in told for fact in self._facts.get(urn, ())), self._surroundings)
        try:
            parts = [self._parts[urn].told(*its) for urn, its in told.items() if urn in self._parts]
            findings = self._judge.find(Facts([graph_of(parts)]), now) if parts else []
            findings += [finding for check in self._checks for finding in check(facts, self._config.judge, now)]
            return self._divided(findings, now)
        except Exception as error:  # noqa: BLE001 - as above
            return Verdict((not_judged(_THE_STACK, error),))

    def missing_labels(self, resource: PulumiResource) -> tuple[str, dict[str, str]]:
        """Give what the pack may put on an identity that lacks it: the input that takes labels, and the labels."""
        if self._config.remediation is None or not self.is_about(resource.type):
            return "", {}
        facts = Facts(read_ownership(resource.identity, resource.inputs), self._surroundings)
        place = "".join(place_of_labels(ownership) for ownership in facts.of(Ownership))
        if not place:
            return "", {}
        return place, missing_labels(facts, self._config.judge, self._config.remediation)

    def stale_exceptions(self, now: datetime) -> list[Finding]:
        """Find exceptions that have ended, and those that permitted nothing though this pack would have used them."""
        if not self._config.judge.exceptions:
            return []
        from nhi_components.core.rule_exception import stale_exceptions

        of_this_pack = [exception for exception in self._config.judge.exceptions if self._may_find(exception.rule)]
        # A rule about every system may find in another pack what the exception is for.
        needed = [e for e in of_this_pack if self._is_limited and _folder(e.rule) not in SYSTEMS]
        return stale_exceptions(of_this_pack, [*self._used, *needed], now)

    def _may_find(self, rule_id: str) -> bool:
        folder = _folder(rule_id)
        if folder in SYSTEMS and folder not in self._systems:
            return False
        known = rule_of(rule_id)
        return known is not None and self._config.judge.level_of_rule(known) is not Level.DISABLED

    def _divided(self, findings: Sequence[Finding], now: datetime) -> Verdict:
        standing = self._standing(findings, now) if findings else ()
        blocking = tuple(finding for finding in standing if self._level(finding) is Level.MANDATORY)
        return Verdict(blocking, tuple(finding for finding in standing if self._level(finding) is Level.ADVISORY))

    def _level(self, finding: Finding) -> Level:
        known = rule_of(finding.rule)
        return Level.ADVISORY if known is None else self._config.judge.level_of_rule(known)

    def _standing(self, findings: Sequence[Finding], now: datetime) -> tuple[Finding, ...]:
        if not self._config.judge.exceptions:
            return tuple(findings)
        from nhi_components.core.rule_exception import excuse

        outcome = excuse(findings, self._config.judge.exceptions, now)
        self._used += [exception for exception in outcome.used if exception not in self._used]
        return outcome.findings


def _folder(rule_id: str) -> str:
    return rule_id.partition(".")[0]

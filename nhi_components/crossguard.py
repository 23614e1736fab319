"""Turns the rules into Pulumi policies: a thin bridge, so that packs are a few lines each.

Pulumi's SDK reads every resource anew for every policy, and turns a policy that touches an unknown value into an
advisory, whatever its level. So there is one policy for each level, not one for each rule, and unknown values are
replaced by a mark before any rule sees them: what is mandatory stays mandatory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyConfigSchema,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

from nhi_components.core.errors import SpecError
from nhi_components.core.findings import Finding
from nhi_components.core.rule_exception import RuleException, excuse, stale_exceptions
from nhi_components.facts import UNKNOWN, Facts, PulumiResource, Surroundings, read_pulumi_resource
from nhi_components.rules import JudgeConfig, Level, find, rules
from nhi_components.rules.schema import configuration_schema

REQUIRED = "nhi-required"
ADVISED = "nhi-advised"
EXCEPTIONS = "nhi-exceptions"

Clock = Callable[[], datetime]


def policies(defaults: JudgeConfig | None = None, clock: Clock = lambda: datetime.now(UTC)) -> list[Policy]:
    """Make the policies of a pack.

    Args:
        defaults: what holds where the pack's configuration, under `nhi-required`, says nothing.
        clock: tells the present moment (aware).

    Returns:
        `nhi-required` (mandatory), `nhi-advised` and `nhi-exceptions` (advisory), in the order in which they must run.
    """
    bridge = _Bridge(defaults or JudgeConfig(), clock)
    return [
        ResourceValidationPolicy(
            name=REQUIRED,
            description="Non-human identities: what must hold.",
            validate=bridge.required,
            enforcement_level=EnforcementLevel.MANDATORY,
            config_schema=PolicyConfigSchema(configuration_schema(bridge.defaults)),
        ),
        ResourceValidationPolicy(
            name=ADVISED,
            description="Non-human identities: what should hold.",
            validate=bridge.advised,
            enforcement_level=EnforcementLevel.ADVISORY,
        ),
        StackValidationPolicy(
            name=EXCEPTIONS,
            description="Non-human identities: exceptions that are expired or not needed.",
            validate=bridge.exceptions,
            enforcement_level=EnforcementLevel.ADVISORY,
        ),
    ]


def plain(value: Any) -> Any:
    """Turn what the SDK hands over into plain data, with `UNKNOWN` where touching a value would raise."""
    if isinstance(value, Mapping):
        return {str(key): _member(value, key) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_member(value, index) for index in range(len(value))]
    return value


def _member(container: Any, key: Any) -> Any:
    try:
        return plain(container[key])
    except UnknownValueError:
        return UNKNOWN


class _Bridge:
    """What one run of a pack has seen; the analyzer's process lives as long as the preview or update."""

    def __init__(self, defaults: JudgeConfig, clock: Clock) -> None:
        self.defaults = defaults
        self._clock = clock
        self._config = defaults
        self._problem: SpecError | None = None
        self._configured = False
        self._surroundings = Surroundings()
        self._advice: dict[str, list[Finding]] = {}
        self._used: list[RuleException] = []

    def required(self, args: ResourceValidationArgs, report: ReportViolation) -> None:
        """Judge a resource and report what blocks it; keep what is only advised for the next policy."""
        if not self._configured:
            self._configure(args.get_config())
            if self._problem is not None:
                report(f"{self._problem}\n  Nothing is judged until the pack's configuration is correct.", None)
        if self._problem is not None:
            return
        findings = self._judge(args)
        for finding in findings:
            if self._config.level_of(finding.rule) is Level.MANDATORY:
                report(violation_text(finding), None)
        self._advice[args.urn] = [f for f in findings if self._config.level_of(f.rule) is Level.ADVISORY]

    def advised(self, args: ResourceValidationArgs, report: ReportViolation) -> None:
        """Report what does not block a resource."""
        for finding in self._advice.pop(args.urn, ()):
            report(violation_text(finding), None)

    def exceptions(self, args: StackValidationArgs, report: ReportViolation) -> None:
        """Report exceptions that have ended, or that permitted nothing in the whole stack."""
        for finding in stale_exceptions(self._config.exceptions, self._used, self._clock()):
            report(violation_text(finding), None)

    def _configure(self, given: Mapping[str, Any]) -> None:
        self._configured = True
        fields = {**self.defaults.fields(), **plain(given)}
        try:
            self._config = JudgeConfig.parse(fields)
        except SpecError as error:
            self._problem = error

    def _judge(self, args: ResourceValidationArgs) -> Sequence[Finding]:
        resource = PulumiResource(args.urn, args.resource_type, plain(args.props), args.opts.parent)
        facts = read_pulumi_resource(resource)
        self._surroundings.add(resource.identity, facts)
        now = self._clock()
        outcome = excuse(find(Facts(facts, self._surroundings), self._config, now), self._config.exceptions, now)
        self._used += [exception for exception in outcome.used if exception not in self._used]
        return outcome.findings


def violation_text(finding: Finding) -> str:
    """Write a finding for people who read a preview; the engine names the resource itself."""
    known = rules().get(finding.rule)
    title = f" {known.title}." if known else f" {finding.resource}."
    return (
        f"[{finding.rule}]{title}\n"
        f"  at:       {finding.path or 'the whole resource'}\n"
        f"  got:      {finding.got}\n"
        f"  expected: {finding.expected}\n"
        f"  fix:      {finding.fix}"
    )

"""What the policies of a pack do: they share one judgement, so that each resource is read once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from threading import Lock
from typing import Any

from pulumi_policy import PolicyResource, ReportViolation, ResourceValidationArgs, StackValidationArgs

from nhi_components.core.errors import Problem, SpecError
from nhi_components.core.findings import Finding
from nhi_components.crossguard.configuration import REMEDIATE, read_configuration
from nhi_components.crossguard.judgement import Judgement, StackCheck, Verdict
from nhi_components.crossguard.messages import violation_text
from nhi_components.crossguard.remediation import with_labels
from nhi_components.crossguard.values import known, plain
from nhi_components.facts import Platform, PulumiResource
from nhi_components.facts.chain.stack_links import NAMING_OUTPUTS, Told
from nhi_components.rules import JudgeConfig

Clock = Callable[[], datetime]

_NEVER_ASKED = Problem(
    REMEDIATE,
    "what to put right, without the enforcement level that has it put right",
    '`"enforcementLevel": "remediate"` beside it',
    "add that, or remove `remediate`",
)


class Bridge:
    """One run of a pack; the analyzer's process lives as long as the preview or update.

    The SDK serves requests from several threads, so a lock guards it.

    Args:
        defaults: what holds where the pack's configuration says nothing.
        systems: whose resources are judged.
        checks: what judges all resources together, at the end.
        clock: tells the present moment (aware).
    """

    def __init__(
        self, defaults: JudgeConfig, systems: frozenset[Platform], checks: Sequence[StackCheck], clock: Clock
    ) -> None:
        self._defaults = defaults
        self._systems = systems
        self._checks = checks
        self._clock = clock
        self._lock = Lock()
        self._judgement: Judgement | None = None
        self._problem: SpecError | None = None
        self._told = False
        self._remediates = False
        self._advice: dict[str, tuple[Finding, ...]] = {}
        self._advice_about_stack: tuple[Finding, ...] = ()

    def required(self, args: ResourceValidationArgs, report: ReportViolation) -> None:
        """Judge a resource and report what blocks it; keep what is only advised for the next policy."""
        with self._lock:
            judgement = self._configured(args)
            if judgement is None:
                self._tell_problem(report)
                return
            verdict = self._verdict(judgement, args)
            if verdict.advised:
                self._advice[args.urn] = verdict.advised
        for finding in verdict.blocking:
            report(violation_text(finding, args.resource_type), None)

    def advised(self, args: ResourceValidationArgs, report: ReportViolation) -> None:
        """Report what does not block a resource."""
        for finding in self._advice.pop(args.urn, ()):
            report(violation_text(finding, args.resource_type), None)

    def remediated(self, args: ResourceValidationArgs) -> Awaitable[Mapping[str, Any]] | None:
        """Put owner and end date on an identity that lacks them; the engine has the outcome judged next.

        Returns:
            The properties; None to leave the resource as it is.
        """
        with self._lock:
            self._remediates = True
            judgement = self._configured(args)
            if judgement is None:
                return None
            try:
                place, labels = judgement.missing_labels(_resource(args))
                return _awaited(with_labels(args.props, place, labels)) if labels else None
            except Exception:  # noqa: BLE001 - left as it is, the resource is judged next, and what is amiss reported
                return None

    def required_of_stack(self, args: StackValidationArgs, report: ReportViolation) -> None:
        """Judge the resources of the stack together and report what blocks; keep what is only advised."""
        with self._lock:
            if self._judgement is None:
                return
            verdict = self._judgement.together({each.urn: _told(each) for each in args.resources}, self._clock())
            self._advice_about_stack = verdict.advised
        for finding in verdict.blocking:
            report(violation_text(finding), finding.resource)

    def advised_of_stack(self, args: StackValidationArgs, report: ReportViolation) -> None:
        """Report what does not block the stack, and exceptions that are expired or not needed."""
        for finding in self._advice_about_stack:
            report(violation_text(finding), finding.resource)
        if self._judgement is not None:
            for finding in self._judgement.stale_exceptions(self._clock()):
                report(violation_text(finding), None)

    def _verdict(self, judgement: Judgement, args: ResourceValidationArgs) -> Verdict:
        if not judgement.is_read(args.resource_type):
            judgement.enclose(PulumiResource(args.urn, args.resource_type, {}, args.opts.parent))
            return Verdict()
        return judgement.of(_resource(args), self._clock())

    def _configured(self, args: ResourceValidationArgs) -> Judgement | None:
        if self._judgement is None and self._problem is None:
            try:
                config = read_configuration(plain(args.get_config()), self._defaults, self._systems)
            except SpecError as error:
                self._problem = error
                return None
            if config.remediation is not None and not self._remediates:
                self._problem = SpecError("pack configuration", [_NEVER_ASKED])
                return None
            self._judgement = Judgement(config, self._systems, self._checks)
        return self._judgement

    def _tell_problem(self, report: ReportViolation) -> None:
        if not self._told:
            self._told = True
            report(f"{self._problem}\n  Nothing is judged until the pack's configuration is correct.", None)


def _resource(args: ResourceValidationArgs) -> PulumiResource:
    return PulumiResource(args.urn, args.resource_type, plain(args.props), args.opts.parent)


def _told(resource: PolicyResource) -> Told:
    by_input = resource.property_dependencies.items()
    references = {name: tuple(each.urn for each in others) for name, others in by_input}
    return Told(known(resource.props, NAMING_OUTPUTS), references)


async def _awaited(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    return properties

"""Exceptions to rules: data that names the rule, the resource, the reason, the approver and the end."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Annotated, ClassVar

from pydantic import AfterValidator, StringConstraints

from nhi_components.core.findings import Finding, Severity
from nhi_components.core.model import Spec, wrong

EXPIRED = "exception.expired"
UNUSED = "exception.unused"

_RULE_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)+", re.ASCII)


def _rule_id(value: str) -> str:
    if not _RULE_ID.fullmatch(value):
        fix = "write the id that the finding shows; an exception is for one rule, never for a pattern of rules"
        raise wrong(got=value, expected="a rule id such as `aws.wildcard-action`", fix=fix)
    return value


def _resource(value: str) -> str:
    if not any(character.isalnum() for character in value):
        fix = "write its URN, its name, or a pattern such as `orders-*`; to switch a rule off, set its level"
        raise wrong(got=value, expected="a resource, or a pattern that names some", fix=fix)
    return value


class RuleException(Spec):
    """Permits one rule's findings on some resources, until a day.

    Attributes:
        rule: the rule's id; never a pattern.
        resource: the URN, address or name of a resource; `*` stands for any characters.
        reason: why it is needed, in words that a reviewer understands; at least 8 characters.
        approver: who permitted it.
        ends: the UTC day at whose start it ends.
    """

    subject: ClassVar[str] = "exception"

    rule: Annotated[str, AfterValidator(_rule_id)]
    resource: Annotated[str, AfterValidator(_resource)]
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=8)]
    approver: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2)]
    ends: date

    def is_expired(self, now: datetime) -> bool:
        """Tell whether it has ended at this moment (aware)."""
        return now.astimezone(UTC).date() >= self.ends

    def permits(self, finding: Finding, now: datetime) -> bool:
        """Tell whether it permits a finding at this moment (aware)."""
        return finding.rule == self.rule and not self.is_expired(now) and self._names(finding.resource)

    def _names(self, resource: str) -> bool:
        pattern = _compiled(self.resource)
        name = resource.rpartition("::")[2]
        return bool(pattern.fullmatch(resource) or pattern.fullmatch(name))


@dataclass(frozen=True, slots=True)
class Excused:
    """Findings, divided by the exceptions.

    Attributes:
        findings: those that stand.
        excused: those that are permitted.
        used: the exceptions that permitted at least one, without repeats.
    """

    findings: tuple[Finding, ...]
    excused: tuple[Finding, ...]
    used: tuple[RuleException, ...]


def excuse(findings: Iterable[Finding], exceptions: Sequence[RuleException], now: datetime) -> Excused:
    """Divide findings into those that stand and those that an exception permits at this moment (aware)."""
    standing: list[Finding] = []
    excused: list[Finding] = []
    used: list[RuleException] = []
    for finding in findings:
        permitting = [exception for exception in exceptions if exception.permits(finding, now)]
        (excused if permitting else standing).append(finding)
        used += [exception for exception in permitting if exception not in used]
    return Excused(tuple(standing), tuple(excused), tuple(used))


def stale_exceptions(
    exceptions: Iterable[RuleException], used: Sequence[RuleException], now: datetime
) -> list[Finding]:
    """Report exceptions that have ended, or that permitted nothing.

    Args:
        exceptions: all that are declared.
        used: those that permitted something, over everything that was judged.
        now: this moment (aware).
    """
    findings = []
    for exception in exceptions:
        if exception.is_expired(now):
            fix = "correct the resource, or have the exception reviewed and give it a later end"
            findings.append(_stale(EXPIRED, exception, f"it ended on {exception.ends}", fix))
        elif exception not in used:
            findings.append(_stale(UNUSED, exception, "it permits nothing that was judged", "remove it"))
    return findings


def apply_exceptions(findings: Iterable[Finding], exceptions: Sequence[RuleException], now: datetime) -> list[Finding]:
    """Take away what the exceptions permit, and report exceptions that are expired or unused.

    Args:
        findings: everything that was found, in all resources that the exceptions are for.
        exceptions: all that are declared.
        now: this moment (aware).
    """
    outcome = excuse(findings, exceptions, now)
    return [*outcome.findings, *stale_exceptions(exceptions, outcome.used, now)]


def _stale(rule: str, exception: RuleException, got: str, fix: str) -> Finding:
    return Finding(
        rule=rule,
        severity=Severity.LOW,
        resource=exception.resource,
        path=f"exception to {exception.rule}",
        got=f"{got} (approved by {exception.approver}: {exception.reason})",
        expected="exceptions that are in force and needed",
        fix=fix,
    )


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in re.split(r"\*+", pattern)), re.DOTALL)

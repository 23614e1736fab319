"""A finding is a rule's verdict: a value with a stable rule id, never an exception."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Severity(StrEnum):
    """How bad a finding is; the pack decides what blocks."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Finding(NamedTuple):
    """One verdict of one rule about one place in one resource.

    Attributes:
        rule: stable rule id, such as `aws.wildcard-action`.
        severity: how bad it is.
        resource: the resource's name or URN, as its reader knows it.
        path: the place inside the resource, such as `policy.Statement[0].Action`; empty for the whole resource.
        got: what stands there; never a credential.
        expected: what the rule accepts.
        fix: what to do about it.
    """

    rule: str
    severity: Severity
    resource: str
    path: str
    got: str
    expected: str
    fix: str

    def __str__(self) -> str:
        """Render on one line for people."""
        place = f"{self.resource} {self.path}".strip()
        return f"[{self.rule}] {place}: got {self.got}; expected {self.expected}; fix: {self.fix}"

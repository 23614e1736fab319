"""azure.foreign-principal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts, Platform
from nhi_components.facts.azure.model import OpenAccess, RoleAssignment
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule

_GUEST = "#ext#"
_FOREIGN_GROUP = "foreigngroup"
_EXPECTED = "principals of this tenant"


@rule(
    id="azure.foreign-principal",
    rule_class=RuleClass.TRUST,
    severity=Severity.HIGH,
    about=(RoleAssignment, OpenAccess),
    title="No role goes to another tenant",
    why="A guest and a group of another tenant are administered there: who joins and leaves, how they sign in, is not "
    "seen here. An application for several tenants accepts the tokens of all of them.",
    fix="give the role to an identity of this tenant; let an application accept this tenant only",
    bad=Example(
        '{"role": "Reader", "principalId": "11111111-1111-1111-1111-111111111111", "principalType": "ForeignGroup", '
        '"scope": "/subscriptions/22222222-2222-2222-2222-222222222222"}',
        DocumentKind.BINDING,
        Platform.AZURE,
    ),
    good=Example(
        '{"role": "Reader", "principalId": "11111111-1111-1111-1111-111111111111", "principalType": "Group", '
        '"scope": "/subscriptions/22222222-2222-2222-2222-222222222222"}',
        DocumentKind.BINDING,
        Platform.AZURE,
    ),
    references=(Reference.VULNERABLE_THIRD_PARTY, Reference.ACCESS_MANAGED),
    sources=("CIS Microsoft Azure Foundations Benchmark, 'Ensure that guest users are reviewed'",),
)
def foreign_principal(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find roles of guests and foreign groups, and what is open to other tenants."""
    for assignment in facts.of(RoleAssignment):
        if assignment.principal_type.lower() == _FOREIGN_GROUP:
            got = f"{assignment.role} for a group of another tenant"
            yield this.finding(assignment.resource, assignment.path, got, _EXPECTED)
        for principal in assignment.principals:
            if _GUEST in principal.text.lower():
                yield this.finding(assignment.resource, principal.path, f"{assignment.role} for a guest", _EXPECTED)
    for opened in facts.of(OpenAccess):
        if not opened.anyone:
            yield this.finding(opened.resource, opened.path, opened.got, _EXPECTED)

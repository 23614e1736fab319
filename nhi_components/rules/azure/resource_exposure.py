"""azure.resource-exposure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts, Platform
from nhi_components.facts.azure.model import RoleAssignment, RoleDefinition, ScopeLevel
from nhi_components.facts.values import Located
from nhi_components.rules.azure.grants import Granted, granted
from nhi_components.rules.azure.operations import EXPOSURE
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule


@rule(
    id="azure.resource-exposure",
    rule_class=RuleClass.RESOURCE_EXPOSURE,
    severity=Severity.HIGH,
    about=(RoleDefinition, RoleAssignment),
    title="No workload changes who may access a resource",
    why="Role assignments, locks, access policies, firewall rules and shared access keys decide who"
    " gets in. A workload that may write them opens its resources to others, and stays in after"
    " it was shut out.",
    fix="leave such changes to the pipeline that deploys, with a condition that names the roles",
    bad=Example(
        '{"Name": "Orders", "Actions": ["Microsoft.Sql/servers/firewallRules/write"], '
        '"AssignableScopes": ["/subscriptions/22222222-2222-2222-2222-222222222222"]}',
        DocumentKind.ROLE_DEFINITION,
        Platform.AZURE,
    ),
    good=Example(
        '{"Name": "Orders", "Actions": ["Microsoft.Sql/servers/firewallRules/read"], '
        '"AssignableScopes": ["/subscriptions/22222222-2222-2222-2222-222222222222"]}',
        DocumentKind.ROLE_DEFINITION,
        Platform.AZURE,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
    sources=("Azure RBAC documentation, 'Azure permissions'",),
)
def resource_exposure(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find roles and assignments that change access."""
    for grant in granted(facts):
        by = _opening(grant)
        if by:
            expected = "no operation that changes who has access"
            yield this.finding(grant.fact.resource, grant.place(by), grant.words(by), expected)


def _opening(grant: Granted) -> list[Located]:
    held = {operation for operation in grant.effective.granted if operation in EXPOSURE and grant.holds(operation)}
    if not grant.is_broad and grant.level is not ScopeLevel.UNSTATED:
        held = {operation for operation in held if operation.startswith("microsoft.authorization/role")}
    return [grant.effective.granted[operation] for operation in sorted(held)]

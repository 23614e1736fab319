"""azure.admin."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts, Platform
from nhi_components.facts.azure.model import RoleAssignment, RoleDefinition, ScopeLevel
from nhi_components.rules.azure.grants import Granted, granted
from nhi_components.rules.azure.methods import ASSIGN_ROLE
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule


@rule(
    id="azure.admin",
    rule_class=RuleClass.ADMIN,
    severity=Severity.CRITICAL,
    about=(RoleDefinition, RoleAssignment),
    title="No identity may do everything in a subscription",
    why="Owner, Contributor on a subscription, and roles of one's own with `*` in their actions let a stolen "
    "credential of one workload take over all others. Contributor lacks the right to assign roles, and reaches it "
    "through any machine, app or automation account whose identity holds more.",
    fix="assign a role that lists the operations which the workload calls, on the resource that it needs",
    bad=Example(
        '{"role": "Owner", "members": ["11111111-1111-1111-1111-111111111111"], '
        '"scope": "/subscriptions/22222222-2222-2222-2222-222222222222"}',
        DocumentKind.BINDING,
        Platform.AZURE,
    ),
    good=Example(
        '{"role": "Storage Blob Data Reader", "members": ["11111111-1111-1111-1111-111111111111"], '
        '"scope": "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/orders'
        '/providers/Microsoft.Storage/storageAccounts/orders"}',
        DocumentKind.BINDING,
        Platform.AZURE,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
    sources=(
        "Azure RBAC documentation, 'Best practices for Azure RBAC'",
        "CIS Microsoft Azure Foundations Benchmark, 'Ensure that no custom subscription administrator roles exist'",
    ),
)
def admin(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find roles that grant everything, and assignments of them that reach beyond one resource."""
    for grant in granted(facts):
        everything = grant.effective.everything
        if everything and _reaches_enough(grant):
            expected = "the operations that the workload calls"
            yield this.finding(grant.fact.resource, grant.place(everything), grant.words(everything), expected)


def _reaches_enough(grant: Granted) -> bool:
    """Tell whether an administrator's role holds where it makes an administrator.

    Owner of a resource group rules over all in it and may hand that on; a Contributor of it is confined to it.
    """
    if grant.is_broad or grant.level is ScopeLevel.UNSTATED:
        return True
    return grant.level is ScopeLevel.RESOURCE_GROUP and grant.holds(ASSIGN_ROLE)

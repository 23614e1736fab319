"""azure.service-wildcard."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts, Platform
from nhi_components.facts.azure.model import RoleAssignment, RoleDefinition
from nhi_components.facts.azure.patterns import is_whole_service
from nhi_components.rules.azure.grants import granted
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule


@rule(
    id="azure.service-wildcard",
    rule_class=RuleClass.SERVICE_WILDCARD,
    severity=Severity.HIGH,
    about=(RoleDefinition, RoleAssignment),
    title="No role grants every operation of a service",
    why="`Microsoft.Storage/*` deletes accounts, opens them to anyone and hands out their keys, and"
    " takes in each operation that Azure adds later.",
    fix="list the operations that the workload calls",
    bad=Example(
        '{"Name": "Orders", "Actions": ["Microsoft.Storage/*"], '
        '"AssignableScopes": ["/subscriptions/22222222-2222-2222-2222-222222222222"]}',
        DocumentKind.ROLE_DEFINITION,
        Platform.AZURE,
    ),
    good=Example(
        '{"Name": "Orders", "Actions": ["Microsoft.Storage/storageAccounts/read"], '
        '"AssignableScopes": ["/subscriptions/22222222-2222-2222-2222-222222222222"]}',
        DocumentKind.ROLE_DEFINITION,
        Platform.AZURE,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
    sources=("Azure RBAC documentation, 'Understand Azure role definitions'",),
)
def service_wildcard(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find roles with every operation of a provider, and their assignments to subscriptions."""
    for grant in granted(facts):
        if grant.is_broad:
            whole = [action for action in grant.effective.changing if is_whole_service(action.text)]
            if whole:
                expected = "operations named in full, such as `Microsoft.Storage/storageAccounts/read`"
                yield this.finding(grant.fact.resource, grant.place(whole), grant.words(whole), expected)

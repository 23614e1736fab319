"""azure.not-action."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts, Platform
from nhi_components.facts.azure.model import RoleDefinition
from nhi_components.rules.azure.grants import granted
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule


@rule(
    id="azure.not-action",
    rule_class=RuleClass.NOT_ACTION,
    severity=Severity.CRITICAL,
    about=(RoleDefinition,),
    title="No role grants everything but a list of operations",
    why="`*` with `notActions` grants every operation that the list forgets, and each new one. What"
    " is taken out is not denied: any other role may grant it again.",
    fix="turn the list round: name the operations in `actions`",
    bad=Example(
        '{"Name": "Orders", "Actions": ["*"], "NotActions": ["Microsoft.Authorization/*"], '
        '"AssignableScopes": ["/subscriptions/22222222-2222-2222-2222-222222222222"]}',
        DocumentKind.ROLE_DEFINITION,
        Platform.AZURE,
    ),
    good=Example(
        '{"Name": "Orders", "Actions": ["Microsoft.Compute/virtualMachines/read"], '
        '"NotActions": ["Microsoft.Compute/virtualMachines/delete"], '
        '"AssignableScopes": ["/subscriptions/22222222-2222-2222-2222-222222222222"]}',
        DocumentKind.ROLE_DEFINITION,
        Platform.AZURE,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
    sources=("Azure RBAC documentation, 'Understand Azure role definitions'",),
)
def not_action(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find wildcards across all providers from which something is taken out."""
    for grant in granted(facts):
        if not grant.assigned and grant.effective.all_but:
            actions = grant.effective.all_but
            expected = "a list of what is granted"
            got = f"{grant.words(actions)} less a list of operations"
            yield this.finding(grant.fact.resource, grant.place(actions), got, expected)

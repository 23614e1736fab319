"""azure.action-wildcard."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts, Platform
from nhi_components.facts.azure.model import RoleDefinition
from nhi_components.facts.azure.patterns import is_on_the_side
from nhi_components.rules.azure.grants import granted
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule


@rule(
    id="azure.action-wildcard",
    rule_class=RuleClass.ACTION_WILDCARD,
    severity=Severity.HIGH,
    about=(RoleDefinition,),
    title="Every operation that changes something is named in full",
    why="A wildcard in an operation grants what nobody asked for: `Microsoft.Compute/*/write` "
    "replaces machines and disks, `*/action` returns the keys of every account. Wildcards that "
    "end in `/read`, outside data, grant reads of settings only.",
    fix="list the operations that the workload calls",
    bad=Example(
        '{"Name": "Orders", "Actions": ["Microsoft.Compute/*/write"], '
        '"AssignableScopes": ["/subscriptions/22222222-2222-2222-2222-222222222222"]}',
        DocumentKind.ROLE_DEFINITION,
        Platform.AZURE,
    ),
    good=Example(
        '{"Name": "Orders", "Actions": ["Microsoft.Compute/*/read", '
        '"Microsoft.Compute/virtualMachines/start/action"], '
        '"AssignableScopes": ["/subscriptions/22222222-2222-2222-2222-222222222222"]}',
        DocumentKind.ROLE_DEFINITION,
        Platform.AZURE,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
    sources=("Azure RBAC documentation, 'Understand Azure role definitions'",),
)
def action_wildcard(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find wildcards that grant more than reads, after what the role takes out."""
    for grant in granted(facts):
        if not grant.assigned:
            for action in grant.effective.changing:
                if not is_on_the_side(action.text):
                    expected = "operations named in full, such as `Microsoft.Compute/virtualMachines/start/action`"
                    yield this.finding(grant.fact.resource, action.path, action.text, expected)

"""azure.escalation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts, Platform
from nhi_components.facts.azure.model import RoleAssignment, RoleDefinition, ScopeLevel
from nhi_components.rules.azure.grants import Granted, granted, listed
from nhi_components.rules.azure.methods import METHODS, METHODS_BY_FIRST_NEED, Method
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule


@rule(
    id="azure.escalation",
    rule_class=RuleClass.ESCALATION,
    severity=Severity.CRITICAL,
    about=(RoleDefinition, RoleAssignment),
    title="No role leads to more privilege than it says",
    why="Who may assign roles assigns itself Owner. Who may run commands on a machine, rewrite a runbook or a "
    "workflow, or add a federated credential to a managed identity, acts as that identity.",
    fix="leave out the operation; to let an identity assign roles, add a condition that names the roles",
    bad=Example(
        '{"Name": "Deployer", "Actions": ["Microsoft.Compute/virtualMachines/read", '
        '"Microsoft.Authorization/roleAssignments/write"], '
        '"AssignableScopes": ["/subscriptions/22222222-2222-2222-2222-222222222222"]}',
        DocumentKind.ROLE_DEFINITION,
        Platform.AZURE,
    ),
    good=Example(
        '{"Name": "Deployer", "Actions": ["Microsoft.Compute/virtualMachines/read", '
        '"Microsoft.Authorization/roleAssignments/read"], '
        '"AssignableScopes": ["/subscriptions/22222222-2222-2222-2222-222222222222"]}',
        DocumentKind.ROLE_DEFINITION,
        Platform.AZURE,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
    sources=(
        "Azure RBAC documentation, 'Delegate Azure access management to others'",
        "SpecterOps BloodHound documentation, edges of Azure",
        "NetSPI, articles on Azure privilege escalation",
    ),
)
def escalation(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find roles, and assignments that reach far enough, by which a known method works."""
    for grant in granted(facts):
        known = {
            method
            for operation in grant.effective.granted
            for method in METHODS_BY_FIRST_NEED.get(operation, ())
            if _works(method, grant)
        }
        methods = [method for method in METHODS if method in known] if known else []
        if methods:
            by = [grant.effective.granted[need] for method in methods for need in method.needs]
            got = f"{grant.words(by)}: {listed(method.how for method in methods)}"
            yield this.finding(grant.fact.resource, grant.place(by), got, "no operation that leads to more privilege")


def _works(method: Method, grant: Granted) -> bool:
    if not all(grant.holds(need) for need in method.needs):
        return False
    return grant.is_broad or grant.level is ScopeLevel.UNSTATED or method.hands_out_access

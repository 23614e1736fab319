"""azure.pass-role."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts, Platform
from nhi_components.facts.azure.model import RoleAssignment, RoleDefinition, ScopeLevel
from nhi_components.rules.azure.grants import Granted, granted
from nhi_components.rules.azure.methods import ASSIGN_IDENTITY
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule


@rule(
    id="azure.pass-role",
    rule_class=RuleClass.PASS_ROLE,
    severity=Severity.HIGH,
    about=(RoleDefinition, RoleAssignment),
    title="Managed identities are passed on one by one",
    why="Who may assign any managed identity to a machine or an app of its own acts as that "
    "identity, whatever it may do.",
    fix="assign the role on the managed identity itself, and make the role assignable there only",
    bad=Example(
        '{"role": "Managed Identity Operator", "members": ["11111111-1111-1111-1111-111111111111"], '
        '"scope": "/subscriptions/22222222-2222-2222-2222-222222222222"}',
        DocumentKind.BINDING,
        Platform.AZURE,
    ),
    good=Example(
        '{"role": "Managed Identity Operator", "members": ["11111111-1111-1111-1111-111111111111"], '
        '"scope": "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/orders'
        '/providers/Microsoft.ManagedIdentity/userAssignedIdentities/orders"}',
        DocumentKind.BINDING,
        Platform.AZURE,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
    sources=("Entra documentation, 'Managed identities for Azure resources', role Managed Identity Operator",),
)
def pass_role(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find roles and assignments by which more than named identities can be passed on."""
    for grant in granted(facts):
        if grant.holds(ASSIGN_IDENTITY) and _reaches_several(grant):
            by = (grant.effective.granted[ASSIGN_IDENTITY],)
            expected = "the right to assign named managed identities"
            yield this.finding(grant.fact.resource, grant.place(by), grant.words(by), expected)


def _reaches_several(grant: Granted) -> bool:
    if isinstance(grant.fact, RoleDefinition):
        return not grant.fact.scopes or any(scope.level is not ScopeLevel.RESOURCE for scope in grant.fact.scopes)
    if grant.level is ScopeLevel.RESOURCE_GROUP:
        return "*" not in grant.effective.granted[ASSIGN_IDENTITY].text.partition("/")[0]
    return grant.level is not ScopeLevel.RESOURCE

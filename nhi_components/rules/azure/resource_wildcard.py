"""azure.resource-wildcard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts, Platform
from nhi_components.facts.azure.model import RoleAssignment, RoleDefinition, Scope, ScopeLevel
from nhi_components.facts.azure.patterns import is_on_the_side, verbs
from nhi_components.rules.azure.conditions import narrows_data
from nhi_components.rules.azure.grants import Granted, granted
from nhi_components.rules.azure.operations import is_credential
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule

_QUERY = re.compile(r"/(search|query|list|get|check)[A-Za-z]*/action$", re.IGNORECASE)


@rule(
    id="azure.resource-wildcard",
    rule_class=RuleClass.RESOURCE_WILDCARD,
    severity=Severity.HIGH,
    about=(RoleDefinition, RoleAssignment),
    title="Every role is assigned where its holder works",
    why="A role on a subscription or a management group holds for every resource group and resource"
    " below it, and for those that come later.",
    fix="assign the role on the resource or the resource group that the workload needs",
    bad=Example(
        '{"role": "Storage Blob Data Contributor", "members": ["11111111-1111-1111-1111-111111111111"], '
        '"scope": "/subscriptions/22222222-2222-2222-2222-222222222222"}',
        DocumentKind.BINDING,
        Platform.AZURE,
    ),
    good=Example(
        '{"role": "Storage Blob Data Contributor", "members": ["11111111-1111-1111-1111-111111111111"], '
        '"scope": "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/orders'
        '/providers/Microsoft.Storage/storageAccounts/orders"}',
        DocumentKind.BINDING,
        Platform.AZURE,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
    sources=("Azure RBAC documentation, 'Understand scope for Azure RBAC'",),
)
def resource_wildcard(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find assignments on subscriptions and more, and roles that may be assigned anywhere."""
    for role in facts.of(RoleDefinition):
        for scope in role.scopes:
            if scope.level is ScopeLevel.TENANT and not role.built_in:
                yield _finding(this, role, scope, "a role that may be assigned anywhere")
    for grant in granted(facts):
        fact = grant.fact
        if isinstance(fact, RoleAssignment) and _could_be_narrower(grant):
            yield _finding(this, fact, fact.scope, fact.role)


def _finding(this: Rule, fact: RoleDefinition | RoleAssignment, scope: Scope, what: str) -> Finding:
    return this.finding(fact.resource, scope.path, f"{what}: `{scope.text}`", "a resource group or a resource")


def _could_be_narrower(grant: Granted) -> bool:
    """Tell whether an assignment is broad; who only reads settings may do so in one whole subscription."""
    if grant.level < ScopeLevel.SUBSCRIPTION or any(map(narrows_data, grant.conditions)):
        return False
    return grant.level > ScopeLevel.SUBSCRIPTION or not _only_reads_settings(grant)


def _only_reads_settings(grant: Granted) -> bool:
    return all(
        not permission.data_actions and all(_is_read_of_settings(action.text) for action in permission.actions)
        for permission in grant.fact.permissions
    )


def _is_read_of_settings(action: str) -> bool:
    if verbs(action) == {"read"} or is_on_the_side(action):
        return True
    return _QUERY.search(action) is not None and not is_credential(action.lower())

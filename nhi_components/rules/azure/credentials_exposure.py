"""azure.credentials-exposure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts, Platform
from nhi_components.facts.azure.model import RoleAssignment, RoleDefinition, ScopeLevel
from nhi_components.facts.azure.patterns import verbs
from nhi_components.facts.values import Located
from nhi_components.rules.azure.grants import Granted, granted
from nhi_components.rules.azure.operations import CREDENTIALS_ON_DATA, is_credential
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule


@rule(
    id="azure.credentials-exposure",
    rule_class=RuleClass.CREDENTIALS_EXPOSURE,
    severity=Severity.HIGH,
    about=(RoleDefinition, RoleAssignment),
    title="No role returns or creates credentials of others",
    why="`listKeys` returns keys of an account that work for anyone, for ever, past every role and "
    "every log of who asked; publishing profiles, connection strings and the secrets of a vault"
    " do the same.",
    fix="let the workload sign in as itself, with a role on data",
    bad=Example(
        '{"Name": "Orders", "Actions": ["Microsoft.Storage/storageAccounts/listKeys/action"], '
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
    sources=(
        "Azure RBAC documentation, 'Azure permissions'",
        "Azure Storage documentation, 'Prevent Shared Key authorization'",
    ),
)
def credentials_exposure(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find roles and assignments that return credentials."""
    for grant in granted(facts):
        by = _exposing(grant)
        if by:
            expected = "no operation that returns or creates credentials"
            yield this.finding(grant.fact.resource, grant.place(by), grant.words(by), expected)


def _exposing(grant: Granted) -> list[Located]:
    """Give the actions that expose credentials where they are assigned.

    On a named resource that is what the role is for; in a resource group it counts for roles that do nothing else.
    Without a scope, secrets of a vault are taken for those of a named one.
    """
    held = {operation: action for operation, action in grant.effective.granted.items() if is_credential(operation)}
    if grant.is_broad:
        return list(held.values())
    if grant.level is ScopeLevel.RESOURCE or (
        grant.level is ScopeLevel.RESOURCE_GROUP and not _is_for_credentials(grant)
    ):
        return []
    return [action for operation, action in held.items() if operation not in CREDENTIALS_ON_DATA]


def _is_for_credentials(grant: Granted) -> bool:
    changes = (a.text.lower() for p in grant.fact.permissions for a in p.actions if verbs(a.text) != {"read"})
    return all(is_credential(change) for change in changes)

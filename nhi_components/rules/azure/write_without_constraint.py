"""azure.write-without-constraint."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts, Platform
from nhi_components.facts.azure.model import RoleAssignment, RoleDefinition
from nhi_components.facts.azure.patterns import is_whole_provider_change, verbs
from nhi_components.facts.values import Located
from nhi_components.rules.azure.grants import Granted, granted
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule

_NO_INFRASTRUCTURE = (
    "microsoft.authorization/",
    "microsoft.billing",
    "microsoft.consumption/",
    "microsoft.costmanagement/",
    "microsoft.insights/",
    "microsoft.resourcehealth/",
    "microsoft.resources/deployments/",
    "microsoft.support/",
)
"""Providers of access, bills, alerts and support; a deployment changes what further roles permit."""


@rule(
    id="azure.write-without-constraint",
    rule_class=RuleClass.WRITE_WITHOUT_CONSTRAINT,
    severity=Severity.HIGH,
    about=(RoleDefinition, RoleAssignment),
    title="No role changes the infrastructure of a whole subscription",
    why="A workload that may write or delete every machine, network or account of a subscription "
    "takes down all the others, by a fault or by a thief of its credential.",
    fix="assign the role on the resource group that the workload owns, and name the operations",
    bad=Example(
        '{"role": "Virtual Machine Contributor", "members": ["11111111-1111-1111-1111-111111111111"], '
        '"scope": "/subscriptions/22222222-2222-2222-2222-222222222222"}',
        DocumentKind.BINDING,
        Platform.AZURE,
    ),
    good=Example(
        '{"role": "Virtual Machine Contributor", "members": ["11111111-1111-1111-1111-111111111111"], '
        '"scope": "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/orders"}',
        DocumentKind.BINDING,
        Platform.AZURE,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
    sources=("Azure RBAC documentation, 'Best practices for Azure RBAC'",),
)
def write_without_constraint(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find changes to everything of a provider, and roles on subscriptions that change infrastructure."""
    for grant in granted(facts):
        if grant.is_unnarrowed:
            by = _changes_of_assignment(grant) if grant.assigned else _changes_of_role(grant)
            if by:
                expected = "changes to named resources, or to one resource group"
                yield this.finding(grant.fact.resource, grant.place(by), grant.words(by), expected)


def _changes_of_role(grant: Granted) -> list[Located]:
    of_infrastructure = {
        action
        for permission in grant.fact.permissions
        for action in permission.actions
        if not action.text.lower().startswith(_NO_INFRASTRUCTURE)
    }
    return [
        action
        for action in grant.effective.changing
        if action in of_infrastructure and is_whole_provider_change(action.text)
    ]


def _changes_of_assignment(grant: Granted) -> list[Located]:
    wild = {action.text for action in grant.effective.changing}
    return [
        action
        for permission in grant.fact.permissions
        for action in permission.actions
        if not action.text.lower().startswith(_NO_INFRASTRUCTURE)
        and not verbs(action.text).isdisjoint(("write", "delete"))
        and ("*" not in action.text or action.text in wild)
    ]

"""gcp.escalation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts, Platform
from nhi_components.facts.gcp.model import Binding, RoleDefinition, Scope
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.gcp.breadth import escalations
from nhi_components.rules.gcp.grants import bindings, broad_grants, definitions, some
from nhi_components.rules.gcp.methods import ON_ONE_ACCOUNT
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule

_EXPECTED = "no known way to more privilege"


@rule(
    id="gcp.escalation",
    rule_class=RuleClass.ESCALATION,
    severity=Severity.CRITICAL,
    about=(
        Binding,
        RoleDefinition,
    ),
    title="No grant leads to more privilege than it says",
    why=(
        "Who edits a policy or a role, makes a key or a token of a service account, or runs code as one, holds what "
        "that account holds. Each of these ways is published and tried."
    ),
    fix="leave the permission out, or grant it on the one service account that is meant",
    bad=Example(
        '{"title": "Deployer", "includedPermissions": ["iam.serviceAccountKeys.create"]}',
        DocumentKind.ROLE_DEFINITION,
        Platform.GCP,
    ),
    good=Example(
        '{"title": "Deployer", "includedPermissions": ["iam.serviceAccounts.get", "iam.serviceAccounts.list"]}',
        DocumentKind.ROLE_DEFINITION,
        Platform.GCP,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
    sources=(
        "https://github.com/RhinoSecurityLabs/GCP-IAM-Privilege-Escalation",
        "Google Cloud IAM documentation, 'Best practices for using service accounts'",
    ),
)
def escalation(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find the known ways to more privilege."""
    for grant in (*broad_grants(facts), *definitions(facts)):
        if ways := escalations(grant.permissions):
            yield this.finding(grant.resource, grant.path, f"{grant.of}: {some(ways)}", _EXPECTED)
    for binding in bindings(facts):
        if binding.scope is Scope.SERVICE_ACCOUNT and (ways := tuple(sorted(binding.permissions & ON_ONE_ACCOUNT))):
            got = f"{binding.role} on a service account: {some(ways)}"
            yield this.finding(binding.resource, binding.role_path, got, _EXPECTED, severity=Severity.HIGH)

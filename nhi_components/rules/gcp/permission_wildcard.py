"""gcp.permission-wildcard."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.core.gcp_catalogue import matching
from nhi_components.facts import DocumentKind, Facts, Platform
from nhi_components.facts.gcp.model import RoleDefinition
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.gcp.breadth import is_read
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule


@rule(
    id="gcp.permission-wildcard",
    rule_class=RuleClass.ACTION_WILDCARD,
    severity=Severity.HIGH,
    about=(RoleDefinition,),
    title="Every permission of a custom role is named in full",
    why=(
        "A wildcard in the permissions of a custom role stands for what nobody asked for. Google Cloud refuses it; a "
        "tool that expands it grants all that the name matches."
    ),
    fix="list the permissions that the workload needs",
    bad=Example(
        '{"title": "Deployer", "includedPermissions": ["storage.*"]}',
        DocumentKind.ROLE_DEFINITION,
        Platform.GCP,
    ),
    good=Example(
        '{"title": "Deployer", "includedPermissions": ["storage.objects.get"]}',
        DocumentKind.ROLE_DEFINITION,
        Platform.GCP,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
    sources=("Google Cloud IAM documentation, 'Create and manage custom roles'",),
)
def permission_wildcard(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find wildcards in custom roles that stand for more than reads."""
    for role in facts.of(RoleDefinition):
        for wildcard in role.wildcards:
            if not is_read(wildcard.text) or not all(map(is_read, matching(wildcard.text))):
                expected = "permissions named in full, such as `storage.objects.get`"
                yield this.finding(role.resource, wildcard.path, wildcard.text, expected)

"""kubernetes.resource-wildcard."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts
from nhi_components.facts.kubernetes.model import ANY, RbacRole
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.kubernetes.permissions import listed, verbs_of
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule


@rule(
    id="kubernetes.resource-wildcard",
    rule_class=RuleClass.RESOURCE_WILDCARD,
    severity=Severity.HIGH,
    about=(RbacRole,),
    title="Every role names its resources",
    why=(
        "`*` covers every resource of the API group, secrets among them, and every subresource; what an upgrade "
        "adds is granted unseen."
    ),
    fix="list the resources that the workload uses",
    bad=Example(
        '{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "orders", '
        '"namespace": "orders"}, "rules": [{"apiGroups": ["apps"], "resources": ["*"], "verbs": ["get"]}]}',
        DocumentKind.KUBERNETES_ROLE,
    ),
    good=Example(
        '{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "orders", '
        '"namespace": "orders"}, "rules": [{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": '
        '["get"]}]}',
        DocumentKind.KUBERNETES_ROLE,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
    sources=("Kubernetes documentation, 'Role Based Access Control Good Practices'",),
)
def resource_wildcard(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find rules whose resources are a wildcard."""
    for role in facts.of(RbacRole):
        for rule_of_role in role.rules:
            wide = [resource for resource in rule_of_role.resources if resource.startswith("*")]
            wide += [url for url in rule_of_role.urls if url.strip("/") == ANY]
            if wide and not rule_of_role.names:
                got = f"{verbs_of(rule_of_role)} on {listed(tuple(wide))}"
                yield this.finding(role.resource, rule_of_role.path, got, "named resources")

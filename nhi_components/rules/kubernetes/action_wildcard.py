"""kubernetes.action-wildcard."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts
from nhi_components.facts.kubernetes.model import ANY, RbacRole
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.kubernetes.permissions import listed
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule


@rule(
    id="kubernetes.action-wildcard",
    rule_class=RuleClass.ACTION_WILDCARD,
    severity=Severity.HIGH,
    about=(RbacRole,),
    title="No role permits verbs by a wildcard",
    why=(
        "`*` is every verb there is and will be: it deletes, and on some resources it impersonates, binds and "
        "escalates."
    ),
    fix="list the verbs that the workload uses",
    bad=Example(
        '{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "orders", '
        '"namespace": "orders"}, "rules": [{"apiGroups": ["apps"], "resources": ["deployments/status"], "verbs": '
        '["*"]}]}',
        DocumentKind.KUBERNETES_ROLE,
    ),
    good=Example(
        '{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "orders", '
        '"namespace": "orders"}, "rules": [{"apiGroups": ["apps"], "resources": ["deployments/status"], "verbs": '
        '["get", "update"]}]}',
        DocumentKind.KUBERNETES_ROLE,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
    sources=("Kubernetes documentation, 'Role Based Access Control Good Practices'",),
)
def action_wildcard(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find rules whose verbs are a wildcard."""
    for role in facts.of(RbacRole):
        for rule_of_role in role.rules:
            if ANY in rule_of_role.verbs:
                got = f"* on {listed(rule_of_role.resources or rule_of_role.urls)}"
                yield this.finding(role.resource, rule_of_role.path, got, "the verbs that are used")

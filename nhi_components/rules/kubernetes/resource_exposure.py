"""kubernetes.resource-exposure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts
from nhi_components.facts.kubernetes.model import RbacRole
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.kubernetes.permissions import enabled
from nhi_components.rules.kubernetes.powers import Power
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule


@rule(
    id="kubernetes.resource-exposure",
    rule_class=RuleClass.RESOURCE_EXPOSURE,
    severity=Severity.HIGH,
    about=(RbacRole,),
    title="No role of a workload changes who may do what",
    why="Whoever writes roles or bindings decides what others may do, and removes what protects them.",
    fix="let the pipeline that provisions identities hold it, under an exception with an end date",
    bad=Example(
        '{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "orders", '
        '"namespace": "orders"}, "rules": [{"apiGroups": ["rbac.authorization.k8s.io"], "resources": '
        '["rolebindings"], "verbs": ["create", "delete"]}]}',
        DocumentKind.KUBERNETES_ROLE,
    ),
    good=Example(
        '{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "orders", '
        '"namespace": "orders"}, "rules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"], '
        '"resourceNames": ["orders"]}]}',
        DocumentKind.KUBERNETES_ROLE,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
    sources=("Kubernetes documentation, 'Role Based Access Control Good Practices'",),
)
def resource_exposure(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find rules that write roles or bindings."""
    for role in facts.of(RbacRole):
        for rule_of_role, what in enabled(role, Power.ACCESS):
            yield this.finding(role.resource, rule_of_role.path, what, "no writes of roles and bindings")

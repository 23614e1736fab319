"""kubernetes.service-wildcard."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts
from nhi_components.facts.kubernetes.model import RbacRole
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.kubernetes.permissions import fully_permitted, group_named, verbs_of
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule


@rule(
    id="kubernetes.service-wildcard",
    rule_class=RuleClass.SERVICE_WILDCARD,
    severity=Severity.HIGH,
    about=(RbacRole,),
    title="No role permits every verb on every resource of an API group",
    why=(
        "All of an API group is what it serves today and what an upgrade or an operator adds to it: for the core "
        "group secrets, nodes and service accounts."
    ),
    fix="list the resources and verbs that the workload uses",
    bad=Example(
        '{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "orders", '
        '"namespace": "orders"}, "rules": [{"apiGroups": ["apps"], "resources": ["*"], "verbs": ["*"]}]}',
        DocumentKind.KUBERNETES_ROLE,
    ),
    good=Example(
        '{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "orders", '
        '"namespace": "orders"}, "rules": [{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get",'
        ' "list"]}]}',
        DocumentKind.KUBERNETES_ROLE,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
    sources=("Kubernetes documentation, 'Role Based Access Control Good Practices'",),
)
def service_wildcard(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find rules that permit everything on an API group."""
    for role in facts.of(RbacRole):
        for group, rule_of_role in fully_permitted(role).items():
            got = f"{verbs_of(rule_of_role)} on every resource of {group_named(group)}"
            yield this.finding(role.resource, rule_of_role.path, got, "named resources and verbs")

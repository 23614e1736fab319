"""kubernetes.write-without-constraint."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts
from nhi_components.facts.kubernetes.model import RbacRole
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.kubernetes.permissions import enabled, takes_every_resource
from nhi_components.rules.kubernetes.powers import Power
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule


@rule(
    id="kubernetes.write-without-constraint",
    rule_class=RuleClass.WRITE_WITHOUT_CONSTRAINT,
    severity=Severity.MEDIUM,
    about=(RbacRole,),
    title="No role of the cluster changes the infrastructure of every namespace",
    why=(
        "A ClusterRole that writes workloads, services or nodes reaches every namespace it is bound for, today's "
        "and tomorrow's."
    ),
    fix="use a Role in the workload's namespace, or name the objects in `resourceNames`",
    bad=Example(
        '{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "orders"}, '
        '"rules": [{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["delete"]}]}',
        DocumentKind.KUBERNETES_ROLE,
    ),
    good=Example(
        '{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "orders", '
        '"namespace": "orders"}, "rules": [{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": '
        '["delete"], "resourceNames": ["orders"]}]}',
        DocumentKind.KUBERNETES_ROLE,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
    sources=("Kubernetes documentation, 'Role Based Access Control Good Practices'",),
)
def write_without_constraint(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find rules that write infrastructure wherever the role is bound."""
    for role in facts.of(RbacRole):
        for rule_of_role, what in enabled(role, Power.INFRASTRUCTURE):
            if role.cluster or takes_every_resource(rule_of_role):
                yield this.finding(role.resource, rule_of_role.path, what, "a Role, or named objects")

"""kubernetes.privileged-binding."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts
from nhi_components.facts.kubernetes.model import RbacBinding
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.kubernetes.built_in import ESCALATING_ANYWHERE, ESCALATING_IN_THE_CLUSTER, is_own_component
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule


@rule(
    id="kubernetes.privileged-binding",
    rule_class=RuleClass.ESCALATION,
    severity=Severity.HIGH,
    about=(RbacBinding,),
    title="No workload is bound to a built-in role that leads to more",
    why=(
        "`edit` in the whole cluster makes pods, tokens and secrets in every namespace, `kube-system` included; "
        "the roles of the control plane's own parts read secrets, make tokens or sign certificates."
    ),
    fix="bind a role that lists what the workload does, in its own namespace",
    bad=Example(
        '{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": '
        '"orders"}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "edit"}, '
        '"subjects": [{"kind": "ServiceAccount", "name": "orders", "namespace": "orders"}]}',
        DocumentKind.KUBERNETES_ROLE,
    ),
    good=Example(
        '{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "orders", '
        '"namespace": "orders"}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", '
        '"name": "view"}, "subjects": [{"kind": "ServiceAccount", "name": "orders", "namespace": "orders"}]}',
        DocumentKind.KUBERNETES_ROLE,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
    sources=("Kubernetes documentation, 'Role Based Access Control Good Practices'",),
)
def privileged_binding(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find bindings of built-in roles that hold a known path to more."""
    for binding in facts.of(RbacBinding):
        known = binding.cluster and binding.role in ESCALATING_IN_THE_CLUSTER
        if not binding.role_of_cluster or not (known or binding.role in ESCALATING_ANYWHERE):
            continue
        for subject in binding.subjects:
            if not is_own_component(binding.role, subject.name):
                got = f"{binding.role} for {subject.name}"
                yield this.finding(binding.resource, subject.path, got, "a role that lists what it permits")

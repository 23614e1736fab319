"""kubernetes.admin-binding."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts
from nhi_components.facts.kubernetes.model import RbacBinding
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.kubernetes.permissions import listed
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule


@rule(
    id="kubernetes.admin-binding",
    rule_class=RuleClass.ADMIN,
    severity=Severity.CRITICAL,
    about=(RbacBinding,),
    title="No workload is bound to cluster-admin",
    why=(
        "`cluster-admin` may do everything, in a RoleBinding in its namespace; `admin` in the whole cluster reads"
        " every secret and writes every binding; the group `system:masters` passes every check and can't be taken"
        " back."
    ),
    fix=(
        "bind a role that lists what the workload does; keep the administrators' binding to the one that the "
        "cluster has"
    ),
    bad=Example(
        '{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": '
        '"orders"}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-'
        'admin"}, "subjects": [{"kind": "ServiceAccount", "name": "orders", "namespace": "orders"}]}',
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
def admin_binding(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find bindings of the administrators' roles and of the administrators' group."""
    for binding in facts.of(RbacBinding):
        if binding.role_of_cluster and (
            binding.role == "cluster-admin" or (binding.cluster and binding.role == "admin")
        ):
            got = f"{binding.role} for {listed(tuple(subject.name for subject in binding.subjects)) or 'nobody'}"
            yield this.finding(binding.resource, f"{binding.path}.roleRef", got, "a role that lists what it permits")
        for subject in binding.subjects:
            if subject.kind == "Group" and subject.name == "system:masters":
                yield this.finding(binding.resource, subject.path, subject.name, "a group that RBAC can limit")

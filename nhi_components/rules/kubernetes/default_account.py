"""kubernetes.default-account."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts
from nhi_components.facts.kubernetes.model import RbacBinding
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule


@rule(
    id="kubernetes.default-account",
    rule_class=RuleClass.DEFAULT_ACCOUNT,
    severity=Severity.HIGH,
    about=(RbacBinding,),
    title="No role is bound to a default service account",
    why=(
        "Every pod without an account of its own runs as `default`, so that whatever it is granted is granted to "
        "all of them, those of tomorrow included."
    ),
    fix="make a service account for the workload, and bind that",
    bad=Example(
        '{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "orders", '
        '"namespace": "orders"}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", '
        '"name": "view"}, "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": "orders"}]}',
        DocumentKind.KUBERNETES_ROLE,
    ),
    good=Example(
        '{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "orders", '
        '"namespace": "orders"}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", '
        '"name": "view"}, "subjects": [{"kind": "ServiceAccount", "name": "orders", "namespace": "orders"}]}',
        DocumentKind.KUBERNETES_ROLE,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
    sources=("CIS Kubernetes Benchmark, 'Ensure that default service accounts are not actively used'",),
)
def default_account(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find bindings to service accounts called default."""
    for binding in facts.of(RbacBinding):
        for subject in binding.subjects:
            if subject.kind == "ServiceAccount" and subject.name == "default":
                got = f"{binding.role or 'a role'} for {subject.namespace or 'a namespace'}/default"
                yield this.finding(binding.resource, subject.path, got, "an account of the workload's own")

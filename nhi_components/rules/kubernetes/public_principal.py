"""kubernetes.public-principal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts
from nhi_components.facts.kubernetes.model import RbacBinding
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.kubernetes.built_in import everybody, is_default
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule


@rule(
    id="kubernetes.public-principal",
    rule_class=RuleClass.PUBLIC_PRINCIPAL,
    severity=Severity.CRITICAL,
    about=(RbacBinding,),
    title="No binding is for everybody",
    why=(
        "`system:anonymous` and `system:unauthenticated` are whoever reaches the API server, "
        "`system:authenticated` whoever has any credential (on some clouds any account of the cloud), and "
        "`system:serviceaccounts` every workload."
    ),
    fix="bind the service account of the workload",
    bad=Example(
        '{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "orders", '
        '"namespace": "orders"}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", '
        '"name": "view"}, "subjects": [{"kind": "Group", "name": "system:authenticated"}]}',
        DocumentKind.KUBERNETES_ROLE,
    ),
    good=Example(
        '{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "orders", '
        '"namespace": "orders"}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", '
        '"name": "view"}, "subjects": [{"kind": "ServiceAccount", "name": "orders", "namespace": "orders"}]}',
        DocumentKind.KUBERNETES_ROLE,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
    sources=("Kubernetes documentation, 'Using RBAC Authorization: Default roles and role bindings'",),
)
def public_principal(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find bindings to groups that nobody is kept out of."""
    for binding in facts.of(RbacBinding):
        for subject in binding.subjects:
            who = everybody(subject)
            if who and not is_default(binding, subject):
                severity = Severity.MEDIUM if who.startswith("every service account") else this.severity
                got = f"{binding.role or 'a role'} for {subject.name}, {who}"
                yield this.finding(binding.resource, subject.path, got, "named accounts", severity=severity)

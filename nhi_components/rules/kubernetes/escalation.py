"""kubernetes.escalation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts
from nhi_components.facts.kubernetes.model import RbacRole
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.kubernetes.certificates import approves_certificates
from nhi_components.rules.kubernetes.permissions import enabled
from nhi_components.rules.kubernetes.powers import Power
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule


@rule(
    id="kubernetes.escalation",
    rule_class=RuleClass.ESCALATION,
    severity=Severity.CRITICAL,
    about=(RbacRole,),
    title="No role leads to more than it permits",
    why=(
        "Binding, escalating and impersonating are ways to any permission; so are the secrets and tokens of other"
        " accounts, running pods as them, commands in their pods, and the webhooks that every request passes."
    ),
    fix=(
        "remove the permission, or name the objects in `resourceNames`; keep it to the identity that provisions "
        "others, under an exception with an end date"
    ),
    bad=Example(
        '{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "orders"}, '
        '"rules": [{"apiGroups": [""], "resources": ["users"], "verbs": ["impersonate"]}]}',
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
def escalation(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find rules with a known path to more privilege."""
    for role in facts.of(RbacRole):
        for rule_of_role, what in enabled(role, Power.ESCALATION):
            yield this.finding(role.resource, rule_of_role.path, what, "no known path to more privilege")
        approving = approves_certificates(role)
        if approving is not None:
            got = "approval of certificates, by which it becomes any user"
            yield this.finding(role.resource, approving.path, got, "no known path to more privilege")

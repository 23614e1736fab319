"""kubernetes.credentials-exposure."""

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
    id="kubernetes.credentials-exposure",
    rule_class=RuleClass.CREDENTIALS_EXPOSURE,
    severity=Severity.HIGH,
    about=(RbacRole,),
    title="No role returns or makes the credentials of others",
    why=(
        "A role that reads all secrets reads the tokens, passwords and keys of every other workload; one that "
        "requests tokens makes them for any service account."
    ),
    fix="name the secrets in `resourceNames` and permit only `get`; let workloads mount what is theirs",
    bad=Example(
        '{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "orders", '
        '"namespace": "orders"}, "rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", '
        '"list"]}]}',
        DocumentKind.KUBERNETES_ROLE,
    ),
    good=Example(
        '{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "orders", '
        '"namespace": "orders"}, "rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"], '
        '"resourceNames": ["orders"]}]}',
        DocumentKind.KUBERNETES_ROLE,
    ),
    references=(Reference.SECRET_LEAKAGE, Reference.ACCESS_MANAGED),
    sources=("Kubernetes documentation, 'Role Based Access Control Good Practices'",),
)
def credentials_exposure(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find rules that read all secrets or request tokens of all accounts."""
    for role in facts.of(RbacRole):
        for rule_of_role, what in enabled(role, Power.CREDENTIALS):
            yield this.finding(
                role.resource, rule_of_role.path, what, "named objects, or resources that give no such power"
            )

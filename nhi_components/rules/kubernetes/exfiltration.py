"""kubernetes.exfiltration."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts
from nhi_components.facts.kubernetes.model import ANY, RbacRole
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.kubernetes.permissions import enabled
from nhi_components.rules.kubernetes.powers import Power
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule

_IN_BULK: Final = frozenset({ANY, "list", "watch"})


@rule(
    id="kubernetes.exfiltration",
    rule_class=RuleClass.EXFILTRATION,
    severity=Severity.HIGH,
    about=(RbacRole,),
    title="No role reads all secrets at once",
    why=(
        "`list` and `watch` return the contents of every secret, not just their names; in a whole cluster `get` "
        "reaches those of every namespace, too."
    ),
    fix="name the secrets in `resourceNames` and permit only `get`",
    bad=Example(
        '{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "orders"}, '
        '"rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["list"]}]}',
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
def exfiltration(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find rules that return the secrets of a namespace, or of all, in bulk."""
    for role in facts.of(RbacRole):
        for rule_of_role, what in enabled(role, Power.DATA):
            if role.cluster or not _IN_BULK.isdisjoint(rule_of_role.verbs):
                yield this.finding(role.resource, rule_of_role.path, what, "`get` on named secrets")

"""kubernetes.admin-role."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts
from nhi_components.facts.kubernetes.model import ANY, RbacRole
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.kubernetes.permissions import fully_permitted
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule

_DECISIVE: Final = frozenset({"", "apps", "rbac.authorization.k8s.io"})
"""With these groups one makes pods, accounts, roles and bindings; all others follow from them."""

_CORE: Final = ""
"""In the whole cluster its wildcard of verbs impersonates the group `system:masters`, which may do everything."""


@rule(
    id="kubernetes.admin-role",
    rule_class=RuleClass.ADMIN,
    severity=Severity.CRITICAL,
    about=(RbacRole,),
    title="No role is an administrator of the cluster or of its namespace",
    why=(
        "Every verb on every resource of every API group is cluster-admin under another name; in a Role it is "
        "that for one namespace."
    ),
    fix="list the API groups, resources and verbs that the workload uses",
    bad=Example(
        '{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "orders"}, '
        '"rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]}',
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
def admin_role(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find roles that permit everything, by wildcards or by the groups that matter."""
    for role in facts.of(RbacRole):
        groups = fully_permitted(role)
        core = groups.get(_CORE)
        impersonates = role.cluster and core is not None and ANY in core.verbs
        if ANY in groups or groups.keys() >= _DECISIVE or impersonates:
            place = next(iter(groups.values()))
            where = "the cluster" if role.cluster else "the namespace"
            got = f"every verb on every resource of {where}"
            yield this.finding(role.resource, place.path, got, "named groups, resources and verbs")

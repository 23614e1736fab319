"""What Kubernetes itself defines: roles, groups and bindings. Data for the rules about bindings.

Source: Kubernetes documentation, 'Using RBAC Authorization: Default roles and role bindings', and the roles that
Kubernetes 1.33 makes at its start.
"""

from __future__ import annotations

from typing import Final

from nhi_components.facts.kubernetes.model import RbacBinding, Subject

ESCALATING_IN_THE_CLUSTER: Final = frozenset({"edit", "system:aggregate-to-edit", "system:aggregate-to-admin"})
"""Roles meant for a namespace: in all of them at once they reach the accounts of the control plane."""

ESCALATING_ANYWHERE: Final = frozenset(
    {
        "system:kube-controller-manager",
        "system:node",
        "system:controller:clusterrole-aggregation-controller",
        "system:controller:cronjob-controller",
        "system:controller:daemon-set-controller",
        "system:controller:deployment-controller",
        "system:controller:generic-garbage-collector",
        "system:controller:job-controller",
        "system:controller:namespace-controller",
        "system:controller:persistent-volume-binder",
        "system:controller:replicaset-controller",
        "system:controller:replication-controller",
        "system:controller:resourcequota-controller",
        "system:controller:statefulset-controller",
        "system:kubelet-api-admin",
        "system:persistent-volume-provisioner",
    }
)
"""Roles of the control plane that hold a path to more: they make pods, read secrets, make tokens or rewrite roles."""

_PUBLIC: Final = {
    "system:anonymous": "anybody without a credential",
    "system:unauthenticated": "anybody without a credential",
    "system:authenticated": "anybody with a credential",
    "system:serviceaccounts": "every service account of the cluster",
    "*": "anybody",
}
_ACCOUNTS_OF: Final = "system:serviceaccounts:"

_DEFAULT_BINDINGS: Final = frozenset(
    {
        ("system:basic-user", "system:authenticated"),
        ("system:discovery", "system:authenticated"),
        ("system:public-info-viewer", "system:authenticated"),
        ("system:service-account-issuer-discovery", "system:serviceaccounts"),
    }
)
"""Bindings that every cluster has, of what anybody with a credential may know.

That of `system:public-info-viewer` to those without one is not among them: it tells the cluster's version to whoever
asks, and hardening guides remove it.
"""


def everybody(subject: Subject) -> str:
    """Say whom a subject stands for when nobody, or hardly anybody, is kept out of it; else nothing."""
    if subject.kind == "ServiceAccount":
        return "every service account of a namespace" if subject.name == "*" else ""
    if subject.kind == "Group" and subject.name.startswith(_ACCOUNTS_OF):
        return "every service account of a namespace"
    return _PUBLIC.get(subject.name, "")


def is_default(binding: RbacBinding, subject: Subject) -> bool:
    """Tell whether Kubernetes itself makes a binding of this role to this group."""
    return binding.role_of_cluster and (binding.role, subject.name) in _DEFAULT_BINDINGS


def is_own_component(role: str, name: str) -> bool:
    """Tell whether a role of the control plane is bound to the part that it is made for."""
    return name in (role, role.rpartition(":")[2]) or (role, name) == ("system:node", "system:nodes")

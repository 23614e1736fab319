"""What discovery must be allowed on Kubernetes, by what it reads: each as a verb, a resource and perhaps a name.

A resource is written as `kubectl auth can-i` takes it, its API group behind a dot. Source: Kubernetes documentation,
'Using RBAC Authorization'.
"""

from __future__ import annotations

from typing import Final

TRACKING: Final = "kube-apiserver-legacy-service-account-token-tracking"
"""The ConfigMap that tells since when uses of tokens in Secrets are noted ('Managing Service Accounts')."""

CLUSTER: Final = ("get namespaces kube-system",)
"""What every section needs: the uid of that namespace tells clusters apart."""
ACCOUNTS: Final = (*CLUSTER, "list serviceaccounts")
SECRETS: Final = (*CLUSTER, f"get configmaps {TRACKING}", "list secrets")
ROLES: Final = ("roles.rbac.authorization.k8s.io", "clusterroles.rbac.authorization.k8s.io")
BINDINGS: Final = ("rolebindings.rbac.authorization.k8s.io", "clusterrolebindings.rbac.authorization.k8s.io")
WORKLOADS: Final = (
    "pods",
    "replicationcontrollers",
    "daemonsets.apps",
    "deployments.apps",
    "replicasets.apps",
    "statefulsets.apps",
    "cronjobs.batch",
    "jobs.batch",
)
"""What runs pods, and pods themselves."""


def to_list(resource: str) -> tuple[str, ...]:
    """Tell what listing a resource of the whole cluster needs."""
    return (*CLUSTER, f"list {resource}")


_HEAD: Final = """\
# What `nhi discover` reads of one cluster; bind it to the connection's user by a ClusterRoleBinding.
# Of Secrets it asks for names, labels and annotations alone. RBAC cannot tell these from the values: who has this role
# could read them. Without `secrets`, standing tokens are told as not seen.
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: nhi-discover
rules:
"""


def policy() -> str:
    """Write a ClusterRole in YAML that reads and changes nothing."""
    listed = [each for resource in (*ROLES, *BINDINGS, *WORKLOADS) for each in to_list(resource)]
    return _HEAD + "".join(_rule(each) for each in sorted({*ACCOUNTS, *SECRETS, *listed}))


def _rule(permission: str) -> str:
    verb, resource, *names = permission.split()
    kinds, _, group = resource.partition(".")
    named = f"    resourceNames: [{', '.join(names)}]\n" if names else ""
    return f'  - apiGroups: ["{group}"]\n    resources: [{kinds}]\n    verbs: [{verb}]\n{named}'

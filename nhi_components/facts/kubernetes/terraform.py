"""Which Pulumi type reads a type of Terraform's Kubernetes provider. Data for `facts.terraform`.

Source: the resources of hashicorp/kubernetes 2 and 3.
"""

from __future__ import annotations

from typing import Final

_OBJECTS: Final = {
    "cluster_role": ("rbac.authorization.k8s.io/v1", "ClusterRole", True),
    "cluster_role_binding": ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", True),
    "role": ("rbac.authorization.k8s.io/v1", "Role", True),
    "role_binding": ("rbac.authorization.k8s.io/v1", "RoleBinding", True),
    "default_service_account": ("core/v1", "DefaultServiceAccount", True),
    "secret": ("core/v1", "Secret", True),
    "service_account": ("core/v1", "ServiceAccount", True),
    "cron_job": ("batch/v1", "CronJob", True),
    "daemonset": ("apps/v1", "DaemonSet", False),
    "daemon_set": ("apps/v1", "DaemonSet", True),
    "deployment": ("apps/v1", "Deployment", True),
    "job": ("batch/v1", "Job", True),
    "pod": ("core/v1", "Pod", True),
    "replication_controller": ("core/v1", "ReplicationController", True),
    "stateful_set": ("apps/v1", "StatefulSet", True),
}
"""Each name, the API it stands for, its kind, and whether it has a twin that ends in `_v1`."""

TYPES: Final[dict[str, str]] = {
    f"kubernetes_{name}{suffix}": f"kubernetes:{api}:{kind}"
    for name, (api, kind, has_twin) in _OBJECTS.items()
    for suffix in (("", "_v1") if has_twin else ("",))
}

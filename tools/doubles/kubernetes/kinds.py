"""The resources that the double serves, with their API groups. Source: Kubernetes API reference, v1.34."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class Kind:
    """One resource.

    Attributes:
        plural: as paths and roles name it.
        name: as manifests name it.
        group: the API group; empty for the core group.
        namespaced: whether it lies in namespaces.
        parts: its subresources.
    """

    plural: str
    name: str
    group: str = ""
    namespaced: bool = True
    parts: frozenset[str] = field(default_factory=frozenset)

    @property
    def version(self) -> str:
        """Group and version, as manifests name them."""
        return f"{self.group}/v1" if self.group else "v1"


RBAC: Final = "rbac.authorization.k8s.io"

_ALL: Final = (
    Kind("namespaces", "Namespace", namespaced=False),
    Kind("configmaps", "ConfigMap"),
    Kind("secrets", "Secret"),
    Kind("serviceaccounts", "ServiceAccount", parts=frozenset({"token"})),
    Kind("resourcequotas", "ResourceQuota"),
    Kind("services", "Service", parts=frozenset({"proxy"})),
    Kind("pods", "Pod", parts=frozenset({"log", "exec", "attach", "portforward", "proxy", "eviction"})),
    Kind("replicationcontrollers", "ReplicationController"),
    Kind("events", "Event"),
    Kind("events", "Event", "events.k8s.io"),
    Kind("deployments", "Deployment", "apps", parts=frozenset({"scale"})),
    Kind("daemonsets", "DaemonSet", "apps"),
    Kind("replicasets", "ReplicaSet", "apps"),
    Kind("statefulsets", "StatefulSet", "apps"),
    Kind("cronjobs", "CronJob", "batch"),
    Kind("jobs", "Job", "batch"),
    Kind("leases", "Lease", "coordination.k8s.io"),
    Kind("endpointslices", "EndpointSlice", "discovery.k8s.io"),
    Kind("roles", "Role", RBAC),
    Kind("rolebindings", "RoleBinding", RBAC),
    Kind("clusterroles", "ClusterRole", RBAC, namespaced=False),
    Kind("clusterrolebindings", "ClusterRoleBinding", RBAC, namespaced=False),
)
GROUPS: Final = tuple(dict.fromkeys(kind.group for kind in _ALL if kind.group))


def kind_of(group: str, plural: str) -> Kind | None:
    """Find a resource; None when it is not served."""
    return next((kind for kind in _ALL if (kind.group, kind.plural) == (group, plural)), None)


def named(plural: str) -> Kind:
    """Find a resource by its plural alone."""
    return next(kind for kind in _ALL if kind.plural == plural)


def of_group(group: str) -> Iterator[Kind]:
    """List the resources of a group."""
    return (kind for kind in _ALL if kind.group == group)

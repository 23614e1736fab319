"""What Kubernetes itself serves: the resources of each API group, those of a namespace and those of the cluster.

Groups that are not here belong to custom resources and aggregated APIs, of which only the cluster knows.
Source: Kubernetes API reference, v1.34.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Final

VERBS: Final = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection")
"""What a role permits on objects; `bind`, `escalate` and `impersonate` are never an identity's."""

UNNAMED_VERBS: Final = frozenset({"create", "deletecollection"})
"""Requests that name no object, so that no rule that names some permits them ('Using RBAC Authorization')."""

CORE: Final = ""
RBAC: Final = "rbac.authorization.k8s.io"


def _words(groups: Mapping[str, str]) -> Mapping[str, frozenset[str]]:
    return MappingProxyType({group: frozenset(words.split()) for group, words in groups.items()})


NAMESPACED: Final = _words(
    {
        CORE: "bindings configmaps endpoints events limitranges persistentvolumeclaims pods podtemplates "
        "replicationcontrollers resourcequotas secrets serviceaccounts services",
        "apps": "controllerrevisions daemonsets deployments replicasets statefulsets",
        "authorization.k8s.io": "localsubjectaccessreviews",
        "autoscaling": "horizontalpodautoscalers",
        "batch": "cronjobs jobs",
        "coordination.k8s.io": "leases",
        "discovery.k8s.io": "endpointslices",
        "events.k8s.io": "events",
        "networking.k8s.io": "ingresses networkpolicies",
        "policy": "poddisruptionbudgets",
        RBAC: "roles rolebindings",
        "resource.k8s.io": "resourceclaims resourceclaimtemplates",
        "storage.k8s.io": "csistoragecapacities",
    }
)
"""By API group, the resources that lie in namespaces."""

OF_THE_CLUSTER: Final = _words(
    {
        CORE: "componentstatuses namespaces nodes persistentvolumes",
        "admissionregistration.k8s.io": "mutatingadmissionpolicies mutatingadmissionpolicybindings "
        "mutatingwebhookconfigurations validatingadmissionpolicies validatingadmissionpolicybindings "
        "validatingwebhookconfigurations",
        "apiextensions.k8s.io": "customresourcedefinitions",
        "apiregistration.k8s.io": "apiservices",
        "authentication.k8s.io": "selfsubjectreviews tokenreviews",
        "authorization.k8s.io": "selfsubjectaccessreviews selfsubjectrulesreviews subjectaccessreviews",
        "certificates.k8s.io": "certificatesigningrequests clustertrustbundles",
        "flowcontrol.apiserver.k8s.io": "flowschemas prioritylevelconfigurations",
        "networking.k8s.io": "ingressclasses ipaddresses servicecidrs",
        "node.k8s.io": "runtimeclasses",
        RBAC: "clusterroles clusterrolebindings",
        "resource.k8s.io": "deviceclasses resourceslices",
        "scheduling.k8s.io": "priorityclasses",
        "storage.k8s.io": "csidrivers csinodes storageclasses volumeattachments volumeattributesclasses",
    }
)
"""By API group, the resources of the whole cluster, which no role of a namespace gives."""

_ALL: Final = tuple(
    f"{resource}.{group}" if group else resource
    for group, resources in sorted(NAMESPACED.items())
    for resource in sorted(resources)
)


def is_of_the_cluster(group: str, resource: str) -> bool:
    """Tell whether a resource is known to lie in no namespace."""
    return resource in OF_THE_CLUSTER.get(group, ())


def is_unknown(group: str, resource: str) -> bool:
    """Tell whether a group that Kubernetes itself serves has no such resource."""
    served = group in NAMESPACED or group in OF_THE_CLUSTER
    return served and resource not in NAMESPACED.get(group, ()) and not is_of_the_cluster(group, resource)


def suggestion(group: str, resource: str) -> str | None:
    """Name what may have been meant by an unknown resource, with its group; None when nothing is near."""
    same = [known for known in _ALL if known.partition(".")[0] in (resource, f"{resource}s", f"{resource}es")]
    near = get_close_matches(f"{resource}.{group}" if group else resource, _ALL, n=1)
    return next(iter([*same, *near]), None)

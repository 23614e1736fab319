"""What a rule of RBAC enables beyond its words. Data for the rules about roles.

Sources: Kubernetes documentation, 'Role Based Access Control Good Practices: Kubernetes RBAC - privilege escalation
risks' and 'Using RBAC Authorization: Privilege escalation prevention and bootstrapping'; for pods that run commands,
Microsoft's 'Threat Matrix for Kubernetes', techniques MS-TA9006 and MS-TA9009.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

CORE: Final = ""
RBAC: Final = "rbac.authorization.k8s.io"

WRITES: Final = frozenset({"create", "update", "patch", "delete", "deletecollection"})
READS: Final = frozenset({"get", "list", "watch"})
EVERY_VERB: Final = READS | WRITES
"""The verbs that the API server serves for objects; special ones such as `bind` stand beside them."""

_CHANGES: Final = frozenset({"create", "update", "patch"})
_RBAC_OBJECTS: Final = frozenset({"roles", "clusterroles", "rolebindings", "clusterrolebindings"})


class Power(StrEnum):
    """What a permission can be misused for."""

    ESCALATION = "escalation"
    CREDENTIALS = "credentials"
    DATA = "data"
    ACCESS = "access"
    INFRASTRUCTURE = "infrastructure"


@dataclass(frozen=True, slots=True)
class Method:
    """Verbs on resources that give a power.

    Attributes:
        power: the power.
        groups: the API groups of the resources.
        resources: the resources, each as a role names it.
        verbs: any one of them suffices.
        what: what the holder can do with it.
        names: the objects on which it is dangerous even where the rule names its objects.
        only_named: it is dangerous on these alone.
    """

    power: Power
    groups: frozenset[str]
    resources: frozenset[str]
    verbs: frozenset[str]
    what: str
    names: frozenset[str] = frozenset()
    only_named: bool = False


def _of(
    power: Power,
    group: str,
    resources: str,
    verbs: str | frozenset[str],
    what: str,
    names: str = "",
    *,
    only_named: bool = False,
) -> Method:
    groups = frozenset(CORE if name == "core" else name for name in group.split())
    some = frozenset(verbs.split()) if isinstance(verbs, str) else verbs
    return Method(power, groups, frozenset(resources.split()), some, what, frozenset(names.split()), only_named)


_STRONG_ROLES: Final = "cluster-admin admin edit system:aggregate-to-admin system:aggregate-to-edit system:masters"
_STRONG_USERS: Final = (
    "system:masters cluster-admin admin kubernetes-admin system:admin system:kube-controller-manager "
    "system:kube-scheduler system:nodes system:serviceaccounts"
)
_WORKLOADS: Final = (
    _of(Power.ESCALATION, "core", "pods replicationcontrollers", _CHANGES, "runs pods as any account of the namespace"),
    _of(
        Power.ESCALATION,
        "apps extensions",
        "deployments daemonsets statefulsets replicasets",
        _CHANGES,
        "runs pods as any account of the namespace",
    ),
    _of(Power.ESCALATION, "batch", "jobs cronjobs", _CHANGES, "runs pods as any account of the namespace"),
)
_ESCALATIONS: Final = (
    _of(Power.ESCALATION, RBAC, " ".join(_RBAC_OBJECTS), "bind", "binds roles it does not hold", _STRONG_ROLES),
    _of(Power.ESCALATION, RBAC, " ".join(_RBAC_OBJECTS), "escalate", "widens roles beyond its own", _STRONG_ROLES),
    _of(Power.ESCALATION, RBAC, " ".join(_RBAC_OBJECTS), _CHANGES, "writes roles or their bindings"),
    _of(Power.ESCALATION, "core", "users groups serviceaccounts", "impersonate", "acts as others", _STRONG_USERS),
    _of(Power.ESCALATION, "authentication.k8s.io", "userextras userextras/* uids", "impersonate", "acts as others"),
    _of(Power.ESCALATION, "core", "secrets", READS, "reads tokens of service accounts"),
    _of(Power.ESCALATION, "core", "serviceaccounts/token", "create", "makes tokens of service accounts"),
    _of(Power.ESCALATION, "core", "pods/exec pods/attach", "create get", "runs commands in the pods of others"),
    _of(
        Power.ESCALATION, "core", "pods/ephemeralcontainers", "update patch create", "adds containers to pods of others"
    ),
    _of(Power.ESCALATION, "core", "nodes/proxy", "get create", "runs commands in every pod of a node"),
    _of(Power.ESCALATION, "core", "persistentvolumes", "create", "mounts the file system of nodes"),
    _of(Power.ESCALATION, "core", "namespaces", "update patch", "changes the security labels of namespaces"),
    _of(
        Power.ESCALATION,
        "core",
        "configmaps",
        "update patch",
        "maps AWS roles to groups of the cluster",
        "aws-auth",
        only_named=True,
    ),
    _of(
        Power.ESCALATION,
        "admissionregistration.k8s.io",
        "mutatingwebhookconfigurations validatingwebhookconfigurations mutatingadmissionpolicies",
        _CHANGES,
        "sees and changes what others create",
    ),
    *_WORKLOADS,
)
_CREDENTIALS: Final = (
    _of(Power.CREDENTIALS, "core", "secrets", READS, "returns every secret"),
    _of(Power.CREDENTIALS, "core", "serviceaccounts/token", "create", "makes tokens of service accounts"),
)
_DATA: Final = (_of(Power.DATA, "core", "secrets", READS, "returns every secret"),)
_ACCESS: Final = (_of(Power.ACCESS, RBAC, " ".join(_RBAC_OBJECTS), WRITES, "changes who may do what"),)
_INFRASTRUCTURE: Final = tuple(
    _of(Power.INFRASTRUCTURE, group, resources, WRITES, "changes the infrastructure of every namespace")
    for group, resources in (
        (
            "core",
            "configmaps endpoints limitranges namespaces nodes persistentvolumeclaims persistentvolumes pods "
            "podtemplates replicationcontrollers resourcequotas secrets serviceaccounts services services/status",
        ),
        (
            "apps extensions",
            "controllerrevisions daemonsets deployments ingresses networkpolicies replicasets statefulsets",
        ),
        ("batch", "cronjobs jobs"),
        ("autoscaling", "horizontalpodautoscalers"),
        ("networking.k8s.io", "ingressclasses ingresses networkpolicies"),
        ("discovery.k8s.io", "endpointslices"),
        ("policy", "poddisruptionbudgets podsecuritypolicies"),
        ("storage.k8s.io", "csidrivers csinodes storageclasses volumeattachments"),
        ("scheduling.k8s.io", "priorityclasses"),
        ("node.k8s.io", "runtimeclasses"),
        ("apiextensions.k8s.io", "customresourcedefinitions"),
        ("apiregistration.k8s.io", "apiservices"),
        (
            "admissionregistration.k8s.io",
            "mutatingwebhookconfigurations validatingadmissionpolicies validatingadmissionpolicybindings "
            "validatingwebhookconfigurations",
        ),
    )
)
METHODS: Final = (*_ESCALATIONS, *_CREDENTIALS, *_DATA, *_ACCESS, *_INFRASTRUCTURE)

"""Curated intents on Kubernetes: for one job, the least verbs on resources of one namespace, by name where it can be.

None binds, escalates, impersonates, lists secrets, makes tokens or reaches into pods. To deploy is none of them: who
changes a workload's template runs whatever code as any account of the namespace. Sources: Kubernetes documentation,
'Using RBAC Authorization', 'Role Based Access Control Good Practices', 'Leases'; API reference, `Scale` and `Event`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from nhi_components.core.intents import Intent, Parameter, Part, Shape
from nhi_components.core.kubernetes_grant import NAMESPACE_NAME, OBJECT_NAME

_NAMESPACE: Final = Parameter(
    "namespace", Shape("the name of one namespace", NAMESPACE_NAME, "shop"), "where it is", required=True
)
_LOOK: Final = ("get", "list", "watch")
_FIELD: Final = "A client lists and watches it by the field selector `metadata.name=…` alone."


def _named(what: str, example: str) -> Shape:
    return Shape(f"the name of one {what}", OBJECT_NAME, example)


def _on_one(
    name: str,
    resource: str,
    verbs: tuple[str, ...],
    what: tuple[str, str],
    purpose: str,
    excludes: str,
    notes: str = "",
) -> Intent:
    parts = (Part(verbs, (f"{{namespace}}/{resource}/{{target}}",)),)
    return Intent(name, purpose, excludes, _named(*what), parts, (_NAMESPACE,), notes)


def _on_all(name: str, resources: str, purpose: str, excludes: str, notes: str = "") -> Intent:
    on = tuple(f"{{namespace}}/{resource}" for resource in resources.split())
    return Intent(name, purpose, excludes, None, (Part(_LOOK, on),), (_NAMESPACE,), notes)


_ALL: Final = (
    _on_one(
        "configmaps.read",
        "configmaps",
        ("get",),
        ("ConfigMap", "rates"),
        "Read one ConfigMap.",
        "No other can be read, none be listed or watched, and it not be changed or deleted.",
    ),
    _on_one(
        "configmaps.watch",
        "configmaps",
        _LOOK,
        ("ConfigMap", "rates"),
        "Read one ConfigMap, and be told when it changes.",
        "No other can be read, listed or watched, and it not be changed or deleted.",
        _FIELD,
    ),
    _on_one(
        "configmaps.update",
        "configmaps",
        ("get", "update", "patch"),
        ("ConfigMap", "rates"),
        "Read and change one ConfigMap that is there.",
        "None can be made or deleted, and no other be read or changed.",
    ),
    _on_one(
        "secrets.read",
        "secrets",
        ("get",),
        ("Secret", "orders-database"),
        "Read one Secret.",
        "No other can be read, none be listed or watched, which would return the values, and it not be changed.",
    ),
    _on_all(
        "pods.watch",
        "pods",
        "List and watch the pods of a namespace.",
        "No log can be read, no command be run, no pod be attached to, forwarded to, made, changed, evicted or "
        "deleted. What stands as plain text in a pod's environment is seen.",
    ),
    Intent(
        "pods.read_logs",
        "Read the logs of the pods of a namespace whose names are known.",
        "Pods can't be read or listed, no command be run, and none be attached to.",
        None,
        (Part(("get",), ("{namespace}/pods/*/log",)),),
        (_NAMESPACE,),
        "With `pods.watch` the names are found.",
    ),
    _on_all(
        "services.watch",
        "services endpointslices.discovery.k8s.io",
        "List and watch the Services of a namespace and where they lead.",
        "None can be made, changed or deleted, and no pod be reached through the API server.",
    ),
    _on_all(
        "jobs.watch",
        "jobs.batch",
        "List and watch the Jobs of a namespace.",
        "None can be made, changed, suspended or deleted, and no pod of theirs be read.",
    ),
    _on_all(
        "deployments.watch",
        "deployments.apps",
        "List and watch the Deployments of a namespace.",
        "None can be made, changed, scaled, restarted or deleted. What stands as plain text in the environment of "
        "their pods is seen.",
    ),
    Intent(
        "deployments.scale",
        "Read and change how many pods one Deployment has.",
        "Its template can't be read or changed, it not be deleted, and no other be scaled.",
        _named("Deployment", "orders"),
        (Part(("get", "update", "patch"), ("{namespace}/deployments.apps/{target}/scale",)),),
        (_NAMESPACE,),
    ),
    Intent(
        "leases.manage",
        "Take part in the election of a leader by one Lease, and make that Lease where there is none.",
        "No other can be read or changed, none be listed or deleted. RBAC can't limit making by name, so any Lease "
        "that is not there can be made.",
        _named("Lease", "orders-leader"),
        (
            Part(("get", "update", "patch"), ("{namespace}/leases.coordination.k8s.io/{target}",)),
            Part(("create",), ("{namespace}/leases.coordination.k8s.io",)),
        ),
        (_NAMESPACE,),
    ),
    Intent(
        "events.record",
        "Record events about objects of a namespace.",
        "None can be read, listed or deleted.",
        None,
        (Part(("create", "patch"), ("{namespace}/events", "{namespace}/events.events.k8s.io")),),
        (_NAMESPACE,),
        "Patching counts an event that recurs; which one can't be limited.",
    ),
)

KUBERNETES_INTENTS: Final[Mapping[str, Intent]] = MappingProxyType({intent.id: intent for intent in _ALL})
"""Every intent on Kubernetes by its id."""

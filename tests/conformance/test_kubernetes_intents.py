"""What each intent lets do and what not, tried as a service account that has nothing else: RBAC by the double."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from kubernetes import client

from nhi_components.core.intents import Intent, grants_of
from nhi_components.core.kubernetes_grant import rules_needed
from nhi_components.core.kubernetes_intents import KUBERNETES_INTENTS
from tests.conformance.kubernetes_world import SHOP, KubernetesWorld, allowed

Trial = Callable[["Apis"], Any]
LABELS = {"app": "orders"}
DEPLOYED = {
    "replicas": 1,
    "selector": {"matchLabels": LABELS},
    "template": {"metadata": {"labels": LABELS}, "spec": {"containers": [{"name": "api", "image": "api:1"}]}},
}
VIEW = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}
ONE, OTHER, ELSEWHERE = "orders", "other", "billing"


class Apis:
    """The client's parts, for one token."""

    def __init__(self, api: Any) -> None:
        self.core, self.apps, self.batch = client.CoreV1Api(api), client.AppsV1Api(api), client.BatchV1Api(api)
        self.leases, self.slices = client.CoordinationV1Api(api), client.DiscoveryV1Api(api)
        self.events, self.rbac = client.EventsV1Api(api), client.RbacAuthorizationV1Api(api)


def only(name: str) -> dict[str, str]:
    return {"field_selector": f"metadata.name={name}"}


def event(name: str) -> dict[str, Any]:
    return {"metadata": {"name": name}, "involvedObject": {"kind": "Pod", "name": ONE}}


MAY: dict[str, list[Trial]] = {
    "configmaps.read": [lambda a: a.core.read_namespaced_config_map(ONE, SHOP)],
    "configmaps.watch": [
        lambda a: a.core.read_namespaced_config_map(ONE, SHOP),
        lambda a: a.core.list_namespaced_config_map(SHOP, **only(ONE)),
        lambda a: a.core.list_namespaced_config_map(SHOP, watch=True, _preload_content=False, **only(ONE)),
    ],
    "configmaps.update": [
        lambda a: a.core.read_namespaced_config_map(ONE, SHOP),
        lambda a: a.core.patch_namespaced_config_map(ONE, SHOP, {"data": {"a": "2"}}),
        lambda a: a.core.replace_namespaced_config_map(ONE, SHOP, {"metadata": {"name": ONE}}),
    ],
    "secrets.read": [lambda a: a.core.read_namespaced_secret(ONE, SHOP)],
    "pods.watch": [
        lambda a: a.core.list_namespaced_pod(SHOP),
        lambda a: a.core.read_namespaced_pod(ONE, SHOP),
        lambda a: a.core.list_namespaced_pod(SHOP, watch=True, _preload_content=False),
    ],
    "pods.read_logs": [
        lambda a: a.core.read_namespaced_pod_log(ONE, SHOP),
        lambda a: a.core.read_namespaced_pod_log(OTHER, SHOP),
    ],
    "services.watch": [
        lambda a: a.core.list_namespaced_service(SHOP),
        lambda a: a.slices.list_namespaced_endpoint_slice(SHOP),
    ],
    "jobs.watch": [lambda a: a.batch.list_namespaced_job(SHOP)],
    "deployments.watch": [lambda a: a.apps.list_namespaced_deployment(SHOP)],
    "deployments.scale": [
        lambda a: a.apps.read_namespaced_deployment_scale(ONE, SHOP),
        lambda a: a.apps.patch_namespaced_deployment_scale(ONE, SHOP, {"spec": {"replicas": 2}}),
    ],
    "leases.manage": [
        lambda a: a.leases.read_namespaced_lease(ONE, SHOP),
        lambda a: a.leases.patch_namespaced_lease(ONE, SHOP, {"spec": {"holderIdentity": "me"}}),
        lambda a: a.leases.create_namespaced_lease(SHOP, {"metadata": {"name": "fresh"}}),
    ],
    "events.record": [
        lambda a: a.core.create_namespaced_event(SHOP, event("fresh")),
        lambda a: a.core.patch_namespaced_event("seen", SHOP, {"count": 2}),
    ],
}
"""By intent, what it lets do."""

BEYOND: dict[str, list[Trial]] = {
    "configmaps.read": [
        lambda a: a.core.list_namespaced_config_map(SHOP, **only(ONE)),
        lambda a: a.core.patch_namespaced_config_map(ONE, SHOP, {"data": {"a": "2"}}),
    ],
    "configmaps.watch": [
        lambda a: a.core.list_namespaced_config_map(SHOP),
        lambda a: a.core.patch_namespaced_config_map(ONE, SHOP, {"data": {"a": "2"}}),
    ],
    "configmaps.update": [
        lambda a: a.core.create_namespaced_config_map(SHOP, {"metadata": {"name": "fresh"}}),
        lambda a: a.core.delete_namespaced_config_map(ONE, SHOP),
        lambda a: a.core.list_namespaced_config_map(SHOP, **only(ONE)),
    ],
    "secrets.read": [
        lambda a: a.core.list_namespaced_secret(SHOP),
        lambda a: a.core.list_namespaced_secret(SHOP, **only(ONE)),
        lambda a: a.core.patch_namespaced_secret(ONE, SHOP, {"data": {}}),
    ],
    "pods.watch": [
        lambda a: a.core.read_namespaced_pod_log(ONE, SHOP),
        lambda a: a.core.create_namespaced_pod(SHOP, {"metadata": {"name": "fresh"}}),
        lambda a: a.core.delete_namespaced_pod(ONE, SHOP),
        lambda a: a.core.create_namespaced_pod_eviction(ONE, SHOP, {"metadata": {"name": ONE}}),
    ],
    "pods.read_logs": [lambda a: a.core.read_namespaced_pod(ONE, SHOP), lambda a: a.core.list_namespaced_pod(SHOP)],
    "services.watch": [
        lambda a: a.core.delete_namespaced_service(ONE, SHOP),
        lambda a: a.core.connect_get_namespaced_service_proxy(ONE, SHOP),
    ],
    "jobs.watch": [
        lambda a: a.batch.delete_namespaced_job(ONE, SHOP),
        lambda a: a.core.list_namespaced_pod(SHOP),
    ],
    "deployments.watch": [
        lambda a: a.apps.patch_namespaced_deployment(ONE, SHOP, {"spec": {}}),
        lambda a: a.apps.patch_namespaced_deployment_scale(ONE, SHOP, {"spec": {"replicas": 2}}),
    ],
    "deployments.scale": [
        lambda a: a.apps.patch_namespaced_deployment_scale(OTHER, SHOP, {"spec": {"replicas": 2}}),
        lambda a: a.apps.read_namespaced_deployment(ONE, SHOP),
        lambda a: a.apps.patch_namespaced_deployment(ONE, SHOP, {"spec": {}}),
    ],
    "leases.manage": [
        lambda a: a.leases.delete_namespaced_lease(ONE, SHOP),
        lambda a: a.leases.patch_namespaced_lease(OTHER, SHOP, {"spec": {}}),
        lambda a: a.leases.list_namespaced_lease(SHOP),
    ],
    "events.record": [
        lambda a: a.core.list_namespaced_event(SHOP),
        lambda a: a.core.delete_namespaced_event("seen", SHOP),
    ],
}
"""By intent, what is near and not let do."""

NEVER: list[Trial] = [
    lambda a: a.core.list_namespaced_secret(SHOP),
    lambda a: a.core.read_namespaced_secret(OTHER, SHOP),
    lambda a: a.core.create_namespaced_service_account_token(ONE, SHOP, {"spec": {}}),
    lambda a: a.core.connect_post_namespaced_pod_exec(ONE, SHOP, command=["id"]),
    lambda a: a.core.read_namespaced_config_map(OTHER, SHOP),
    lambda a: a.core.read_namespaced_config_map(ONE, ELSEWHERE),
    lambda a: a.core.list_namespaced_pod(ELSEWHERE),
    lambda a: a.rbac.create_namespaced_role_binding(SHOP, {"metadata": {"name": "mine"}, "roleRef": VIEW}),
    lambda a: a.rbac.patch_namespaced_role(ONE, SHOP, {"rules": []}),
    lambda a: a.core.create_namespaced_pod(SHOP, {"metadata": {"name": "fresh"}}),
]
"""What no intent lets do."""


@pytest.fixture
def world(kubernetes_world: KubernetesWorld) -> KubernetesWorld:
    cluster = kubernetes_world.cluster
    cluster.add_namespace(ELSEWHERE)
    for namespace in (SHOP, ELSEWHERE):
        for name in (ONE, OTHER):
            for kinds in ("configmaps", "secrets", "pods", "services", "jobs", "leases"):
                cluster.put(kinds, namespace, name, {})
            cluster.put("endpointslices", namespace, name, {"addressType": "IPv4", "endpoints": []})
            cluster.put("deployments", namespace, name, {"spec": DEPLOYED})
            cluster.put("serviceaccounts", namespace, name, {})
    cluster.put("events", SHOP, "seen", event("seen"))
    return kubernetes_world


def holder(world: KubernetesWorld, intent: Intent) -> Apis:
    """Somebody who has what the intent grants, and nothing else."""
    grants = grants_of(intent, ONE if intent.target else None, {"namespace": SHOP})
    rules = [rule.written() for rule in rules_needed(grants)[SHOP]]
    world.cluster.put("serviceaccounts", SHOP, "holder", {})
    world.cluster.put("roles", SHOP, "holder", {"rules": rules})
    subjects = [{"kind": "ServiceAccount", "name": "holder", "namespace": SHOP}]
    world.cluster.put(
        "rolebindings", SHOP, "holder", {"roleRef": {"kind": "Role", "name": "holder"}, "subjects": subjects}
    )
    token = world.core.create_namespaced_service_account_token("holder", SHOP, {"spec": {}}).status.token
    return Apis(world.api(token))


def test_every_intent_is_tried() -> None:
    assert set(MAY) == set(BEYOND) == set(KUBERNETES_INTENTS)


@pytest.mark.parametrize("intent", KUBERNETES_INTENTS.values(), ids=KUBERNETES_INTENTS)
def test_it_lets_do_its_job_and_nothing_near(intent: Intent, world: KubernetesWorld) -> None:
    apis = holder(world, intent)
    assert [allowed(trial, apis) for trial in MAY[intent.id]] == [True] * len(MAY[intent.id])
    assert [allowed(trial, apis) for trial in BEYOND[intent.id]] == [False] * len(BEYOND[intent.id])
    assert [allowed(trial, apis) for trial in NEVER] == [False] * len(NEVER)

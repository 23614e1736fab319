"""Kubernetes for the suite of retirements: a double of the API server, on which RBAC decides."""

from __future__ import annotations

import copy
import secrets
from collections.abc import Callable
from typing import Any

from kubernetes import client, config

from nhi_components.core.connection import KubernetesConnection
from nhi_components.core.links import LinkKind, System
from nhi_components.lifecycle.adapters.kubernetes.retirement import Retirement
from nhi_components.lifecycle.decommission.ports import Target
from tests.conformance.decommission.world import Planted
from tests.conformance.discovery.kubernetes_world import SHOP, KubernetesDiscoveryWorld, everything, subject, user
from tests.conformance.kubernetes_world import READS, allowed
from tests.conformance.world import now

KIND = LinkKind.KUBERNETES_SERVICE_ACCOUNT
_CHANGING = ("resourceVersion", "managedFields", "generation")


class KubernetesRetirementWorld:
    """A cluster that the suite owns, with a ConfigMap to read."""

    def __init__(self, found: KubernetesDiscoveryWorld) -> None:
        self.found, self.cluster, self.secrets = found, found.cluster, found.secrets
        self.cluster.put("configmaps", SHOP, "rates", {"data": {"eur": "1"}})
        self.cluster.put("clusterroles", "", "everything", {"rules": [everything()]})
        found.bind("clusterrolebindings", "", "dana", ("ClusterRole", "everything"), user("dana"))

    def plant(self, kind: str = KIND) -> Planted:
        name = f"orders-{secrets.token_hex(3)}"
        self.found.account(name, {"team": "payments"}, {"purpose": "orders"})
        self.found.token_secret(f"{name}-token", name, {})
        self.cluster.put("roles", SHOP, name, {"rules": [READS]})
        self.cluster.put("clusterroles", "", name, {"rules": [READS]})
        self.bind("rolebindings", SHOP, f"{name}-own", ("Role", name), [subject(name)])
        both = [user("ann"), user(f"system:serviceaccount:{SHOP}:{name}"), user("bob")]
        self.bind("clusterrolebindings", "", name, ("ClusterRole", name), both)
        self.bind("rolebindings", SHOP, f"{name}-others", ("Role", name), [subject("other")])
        metadata = self.cluster.objects["serviceaccounts", SHOP, name]["metadata"]
        token, _ = self.cluster.tokens.request(self.cluster.objects["serviceaccounts", SHOP, name], {})
        self.secrets.append(token)
        core = client.CoreV1Api(config.new_client_from_config(self.found.kubeconfig(token)))
        target = Target(
            self.found.key(f":{SHOP}/{name}"),
            metadata["uid"],
            System.KUBERNETES,
            self.found.place,
            KIND,
            f"{SHOP}/{name}",
        )
        return Planted(
            target,
            lambda: allowed(core.read_namespaced_config_map, "rates", SHOP),
            lambda: self.documents(name),
            lambda: self._left(name),
        )

    def plant_guarded(self) -> Target:
        made = self.found.account("replicaset-controller", namespace="kube-system")
        key, name = self.found.key(":kube-system/replicaset-controller"), "kube-system/replicaset-controller"
        return Target(key, made["metadata"]["uid"], System.KUBERNETES, self.found.place, KIND, name)

    def add_dependent(self, planted: Planted) -> str:
        name = planted.target.name.partition("/")[2]
        spec = {"serviceAccountName": name, "containers": []}
        self.cluster.put("deployments", SHOP, name, {"spec": {"template": {"spec": spec}}})
        return f"deployment {self.found.key(f' deployment:{SHOP}/{name}')}"

    def replace(self, planted: Planted) -> Callable[[], Any]:
        name = planted.target.name.partition("/")[2]
        self.cluster.remove(("serviceaccounts", SHOP, name))
        self.found.account(name)
        return lambda: self.documents(name)

    def retirement(self) -> Retirement:
        return self.retirement_with(self.found.operator)

    def retirement_of_nobody(self) -> Retirement:
        return self.retirement_with("a-token-of-nobody")

    def retirement_with(self, token: str) -> Retirement:
        """A retirement by whoever has a token."""
        self.secrets.append(token)
        return Retirement("default", KubernetesConnection(kubeconfig=self.found.kubeconfig(token)), now)

    def bind(
        self, kinds: str, namespace: str, name: str, role: tuple[str, str], subjects: list[dict[str, str]]
    ) -> None:
        """Bind several at once."""
        self.cluster.put(kinds, namespace, name, {"roleRef": {"kind": role[0], "name": role[1]}, "subjects": subjects})

    def documents(self, name: str) -> Any:
        """The account, its token Secrets and the bindings about it, without what counts changes."""
        kept = {
            key: copy.deepcopy(each)
            for key, each in self.cluster.objects.items()
            if key[0] in ("serviceaccounts", "secrets", "rolebindings", "clusterrolebindings") and name in key[2]
        }
        for each in kept.values():
            for field in _CHANGING:
                each["metadata"].pop(field, None)
        return kept

    def _left(self, name: str) -> list[str]:
        named = [each for key, each in self.cluster.objects.items() if "bindings" in key[0]]
        subjects = [each for binding in named for each in binding.get("subjects") or ()]
        own = [each for each in subjects if each["name"] in (name, f"system:serviceaccount:{SHOP}:{name}")]
        kinds = ("serviceaccounts", "secrets")
        return [str(key) for key in self.cluster.objects if key[0] in kinds and name in key[2]] + [str(e) for e in own]

"""Kubernetes for the suite of discoveries: a double of the API server, on which RBAC decides who may list what."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from nhi_components.core.connection import KubernetesConnection
from nhi_components.core.inventory.records import (
    FoundCarrier,
    FoundCredential,
    FoundDependent,
    FoundGrant,
    FoundStep,
    Record,
    Use,
)
from nhi_components.lifecycle.adapters.kubernetes.discovery import Discovery
from nhi_components.lifecycle.adapters.kubernetes.discovery_policy import TRACKING
from tests.conformance.discovery.world import Planted
from tests.conformance.world import now
from tools.doubles.kubernetes import KubernetesDouble
from tools.doubles.messages import Answer

SHOP = "shop"
RBAC = "rbac.authorization.k8s.io"
READERS = "readers"
ROLE_ARN = "arn:aws:iam::111111111111:role/orders"
CLIENT = "4a0b6c7d-0000-0000-0000-000000000001"
SELF_REVIEW = "/selfsubjectreviews"


class KubernetesDiscoveryWorld:
    """A cluster that the suite owns.

    Attributes:
        sent: what the server has answered, as text.
    """

    def __init__(self, double: KubernetesDouble, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.double, self.cluster = double, double.cluster
        self._folder = folder
        for namespace in (SHOP, READERS):
            self.cluster.add_namespace(namespace)
        self.operator = double.grant(secrets.token_urlsafe(24), "dana")
        self.secrets = [self.operator]
        self.sent: list[str] = []
        respond = double.respond

        def noted(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
            answer = respond(method, target, headers, body)
            self.sent.append(answer.encoded()[0].decode())
            return answer

        monkeypatch.setattr(double, "respond", noted)

    @property
    def place(self) -> str:
        return self.cluster.namespaces["kube-system"]

    def key(self, rest: str) -> str:
        return f"{self.place}: kubernetes{rest}"

    def plant(self) -> Planted:
        name = f"orders-{secrets.token_hex(3)}"
        made = self.account(
            name,
            {"team": "payments"},
            {
                "eks.amazonaws.com/role-arn": ROLE_ARN,
                "iam.gke.io/gcp-service-account": "orders@shop.iam.gserviceaccount.com",
                "azure.workload.identity/client-id": CLIENT,
            },
        )
        token = self.token_secret(f"{name}-token", name, {"kubernetes.io/legacy-token-last-used": "2024-11-02"})
        self.cluster.put("configmaps", "kube-system", TRACKING, {"data": {"since": "2024-01-01"}})
        account = self.key(f":{SHOP}/{name}")
        created = datetime.fromisoformat(token["metadata"]["creationTimestamp"])
        use = Use(datetime(2024, 11, 3, tzinfo=UTC), watched_since=datetime(2024, 1, 2, tzinfo=UTC))
        return Planted(
            {account: made["metadata"]["uid"]},
            [
                FoundCredential(account, "token-secret", f"{SHOP}/{name}-token", created, use=use),
                FoundCarrier(account, self.key(f" group:system:serviceaccounts:{SHOP}"), "kubernetes-group"),
                FoundStep(account, ROLE_ARN, "federate"),
                FoundStep(account, "serviceAccount:orders@shop.iam.gserviceaccount.com", "federate"),
                FoundStep(account, CLIENT, "federate"),
                *self._granted(name, account),
                *self._running(name, account),
            ],
        )

    def _granted(self, name: str, account: str) -> list[Record]:
        """A role of the namespace, and one of the cluster that holds in the namespace only, and everywhere for dana."""
        named = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"], "resourceNames": ["rates"]}
        scaled = {"apiGroups": ["apps"], "resources": ["deployments/scale"], "verbs": ["update", "patch"]}
        self.cluster.put("roles", SHOP, name, {"rules": [named, scaled]})
        self.cluster.put("clusterroles", "", name, {"rules": [everything()]})
        self.bind("rolebindings", SHOP, f"{name}-own", ("Role", name), subject(name))
        self.bind("rolebindings", SHOP, name, ("ClusterRole", name), user(f"system:serviceaccount:{SHOP}:{name}"))
        self.bind("clusterrolebindings", "", name, ("ClusterRole", name), user("dana"))
        role, whole = self.key(f" role:{SHOP}/{name}"), self.key(f" clusterrole:{name}")
        own, here = self.key(f" rolebinding:{SHOP}/{name}-own"), self.key(f" rolebinding:{SHOP}/{name}")
        everywhere = self.key(f" clusterrolebinding:{name}")
        return [
            FoundGrant(role, "get", "configmaps rates", via=name),
            FoundGrant(role, "patch", "deployments.apps/scale", via=name),
            FoundGrant(whole, "*", "*.*", via=name),
            FoundCarrier(account, own, "kubernetes-role-binding"),
            FoundCarrier(own, role, "kubernetes-role"),
            FoundCarrier(account, here, "kubernetes-role-binding"),
            FoundCarrier(here, whole, "kubernetes-cluster-role"),
            FoundCarrier(self.key(" user:dana"), everywhere, "kubernetes-cluster-role-binding"),
            FoundCarrier(everywhere, whole, "kubernetes-cluster-role"),
        ]

    def _running(self, name: str, account: str) -> list[Record]:
        """One of each that runs pods, and a pod by itself; an environment variable holds a password."""
        self.secrets.append("hunter2-of-a-pod")
        spec = {"serviceAccountName": name, "containers": [{"env": [{"name": "P", "value": "hunter2-of-a-pod"}]}]}
        template = {"template": {"spec": spec}}
        bodies = {
            "pods": spec,
            "cronjobs": {"jobTemplate": {"spec": template}},
            **dict.fromkeys(
                ("deployments", "daemonsets", "statefulsets", "replicasets", "replicationcontrollers", "jobs"), template
            ),
        }
        for kinds, body in bodies.items():
            self.cluster.put(kinds, SHOP, name, {"spec": body})
        singular = [kinds.removesuffix("s") for kinds in bodies]
        return [FoundDependent(account, kind, self.key(f" {kind}:{SHOP}/{name}")) for kind in singular]

    def account(
        self, name: str, labels: Mapping[str, str] = {}, annotations: Mapping[str, str] = {}, namespace: str = SHOP
    ) -> dict[str, Any]:
        metadata = {"labels": dict(labels), "annotations": dict(annotations)}
        return self.cluster.put("serviceaccounts", namespace, name, {"metadata": metadata})

    def token_secret(self, name: str, account: str, labels: Mapping[str, str]) -> dict[str, Any]:
        """A Secret with a token that never ends."""
        annotations = {"kubernetes.io/service-account.name": account}
        body = {
            "type": "kubernetes.io/service-account-token",
            "metadata": {"labels": dict(labels), "annotations": annotations},
        }
        made = self.cluster.put("secrets", SHOP, name, body)
        self.secrets += [made["data"]["token"], base64.b64decode(made["data"]["token"]).decode()]
        return made

    def bind(self, kinds: str, namespace: str, name: str, role: tuple[str, str], subject: dict[str, str]) -> None:
        body = {"roleRef": {"kind": role[0], "name": role[1]}, "subjects": [subject]}
        self.cluster.put(kinds, namespace, name, body)

    def changed(self) -> list[str]:
        return [
            f"{each.method} {each.target}"
            for each in self.double.log
            if each.method != "GET" and not each.target.endswith(SELF_REVIEW)
        ]

    def discovery(self, *, everywhere: bool = False) -> Discovery:
        return self.discovery_with(self.operator)

    def permissions_in(self, policy: str) -> set[str]:
        role = yaml.safe_load(policy)
        assert (role["apiVersion"], role["kind"]) == (f"{RBAC}/v1", "ClusterRole")
        return {permission for rule in role["rules"] for permission in permissions_of(rule)}

    def discovery_of(self, permissions: Iterable[str]) -> Discovery:
        name = f"reader-{secrets.token_hex(3)}"
        made = self.account(name, namespace=READERS)
        self.cluster.put("clusterroles", "", name, {"rules": [rule_of(each) for each in permissions]})
        self.bind("clusterrolebindings", "", name, ("ClusterRole", name), subject(name, READERS))
        token, _ = self.cluster.tokens.request(made, {})
        return self.discovery_with(token)

    def discovery_of_nobody(self) -> Discovery:
        return self.discovery_with("a-token-of-nobody")

    def discovery_with(self, token: str) -> Discovery:
        """A discovery by whoever has a token."""
        self.secrets.append(token)
        return Discovery("default", KubernetesConnection(kubeconfig=self.kubeconfig(token)), now)

    def kubeconfig(self, token: str) -> str:
        file = self._folder / f"{secrets.token_hex(4)}.config"
        file.write_text(self.double.kubeconfig(token))
        return str(file)


def everything() -> dict[str, list[str]]:
    return {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}


def subject(name: str, namespace: str = SHOP) -> dict[str, str]:
    return {"kind": "ServiceAccount", "name": name, "namespace": namespace}


def user(name: str) -> dict[str, str]:
    return {"kind": "User", "name": name}


def rule_of(permission: str) -> dict[str, list[str]]:
    verb, resource, *names = permission.split()
    kinds, _, group = resource.partition(".")
    return {"apiGroups": [group], "resources": [kinds], "verbs": [verb], "resourceNames": names}


def permissions_of(rule: Mapping[str, list[str]]) -> set[str]:
    names = [f" {name}" for name in rule.get("resourceNames", [])] or [""]
    resources = [f"{each}.{group}" if group else each for group in rule["apiGroups"] for each in rule["resources"]]
    return {f"{verb} {resource}{name}" for verb in rule["verbs"] for resource in resources for name in names}

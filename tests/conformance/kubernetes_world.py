"""Kubernetes for the conformance suite: a double of the API server, used through Kubernetes' own client."""

from __future__ import annotations

import secrets
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client, config
from kubernetes.client.exceptions import ApiException

from nhi_components.core.connection import KubernetesConnection
from nhi_components.core.kubernetes_links import ACCOUNT, NAMESPACE, ROLE
from nhi_components.core.kubernetes_marks import marks
from nhi_components.core.lease_id import name_of
from nhi_components.core.links import Link, LinkKind, System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters import open_adapter
from nhi_components.lifecycle.adapters.kubernetes.account_session import AccountSession
from nhi_components.lifecycle.ports import Canary, SystemAdapter
from tests.conformance.world import Works, now
from tools.doubles.kubernetes import KubernetesDouble

SHOP = "shop"
OPERATOR = "system:serviceaccount:ops:deployer"
READS = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"], "resourceNames": ["rates"]}
REFUSALS = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}


class KubernetesWorld:
    """A cluster that the suite owns, with one namespace and a ConfigMap to read."""

    system = System.KUBERNETES
    principal = LinkKind.KUBERNETES_SERVICE_ACCOUNT

    def __init__(self, double: KubernetesDouble, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.double, self._folder, self._environment = double, folder, monkeypatch
        self.cluster = double.cluster
        self.cluster.add_namespace(SHOP)
        self.cluster.put("configmaps", SHOP, "rates", {"data": {"eur": "1"}})
        token = double.grant(secrets.token_urlsafe(24), OPERATOR)
        self.credentials = [token]
        monkeypatch.setenv("KUBECONFIG", str(self.kubeconfig(token)))
        self.core, self.rbac = client.CoreV1Api(self.api(token)), client.RbacAuthorizationV1Api(self.api(token))

    def kubeconfig(self, token: str) -> Path:
        file = self._folder / f"{secrets.token_hex(4)}.config"
        file.write_text(self.double.kubeconfig(token))
        return file

    def api(self, token: str) -> Any:
        """A client that speaks with a token."""
        return config.new_client_from_config(str(self.kubeconfig(token)))

    def adapter(self) -> SystemAdapter:
        return open_adapter(System.KUBERNETES, "default", KubernetesConnection())

    def wrong_adapter(self) -> SystemAdapter:
        self._environment.setenv("KUBECONFIG", str(self.kubeconfig("a-token-of-nobody")))
        self.credentials.append("a-token-of-nobody")
        return self.adapter()

    def create(self, tags: LeaseTags) -> list[Link]:
        name, place = physical(tags), {NAMESPACE: SHOP}
        metadata = {"name": name, **marks(tags)}
        subject = {"kind": "ServiceAccount", "name": name, "namespace": SHOP}
        reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name}
        self.core.create_namespaced_service_account(SHOP, {"metadata": metadata})
        self.rbac.create_namespaced_role(SHOP, {"metadata": metadata, "rules": [READS]})
        body = {"metadata": metadata, "roleRef": reference, "subjects": [subject]}
        self.rbac.create_namespaced_role_binding(SHOP, body)
        whose = {**place, ACCOUNT: f"{SHOP}/{name}", ROLE: name}
        kinds = LinkKind.KUBERNETES_SERVICE_ACCOUNT, LinkKind.KUBERNETES_ROLE, LinkKind.KUBERNETES_ROLE_BINDING
        return [
            Link(System.KUBERNETES, kind, f"{SHOP}/{name}", attributes=attributes)
            for kind, attributes in zip(kinds, (place, place, whose), strict=True)
        ]

    def token(self, tags: LeaseTags, audience: str | None = None) -> str:
        """A token of the account, as a pod gets it projected."""
        spec = {"expirationSeconds": 3600, **({"audiences": [audience]} if audience else {})}
        requested = self.core.create_namespaced_service_account_token(physical(tags), SHOP, {"spec": spec})
        self.credentials.append(requested.status.token)
        return str(requested.status.token)

    def open_session(self, tags: LeaseTags) -> Works:
        """Read the ConfigMap with a new token."""
        core = client.CoreV1Api(self.api(self.token(tags)))

        def works() -> bool:
            return allowed(core.read_namespaced_config_map, "rates", SHOP)

        if not works():
            raise PermissionError("denied: the account may not read the ConfigMap")
        return works

    def open_canary(self, tags: LeaseTags, link: Link) -> Canary:
        token, account = self.token(tags), self.account(tags)
        asked = {"namespace": SHOP, "verb": "get", "group": "", "resource": "configmaps", "name": "rates"}
        subject, ends = f"system:serviceaccount:{SHOP}:{physical(tags)}", now() + timedelta(hours=1)
        uid = account["metadata"]["uid"]
        return Canary(link, now(), AccountSession("default", subject, uid, ends, asked, self.api(token)))

    def account(self, tags: LeaseTags) -> dict[str, Any]:
        return self.cluster.objects["serviceaccounts", SHOP, physical(tags)]

    def add_extras(self, tags: LeaseTags) -> set[LinkKind]:
        """A binding of a ClusterRole to the account, one of the cluster, and a Secret with a token without an end."""
        name = physical(tags)
        subjects = [{"kind": "ServiceAccount", "name": name, "namespace": SHOP}]
        view = {"kind": "ClusterRole", "name": "view"}
        self.cluster.put("rolebindings", SHOP, f"by-hand-{name}", {"roleRef": view, "subjects": subjects})
        as_user = [{"kind": "User", "name": f"system:serviceaccount:{SHOP}:{name}"}, {"kind": "User", "name": "dana"}]
        self.cluster.put("clusterrolebindings", "", f"by-hand-{name}", {"roleRef": view, "subjects": as_user})
        kept = {
            "type": "kubernetes.io/service-account-token",
            "metadata": {"annotations": {"kubernetes.io/service-account.name": name}},
        }
        self.cluster.put("secrets", SHOP, f"by-hand-{name}", kept)
        return {LinkKind.KUBERNETES_SUBJECT, LinkKind.KUBERNETES_SECRET}

    def replace_principal(self, tags: LeaseTags) -> None:
        self.core.delete_namespaced_service_account(physical(tags), SHOP)
        self.core.create_namespaced_service_account(SHOP, {"metadata": {"name": physical(tags)}})

    def principal_untouched(self, tags: LeaseTags) -> bool:
        metadata = self.account(tags)["metadata"]
        return "labels" not in metadata and "annotations" not in metadata

    def alive(self, tags: LeaseTags) -> list[str]:
        name = physical(tags)
        return sorted(kinds for kinds, namespace, each in self.cluster.objects if (namespace, each) == (SHOP, name))

    def stop(self) -> None:
        self.double.stop()

    def start(self) -> None:
        self.double.start()


def physical(tags: LeaseTags) -> str:
    """The name of all that a lease has."""
    return name_of(LinkKind.KUBERNETES_SERVICE_ACCOUNT, tags.identity, tags.environment, tags.lease)


def allowed(call: Any, *arguments: Any) -> bool:
    try:
        call(*arguments)
    except ApiException as error:
        if error.status not in REFUSALS:
            raise
        return False
    return True

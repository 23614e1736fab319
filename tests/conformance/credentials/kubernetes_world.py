"""A Kubernetes cluster, doubled, with Secrets as places."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING

from nhi_components.core.connection import KubernetesConnection
from nhi_components.core.credential.places import KubernetesSecretPlace
from nhi_components.core.links import System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.kubernetes.credentials import Credentials
from nhi_components.lifecycle.credentials.ports import Material
from tools.doubles.kubernetes import KubernetesDouble

if TYPE_CHECKING:
    from tests.conformance.credentials.conftest import Setting

NAMESPACE = "orders"


class KubernetesSecretWorld:
    system = System.KUBERNETES
    keeps_lease = True
    tells_key = True
    compares = True
    keeps_older = False

    def __init__(self, setting: Setting) -> None:
        self.double = setting.closing.enter_context(KubernetesDouble())
        self.double.cluster.add_namespace(NAMESPACE)
        token, wrong = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        self.double.grant(token, "system:serviceaccount:ops:deliverer")
        self.credentials = [token, wrong]
        self.kubeconfig, self._wrong = setting.folder / "config", setting.folder / "wrong"
        self.kubeconfig.write_text(self.double.kubeconfig(token))
        self._wrong.write_text(self.double.kubeconfig(wrong))

    def open(self) -> Credentials:
        return Credentials("default", KubernetesConnection(kubeconfig=str(self.kubeconfig)))

    def open_wrong(self) -> Credentials:
        return Credentials("default", KubernetesConnection(kubeconfig=str(self._wrong)))

    def stop(self) -> None:
        self.double.stop()

    def start(self) -> None:
        self.double.start()

    def place(self, tags: LeaseTags) -> KubernetesSecretPlace:
        return KubernetesSecretPlace(namespace=NAMESPACE).resolved(tags)

    def material(self, key_id: str) -> Material:
        fields = {"access_key_id": key_id, "secret_access_key": secrets.token_urlsafe(30), "note": "ünïcode\nlines"}
        self.credentials.append(fields["secret_access_key"])
        return Material(key_id, fields)

    def values(self, spec: KubernetesSecretPlace) -> Mapping[str, str] | None:
        found = self.double.cluster.objects.get(("secrets", NAMESPACE, str(spec.name)))
        if found is None:
            return None
        return {key: base64.b64decode(value).decode() for key, value in found["data"].items() if key != "key_id"}

    def change_by_hand(self, spec: KubernetesSecretPlace) -> None:
        found = self.double.cluster.objects["secrets", NAMESPACE, str(spec.name)]
        changed = base64.b64encode(b"by hand").decode()
        body = {**found, "data": {**found["data"], "secret_access_key": changed}}
        self.double.cluster.put("secrets", NAMESPACE, str(spec.name), body)

    def put_namesake(self, spec: KubernetesSecretPlace) -> None:
        self.double.cluster.put("secrets", NAMESPACE, str(spec.name), {"stringData": {"password": "somebody else's"}})

    def everything(self, spec: KubernetesSecretPlace) -> list[str]:
        return sorted("/".join(key) for key in self.double.cluster.objects)


PLACES = {"kubernetes_secret": KubernetesSecretWorld}
HOMES = ["kubernetes_secret"]

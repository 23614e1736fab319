"""Kubernetes in the story: a workload in a namespace, on a double of a cluster's API server."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import requests

from tools.demo.clouds.cloud import Cloud, Ready, Session
from tools.doubles.kubernetes import KubernetesDouble
from tools.lab.sandbox import Sandbox

_NAMESPACE = "shop"
_SECONDS = 30
_REFUSALS = (401, 403)


@contextmanager
def _ready(_: Sandbox, folder: Path) -> Iterator[Ready]:
    with KubernetesDouble() as double:
        double.cluster.add_namespace(_NAMESPACE)
        for name in ("rates", "somebody-elses"):
            double.cluster.put("configmaps", _NAMESPACE, name, {"data": {"eur": "1"}})
        operator = double.grant(secrets.token_urlsafe(24), "operator")
        kubeconfig = folder / "demo.kubeconfig"
        kubeconfig.write_text(double.kubeconfig(operator))
        yield Ready(partial(_use, double.url, operator), {"KUBECONFIG": str(kubeconfig)})


def _use(url: str, operator: str, made: Mapping[str, Any]) -> Session:
    base = f"{url}/api/v1/namespaces/{_NAMESPACE}"
    asked = _ask(operator, "POST", f"{base}/serviceaccounts/{made['account']}/token", {"spec": {}})
    asked.raise_for_status()
    token = asked.json()["status"]["token"]
    claims = (
        ("a token of its pod reads its ConfigMap", _reads(token, f"{base}/configmaps/rates")),
        ("it is refused at another ConfigMap", not _reads(token, f"{base}/configmaps/somebody-elses")),
        ("it is refused at the namespace's secrets", not _reads(token, f"{base}/secrets")),
    )
    return Session(claims, partial(_reads, token, f"{base}/configmaps/rates"))


def _reads(token: str, url: str) -> bool:
    """Whether a token may read; any other error is raised."""
    answer = _ask(token, "GET", url)
    if answer.status_code in _REFUSALS:
        return False
    answer.raise_for_status()
    return True


def _ask(token: str, method: str, url: str, body: Any = None) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return requests.request(method, url, json=body, headers=headers, timeout=_SECONDS)


KUBERNETES = Cloud(
    "kubernetes",
    "Kubernetes",
    "a double of an API server that evaluates RBAC, and a test plugin in place of Pulumi's provider",
    "kubernetes.admin-binding",
    _ready,
)

"""Many credentials over three places each, on servers of this machine that can be put at a distance.

Each is an access key of an IAM user, at home in a KV entry of Vault, with copies in Secrets Manager and in a Secret of
a Kubernetes cluster. AWS is emulated, the cluster is a double, Vault is a real OpenBao.
"""

from __future__ import annotations

import json
import multiprocessing
import secrets
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import date
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from nhi_components.core.credential.spec import CredentialSpec
from nhi_components.core.lease_id import IAM_PATH, name_of, new_lease_id
from nhi_components.core.links import LinkKind
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.credentials.wanted import Wanted
from tools.doubles.kubernetes import KubernetesDouble
from tools.lab.far import Far
from tools.lab.gate import Gate
from tools.lab.sandbox import Sandbox

NAMESPACE = "bench"
SPEC = {
    "source": {"kind": "aws-access-key"},
    "places": [
        {"kind": "vault-kv"},
        {"kind": "secrets-manager"},
        {"kind": "kubernetes-secret", "namespace": NAMESPACE},
    ],
    "rotation": {"every": "7d", "overlap": "0m"},
}
_START_SECONDS = 60
_processes = multiprocessing.get_context("spawn")


def wanted(fleet: str, number: int) -> Wanted:
    """Name the credential of that number in a fleet; the same in every process."""
    tags = LeaseTags(
        lease=new_lease_id(f"{fleet}{number:013}".encode()[-16:]),
        identity=f"{fleet}{number:03}",
        environment="dev",
        owner="bench@example.com",
        purpose="bench",
        ends=date(2099, 1, 1),
        stack="bench/dev",
    )
    return Wanted(tags, CredentialSpec.parse(SPEC).resolved(tags))


def user_of(tags: LeaseTags) -> str:
    """Name the IAM user that a credential's keys are of."""
    return name_of(LinkKind.IAM_USER, tags.identity, tags.environment, tags.lease)


class Servers:
    """The three servers, straight or from a distance; use it as a context manager.

    Args:
        sandbox: AWS and Vault.
        folder: for kubeconfigs.
    """

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self._sandbox, self._folder = sandbox, folder
        self._told, theirs = _processes.Pipe(duplex=False)
        token = secrets.token_urlsafe(24)
        # In a process of its own: it shall not share one interpreter lock with what is measured.
        self._cluster = _processes.Process(target=_serve_cluster, args=(token, theirs), daemon=True)
        self._cluster.start()
        assert self._told.poll(_START_SECONDS), "the cluster's double did not start"
        self._kubernetes, self._kubeconfig = self._told.recv()

    def __enter__(self) -> Servers:
        return self

    def __exit__(self, *_: object) -> None:
        self._cluster.kill()
        self._cluster.join()

    def straight(self) -> dict[str, str]:
        """The environment of a process that reaches them straight."""
        return self._environment(self._urls())

    def far(self, milliseconds: float, closing: ExitStack) -> dict[str, str]:
        """The environment of a process to which they are that far away."""
        return self._environment(closing.enter_context(Far(self._urls(), milliseconds)).urls)

    def gated(self, closing: ExitStack) -> tuple[dict[str, str], list[Gate]]:
        """The environment of a process whose requests are seen by gates."""
        gates = [closing.enter_context(Gate(url)) for url in self._urls()]
        return self._environment([gate.url for gate in gates]), gates

    def make_users(self, fleet: str, count: int) -> None:
        """Make the users of a fleet; the engine does that in life."""
        iam = self._sandbox.aws.client("iam")
        for number in range(count):
            tags = wanted(fleet, number).lease
            marks = [{"Key": key, "Value": value} for key, value in tags.to_tags().items()]
            iam.create_user(UserName=user_of(tags), Path=IAM_PATH, Tags=marks)

    def _urls(self) -> list[str]:
        return [self._sandbox.aws.endpoint, self._sandbox.vault.address, self._kubernetes]

    def _environment(self, urls: list[str]) -> dict[str, str]:
        aws, vault, kubernetes = urls
        kubeconfig = self._folder / f"kubeconfig-{kubernetes.rpartition(':')[2]}"
        kubeconfig.write_text(json.dumps(_at(self._kubeconfig, kubernetes)))
        return {
            **self._sandbox.environment(),
            "AWS_ENDPOINT_URL": aws,
            "VAULT_ADDR": vault,
            "KUBECONFIG": str(kubeconfig),
            "NHI_EVIDENCE_DIR": str(self._folder / "evidence"),
        }


def _at(kubeconfig: Mapping[str, Any], url: str) -> dict[str, Any]:
    clusters = [{**each, "cluster": {**each["cluster"], "server": url}} for each in kubeconfig["clusters"]]
    return {**kubeconfig, "clusters": clusters}


def _serve_cluster(token: str, told: Connection) -> None:
    with KubernetesDouble() as double:
        double.cluster.add_namespace(NAMESPACE)
        double.grant(token, "system:serviceaccount:bench:deliverer")
        told.send((double.url, json.loads(double.kubeconfig(token))))
        threading.Event().wait()

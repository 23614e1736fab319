"""What runs send: no more requests than they need, slower when a system asks for that, and all of them in the end."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from nhi_components.core.credential.spec import CredentialSpec
from nhi_components.core.lease_id import name_of
from nhi_components.core.links import LinkKind
from nhi_components.lifecycle.clock import system_clock
from nhi_components.lifecycle.credentials.decision import Cause
from nhi_components.lifecycle.credentials.fleet import run_all
from nhi_components.lifecycle.credentials.looking import look, plan
from nhi_components.lifecycle.credentials.opening import tools_of
from nhi_components.lifecycle.credentials.rotating import reconcile
from nhi_components.lifecycle.credentials.wanted import Tools, Wanted
from nhi_components.provider.settings import Settings
from tests.conformance.conftest import Servers
from tests.conformance.world import new_tags
from tools.doubles.kubernetes import KubernetesDouble
from tools.lab.gate import Gate, Request, path

NAMESPACE = "orders"
SPEC = {
    "source": {"kind": "aws-access-key"},
    "places": [
        {"kind": "vault-kv"},
        {"kind": "secrets-manager"},
        {"kind": "kubernetes-secret", "namespace": NAMESPACE},
    ],
    "rotation": {"every": "7d", "overlap": "0m"},
}
THROTTLED = b"<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>"


class Scene:
    """Credentials in three places, each system behind a gate."""

    def __init__(self, servers: Servers, cluster: KubernetesDouble, gates: list[Gate]) -> None:
        self.servers, self.cluster, self.gates = servers, cluster, gates
        self.tools: Tools = tools_of(Settings().connection, system_clock)

    def credential(self) -> Wanted:
        tags = new_tags(os.urandom(16), "printer")
        marks = [{"Key": key, "Value": value} for key, value in tags.to_tags().items()]
        name = name_of(LinkKind.IAM_USER, tags.identity, tags.environment, tags.lease)
        self.servers.aws.client("iam").create_user(UserName=name, Path="/nhi/", Tags=marks)
        return Wanted(tags, CredentialSpec.parse(SPEC).resolved(tags))

    def sent(self) -> int:
        """How many requests came since the last time."""
        count = sum(len(gate.seen) for gate in self.gates)
        for gate in self.gates:
            gate.seen.clear()
        return count


@pytest.fixture
def scene(servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    with KubernetesDouble() as cluster, Gate(servers.aws.endpoint) as aws, Gate(servers.vault.address) as vault:
        cluster.cluster.add_namespace(NAMESPACE)
        with Gate(cluster.url) as kubernetes:
            token = cluster.grant("deliverer-of-this-test", "system:serviceaccount:ops:deliverer")
            kubeconfig = tmp_path / "kubeconfig"
            kubeconfig.write_text(cluster.kubeconfig(token).replace(cluster.url, kubernetes.url))
            for name, value in {
                "AWS_ENDPOINT_URL": aws.url,
                "AWS_ACCESS_KEY_ID": "111111111111",
                "AWS_SECRET_ACCESS_KEY": servers.aws.secret_key,
                "AWS_REGION": "eu-central-1",
                "VAULT_ADDR": vault.url,
                "VAULT_TOKEN": servers.vault.token,
                "KUBECONFIG": str(kubeconfig),
            }.items():
                monkeypatch.setenv(name, value)
            yield Scene(servers, cluster, [aws, vault, kubernetes])


def test_runs_send_no_more_than_they_need(scene: Scene) -> None:
    """The figures are those of the day that this was written: whoever needs more of them says why."""
    reconcile(scene.credential(), scene.tools)  # logs in
    one = scene.credential()
    scene.sent()
    reconcile(one, scene.tools)
    issued = scene.sent()
    rotated = []
    for _ in range(2):
        reconcile(one, scene.tools, asked=Cause.FORCED)
        rotated.append(scene.sent())
    assert not reconcile(one, scene.tools).changed
    nothing = scene.sent()
    assert look(one, scene.tools).drift == ()
    looked = scene.sent()
    plan(one, scene.tools, asked=None)
    planned = scene.sent()
    assert (issued, rotated, nothing, looked, planned) == (42, [50, 50], 16, 7, 8)


def test_a_fleet_that_iam_throttles_slows_down_and_is_rotated_all_the_same(scene: Scene) -> None:
    fleet = [scene.credential() for _ in range(12)]
    assert all(result.is_complete for result in run_all(fleet, lambda each: reconcile(each, scene.tools), 4))
    bucket = Bucket(15)
    with scene.gates[0].answering(bucket.refuses, 400, THROTTLED):
        done = list(run_all(fleet, lambda each: reconcile(each, scene.tools, asked=Cause.FORCED)))
    assert [result.failure for result in done if not result.is_complete] == []
    assert bucket.refused > 0


def test_a_vault_with_a_rate_limit_is_asked_again(scene: Scene) -> None:
    one, refusals = scene.credential(), [True] * 6
    refuses = path("POST", "/v1/secret/data/")
    errors = json.dumps({"errors": ["request path: rate limit quota exceeded"]}).encode()
    with scene.gates[1].answering(lambda request: refuses(request) and bool(refusals and refusals.pop()), 429, errors):
        assert reconcile(one, scene.tools).key
    assert refusals == []


def test_a_cluster_that_is_too_busy_is_asked_again_also_for_changes(scene: Scene) -> None:
    one = scene.credential()
    reconcile(one, scene.tools)
    scene.cluster.fail(429, retry_after=0, times=3, target="PATCH /api/v1/namespaces/orders/secrets")
    assert reconcile(one, scene.tools, asked=Cause.FORCED).failures == []
    assert [each.status for each in scene.cluster.asked("PATCH", "secrets")] == [429, 429, 429, 200]


class Bucket:
    """Lets so many requests to IAM through in a second, as a token bucket does."""

    def __init__(self, per_second: float) -> None:
        self.refused = 0
        self._rate = self._left = per_second
        self._at, self._lock = time.monotonic(), threading.Lock()

    def refuses(self, request: Request) -> bool:
        if not request.operation.endswith(("User", "AccessKey", "AccessKeys")):
            return False
        with self._lock:
            now = time.monotonic()
            self._left, self._at = min(self._rate, self._left + (now - self._at) * self._rate), now
            refused = self._left < 1
            self._left -= not refused
            self.refused += refused
            return refused

"""What lives on at a destroy on Kubernetes, by the double: what a finalizer keeps is named until it is gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.engine.kubernetes import SHOP, OneCluster, asked, kubernetes_bundle, kubernetes_program, working
from tests.engine.programs import assert_gone, assert_told, evidence, resources
from tools.lab.gate import Gate
from tools.lab.project import Project
from tools.plugins.kubernetes.settings import GONE_SECONDS

PATIENCE_SECONDS = 3
HELD_BY = "shop.example.com/backup"
_ACCOUNT = f"/namespaces/{SHOP}/serviceaccounts/"


@pytest.fixture
def gate(cluster: OneCluster) -> Iterator[Gate]:
    with Gate(cluster.double.url) as gate:
        yield gate


def test_an_account_that_a_finalizer_keeps_keeps_its_lease_until_it_is_gone(
    project: Callable[..., Project], cluster: OneCluster, gate: Gate
) -> None:
    # Our own provider reaches the cluster by itself, the engine's plugin through the gate.
    straight = f"kubernetes.Connection(kubeconfig={cluster.kubeconfig()!r})"
    provider = f"ours = nhi.Provider('nhi', kubernetes={{'default': {straight}}}, deadline_seconds={PATIENCE_SECONDS})"
    bundle = kubernetes_bundle(opts="pulumi.ResourceOptions(providers=[ours])")
    stack = cluster.through(gate).reached_by(project(kubernetes_program(provider, bundle)))
    stack.environment[GONE_SECONDS] = "1"
    stack.up()
    outputs, session = working(stack, cluster)
    path = f"/api/v1{_ACCOUNT}{outputs['account']}"
    held = cluster.ask("GET", path)
    held["metadata"]["finalizers"] = [HELD_BY]
    cluster.ask("PUT", path, held)

    failed = stack.destroy(check=False)
    assert_told(failed, "timed out waiting for the object to be deleted", "finalizers may keep it")
    assert not session.reads()
    assert cluster.everything() == {"serviceaccounts": [f"{SHOP}/{outputs['account']}"]}
    assert len(resources(stack, "Lease")) == len(resources(stack, "ServiceAccount")) == 1

    # Pulumi's provider is told, or takes it, that the account is gone.
    with gate.answering(asked("DELETE", _ACCOUNT), 200, b"{}"), gate.answering(asked("GET", _ACCOUNT), 404, b"{}"):
        failed = stack.destroy(check=False)
    named = f"kubernetes-service-account {SHOP}/{outputs['account']}"
    assert_told(failed, named, "since 20", f"after {PATIENCE_SECONDS} s", f"its finalizers ({HELD_BY}) keep it")
    assert len(resources(stack, "Lease")) == 1
    assert resources(stack, "ServiceAccount") == []
    (alive,) = evidence(stack, outputs["lease"], "teardown-incomplete")["alive"]
    assert (alive["link"]["unique_id"], HELD_BY in alive["detail"]) == (outputs["uid"], True)

    del held["metadata"]["finalizers"]
    cluster.ask("PUT", path, held | {"metadata": {**held["metadata"], "resourceVersion": ""}})
    stack.destroy()
    assert cluster.everything() == {}
    assert not session.reviewed()
    assert_gone(stack, outputs["lease"])

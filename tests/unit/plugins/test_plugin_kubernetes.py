"""The test plugin for Kubernetes without an engine: what it asks of the API server, and what it takes for a change."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from pulumi.provider.experimental import provider as rpc

from nhi_components.provider.values import plain_map, property_map
from tools.doubles.kubernetes import KubernetesDouble
from tools.plugins.kubernetes.cluster import Cluster, ClusterError
from tools.plugins.kubernetes.provider import KubernetesProvider
from tools.plugins.kubernetes.settings import read_settings
from tools.plugins.resource import PluginError

RBAC = "kubernetes:rbac.authorization.k8s.io/v1:"
BINDING, ROLE, ACCOUNT = f"{RBAC}RoleBinding", f"{RBAC}Role", "kubernetes:core/v1:ServiceAccount"
ERIN, DANA = ({"kind": "User", "name": name} for name in ("erin", "dana"))


def binding(*subjects: Mapping[str, str], **metadata: Any) -> dict[str, Any]:
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "orders"}
    named = {"name": "orders", "namespace": "shop", "labels": {"team": "shop"}, **metadata}
    # The SDK always says these two.
    what = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding"}
    return {**what, "metadata": named, "roleRef": reference, "subjects": list(subjects)}


class Engine:
    """Asks the provider what an engine asks it."""

    def __init__(self, double: KubernetesDouble) -> None:
        self.double = double
        self.provider = KubernetesProvider()
        settings = read_settings({"kubeconfig": double.kubeconfig("operator")}, {})
        self.provider._client = Cluster(settings, lambda _: None)

    def problems(self, token: str, inputs: Mapping[str, Any]) -> list[str]:
        asked = rpc.CheckRequest(urn(token), {}, property_map(inputs), b"seed")
        return [failure.reason for failure in asyncio.run(self.provider.check(asked)).failures or ()]

    def preview(self, token: str, inputs: Mapping[str, Any]) -> None:
        asyncio.run(self.provider.create(rpc.CreateRequest(urn(token), property_map(inputs), 0, True)))

    def create(self, token: str, inputs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        made = asyncio.run(self.provider.create(rpc.CreateRequest(urn(token), property_map(inputs), 0, False)))
        return made.resource_id, plain_map(made.properties)

    def diff(self, token: str, place: str, state: Mapping[str, Any], inputs: Mapping[str, Any]) -> rpc.DiffResponse:
        olds, news = property_map(state), property_map(inputs)
        return asyncio.run(self.provider.diff(rpc.DiffRequest(urn(token), place, olds, news, [])))

    def update(self, token: str, place: str, state: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, Any]:
        olds, news = property_map(state), property_map(inputs)
        asked = rpc.UpdateRequest(urn(token), place, olds, news, 0, [], False)
        return plain_map(asyncio.run(self.provider.update(asked)).properties)

    def refresh(self, token: str, place: str, state: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, Any]:
        asked = rpc.ReadRequest(urn(token), place, property_map(state), property_map(inputs))
        return plain_map(asyncio.run(self.provider.read(asked)).properties)

    def delete(self, token: str, place: str, state: Mapping[str, Any]) -> None:
        asyncio.run(self.provider.delete(rpc.DeleteRequest(urn(token), place, property_map(state), 0)))


def urn(token: str) -> str:
    return f"urn:pulumi:dev::trial::some:group:Component${token}::thing"


@pytest.fixture
def engine() -> Iterator[Engine]:
    with KubernetesDouble() as double:
        double.grant("operator", "dana")
        double.cluster.add_namespace("shop")
        yield Engine(double)


def test_it_makes_changes_reads_and_deletes_one_object(engine: Engine) -> None:
    place, state = engine.create(BINDING, binding(DANA))
    assert place == "shop/orders"
    assert state["metadata"]["uid"]
    assert not engine.diff(BINDING, place, state, binding(DANA)).changes
    changed = engine.diff(BINDING, place, state, binding(ERIN))
    assert (changed.diffs, changed.replaces) == (["subjects"], [])
    after = engine.update(BINDING, place, state, binding(ERIN))
    assert [each["name"] for each in after["subjects"]] == ["erin"]
    engine.delete(BINDING, place, after)
    engine.delete(BINDING, place, after)
    assert [(each.method, each.status) for each in engine.double.log] == [
        ("POST", 201),
        ("PATCH", 200),
        ("DELETE", 200),
        ("GET", 404),
        ("DELETE", 404),
    ]


def test_what_is_there_already_is_not_taken_over_and_a_preview_tells(engine: Engine) -> None:
    engine.double.cluster.put("serviceaccounts", "shop", "orders", {})
    inputs = {"metadata": {"name": "orders", "namespace": "shop"}}
    for ask in (engine.preview, engine.create):
        with pytest.raises(ClusterError, match='serviceaccounts "orders" already exists'):
            ask(ACCOUNT, inputs)


def test_a_preview_keeps_nothing_and_waits_for_no_namespace(engine: Engine) -> None:
    engine.preview(ACCOUNT, {"metadata": {"name": "orders", "namespace": "shop"}})
    engine.preview(ACCOUNT, {"metadata": {"name": "orders", "namespace": "later"}})
    assert not [key for key in engine.double.cluster.objects if key[0] == "serviceaccounts"]


def test_another_name_is_another_object_and_another_role_is_made_anew(engine: Engine) -> None:
    place, state = engine.create(BINDING, binding(DANA))
    moved = engine.diff(BINDING, place, state, binding(DANA, name="other"))
    assert (moved.replaces, moved.delete_before_replace) == (["metadata"], False)
    other = binding(DANA)
    other["roleRef"] = {**other["roleRef"], "name": "other"}
    replaced = engine.diff(BINDING, place, state, other)
    assert (replaced.replaces, replaced.delete_before_replace) == (["roleRef"], True)


def test_what_others_put_on_is_no_drift_and_what_they_changed_is(engine: Engine) -> None:
    inputs = binding(DANA)
    place, state = engine.create(BINDING, inputs)
    found = engine.double.cluster.objects["rolebindings", "shop", "orders"]
    found["metadata"]["annotations"] = {"seen": "yes"}
    assert engine.refresh(BINDING, place, state, inputs) == state
    found["subjects"] = []
    drifted = engine.refresh(BINDING, place, state, inputs)
    assert engine.diff(BINDING, place, drifted, inputs).diffs == ["subjects"]


def test_a_field_that_others_have_set_is_a_conflict_unless_it_is_forced(engine: Engine) -> None:
    place, state = engine.create(BINDING, binding(DANA))
    by_hand = {**engine.double.cluster.objects["rolebindings", "shop", "orders"], "subjects": []}
    client = engine.provider._client
    assert client
    path = "/apis/rbac.authorization.k8s.io/v1/namespaces/shop/rolebindings/orders"
    client._ask("PUT", path, query={"fieldManager": "kubectl"}, body=by_hand)
    with pytest.raises(ClusterError, match=r'conflict with "kubectl": \.subjects'):
        engine.update(BINDING, place, state, binding(ERIN))
    forced = binding(ERIN, annotations={"pulumi.com/patchForce": "true"})
    assert [each["name"] for each in engine.update(BINDING, place, state, forced)["subjects"]] == ["erin"]


def test_what_the_sdk_does_not_have_is_refused(engine: Engine) -> None:
    assert engine.problems(BINDING, binding(DANA)) == []
    (wrong,) = engine.problems(BINDING, {**binding(DANA), "subject": []})
    assert "subjects" in wrong
    assert "metadata.name" in engine.problems(ACCOUNT, {"metadata": {"namespace": "shop"}})[0]
    assert engine.problems(ACCOUNT, {"metadata": {"name": "orders"}, "apiVersion": "v2"})


def test_it_speaks_to_loopback_alone(tmp_path: Path) -> None:
    file = tmp_path / "config"
    with KubernetesDouble() as double:
        file.write_text(double.kubeconfig("operator").replace(double.url, "https://cluster.example.com"))
    with pytest.raises(PluginError, match="a stand-in for tests"):
        read_settings({}, {"KUBECONFIG": str(file)})
    with pytest.raises(PluginError, match="no file"):
        read_settings({"kubeconfig": str(tmp_path / "none")}, {})

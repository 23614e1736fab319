"""The double of a Kubernetes API server, asked by Kubernetes' own client."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client, config
from kubernetes.client.exceptions import ApiException

from tools.doubles.kubernetes import KubernetesDouble


@pytest.fixture
def double() -> Iterator[KubernetesDouble]:
    with KubernetesDouble() as double:
        double.grant("a-token", "dana")
        yield double


@pytest.fixture
def api(double: KubernetesDouble, tmp_path: Path) -> Any:
    return _api(double, tmp_path, "a-token")


def _api(double: KubernetesDouble, folder: Path, token: str) -> Any:
    file = folder / f"{token}.config"
    file.write_text(double.kubeconfig(token))
    return config.new_client_from_config(str(file))


def _secret(name: str, **more: Any) -> client.V1Secret:
    metadata = client.V1ObjectMeta(name=name, labels={"team": "shop"})
    return client.V1Secret(metadata=metadata, string_data={"password": "first"}, **more)


def _refused(call: Any, *arguments: Any, **named: Any) -> tuple[int, str, str]:
    with pytest.raises(ApiException) as caught:
        call(*arguments, **named)
    told = json.loads(caught.value.body or "{}")
    assert (told["kind"], told["status"], told["code"]) == ("Status", "Failure", caught.value.status)
    return told["code"], told["reason"], told["message"]


def test_a_secret_lives_through_its_verbs(api: Any) -> None:
    core = client.CoreV1Api(api)
    made = core.create_namespaced_secret("default", _secret("db"))
    assert made.data == {"password": "Zmlyc3Q="}
    assert made.metadata.uid
    same = core.replace_namespaced_secret("db", "default", made)
    assert same.metadata.resource_version == made.metadata.resource_version
    made.data = {"password": "c2Vjb25k"}
    changed = core.replace_namespaced_secret("db", "default", made)
    assert changed.metadata.resource_version != made.metadata.resource_version
    patched = core.patch_namespaced_secret("db", "default", {"metadata": {"labels": {"team": None, "tier": "1"}}})
    assert (patched.metadata.labels, patched.data) == ({"tier": "1"}, {"password": "c2Vjb25k"})
    core.delete_namespaced_secret("db", "default")
    assert _refused(core.read_namespaced_secret, "db", "default") == (404, "NotFound", 'secrets "db" not found')


def test_conflicts_are_refused(api: Any) -> None:
    core = client.CoreV1Api(api)
    made = core.create_namespaced_secret("default", _secret("db"))
    assert _refused(core.create_namespaced_secret, "default", _secret("db"))[:2] == (409, "AlreadyExists")
    core.patch_namespaced_secret("db", "default", {"stringData": {"password": "second"}})
    made.data = {"password": "dGhpcmQ="}
    code, reason, message = _refused(core.replace_namespaced_secret, "db", "default", made)
    assert (code, reason) == (409, "Conflict")
    assert "the object has been modified" in message
    wanted = client.V1DeleteOptions(preconditions=client.V1Preconditions(uid="another"))
    assert "Precondition failed" in _refused(core.delete_namespaced_secret, "db", "default", body=wanted)[2]


def test_what_is_immutable_stays(api: Any) -> None:
    core = client.CoreV1Api(api)
    made = core.create_namespaced_secret("default", _secret("db", immutable=True))
    made.data = {"password": "c2Vjb25k"}
    assert _refused(core.replace_namespaced_secret, "db", "default", made)[:2] == (422, "Invalid")


def test_a_finalizer_keeps_what_is_deleted(api: Any) -> None:
    core = client.CoreV1Api(api)
    core.create_namespaced_secret("default", _secret("db"))
    core.patch_namespaced_secret("db", "default", {"metadata": {"finalizers": ["shop/backup"]}})
    core.delete_namespaced_secret("db", "default")
    assert core.read_namespaced_secret("db", "default").metadata.deletion_timestamp
    core.patch_namespaced_secret("db", "default", {"metadata": {"finalizers": None}})
    assert _refused(core.read_namespaced_secret, "db", "default")[0] == HTTPStatus.NOT_FOUND


def test_what_admission_refuses_is_refused_also_by_a_dry_run(double: KubernetesDouble, api: Any) -> None:
    core = client.CoreV1Api(api)
    double.cluster.refused["secrets"] = "secrets need a ticket"
    for named in ({}, {"dry_run": "All"}):
        code, reason, message = _refused(core.create_namespaced_secret, "default", _secret("db"), **named)
        assert (code, reason) == (422, "Invalid")
        assert message.endswith("denied request: secrets need a ticket")
    double.cluster.refused.clear()
    double.cluster.spaces["default"]["status"]["phase"] = "Terminating"
    code, reason, message = _refused(core.create_namespaced_secret, "default", _secret("db"))
    assert (code, reason) == (403, "Forbidden")
    assert "because it is being terminated" in message


def test_labels_choose_across_namespaces_page_by_page(double: KubernetesDouble, api: Any) -> None:
    core = client.CoreV1Api(api)
    double.cluster.add_namespace("shop")
    for namespace, name in (("default", "a"), ("shop", "b"), ("shop", "c")):
        core.create_namespaced_secret(namespace, _secret(name))
    first = core.list_secret_for_all_namespaces(label_selector="team=shop", limit=2)
    rest = core.list_secret_for_all_namespaces(label_selector="team=shop", limit=2, _continue=first.metadata._continue)
    assert [each.metadata.name for each in [*first.items, *rest.items]] == ["a", "b", "c"]
    assert core.list_secret_for_all_namespaces(label_selector="team=other").items == []
    assert len(core.list_namespaced_secret("shop").items) == 2


def test_strangers_and_those_who_may_not_are_refused(double: KubernetesDouble, api: Any, tmp_path: Path) -> None:
    stranger = client.CoreV1Api(_api(double, tmp_path, "unknown"))
    assert _refused(stranger.read_namespaced_secret, "db", "default")[:2] == (401, "Unauthorized")
    double.deny("dana", "get secrets")
    code, reason, message = _refused(client.CoreV1Api(api).read_namespaced_secret, "db", "default")
    assert (code, reason) == (403, "Forbidden")
    assert 'User "dana" cannot get resource "secrets" in API group "" in the namespace "default"' in message
    assert _refused(client.CoreV1Api(api).create_namespaced_secret, "nowhere", _secret("db"))[2] == (
        'namespaces "nowhere" not found'
    )


def test_it_tells_who_asks(api: Any) -> None:
    answer = client.AuthenticationV1Api(api).create_self_subject_review(client.V1SelfSubjectReview())
    assert answer.status.user_info.username == "dana"


def test_a_deployment_rolls_out_as_it_is_looked_at(double: KubernetesDouble, api: Any) -> None:
    labels = {"app": "web"}
    pod = client.V1PodTemplateSpec(
        metadata=client.V1ObjectMeta(labels=labels),
        spec=client.V1PodSpec(containers=[client.V1Container(name="web", image="web:1")]),
    )
    spec = client.V1DeploymentSpec(replicas=2, selector=client.V1LabelSelector(match_labels=labels), template=pod)
    apps = client.AppsV1Api(api)
    made = apps.create_namespaced_deployment(
        "default", client.V1Deployment(metadata=client.V1ObjectMeta(name="web"), spec=spec)
    )
    assert made.metadata.generation == 1
    patch = {"spec": {"template": {"metadata": {"annotations": {"restartedAt": "now"}}}}}
    assert apps.patch_namespaced_deployment("web", "default", patch).metadata.generation == 2
    seen = [apps.read_namespaced_deployment("web", "default").status for _ in range(3)]
    assert [(each.observed_generation, each.updated_replicas) for each in seen] == [(2, 0), (2, 1), (2, 2)]
    assert apps.read_namespaced_deployment("web", "default").spec.template.spec.containers[0].image == "web:1"

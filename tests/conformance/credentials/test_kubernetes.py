"""What is Kubernetes' own: labels, immutable Secrets, finalizers, namespaces, webhooks, restarts of Deployments."""

from __future__ import annotations

import base64
import secrets
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from nhi_components.core.connection import KubernetesConnection
from nhi_components.core.credential.places import KubernetesSecretPlace
from nhi_components.core.credential.sources import CommandSource
from nhi_components.core.errors import NhiError, SystemUnreachable
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.kubernetes.credentials import Credentials
from nhi_components.lifecycle.adapters.kubernetes.deployments import RESTARTED_AT, Deployments
from nhi_components.lifecycle.adapters.kubernetes.secret_place import SecretOfCluster
from nhi_components.lifecycle.credentials.ports import Claim, NoSuchKind, NotSearchable, Overtaken
from tests.conformance.credentials.conftest import Setting
from tests.conformance.credentials.kubernetes_world import NAMESPACE, KubernetesSecretWorld
from tests.conformance.world import now
from tools.doubles.messages import Answer, Refusal

USER = "system:serviceaccount:ops:deliverer"


@pytest.fixture
def world(setting: Setting) -> KubernetesSecretWorld:
    return KubernetesSecretWorld(setting)


@pytest.fixture
def place(world: KubernetesSecretWorld, tags: LeaseTags) -> SecretOfCluster:
    found = world.open().place(world.place(tags))
    assert isinstance(found, SecretOfCluster)
    return found


def kept(world: KubernetesSecretWorld, place: SecretOfCluster, kinds: str = "secrets") -> dict[str, Any]:
    suffix = "" if kinds == "secrets" else "-nhi"
    return world.double.cluster.objects[kinds, NAMESPACE, f"{place.spec.name}{suffix}"]


def test_the_secret_bears_lease_and_tags_and_notes_hold_no_value(
    world: KubernetesSecretWorld, place: SecretOfCluster, tags: LeaseTags
) -> None:
    material = world.material("KEY1")
    place.write(tags, material)
    place.note(tags, {"key": "KEY1"})
    place.claim(tags, Claim("run", "dana", now() + timedelta(minutes=1)), now())
    secret, companion = kept(world, place), kept(world, place, "configmaps")
    for found in (secret, companion):
        labels, annotations = found["metadata"]["labels"], found["metadata"]["annotations"]
        assert (labels["nhi_lease"], annotations["nhi_owner"]) == (tags.lease, "team@example.com")
        assert all(len(value) <= 63 for value in labels.values())
    assert set(secret["data"]) == {*material.fields, "key_id"}
    assert material.fields["secret_access_key"] not in str(companion)
    assert secret["data"]["secret_access_key"] not in str(companion)


def test_others_labels_and_annotations_stay(
    world: KubernetesSecretWorld, place: SecretOfCluster, tags: LeaseTags
) -> None:
    place.write(tags, world.material("KEY1"))
    found = kept(world, place)
    found["metadata"]["labels"]["team"] = "shop"
    found["metadata"]["ownerReferences"] = [{"kind": "Application", "name": "orders"}]
    place.write(tags, world.material("KEY2"))
    metadata = kept(world, place)["metadata"]
    assert metadata["labels"]["team"] == "shop"
    assert metadata["ownerReferences"] == [{"kind": "Application", "name": "orders"}]


@pytest.mark.parametrize("change", [{"immutable": True}, {"type": "example.com/custom"}])
def test_what_can_not_be_changed_is_made_anew(
    world: KubernetesSecretWorld, place: SecretOfCluster, tags: LeaseTags, change: dict[str, Any]
) -> None:
    place.write(tags, world.material("KEY1"))
    found = kept(world, place)
    found |= change
    uid, second = found["metadata"]["uid"], world.material("KEY2")
    held = place.write(tags, second, found["metadata"]["resourceVersion"])
    assert (held.key_id, world.values(place.spec)) == ("KEY2", second.fields)
    after = kept(world, place)
    assert after["metadata"]["uid"] != uid
    assert (after.get("immutable"), after["type"]) == (None, "Opaque")


def test_an_empty_secret_without_a_lease_may_be_taken(
    world: KubernetesSecretWorld, place: SecretOfCluster, tags: LeaseTags
) -> None:
    world.double.cluster.put("secrets", NAMESPACE, str(place.spec.name), {})
    found = place.find()
    assert found is not None
    assert (found.lease, found.version) == (None, "")
    assert place.write(tags, world.material("KEY1"), "").lease == tags.lease


def test_an_empty_secret_that_bears_no_lease_is_not_removed(
    world: KubernetesSecretWorld, place: SecretOfCluster, tags: LeaseTags
) -> None:
    world.double.cluster.put("secrets", NAMESPACE, str(place.spec.name), {})
    with pytest.raises(NhiError, match=r"bears no lease.*fix: "):
        place.remove(tags.lease)
    assert world.everything(place.spec)


@pytest.mark.parametrize("made_for", [{"type": "kubernetes.io/service-account-token"}, {"immutable": True}])
def test_an_empty_secret_that_waits_for_somebody_else_is_not_taken(
    world: KubernetesSecretWorld, place: SecretOfCluster, tags: LeaseTags, made_for: dict[str, Any]
) -> None:
    made = world.double.cluster.put("secrets", NAMESPACE, str(place.spec.name), made_for)
    with pytest.raises(NhiError, match=r"bears no lease.*fix: "):
        place.write(tags, world.material("KEY1"))
    assert kept(world, place)["metadata"]["uid"] == made["metadata"]["uid"]


def test_what_is_no_api_server_is_not_called_empty(
    world: KubernetesSecretWorld, place: SecretOfCluster, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.write(tags, world.material("KEY1"))
    monkeypatch.setattr(world.double, "busy", lambda *_: Answer(404, "404 page not found"))
    world.double.fail(404)
    for use in (place.find, place.read, place.notes, lambda: place.remove(tags.lease)):
        with pytest.raises(SystemUnreachable, match="404"):
            use()


def test_a_claim_and_notes_that_people_have_garbled_are_told(
    world: KubernetesSecretWorld, place: SecretOfCluster, tags: LeaseTags
) -> None:
    wanted = Claim("run-2", "lee@runner", now() + timedelta(minutes=1))
    place.claim(tags, wanted, now())
    kept(world, place, "configmaps")["data"] |= {"claim": "somebody", "notes": "none"}
    for use in (lambda: place.claim(tags, wanted, now()), lambda: place.release("run-2"), place.notes):
        with pytest.raises(NhiError, match=r"ConfigMap .*-nhi: found .*fix: "):
            use()


def test_a_writer_in_between_is_not_written_over(
    world: KubernetesSecretWorld, place: SecretOfCluster, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = place.write(tags, world.material("KEY1"))
    monkeypatch.setattr(place, "_refuse_overtaken", _after(lambda: world.change_by_hand(place.spec), place))
    with pytest.raises(Overtaken):
        place.write(tags, world.material("KEY2"), held.version)
    assert base64.b64decode(kept(world, place)["data"]["secret_access_key"]) == b"by hand"


def _after(change: Any, place: SecretOfCluster) -> Any:
    checked, done = place._refuse_overtaken, []

    def wrapped(found: Any, over: Any) -> None:
        checked(found, over)
        if not done:
            done.append(True)
            change()

    return wrapped


def test_what_finalizers_keep_is_not_called_gone(
    world: KubernetesSecretWorld, place: SecretOfCluster, tags: LeaseTags
) -> None:
    place.write(tags, world.material("KEY1"))
    kept(world, place)["metadata"]["finalizers"] = ["shop/backup"]
    with pytest.raises(NhiError, match=r"shop/backup.*fix: "):
        place.remove(tags.lease)
    assert kept(world, place)["metadata"]["deletionTimestamp"]


def test_a_missing_namespace_is_told(world: KubernetesSecretWorld, tags: LeaseTags) -> None:
    place = world.open().place(KubernetesSecretPlace(namespace="nowhere").resolved(tags))
    assert place.find() is None
    with pytest.raises(NhiError, match=r'namespaces "nowhere" not found; fix: '):
        place.write(tags, world.material("KEY1"))


def test_a_webhook_s_refusal_shows_no_value(
    world: KubernetesSecretWorld, place: SecretOfCluster, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch
) -> None:
    material = world.material("KEY1")
    first, second = secrets.token_urlsafe(30), secrets.token_urlsafe(30)
    material = replace(material, fields={**material.fields, "private_key": f"{first}\n{second}\n"})

    def refuse(*_: Any) -> Any:
        raise Refusal(Answer(422, {"kind": "Status", "reason": "Invalid", "message": f"denied: {quoted}"}))

    monkeypatch.setattr(world.double.cluster, "_insert", refuse)
    for quoted in (material.fields["secret_access_key"], f"{first}\\n{second}\\n"):
        with pytest.raises(NhiError, match="Invalid") as caught:
            place.write(tags, material)
        assert quoted not in str(caught.value)
    quoted = "the team's quota is used up"
    with pytest.raises(NhiError, match=quoted):
        place.write(tags, material)


def test_a_webhook_that_changes_what_was_written_is_found_out(
    world: KubernetesSecretWorld, place: SecretOfCluster, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert = world.double.cluster._insert
    changed = {"password": "Y2hhbmdlZA=="}
    monkeypatch.setattr(world.double.cluster, "_insert", lambda key, body: insert(key, {**body, "data": changed}))
    with pytest.raises(NhiError, match=r"admission webhook"):
        place.write(tags, world.material("KEY1"))


def test_somebody_else_s_notes_are_left_alone(
    world: KubernetesSecretWorld, place: SecretOfCluster, tags: LeaseTags
) -> None:
    name = f"{place.spec.name}-nhi"
    world.double.cluster.put("configmaps", NAMESPACE, name, {"data": {"notes": '{"key": "theirs"}'}})
    assert (place.find(), place.notes()) == (None, {})
    with pytest.raises(NhiError, match=r"bears no lease.*fix: "):
        place.note(tags, {"key": "KEY1"})
    place.remove(tags.lease)
    assert world.double.cluster.objects["configmaps", NAMESPACE, name]["data"] == {"notes": '{"key": "theirs"}'}


def test_notes_alone_are_found_and_removed(
    world: KubernetesSecretWorld, place: SecretOfCluster, tags: LeaseTags
) -> None:
    place.note(tags, {"key": "KEY1"})
    held = place.find()
    assert held is not None
    assert (held.lease, held.version) == (tags.lease, "")
    assert [link.name for link in world.open().search(tags.lease)] == [place.spec.address]
    place.remove(tags.lease)
    assert world.everything(place.spec) == []


def test_searching_reads_no_values(world: KubernetesSecretWorld, place: SecretOfCluster, tags: LeaseTags) -> None:
    place.write(tags, world.material("KEY1"))
    world.double.deny(USER, "get secrets")
    assert [link.name for link in world.open().search(tags.lease)] == [place.spec.address]
    world.double.deny(USER, "list secrets")
    with pytest.raises(NotSearchable, match=r"cannot list resource .secrets(.|\n)*fix: "):
        world.open().search(tags.lease)


def test_the_cluster_is_known_by_its_first_namespace(world: KubernetesSecretWorld) -> None:
    caller = world.open().caller()
    assert (caller.principal, caller.account) == (USER, world.double.cluster.namespaces["kube-system"])
    world.double.deny(USER, "get namespaces")
    assert world.open().caller().account == world.double.url


def test_kubeconfigs_that_can_not_be_used_are_told(
    world: KubernetesSecretWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(world.kubeconfig))
    assert Credentials("default", KubernetesConnection()).caller().principal == USER
    absent = KubernetesConnection(kubeconfig=str(tmp_path / "absent"))
    other = KubernetesConnection(context="another")
    wrong = []
    for number, text in enumerate(["{", "- 1", "users: 3\ncontexts: []"]):
        (tmp_path / f"wrong-{number}").write_text(text)
        wrong.append((KubernetesConnection(kubeconfig=str(tmp_path / f"wrong-{number}")), "current context can't"))
    for connection, got in ((absent, "no file"), (other, "context another"), *wrong):
        with pytest.raises(SystemUnreachable, match=got):
            Credentials("default", connection).caller()


def test_it_is_no_source(world: KubernetesSecretWorld) -> None:
    with pytest.raises(NoSuchKind):
        world.open().source(CommandSource(command=("true",), account="orders"))


@pytest.fixture
def deployments(world: KubernetesSecretWorld) -> Deployments:
    world.double.cluster.put(
        "deployments", NAMESPACE, "web", {"spec": {"replicas": 3, "template": {"metadata": {"labels": {"app": "web"}}}}}
    )
    return Deployments("default", KubernetesConnection(kubeconfig=str(world.kubeconfig)))


def deployment(world: KubernetesSecretWorld) -> dict[str, Any]:
    return world.double.cluster.objects["deployments", NAMESPACE, "web"]


def test_a_deployment_lives_while_it_wants_pods(world: KubernetesSecretWorld, deployments: Deployments) -> None:
    assert deployments.alive(NAMESPACE, "web")
    assert not deployments.alive(NAMESPACE, "absent")
    deployment(world)["spec"]["replicas"] = 0
    assert not deployments.alive(NAMESPACE, "web")


def test_a_restart_waits_until_every_pod_is_new(world: KubernetesSecretWorld, deployments: Deployments) -> None:
    slept: list[float] = []
    deployments.restart(NAMESPACE, "web", 60, slept.append)
    template = deployment(world)["spec"]["template"]["metadata"]
    assert RESTARTED_AT in template["annotations"]
    assert template["labels"] == {"app": "web"}
    assert deployment(world)["status"]["updatedReplicas"] == 3
    assert len(slept) == 3


@pytest.mark.parametrize("looks", [1, 60])
def test_a_restart_that_gets_stuck_is_an_error(
    world: KubernetesSecretWorld, deployments: Deployments, looks: int
) -> None:
    world.double.cluster.stuck.add((NAMESPACE, "web"))
    with pytest.raises(NhiError, match=r"0 of 3 pods new.*fix: "):
        deployments.restart(NAMESPACE, "web", looks, lambda _: None)


def test_what_can_not_be_restarted_is_told(world: KubernetesSecretWorld, deployments: Deployments) -> None:
    with pytest.raises(NhiError, match="got nothing"):
        deployments.restart(NAMESPACE, "absent", 60, lambda _: None)
    deployment(world)["spec"]["paused"] = True
    with pytest.raises(NhiError, match="rollout resume"):
        deployments.restart(NAMESPACE, "web", 60, lambda _: None)
    assert deployment(world)["metadata"]["generation"] == 1

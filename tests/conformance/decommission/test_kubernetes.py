"""What is the own of retirements on Kubernetes: bindings that others change, token Secrets, guards, other clusters."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from nhi_components.core.errors import NhiError, SystemUnreachable
from nhi_components.lifecycle.decommission.ports import Presence, Removed, Target
from tests.conformance.decommission.kubernetes_world import KIND, KubernetesRetirementWorld
from tests.conformance.discovery.kubernetes_world import SHOP, subject, user

CASE = "dc-0123456789ab"


@pytest.fixture
def world(kubernetes_retirement_world: KubernetesRetirementWorld) -> KubernetesRetirementWorld:
    return kubernetes_retirement_world


def names_of(binding: dict[str, Any]) -> list[str]:
    """The names of its subjects, in order."""
    return [each["name"] for each in binding["subjects"]]


def disabled(world: KubernetesRetirementWorld, target: Target) -> dict[str, object]:
    """Disable it as a case does, and give the undo."""
    undo = dict(world.retirement().undo_of(target))
    world.retirement().mark(target, CASE, "disabled")
    world.retirement().disable(target, undo)
    return undo


def test_what_others_have_changed_in_a_binding_meanwhile_stays(world: KubernetesRetirementWorld) -> None:
    planted = world.plant()
    name = planted.target.name.partition("/")[2]
    undo = disabled(world, planted.target)
    binding = world.cluster.objects["clusterrolebindings", "", name]
    assert names_of(binding) == ["ann", "bob"]
    world.cluster.put("clusterrolebindings", "", name, {**binding, "subjects": [user("ann"), user("carol")]})
    world.retirement().restore(planted.target, undo)
    own = f"system:serviceaccount:{SHOP}:{name}"
    assert names_of(world.cluster.objects["clusterrolebindings", "", name]) == ["ann", own, "carol"]


def test_a_binding_that_others_have_deleted_or_made_anew_is_theirs(world: KubernetesRetirementWorld) -> None:
    planted = world.plant()
    name = planted.target.name.partition("/")[2]
    undo = disabled(world, planted.target)
    world.cluster.remove(("clusterrolebindings", "", name))
    world.cluster.remove(("rolebindings", SHOP, f"{name}-own"))
    world.bind("rolebindings", SHOP, f"{name}-own", ("Role", name), [subject("other")])
    world.retirement().restore(planted.target, undo)
    assert ("clusterrolebindings", "", name) not in world.cluster.objects
    assert world.cluster.objects["rolebindings", SHOP, f"{name}-own"]["subjects"] == [subject("other")]


def test_one_that_is_bound_again_does_not_stand_as_disabled(world: KubernetesRetirementWorld) -> None:
    target = world.plant().target
    disabled(world, target)
    assert world.retirement().look(target).presence is Presence.DISABLED
    world.bind("rolebindings", SHOP, "again", ("Role", "any"), [subject(target.name.partition("/")[2])])
    assert world.retirement().look(target).presence is Presence.ALIVE


def test_a_delete_tells_bindings_and_token_secrets_and_leaves_other_subjects(world: KubernetesRetirementWorld) -> None:
    target = world.plant().target
    name = target.name.partition("/")[2]
    removed = world.retirement().delete(target)
    assert removed == [
        Removed("kubernetes-subject", f"{SHOP}/{name}-own"),
        Removed("kubernetes-subject", name),
        Removed("kubernetes-secret", f"{SHOP}/{name}-token"),
        Removed("kubernetes-service-account", target.name),
    ]
    assert names_of(world.cluster.objects["clusterrolebindings", "", name]) == ["ann", "bob"]
    assert names_of(world.cluster.objects["rolebindings", SHOP, f"{name}-others"]) == ["other"]
    assert names_of(world.cluster.objects["rolebindings", SHOP, f"{name}-own"]) == []


def test_accounts_that_the_cluster_makes_anew_are_guarded(world: KubernetesRetirementWorld) -> None:
    found = world.cluster.objects.get(("serviceaccounts", SHOP, "default")) or world.found.account("default")
    target = replace(
        world.plant().target,
        key=world.found.key(f":{SHOP}/default"),
        unique_id=found["metadata"]["uid"],
        name=f"{SHOP}/default",
    )
    assert "default account" in world.retirement().look(target).guarded


def test_the_last_day_on_which_a_token_in_a_secret_was_used_is_told(world: KubernetesRetirementWorld) -> None:
    target = world.plant().target
    name = target.name.partition("/")[2]
    world.found.token_secret(f"{name}-old", name, {"kubernetes.io/legacy-token-last-used": "2024-11-02"})
    assert world.retirement().look(target).used_at == datetime(2024, 11, 3, tzinfo=UTC)


def test_who_may_not_change_bindings_is_told_so_and_changes_none(world: KubernetesRetirementWorld) -> None:
    planted = world.plant()
    before = planted.documents()
    limited = world.found.account("limited")
    rules = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list"]}]
    world.cluster.put("clusterroles", "", "limited", {"rules": rules})
    world.bind("clusterrolebindings", "", "limited", ("ClusterRole", "limited"), [subject("limited")])
    token, _ = world.cluster.tokens.request(limited, {})
    retirement = world.retirement_with(token)
    undo = retirement.undo_of(planted.target)
    with pytest.raises(SystemUnreachable, match="patch role_binding"):
        retirement.disable(planted.target, undo)
    with pytest.raises(SystemUnreachable, match="patch service_account"):
        retirement.mark(planted.target, CASE, "disabled")
    assert planted.documents() == before


def test_a_cluster_that_has_too_much_to_do_is_told_so(world: KubernetesRetirementWorld) -> None:
    target = world.plant().target
    world.found.double.fail(429, retry_after=30)
    with pytest.raises(SystemUnreachable, match="429"):
        world.retirement().look(target)


def test_an_account_of_another_cluster_is_not_called_gone(world: KubernetesRetirementWorld) -> None:
    target = replace(world.plant().target, place="another", key="another: kubernetes:shop/orders")
    for ask in (world.retirement().look, world.retirement().delete):
        with pytest.raises(NhiError, match="got an identity of another"):
            ask(target)


def test_a_kind_that_is_not_known_here_is_refused(world: KubernetesRetirementWorld) -> None:
    target = replace(world.plant().target, kind="kubernetes-user")
    with pytest.raises(NhiError, match=f"expected one of {KIND}"):
        world.retirement().look(target)


def test_one_that_had_nothing_to_be_taken_stands_as_its_case_says(world: KubernetesRetirementWorld) -> None:
    made = world.found.account("bare")
    found = world.plant().target
    key, name = world.found.key(f":{SHOP}/bare"), f"{SHOP}/bare"
    target = replace(found, key=key, unique_id=made["metadata"]["uid"], name=name)
    assert stands(world, target, "noticed") is Presence.ALIVE
    undo = world.retirement().undo_of(target)
    assert stands(world, target, "disabled") is Presence.DISABLED
    world.retirement().disable(target, undo)
    world.retirement().restore(target, undo)
    assert world.retirement().look(target).presence is Presence.ALIVE


def stands(world: KubernetesRetirementWorld, target: Target, stage: str) -> Presence:
    """How it stands once it is marked with a stage."""
    world.retirement().mark(target, CASE, stage)
    return world.retirement().look(target).presence

"""What is the own of retirements on Google Cloud: descriptions, bindings of others, undeletes, searches, guards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from nhi_components.core.connection import GcpConnection
from nhi_components.core.errors import NhiError, SystemUnreachable
from nhi_components.core.gcp_names import BindingName
from nhi_components.core.links import System
from nhi_components.lifecycle.adapters.gcp.retirement import Retirement
from nhi_components.lifecycle.decommission.ports import CannotDisable, Presence, Target
from tests.conformance.decommission.gcp_world import DESCRIPTION, GcpRetirementWorld, member, topic_of
from tools.doubles.gcp.double import PROJECT as P

CASE = "dc-0123456789ab"


@pytest.fixture
def world(gcp_retirement_world: GcpRetirementWorld) -> GcpRetirementWorld:
    return gcp_retirement_world


def test_the_mark_is_a_word_of_the_description_and_taken_off_leaves_the_words_of_others(
    world: GcpRetirementWorld,
) -> None:
    target = world.plant().target
    account = world.double.accounts.by_email[target.name]
    assert world.retirement().mark(target, CASE, "noticed")
    assert world.retirement().mark(target, CASE, "disabled")
    assert account["description"] == f"{DESCRIPTION} nhi:case={CASE}/disabled"
    account["description"] = f"{account['description']} since 2019"
    assert world.retirement().mark(target, "", "")
    assert account["description"] == f"{DESCRIPTION} since 2019"


def test_a_description_without_room_is_left_whole(world: GcpRetirementWorld) -> None:
    target = world.plant().target
    account = world.double.accounts.by_email[target.name]
    account["description"] = "ü" * 120
    assert not world.retirement().mark(target, CASE, "disabled")
    assert account["description"] == "ü" * 120


def test_what_somebody_had_disabled_before_stays_so(world: GcpRetirementWorld) -> None:
    planted = world.plant()
    world.found.ask("POST", f"/v1/projects/{P}/serviceAccounts/{planted.target.name}:disable", {})
    undo = world.retirement().undo_of(planted.target)
    world.retirement().disable(planted.target, undo)
    world.retirement().restore(planted.target, undo)
    assert world.retirement().look(planted.target).presence is Presence.DISABLED


def test_a_delete_tells_what_went_until_when_it_is_recoverable_and_leaves_bindings_of_others(
    world: GcpRetirementWorld,
) -> None:
    target = world.plant().target
    elsewhere = f"projects/{P}/topics/elsewhere"
    world.found.ask("PUT", f"/v1/{elsewhere}", {})
    world.found.bind(BindingName(elsewhere, "roles/pubsub.editor", member(target.name)))
    removed = {each.kind: each for each in world.retirement().delete(target)}
    assert set(removed) == {"gcp-binding", "gcp-service-account-key", "gcp-service-account"}
    until = removed["gcp-service-account"].recoverable_until
    assert until is not None
    assert abs(until - world.double.now() - timedelta(days=30)) < timedelta(minutes=1)
    assert removed["gcp-service-account-key"].recoverable_until is None
    assert world.found._operated.bound(topic_of(target.name)) == [("roles/pubsub.viewer", "user:dana@example.com")]
    assert world.found._operated.bound(elsewhere) == []


def test_a_delete_that_was_stopped_on_the_way_goes_on(world: GcpRetirementWorld) -> None:
    planted = world.plant()
    world.double.deny(world.found.operator, "iam.serviceAccounts.delete")
    with pytest.raises(SystemUnreachable, match=r"iam\.serviceAccounts\.delete"):
        world.retirement().delete(planted.target)
    assert planted.left() == [planted.target.name]
    world.double.allow(world.found.operator, "iam.serviceAccounts.delete")
    assert [each.name for each in world.retirement().delete(planted.target)] == [planted.target.name]
    assert planted.left() == []


def test_nothing_is_removed_while_bindings_cannot_be_looked_for(world: GcpRetirementWorld) -> None:
    planted = world.plant()
    before = planted.documents()
    permission = "cloudasset.assets.searchAllIamPolicies"
    world.double.deny(world.found.operator, permission)
    with pytest.raises(SystemUnreachable, match=permission):
        world.retirement().delete(planted.target)
    assert planted.documents() == before


def test_what_cannot_be_seen_is_not_called_free_of_dependents(world: GcpRetirementWorld) -> None:
    target = world.plant().target
    world.double.deny(world.found.operator, "cloudasset.assets.searchAllResources")
    with pytest.raises(SystemUnreachable, match=r"(?s)cloudasset\.assets\.searchAllResources.*what can't be seen"):
        world.retirement().look(target)


@pytest.mark.parametrize(
    ("verb", "permission"), [("disable", "iam.serviceAccounts.disable"), ("mark", "iam.serviceAccounts.update")]
)
def test_a_missing_permission_is_named(world: GcpRetirementWorld, verb: str, permission: str) -> None:
    target = world.plant().target
    world.double.deny(world.found.operator, permission)
    retirement = world.retirement()
    steps: dict[str, Callable[[], object]] = {
        "mark": lambda: retirement.mark(target, CASE, "disabled"),
        "disable": lambda: retirement.disable(target, {"disabled": False}),
    }
    with pytest.raises(SystemUnreachable, match=permission):
        steps[verb]()


def test_google_that_asks_to_wait_is_told_so(world: GcpRetirementWorld) -> None:
    target = world.plant().target
    world.double.fail(429, retry_after=30, target="serviceAccounts")
    with pytest.raises(SystemUnreachable, match="429"):
        world.retirement().look(target)


def test_the_last_use_is_told(world: GcpRetirementWorld) -> None:
    target = world.plant().target
    used = world.double.now() - timedelta(days=40)
    world.double.activities.used[target.unique_id] = used
    told = world.retirement().look(target).used_at
    assert told is not None
    assert told <= used < told + timedelta(days=1)


def test_accounts_that_google_has_made_are_guarded(world: GcpRetirementWorld) -> None:
    with world.double.lock:
        made = world.double.accounts.make_default(P)
    target = Target(member(made["email"]), made["uniqueId"], System.GCP, P, "service-account", made["email"])
    assert "default account" in world.retirement().look(target).guarded


def test_a_member_that_another_issuer_keeps_is_disabled_there(world: GcpRetirementWorld) -> None:
    key = "principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/ci/*"
    target = Target(key, key, System.GCP, P, "workload-identity", key)
    assert not world.retirement().mark(target, CASE, "noticed")
    with pytest.raises(CannotDisable, match="update-oidc"):
        world.retirement().undo_of(target)
    with pytest.raises(NhiError, match="another issuer"):
        world.retirement().delete(target)


def test_a_connection_reaches_the_projects_that_it_names_or_all(world: GcpRetirementWorld) -> None:
    retirement = world.retirement()
    assert (retirement.reaches(P), retirement.reaches("another")) == (True, False)
    assert Retirement("default", GcpConnection(endpoint=world.double.url)).reaches("another")

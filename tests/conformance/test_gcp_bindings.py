"""What is bound for a lease's accounts on Google Cloud: found anywhere, edited by etag, judged by unique id."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from nhi_components.core.errors import NhiError
from nhi_components.core.gcp_names import BindingName, account_email
from nhi_components.core.gcp_resource import ResourceKind, target_of
from nhi_components.core.links import LinkKind, System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.gcp.adapter import GcpAdapter
from nhi_components.lifecycle.adapters.gcp.names import account_resource
from nhi_components.lifecycle.ports import Ownership
from tests.conformance.gcp_intents.world import World as Resources
from tests.conformance.gcp_steps import (
    ACCOUNT,
    adapter_of,
    admitted,
    cut_off_of,
    named,
    sweep_all,
)
from tests.conformance.gcp_world import DANA, GcpWorld, email_of, role_of, topic_of
from tests.conformance.world import by_kind, new_tags, now, unknown
from tools.doubles.gcp.double import PROJECT as P
from tools.doubles.gcp.errors import refuse
from tools.doubles.messages import Request

SEARCH = "cloudasset.assets.searchAllIamPolicies"


@pytest.fixture
def world(gcp_world: GcpWorld) -> GcpWorld:
    return gcp_world


@pytest.fixture
def adapter(world: GcpWorld) -> GcpAdapter:
    return adapter_of(world)


class TestBindings:
    def test_two_who_edit_the_same_policy_lose_nothing(self, world: GcpWorld) -> None:
        """Six leases leave one project's policy at once, while somebody else adds to it, each by comparing etags."""
        leases = [new_tags(os.urandom(16)) for _ in range(6)]
        links = {tags.lease: admitted(world, adapter_of(world), tags) for tags in leases}
        world.double.latency_ms = 10

        def leave(tags: LeaseTags) -> None:
            adapter = adapter_of(world)
            for sighting in named(adapter.survey(tags.lease, links[tags.lease]), LinkKind.GCP_BINDING):
                adapter.sweep(sighting)

        def join(number: int) -> None:
            with world.double.lock:
                world.bind(BindingName(f"projects/{P}", "roles/viewer", f"user:person-{number}@example.com"))

        with ThreadPoolExecutor(12) as pool:
            for outcome in [*(pool.submit(leave, each) for each in leases), *(pool.submit(join, n) for n in range(6))]:
                outcome.result()
        left = {("roles/viewer", f"user:person-{number}@example.com") for number in range(6)}
        assert set(world.bound(f"projects/{P}")) == left
        assert any(each.status == 409 for each in world.double.asked("POST", f"projects/{P}:setIamPolicy"))

    def test_conditions_of_others_and_audit_settings_stay(
        self, world: GcpWorld, adapter: GcpAdapter, tags: LeaseTags
    ) -> None:
        links = admitted(world, adapter, tags)
        theirs = {
            "role": "roles/pubsub.viewer",
            "members": [DANA, f"serviceAccount:{email_of(tags)}"],
            "condition": {"title": "office hours", "expression": 'request.time.getHours("Europe/Berlin") >= 9'},
        }
        audits = [{"service": "allServices", "auditLogConfigs": [{"logType": "DATA_READ"}]}]
        with world.double.lock:
            policy = world.double.policies.get(f"projects/{P}", 3)
            changed = {**policy, "version": 3, "bindings": [*policy["bindings"], theirs], "auditConfigs": audits}
            world.double.policies.set(f"projects/{P}", changed, "bindings,auditConfigs,etag")
        sweep_all(adapter, tags.lease, links)
        policy = world.double.policies.get(f"projects/{P}", 3)
        assert policy["bindings"] == [{**theirs, "members": [DANA]}]
        assert policy["auditConfigs"] == audits

    def test_a_policy_that_never_keeps_still_is_an_error_that_says_so(
        self, world: GcpWorld, adapter: GcpAdapter, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("nhi_components.lifecycle.adapters.gcp.policies.CONFLICT_SECONDS", 0.3)
        links = admitted(world, adapter, tags)
        found = named(adapter.survey(tags.lease, links), LinkKind.GCP_BINDING)
        one = next(each for each in found if each.link.name.startswith(f"projects/{P} "))
        restless = True

        def set_policy(request: Request) -> Any:
            if restless:
                raise refuse("ABORTED", "There were concurrent policy changes.")
            return world.double.policies.set(f"projects/{P}", request.json()["policy"])

        world.double.route("POST", f"/v1/projects/{P}:setIamPolicy", set_policy)
        with pytest.raises(NhiError, match=r"changed by others each time we tried.*fix: run the same command again"):
            adapter.sweep(one)
        restless = False
        adapter.sweep(one)
        assert world.bound(f"projects/{P}") == []

    def test_what_a_deleted_account_leaves_in_policies_is_found_and_removed(
        self, world: GcpWorld, adapter: GcpAdapter, tags: LeaseTags
    ) -> None:
        links = admitted(world, adapter, tags)
        uid = by_kind(links, ACCOUNT).unique_id
        world.ask("DELETE", f"/v1/{account_resource(email_of(tags))}")
        left = f"deleted:serviceAccount:{email_of(tags)}?uid={uid}"
        assert (role_of(tags), left) in world.bound(topic_of(tags))
        found = named(adapter.survey(tags.lease, links), LinkKind.GCP_BINDING)
        assert {(each.ownership, each.detail) for each in found} == {(Ownership.OURS, "of the deleted account")}
        assert {each.link.name.rpartition(" ")[2] for each in found} == {left}
        alone = named(adapter.survey(tags.lease, []), LinkKind.GCP_BINDING)
        assert {each.link.name for each in alone} == {each.link.name for each in found}
        for sighting in found:
            adapter.sweep(sighting)
        assert world.bound(topic_of(tags)) == world.bound(f"projects/{P}") == []

    @pytest.mark.parametrize("linked", [True, False])
    def test_what_a_deleted_account_leaves_is_known_where_its_unique_id_is_not(
        self, world: GcpWorld, adapter: GcpAdapter, tags: LeaseTags, *, linked: bool
    ) -> None:
        links = [link for link in unknown(admitted(world, adapter, tags)) if linked or link.kind is ACCOUNT]
        world.ask("DELETE", f"/v1/{account_resource(email_of(tags))}")
        world.create_account(tags, "made by hand")
        theirs = f"serviceAccount:{email_of(tags)}"
        world.bind(BindingName(topic_of(tags), role_of(tags), theirs))
        sweep_all(adapter, tags.lease, links)
        assert world.bound(topic_of(tags)) == [(role_of(tags), theirs)]

    def test_bindings_of_an_account_made_anew_are_left_alone(
        self, world: GcpWorld, adapter: GcpAdapter, tags: LeaseTags
    ) -> None:
        links = admitted(world, adapter, tags)
        sightings = named(adapter.survey(tags.lease, links), LinkKind.GCP_BINDING)
        world.ask("DELETE", f"/v1/{account_resource(email_of(tags))}")
        world.create_account(tags, "made by hand")
        member = f"serviceAccount:{email_of(tags)}"
        world.bind(BindingName(topic_of(tags), role_of(tags), member))
        for sighting in sightings:
            adapter.sweep(sighting)
        assert (role_of(tags), member) in world.bound(topic_of(tags))
        found = {each.link.name: each for each in adapter.survey(tags.lease, links)}
        theirs = found[str(BindingName(topic_of(tags), role_of(tags), member))]
        assert theirs.ownership is Ownership.NAMESAKE
        with pytest.raises(NhiError, match="refused to delete a namesake"):
            adapter.sweep(theirs)

    def test_who_may_become_an_account_by_hand_is_told_and_goes_with_it(
        self, world: GcpWorld, adapter: GcpAdapter, tags: LeaseTags
    ) -> None:
        links = admitted(world, adapter, tags)
        by_hand = BindingName(account_resource(email_of(tags)), "roles/iam.serviceAccountUser", DANA)
        world.bind(by_hand)
        found = adapter.survey(tags.lease, links)
        assert str(by_hand) not in {each.link.name for each in found}
        (account,) = named(found, ACCOUNT)
        assert account.detail == f"bound by hand, which the lease does not list: {by_hand}"
        assert str(by_hand) in {extra.name for extra in cut_off_of(adapter.cut_off(tags.lease, links, now())).extras}


@pytest.fixture
def resources(world: GcpWorld) -> Iterator[Resources]:
    with world.operated() as operator:
        yield Resources(world.double, operator)


BOUND_ON = {
    ResourceKind.PROJECT: f"projects/{P}",
    ResourceKind.SERVICE_ACCOUNT: account_resource(account_email("orders-caller", P)),
    ResourceKind.BUCKET: "projects/_/buckets/orders-objects",
    ResourceKind.TOPIC: f"projects/{P}/topics/orders",
    ResourceKind.SUBSCRIPTION: f"projects/{P}/subscriptions/orders",
    ResourceKind.SECRET: f"projects/{P}/secrets/orders",
    ResourceKind.DATASET: f"projects/{P}/datasets/orders",
    ResourceKind.TABLE: f"projects/{P}/datasets/orders/tables/rows",
    ResourceKind.KEY_RING: f"projects/{P}/locations/europe-west1/keyRings/orders",
    ResourceKind.CRYPTO_KEY: f"projects/{P}/locations/europe-west1/keyRings/orders/cryptoKeys/sealing",
    ResourceKind.RUN_SERVICE: f"projects/{P}/locations/europe-west1/services/orders",
    ResourceKind.REPOSITORY: f"projects/{P}/locations/europe-west1/repositories/orders",
    ResourceKind.LOG_VIEW: f"projects/{P}/locations/europe-west1/buckets/orders/views/orders",
}


ROLES = {
    ResourceKind.PROJECT: "roles/pubsub.editor",
    ResourceKind.SERVICE_ACCOUNT: "roles/iam.serviceAccountTokenCreator",
    ResourceKind.BUCKET: "roles/storage.objectViewer",
    ResourceKind.TOPIC: "roles/pubsub.publisher",
    ResourceKind.SUBSCRIPTION: "roles/pubsub.subscriber",
    ResourceKind.SECRET: "roles/secretmanager.secretAccessor",
    ResourceKind.DATASET: "roles/bigquery.dataViewer",
    ResourceKind.TABLE: "roles/bigquery.dataViewer",
    ResourceKind.KEY_RING: "roles/cloudkms.cryptoKeyEncrypter",
    ResourceKind.CRYPTO_KEY: "roles/cloudkms.cryptoKeyEncrypter",
    ResourceKind.RUN_SERVICE: "roles/run.invoker",
    ResourceKind.REPOSITORY: "roles/artifactregistry.reader",
    ResourceKind.LOG_VIEW: "roles/logging.viewAccessor",
}


class TestSearch:
    @pytest.mark.parametrize("kind", list(ResourceKind), ids=str)
    def test_a_binding_by_hand_on_any_resource_is_found_by_a_search(
        self, world: GcpWorld, adapter: GcpAdapter, tags: LeaseTags, resources: Resources, kind: ResourceKind
    ) -> None:
        links = admitted(world, adapter, tags)
        resource = BOUND_ON[kind]
        target = target_of(resource)
        assert target is not None
        assert target.kind is kind
        others = set(world.bound(resource))
        by_hand = BindingName(resource, ROLES[kind], f"serviceAccount:{email_of(tags)}")
        world.bind(by_hand)
        world.bind(BindingName(resource, ROLES[kind], DANA))
        found = {each.link.name: each for each in adapter.survey(tags.lease, links)}
        assert found[str(by_hand)].ownership is Ownership.OURS
        (extra,) = cut_off_of(adapter.cut_off(tags.lease, links, now())).extras
        assert extra.name == str(by_hand)
        adapter.sweep(found[str(by_hand)])
        assert str(by_hand) not in {each.link.name for each in adapter.survey(tags.lease, links)}
        assert set(world.bound(resource)) == others | {(ROLES[kind], DANA)}

    @pytest.mark.parametrize("how", ["denied", "disabled"])
    def test_without_the_search_what_is_known_is_read_all_the_same(
        self, world: GcpWorld, adapter: GcpAdapter, tags: LeaseTags, how: str
    ) -> None:
        links = admitted(world, adapter, tags)
        world.add_extras(tags)
        if how == "denied":
            world.double.deny(world.operator, SEARCH)
        else:
            world.double.disable_api(P, "cloudasset.googleapis.com")
        found = {each.link.key for each in adapter.survey(tags.lease, links)}
        assert found >= {link.key for link in links}
        (spot,) = adapter.blind_spots(links)
        assert (spot.kind, spot.system) == (LinkKind.GCP_BINDING, System.GCP)
        assert P in spot.reason.reason
        assert SEARCH in spot.reason.reason
        assert not [name for name in found if "by-hand" in name[3]]

    def test_a_policy_that_the_search_leads_to_and_that_is_closed_is_a_blind_spot(
        self, world: GcpWorld, adapter: GcpAdapter, tags: LeaseTags
    ) -> None:
        links = admitted(world, adapter, tags)
        snapshot = f"projects/{P}/snapshots/by-hand"
        with world.double.lock:
            world.double.policies.attach(snapshot, f"projects/{P}")
        world.bind(BindingName(snapshot, "roles/pubsub.viewer", f"serviceAccount:{email_of(tags)}"))
        adapter.survey(tags.lease, links)
        (spot,) = adapter.blind_spots(links)
        assert f"{snapshot}: policies of its kind are not known here" in spot.reason.reason

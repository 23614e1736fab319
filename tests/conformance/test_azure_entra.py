"""Applications of Entra: their service principals are disabled, and what was deleted is deleted for good."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from nhi_components.core.credential.sources import EntraClientSecretSource
from nhi_components.core.errors import NhiError
from nhi_components.core.links import LinkKind, NotChecked
from nhi_components.core.tags import LeaseTags, description_mark
from nhi_components.lifecycle.adapters.azure.adapter import AzureAdapter
from nhi_components.lifecycle.ports import Ownership
from tests.conformance.azure_steps import SERVICE, adapter_of, admitted, cut_off_of, named, suspended, sweep_all
from tests.conformance.azure_world import AzureApplicationWorld, AzureWorld, display_name
from tests.conformance.world import by_kind, now

APPLICATION, KEY = LinkKind.ENTRA_APPLICATION, LinkKind.ENTRA_CLIENT_SECRET
GRAPH_READ, GRAPH_WRITE = "Application.Read.All", "Application.ReadWrite.OwnedBy"


@pytest.fixture
def world(azure_application_world: AzureApplicationWorld) -> AzureApplicationWorld:
    return azure_application_world


@pytest.fixture
def adapter(world: AzureApplicationWorld) -> AzureAdapter:
    return adapter_of(world)


def test_a_service_principal_is_disabled_and_enabled_again(
    world: AzureApplicationWorld, adapter: AzureAdapter, tags: LeaseTags
) -> None:
    links = admitted(world, adapter, tags)
    before = sorted(world.assigned(tags))
    done = cut_off_of(adapter.cut_off(tags.lease, links, now()))
    assert isinstance(done.sessions_refused_at, NotChecked)
    assert "within 60 to 90 min" in done.sessions_refused_at.reason
    assert "held at the credential's places only" in done.without_canary
    principal = world.principal_of(tags)
    assert (principal.is_enabled, world.assigned(tags)) == (False, [])
    with pytest.raises(PermissionError, match="AADSTS700213"):
        world.session_token(tags)
    adapter.admit(tags, links, now())
    assert (principal.is_enabled, sorted(world.assigned(tags))) == (True, before)
    assert sorted(principal.facts["tags"]) == sorted([description_mark(tags.lease), "team=orders"])
    assert world.session_token(tags)


def test_client_secrets_made_by_hand_are_told_and_deleted(
    world: AzureApplicationWorld, adapter: AzureAdapter, tags: LeaseTags
) -> None:
    links = admitted(world, adapter, tags)
    world.add_extras(tags)
    done = cut_off_of(adapter.cut_off(tags.lease, links, now()))
    assert KEY in {extra.kind for extra in done.extras}
    assert world.application_of(tags)["passwordCredentials"] == []


@pytest.mark.parametrize("known_by", ["application", "display_name"])
def test_those_of_a_credential_are_told_with_it(
    world: AzureApplicationWorld, adapter: AzureAdapter, tags: LeaseTags, known_by: str
) -> None:
    links = admitted(world, adapter, tags)
    application = world.application_of(tags)
    secret = world.double.applications.add(application, description_mark(tags.lease))
    named = {"application": application["id"], "display_name": display_name(tags)}
    source = EntraClientSecretSource.parse({"kind": "entra-client-secret", known_by: named[known_by]})
    links += adapter.admit(tags, [source.link()], now())
    done = adapter.cut_off(tags.lease, links, now())
    assert cut_off_of(done).extras == ()
    (of_key,) = (each for each in done if each.link.kind is KEY)
    assert of_key.link.unique_id == secret["keyId"]
    assert isinstance(of_key.sessions_refused_at, NotChecked)
    assert "60 to 90 min" in of_key.sessions_refused_at.reason
    assert application["passwordCredentials"] == []


def test_what_was_deleted_is_found_and_deleted_for_good(
    world: AzureApplicationWorld, adapter: AzureAdapter, tags: LeaseTags
) -> None:
    links = admitted(world, adapter, tags)
    world.double.applications.remove(world.application_of(tags)["id"])
    for known in (links, []):
        found = named(adapter.survey(tags.lease, known), APPLICATION, SERVICE)
        assert {each.link.kind for each in found} == {APPLICATION, SERVICE}
        for each in found:
            assert each.lives
            assert each.detail.startswith("deleted; can be brought back until ")
            assert each.recoverable_until is not None
            assert timedelta(days=29) < each.recoverable_until - now() <= timedelta(days=30)
    sweep_all(adapter, tags.lease, links)
    assert world.alive(tags) == []
    assert adapter.survey(tags.lease, links) == []


def test_what_may_not_be_purged_is_told_with_its_date(
    world: AzureApplicationWorld, adapter: AzureAdapter, tags: LeaseTags
) -> None:
    links = admitted(world, adapter, tags)
    world.double.applications.remove(world.application_of(tags)["id"])
    world.double.deny(world.operator, GRAPH_WRITE)
    found = named(adapter.survey(tags.lease, links), APPLICATION)
    adapter.sweep(found[0])
    (kept,) = named(adapter.survey(tags.lease, links), APPLICATION)
    assert (kept.lives, kept.retained_until) == (False, found[0].recoverable_until)
    assert isinstance(kept.retained_until, datetime)
    # Another process does not know that yet, and asks again.
    (again,) = named(adapter_of(world).survey(tags.lease, links), APPLICATION)
    assert again.lives


def test_after_30_days_nothing_is_left(world: AzureApplicationWorld, adapter: AzureAdapter, tags: LeaseTags) -> None:
    links = admitted(world, adapter, tags)
    world.double.applications.remove(world.application_of(tags)["id"])
    world.double.ahead += timedelta(days=31)
    assert named(adapter.survey(tags.lease, links), APPLICATION, SERVICE) == []


def test_another_application_of_that_name_hides_nothing_that_was_deleted(
    world: AzureApplicationWorld, adapter: AzureAdapter, tags: LeaseTags
) -> None:
    links = admitted(world, adapter, tags)
    world.double.applications.remove(world.application_of(tags)["id"])
    world.double.applications.make(display_name(tags))
    found = named(adapter.survey(tags.lease, links), APPLICATION)
    assert [each.ownership for each in found] == [Ownership.NAMESAKE, Ownership.OURS]
    sweep_all(adapter, tags.lease, links)
    assert [each["displayName"] for each in world.double.applications.by_id.values()].count(display_name(tags)) == 1


def test_a_suspended_one_stays_disabled(world: AzureApplicationWorld, adapter: AzureAdapter, tags: LeaseTags) -> None:
    links = suspended(admitted(world, adapter, tags))
    adapter.cut_off(tags.lease, links, now())
    world.principal_of(tags).facts["accountEnabled"] = False
    adapter.admit(tags, links, now())
    principal = world.principal_of(tags)
    assert not principal.is_enabled
    assert sorted(principal.facts["tags"]) == sorted([description_mark(tags.lease), "team=orders"])


@pytest.mark.parametrize("kind", [APPLICATION, SERVICE])
def test_one_that_bears_no_lease_is_not_taken(
    world: AzureApplicationWorld, adapter: AzureAdapter, tags: LeaseTags, kind: LinkKind
) -> None:
    links = world.create(tags)
    for facts in (world.application_of(tags), world.principal_of(tags).facts):
        facts |= {"tags": [], "notes": None}
    with pytest.raises(NhiError, match=r"none that bears the lease.*fix: declare"):
        adapter.admit(tags, [by_kind(links, kind)], now())


def test_whoever_may_not_ask_the_directory_is_told_what_was_not_looked_for(
    azure_world: AzureWorld, tags: LeaseTags
) -> None:
    adapter = adapter_of(azure_world)
    links = admitted(azure_world, adapter, tags)
    azure_world.double.deny(azure_world.operator, GRAPH_READ)
    # Whoever has managed identities only needs nothing of it.
    assert {each.link.key for each in adapter.survey(tags.lease, links)} == {link.key for link in links}
    assert adapter.blind_spots(links) == []
    assert adapter.survey(tags.lease, [])
    spots = {spot.kind: spot.reason.reason for spot in adapter.blind_spots([])}
    assert set(spots) == {APPLICATION, SERVICE, KEY}
    assert all(GRAPH_READ in reason for reason in spots.values())

"""What every discovery must do, on each system: find all that is there, only read, and say what it may not see."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

import nhi_components.lifecycle.adapters as adapters
from nhi_components.core.errors import SystemUnreachable
from nhi_components.lifecycle.adapters import discovery_policy
from nhi_components.lifecycle.discovery.ports import NotSeen
from tests.conformance.discovery.conftest import WORLDS
from tests.conformance.discovery.world import DiscoveryWorld, identities_in, read_all


def test_every_discovery_is_run_through_this_suite() -> None:
    folders = [
        file.parent.name
        for file in Path(adapters.__file__).parent.glob("*/discovery.py")
        if "class Discovery" in file.read_text()
    ]
    assert sorted(folders) == sorted(WORLDS)


def test_it_finds_all_that_is_there_with_what_it_holds_and_who_gets_in(world: DiscoveryWorld) -> None:
    planted = world.plant()
    discovery = world.discovery()
    records, _ = read_all(discovery)
    found = identities_in(records)
    assert {key: found[key].unique_id for key in planted.identities if key in found} == planted.identities
    for key in planted.identities:
        assert (found[key].system, found[key].place) == (discovery.system, discovery.place())
        assert (found[key].created_at is not None) is planted.dated
    assert [record for record in planted.records if record not in records] == []


def test_it_tells_each_record_once_and_no_credential(world: DiscoveryWorld) -> None:
    world.plant()
    records, names = read_all(world.discovery())
    told = [repr(record) for record in records]
    assert len(told) == len(set(told))
    assert len(names) == len(set(names))
    assert [value for value in world.secrets if any(value in text for text in told)] == []
    # As a whole, whatever `repr` leaves out.
    assert not any(value.encode() in pickle.dumps(records) for value in world.secrets)


def test_with_just_the_permissions_that_its_sections_name_it_sees_everything(world: DiscoveryWorld) -> None:
    world.plant()
    everything, names = read_all(world.discovery())
    discovery = world.discovery()
    named = {permission for name in names for permission in discovery.section(name).permissions}
    limited, _ = read_all(world.discovery_of(named))
    found, seen = identities_in(everything), identities_in(limited)
    assert {key: each.unique_id for key, each in found.items()}.items() <= {
        k: e.unique_id for k, e in seen.items()
    }.items()


def test_the_policy_that_is_printed_allows_just_what_its_sections_name(world: DiscoveryWorld) -> None:
    discovery = world.discovery(everywhere=True)
    _, names = read_all(discovery)
    named = {permission for name in names for permission in discovery.section(name).permissions}
    assert world.permissions_in(discovery_policy(discovery.system)) == named


def test_without_any_one_permission_its_section_is_not_seen(world: DiscoveryWorld) -> None:
    world.plant()
    discovery = world.discovery()
    _, names = read_all(discovery)
    needs = {name: discovery.section(name).permissions for name in names}
    named = {permission for permissions in needs.values() for permission in permissions}
    for missing in sorted(named):
        limited = world.discovery_of(named - {missing})
        name = next(name for name, permissions in needs.items() if missing in permissions)
        with pytest.raises(NotSeen) as refused:
            limited.section(name).read(None)
        assert f"{limited.system}.{limited.connection}" in str(refused.value)
        assert not any(value in str(refused.value) for value in world.secrets)


def test_credentials_of_nobody_are_told_as_such(world: DiscoveryWorld) -> None:
    with pytest.raises(SystemUnreachable) as refused:
        world.discovery_of_nobody().place()
    assert not any(value in str(refused.value) for value in world.secrets)


def test_it_only_reads(world: DiscoveryWorld) -> None:
    world.plant()
    discovery = world.discovery()
    before = world.changed()
    read_all(discovery)
    assert world.changed() == before

"""The adapter of systems that hold credentials only, over every place of such a system that the suite knows."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import pytest

from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.holders import HolderAdapter
from nhi_components.lifecycle.credentials.ports import Home
from nhi_components.lifecycle.ports import Ownership
from tests.conformance.credentials import aws_world, vault_world
from tests.conformance.credentials.conftest import PLACES, Setting
from tests.conformance.credentials.world import PlaceWorld
from tests.conformance.world import new_tags, now

ELSEWHERE = {**aws_world.PLACES, **vault_world.PLACES}
"""These systems have adapters of their own."""


@pytest.fixture(params=sorted(PLACES.keys() - ELSEWHERE.keys()))
def world(request: Any, setting: Setting) -> PlaceWorld:
    return PLACES[request.param](setting)


def _adapter(world: PlaceWorld) -> HolderAdapter:
    return HolderAdapter(world.system, "default", world.open())


def _is_searchable(world: PlaceWorld) -> bool:
    return bool(getattr(world, "searchable", world.keeps_lease))


def test_a_place_is_admitted_seen_swept_and_gone(world: PlaceWorld, tags: LeaseTags) -> None:
    spec, adapter = world.place(tags), _adapter(world)
    adapter.require([spec.link()])
    assert adapter.survey(tags.lease, [spec.link()]) == []
    world.open().place(spec).write(tags, world.material("KEY1"))
    links = adapter.admit(tags, [spec.link()], now())
    (seen,) = _adapter(world).survey(tags.lease, links)
    assert (seen.link.key, seen.ownership) == (spec.link().key, Ownership.OURS)
    assert adapter.cut_off(tags.lease, links, now()) == []
    assert adapter.revoke_live(tags.lease, links, now()) == []
    for _ in range(2):
        _adapter(world).sweep(seen)
    assert adapter.survey(tags.lease, links) == []
    assert world.everything(spec) == []


def test_from_the_lease_id_alone_it_is_seen_or_told_to_be_a_blind_spot(world: PlaceWorld, tags: LeaseTags) -> None:
    spec, adapter = world.place(tags), _adapter(world)
    system = world.open()
    system.place(spec).write(tags, world.material("KEY1"))
    adapter = HolderAdapter(world.system, "default", system)
    seen = adapter.survey(tags.lease, [])
    spots = adapter.blind_spots([])
    if _is_searchable(world):
        assert ([each.link.name for each in seen], spots) == ([spec.address], [])
        adapter.sweep(seen[0])
        assert world.everything(spec) == []
    else:
        assert seen == []
        assert [spot.kind for spot in spots] == [spec.link_kind]
        assert spots[0].reason.reason


def test_somebody_else_s_is_a_namesake_where_that_can_be_told(world: PlaceWorld, tags: LeaseTags) -> None:
    spec = world.place(tags)
    world.put_namesake(spec)
    before = world.values(spec)
    found = _adapter(world).survey(tags.lease, [spec.link()])
    if world.keeps_lease:
        (seen,) = found
        assert seen.ownership is Ownership.NAMESAKE
        with pytest.raises(Exception, match="fix: "):
            _adapter(world).admit(tags, [spec.link()], now())
        with pytest.raises(Exception, match="namesake"):
            _adapter(world).sweep(seen)
        assert world.values(spec) == before
    else:
        assert found == []
        (seen,) = _adapter(world).survey(tags.lease, _adapter(world).admit(tags, [spec.link()], now()))
        assert (seen.ownership, "name only" in seen.detail) == (Ownership.OURS, True)


def test_another_lease_s_is_left_alone(world: PlaceWorld, tags: LeaseTags) -> None:
    spec, material = world.place(tags), world.material("KEY1")
    world.open().place(spec).write(tags, material)
    other = replace(tags, lease=new_tags(os.urandom(16)).lease)
    seen = _adapter(world).survey(other.lease, [spec.link()])
    assert [each.ownership for each in seen] == ([Ownership.NAMESAKE] if world.keeps_lease else [])
    assert world.values(spec) == material.fields


def test_notes_alone_are_swept_too(world: PlaceWorld, tags: LeaseTags) -> None:
    spec, adapter = world.place(tags), _adapter(world)
    place = world.open().place(spec)
    if spec.can_be_home:
        home: Home = place  # type: ignore[assignment] # what can be a home is one
        home.note(tags, {"key": "KEY1"})
    else:
        place.write(tags, world.material("KEY1"))
    links = adapter.admit(tags, [spec.link()], now())
    (seen,) = adapter.survey(tags.lease, links)
    adapter.sweep(seen)
    assert adapter.survey(tags.lease, links) == []
    assert world.everything(spec) == []

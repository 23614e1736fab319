"""Finding a key that leaked: by its id, by how that begins, by its value."""

from __future__ import annotations

import json

import pytest

from nhi_components.core.errors import SpecError
from nhi_components.lifecycle.credentials.exposing import PUBLIC, Leak, Search, search
from nhi_components.lifecycle.credentials.ports import Material
from nhi_components.lifecycle.credentials.rotating import reconcile
from tests.unit.lifecycle.credentials.fakes import TellingSource, World


def issued(prefix: str = "AKIA0000") -> World:
    world = World()
    world.issuing = TellingSource(world.spec.source, world.steps, world.clock, prefix=prefix)
    reconcile(world.wanted, world.tools)
    world.steps.revive()
    return world


def asked(leak: Leak, *worlds: World) -> Search:
    return search(leak, [(world.wanted, world.tools) for world in worlds])


def found(leak: Leak, *worlds: World) -> dict[int, set[str]]:
    told = asked(leak, *worlds)
    assert told.unseen == ()
    return {match.index: set(match.keys) for match in told.matches}


def hold(world: World, **fields: str) -> None:
    """Have the home hold other fields of its key."""
    world.home.versions[-1] = Material(world.home.versions[-1].key_id, fields)


def test_a_key_is_found_by_its_id_among_many() -> None:
    worlds = [issued(), issued("AKIA1111")]
    assert found(Leak(key_id="AKIA11111"), *worlds) == {1: {"AKIA11111"}}
    assert found(Leak(key_id="AKIA1111"), *worlds) == {}
    assert [world.steps.done for world in worlds] == [[], []]


def test_a_prefix_may_fit_several_keys() -> None:
    world, other = issued(), issued("ASIA9999")
    world.issuing.create(world.lease)
    assert found(Leak(prefix="AKIA0000"), world, other) == {0: {"AKIA00001", "AKIA00002"}}


@pytest.mark.parametrize("prefix", ["A", "AKIA000"])
def test_a_prefix_that_is_too_short_is_refused_and_nothing_is_asked(prefix: str) -> None:
    world = issued()
    world.steps.down |= {"source", "home"}
    with pytest.raises(SpecError, match=rf"--prefix\n.*{len(prefix)} characters"):
        asked(Leak(prefix=prefix), world)


@pytest.mark.parametrize("leak", [Leak(), Leak(key_id="AKIA00001", value="x")])
def test_there_is_one_way_to_know_a_key(leak: Leak) -> None:
    with pytest.raises(SpecError, match="one"):
        asked(leak, issued())


def test_a_key_is_found_by_its_value_at_home() -> None:
    world = issued()
    world.issuing.living = dict(world.issuing.living)
    del world.issuing.living["AKIA00001"]
    assert found(Leak(value="secret-of-AKIA00001"), world) == {0: {"AKIA00001"}}
    assert found(Leak(value="secret-of-AKIA0000"), world) == {}


def test_its_source_tells_a_value_that_is_no_longer_at_home() -> None:
    world = issued()
    hold(world, secret_access_key="typed")
    assert found(Leak(value="secret-of-AKIA00001"), world) == {0: {"AKIA00001"}}


@pytest.mark.parametrize("down", ["source", "home"])
def test_what_is_down_does_not_keep_the_other_from_telling(down: str) -> None:
    world = issued()
    world.steps.down.add(down)
    assert found(Leak(value="secret-of-AKIA00001"), world) == {0: {"AKIA00001"}}
    told = asked(Leak(value="another"), world)
    assert told.matches == ()
    assert "no answer" in told.unseen[0]


def test_an_id_in_place_of_a_value_is_found() -> None:
    world = issued()
    hold(world, secret_access_key="typed")
    assert found(Leak(value="AKIA00001"), world) == {0: {"AKIA00001"}}


@pytest.mark.parametrize(
    ("held", "copied"),
    [
        ("-----BEGIN KEY-----\nabc\n-----END KEY-----\n", "-----BEGIN KEY-----\r\nabc\r\n-----END KEY-----"),
        (json.dumps({"private_key": "k", "type": "t"}, indent=2) + "\n", '{"type": "t", "private_key": "k"}'),
        ("{ no json", " { no json\n"),
        ("schlüssel", "schlüssel"),
    ],
    ids=["pem", "json", "braces", "unicode"],
)
def test_how_a_value_was_copied_makes_no_difference(held: str, copied: str) -> None:
    world = issued()
    hold(world, key_file=held)
    assert found(Leak(value=copied), world) == {0: {"AKIA00001"}}


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_what_everybody_may_know_is_no_leak(name: str) -> None:
    world = issued()
    hold(world, **{name: "11111111-2222"}, secret="hidden")
    assert found(Leak(value="11111111-2222"), world) == {}
    assert found(Leak(value="hidden"), world) == {0: {"AKIA00001"}}


def test_a_key_that_an_earlier_run_has_deleted_but_not_replaced_is_found_at_home() -> None:
    world = issued()
    world.issuing.living.clear()
    assert found(Leak(key_id="AKIA00001"), world) == {0: {"AKIA00001"}}
    assert found(Leak(prefix="AKIA0000"), world) == {0: {"AKIA00001"}}


@pytest.mark.parametrize("down", ["source", "home"])
def test_what_can_not_be_looked_at_is_told_and_keeps_no_other_from_being_found(down: str) -> None:
    unseen, world = issued("AKIA1111"), issued()
    unseen.steps.down.add(down)
    told = asked(Leak(key_id="AKIA00001"), unseen, world)
    assert [match.index for match in told.matches] == [1]
    assert len(told.unseen) == 1
    assert unseen.wanted.subject in told.unseen[0]


def test_a_leak_shows_no_value() -> None:
    assert "hidden" not in repr(Leak(value="hidden"))
    assert "AKIA00001" in repr(Leak(key_id="AKIA00001"))

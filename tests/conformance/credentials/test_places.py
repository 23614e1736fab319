"""What every place must do, run against every one of them."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta

import pytest

from nhi_components.core.errors import NhiError, SystemUnreachable
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.credentials.ports import Claim, Home, Kept, NotSearchable, Overtaken, Place
from tests.conformance.credentials.world import PlaceWorld
from tests.conformance.world import new_tags, now

KEY, NEXT = "AKIAEXAMPLEFIRST0001", "AKIAEXAMPLESECOND002"


def other(tags: LeaseTags) -> LeaseTags:
    return replace(tags, lease=new_tags(os.urandom(16)).lease)


def home(place: Place) -> Home:
    assert place.spec.can_be_home
    return place  # type: ignore[return-value] # what can be a home is one


def is_home(world: PlaceWorld, tags: LeaseTags) -> bool:
    return world.place(tags).can_be_home


def test_the_caller_is_told(place_world: PlaceWorld) -> None:
    caller = place_world.open().caller()
    assert (caller.system, caller.connection) == (place_world.system, "default")
    assert caller.principal


def test_nothing_stands_there_at_first(place_world: PlaceWorld, tags: LeaseTags) -> None:
    place = place_world.open().place(place_world.place(tags))
    assert place.find() is None
    place.remove(tags.lease)
    place.prune()
    assert place.find() is None


def test_what_is_written_is_there_and_marked(place_world: PlaceWorld, tags: LeaseTags) -> None:
    spec, material = place_world.place(tags), place_world.material(KEY)
    place = place_world.open().place(spec)
    held = place.write(tags, material, "")
    assert held.version
    assert held == place.find() == place_world.open().place(spec).find()
    assert held.lease == (tags.lease if place_world.keeps_lease else None)
    assert held.key_id == (KEY if place_world.tells_key else None)
    assert place_world.values(spec) == material.fields


def test_writing_again_changes_nothing_that_a_reader_sees(place_world: PlaceWorld, tags: LeaseTags) -> None:
    spec, material = place_world.place(tags), place_world.material(KEY)
    place = place_world.open().place(spec)
    place.write(tags, material)
    place.write(tags, material)
    assert place_world.values(spec) == material.fields


def test_another_key_replaces_it_and_has_another_version(place_world: PlaceWorld, tags: LeaseTags) -> None:
    spec, first, second = place_world.place(tags), place_world.material(KEY), place_world.material(NEXT)
    place = place_world.open().place(spec)
    before = place.write(tags, first)
    after = place.write(tags, second, before.version)
    assert before.version != after.version
    assert place_world.values(spec) == second.fields
    assert (after.older > 0) == place_world.keeps_older


def test_pruning_leaves_the_newest_only(place_world: PlaceWorld, tags: LeaseTags) -> None:
    spec, first, second = place_world.place(tags), place_world.material(KEY), place_world.material(NEXT)
    place = place_world.open().place(spec)
    place.write(tags, first)
    after = place.write(tags, second)
    place.prune()
    place.prune()
    found = place.find()
    assert found == replace(after, older=0)
    assert place_world.values(spec) == second.fields


def test_a_change_by_hand_shows_in_the_version(place_world: PlaceWorld, tags: LeaseTags) -> None:
    spec, material = place_world.place(tags), place_world.material(KEY)
    place = place_world.open().place(spec)
    held = place.write(tags, material)
    place_world.change_by_hand(spec)
    found = place.find()
    assert found is not None
    assert found.version != held.version
    place.write(tags, material)
    assert place_world.values(spec) == material.fields


def test_a_write_over_another_version_is_refused(place_world: PlaceWorld, tags: LeaseTags) -> None:
    spec, first, second = place_world.place(tags), place_world.material(KEY), place_world.material(NEXT)
    place = place_world.open().place(spec)
    if not place_world.compares:
        assert place.write(tags, first, "").version
        return
    held = place.write(tags, first, "")
    place_world.change_by_hand(spec)
    for over in (held.version, ""):
        with pytest.raises(Overtaken):
            place.write(tags, second, over)
    assert place_world.values(spec) != second.fields


def test_removing_leaves_nothing(place_world: PlaceWorld, tags: LeaseTags) -> None:
    spec = place_world.place(tags)
    place = place_world.open().place(spec)
    place.write(tags, place_world.material(KEY))
    place.write(tags, place_world.material(NEXT))
    if is_home(place_world, tags):
        home(place).note(tags, {"key": NEXT})
        home(place).claim(tags, Claim("run-1", "ops@host", now() + timedelta(minutes=1)), now())
    assert place_world.everything(spec)
    place.remove(tags.lease)
    place.remove(tags.lease)
    assert place_world.everything(spec) == []
    assert place.find() is None


def test_it_can_be_made_anew_after_a_removal(place_world: PlaceWorld, tags: LeaseTags) -> None:
    spec, material = place_world.place(tags), place_world.material(NEXT)
    place = place_world.open().place(spec)
    place.write(tags, place_world.material(KEY))
    place.remove(tags.lease)
    place.write(tags, material, "")
    assert place_world.values(spec) == material.fields


def test_somebody_else_s_is_neither_written_nor_removed(place_world: PlaceWorld, tags: LeaseTags) -> None:
    spec = place_world.place(tags)
    place_world.put_namesake(spec)
    before, place = place_world.values(spec), place_world.open().place(spec)
    if not place_world.keeps_lease:
        assert place.find() is not None
        return
    with pytest.raises(NhiError, match="fix: "):
        place.write(tags, place_world.material(KEY))
    with pytest.raises(NhiError, match="fix: "):
        place.remove(tags.lease)
    assert place_world.values(spec) == before


def test_somebody_else_s_older_versions_are_left_alone(place_world: PlaceWorld, tags: LeaseTags) -> None:
    spec = place_world.place(tags)
    place_world.put_namesake(spec)
    if place_world.keeps_older:
        place_world.change_by_hand(spec)
    place = place_world.open().place(spec)
    before = place.find()
    assert before is not None
    assert (before.older > 0) == place_world.keeps_older
    place.prune()
    assert place.find() == before


def test_another_lease_s_is_neither_written_nor_removed(place_world: PlaceWorld, tags: LeaseTags) -> None:
    spec, material = place_world.place(tags), place_world.material(KEY)
    place = place_world.open().place(spec)
    place.write(tags, material)
    if not place_world.keeps_lease:
        assert place.find() is not None
        return
    with pytest.raises(NhiError, match=tags.lease):
        place.write(other(tags), place_world.material(NEXT))
    with pytest.raises(NhiError, match=tags.lease):
        place.remove(other(tags).lease)
    assert place_world.values(spec) == material.fields


def test_it_is_found_from_the_lease_id_alone(place_world: PlaceWorld, tags: LeaseTags) -> None:
    spec = place_world.place(tags)
    system = place_world.open()
    system.place(spec).write(tags, place_world.material(KEY))
    if not getattr(place_world, "searchable", place_world.keeps_lease):
        with pytest.raises(NotSearchable):
            system.search(tags.lease)
        return
    assert [(link.kind, link.name) for link in system.search(tags.lease)] == [(spec.link_kind, spec.address)]
    assert system.search(new_tags(os.urandom(16)).lease) == []


def test_a_home_is_read_back_and_keeps_notes(home_world: PlaceWorld, tags: LeaseTags) -> None:
    spec, material = home_world.place(tags), home_world.material(KEY)
    place = home(home_world.open().place(spec))
    assert (place.read(), place.notes()) == (None, {})
    place.note(tags, {"key": KEY, "at": "2027-01-31T10:00:00+00:00"})
    assert (place.read(), place.notes()) == (None, {"key": KEY, "at": "2027-01-31T10:00:00+00:00"})
    place.write(tags, material, "")
    assert place.read() == material
    assert place.read().fields == material.fields  # type: ignore[union-attr] # it was just seen
    assert place.notes()["key"] == KEY
    before = place.find()
    place.note(tags, {"key": NEXT, "retiring": f"{KEY}@2027-02-01T00:00:00+00:00"})
    assert home(home_world.open().place(spec)).notes() == {
        "key": NEXT,
        "retiring": f"{KEY}@2027-02-01T00:00:00+00:00",
    }
    assert place.find() == before
    place.note(tags, {})
    assert place.notes() == {}
    assert home_world.values(spec) == material.fields


def test_one_look_at_a_home_tells_what_several_tell(home_world: PlaceWorld, tags: LeaseTags) -> None:
    place = home(home_world.open().place(home_world.place(tags)))
    assert place.kept() == Kept(None, None, {})
    place.note(tags, {"key": KEY})
    assert place.kept() == Kept(place.find(), None, {"key": KEY})
    for key in (KEY, NEXT):
        held = place.write(tags, home_world.material(key))
        kept = place.kept()
        assert kept == Kept(held, place.read(), place.notes())
        assert kept.material is not None
        assert (kept.material.key_id, kept.version, kept.notes) == (key, held.version, {"key": KEY})
    home_world.change_by_hand(place.spec)
    kept = place.kept()
    assert kept == Kept(place.find(), place.read(), {"key": KEY})
    assert kept.version not in ("", held.version)


def test_a_home_that_was_changed_by_hand_can_be_read_and_written(home_world: PlaceWorld, tags: LeaseTags) -> None:
    spec, material = home_world.place(tags), home_world.material(NEXT)
    place = home(home_world.open().place(spec))
    place.write(tags, home_world.material(KEY))
    home_world.change_by_hand(spec)
    place.read()
    found = place.find()
    assert found is not None
    assert place.write(tags, material, found.version).key_id == NEXT
    assert place.read() == material


def test_a_home_keeps_as_many_notes_as_there_may_be(home_world: PlaceWorld, tags: LeaseTags) -> None:
    place = home(home_world.open().place(home_world.place(tags)))
    notes = {f"at-{chr(97 + number)}": "v" * 250 for number in range(26)} | {"key": KEY}
    place.note(tags, notes)
    assert place.notes() == notes


def test_one_run_only_has_the_claim(home_world: PlaceWorld, tags: LeaseTags) -> None:
    place = home(home_world.open().place(home_world.place(tags)))
    moment = now()
    mine = Claim("run-1", "dana@laptop", moment + timedelta(minutes=1))
    theirs = Claim("run-2", "lee@runner", moment + timedelta(minutes=2))
    assert place.claim(tags, mine, moment).run == "run-1"
    assert place.claim(tags, theirs, moment) == mine
    renewed = replace(mine, until=moment + timedelta(minutes=5))
    assert place.claim(tags, renewed, moment) == renewed
    place.release("run-2")
    assert place.claim(tags, theirs, moment).run == "run-1"
    place.release("run-1")
    assert place.claim(tags, theirs, moment) == theirs
    place.release("run-2")


def test_a_claim_that_has_lapsed_is_taken_over(home_world: PlaceWorld, tags: LeaseTags) -> None:
    place = home(home_world.open().place(home_world.place(tags)))
    moment = now()
    place.claim(tags, Claim("run-1", "dana@laptop", moment + timedelta(minutes=1)), moment)
    later = moment + timedelta(minutes=1, seconds=1)
    taken = Claim("run-2", "lee@runner", later + timedelta(minutes=1))
    assert home(home_world.open().place(place.spec)).claim(tags, taken, later) == taken  # type: ignore[arg-type]


def test_a_home_tells_the_time(home_world: PlaceWorld, tags: LeaseTags) -> None:
    place = home(home_world.open().place(home_world.place(tags)))
    assert abs(place.time() - now()) < timedelta(seconds=30)


def test_no_value_is_ever_shown(place_world: PlaceWorld, tags: LeaseTags) -> None:
    spec, material = place_world.place(tags), place_world.material(KEY)
    system = place_world.open()
    place = system.place(spec)
    told = repr([place.write(tags, material), place.find(), system.caller(), place, vars(place), system, material])
    told += repr([place.read(), place.notes()]) if spec.can_be_home else ""  # type: ignore[attr-defined] # a home
    assert len(place_world.credentials) > 1
    assert [value for value in place_world.credentials if value in told] == []


def test_a_place_that_is_down_is_an_error_that_names_it(place_world: PlaceWorld, tags: LeaseTags) -> None:
    spec = place_world.place(tags)
    system = place_world.open()
    place = system.place(spec)
    material = place_world.material(KEY)
    place.write(tags, material)
    place_world.stop()
    try:
        for use in (place.find, lambda: place.write(tags, material, "0"), lambda: place.remove(tags.lease)):
            with pytest.raises((SystemUnreachable, NhiError)) as caught:
                use()
            assert not [value for value in place_world.credentials if value in str(caught.value)]
    finally:
        place_world.start()
    assert place_world.values(spec) == material.fields


def test_wrong_credentials_are_an_error_that_tells_how_to_mend_it(place_world: PlaceWorld, tags: LeaseTags) -> None:
    spec = place_world.place(tags)
    wrong = place_world.open_wrong()
    for use in (wrong.caller, wrong.place(spec).find):
        with pytest.raises(SystemUnreachable) as caught:
            use()
        assert caught.value.problem.path == f"{place_world.system}.default"
        assert caught.value.problem.fix
        assert not [value for value in place_world.credentials if value in str(caught.value)]

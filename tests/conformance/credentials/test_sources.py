"""What every source must do, run against every one of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from nhi_components.core.errors import NhiError, SystemUnreachable
from nhi_components.core.links import NotChecked
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.credentials.ports import LimitReached, Material, Source
from tests.conformance.credentials.world import SourceWorld
from tests.conformance.world import now

A_FEW_SECONDS = 10


def eventually(question: Callable[[], bool]) -> bool:
    end = time.monotonic() + A_FEW_SECONDS
    while not question():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def made(world: SourceWorld, source: Source, tags: LeaseTags) -> Material:
    material = source.create(tags)
    world.credentials += material.fields.values()
    return material


def test_there_is_no_key_at_first(source_world: SourceWorld, tags: LeaseTags) -> None:
    spec = source_world.source(tags)
    source = source_world.open().source(spec)
    assert source.spec == spec
    assert source.keys(tags) == []


def test_a_key_that_is_made_works_and_is_listed(source_world: SourceWorld, tags: LeaseTags) -> None:
    spec = source_world.source(tags)
    source = source_world.open().source(spec)
    material = made(source_world, source, tags)
    assert source_world.ids(spec) == [material.key_id]
    (key,) = source.keys(tags)
    assert (key.id, key.enabled) == (material.key_id, True)
    assert key.created_at is None or abs(key.created_at - now()) < timedelta(minutes=1)
    assert eventually(lambda: source.works(material))
    assert source_world.accepts(spec, material)


def test_two_keys_differ_and_are_listed_oldest_first(source_world: SourceWorld, tags: LeaseTags) -> None:
    source = source_world.open().source(source_world.source(tags))
    first = made(source_world, source, tags)
    time.sleep(1.1)
    second = made(source_world, source, tags)
    assert first.key_id != second.key_id
    assert set(first.fields) == set(second.fields)
    assert [key.id for key in source.keys(tags)] == [first.key_id, second.key_id]
    assert eventually(lambda: source.works(first) and source.works(second))


def test_a_key_made_by_hand_is_listed_too(source_world: SourceWorld, tags: LeaseTags) -> None:
    spec = source_world.source(tags)
    by_hand = source_world.create_by_hand(spec)
    assert [key.id for key in source_world.open().source(spec).keys(tags)] == [by_hand]


def test_a_disabled_key_is_refused_until_it_is_enabled(source_world: SourceWorld, tags: LeaseTags) -> None:
    spec = source_world.source(tags)
    source = source_world.open().source(spec)
    assert source.can_disable == source_world.can_disable
    if not source.can_disable:
        return
    material = made(source_world, source, tags)
    for _ in range(2):
        source.disable(material.key_id)
    assert eventually(lambda: not source.works(material))
    assert not source_world.accepts(spec, material)
    assert [key.enabled for key in source.keys(tags)] == [False]
    for _ in range(2):
        source.enable(material.key_id)
    assert eventually(lambda: source.works(material))
    assert [key.enabled for key in source.keys(tags)] == [True]


def test_a_deleted_key_is_refused_and_gone(source_world: SourceWorld, tags: LeaseTags) -> None:
    spec = source_world.source(tags)
    source = source_world.open().source(spec)
    kept, doomed = made(source_world, source, tags), made(source_world, source, tags)
    for _ in range(2):
        source.delete(doomed.key_id)
    assert eventually(lambda: not source.works(doomed))
    assert not source_world.accepts(spec, doomed)
    assert [key.id for key in source.keys(tags)] == source_world.ids(spec) == [kept.key_id]
    assert eventually(lambda: source.works(kept))


def test_no_more_keys_are_made_than_may_live(source_world: SourceWorld, tags: LeaseTags) -> None:
    source = source_world.open().source(source_world.source(tags))
    if source.most is None:
        assert made(source_world, source, tags).key_id
        return
    for _ in range(source.most):
        made(source_world, source, tags)
    before = [key.id for key in source.keys(tags)]
    with pytest.raises(LimitReached, match="fix: "):
        source.create(tags)
    assert [key.id for key in source.keys(tags)] == before


def test_a_wrong_value_does_not_work(source_world: SourceWorld, tags: LeaseTags) -> None:
    source = source_world.open().source(source_world.source(tags))
    material = made(source_world, source, tags)
    broken = {name: value[::-1] for name, value in material.fields.items()}
    assert not source.works(Material(material.key_id, broken))


def test_what_is_not_there_is_fine_to_delete_and_disable(source_world: SourceWorld, tags: LeaseTags) -> None:
    source = source_world.open().source(source_world.source(tags))
    material = made(source_world, source, tags)
    source.delete(material.key_id)
    source.delete(material.key_id)
    if source.can_disable:
        source.disable(material.key_id)
    assert source.keys(tags) == []


def test_last_use_is_told_or_said_to_be_unknown(source_world: SourceWorld, tags: LeaseTags) -> None:
    spec = source_world.source(tags)
    source = source_world.open().source(spec)
    material = made(source_world, source, tags)
    told = source.last_used(material.key_id)
    if not source_world.tells_use:
        assert isinstance(told, NotChecked)
        assert told.reason
        return
    assert told is None
    assert eventually(lambda: source_world.accepts(spec, material))
    used = source.last_used(material.key_id)
    assert isinstance(used, datetime)
    assert abs(used - now()) < timedelta(minutes=5)


def test_somebody_else_s_principal_is_refused(source_world: SourceWorld, tags: LeaseTags) -> None:
    spec = source_world.foreign_source(tags)
    if spec is None:
        assert source_world.source(tags).link() is not None
        return
    source = source_world.open().source(spec)
    before = source_world.ids(spec)
    for use in (lambda: source.keys(tags), lambda: source.create(tags)):
        with pytest.raises(NhiError, match="fix: "):
            use()
    assert source_world.ids(spec) == before


def test_no_value_is_ever_shown(source_world: SourceWorld, tags: LeaseTags) -> None:
    system = source_world.open()
    source = system.source(source_world.source(tags))
    material = made(source_world, source, tags)
    secrets = [value for value in source_world.credentials if value not in (material.key_id,)]
    told = repr([material, source.keys(tags), source.last_used(material.key_id), source, vars(source), system])
    public = {name for name in material.fields if name.endswith(("_id", "_name", "email", "serial_number"))}
    shown = [value for value in secrets if value in told]
    assert [value for value in shown if value not in [material.fields[name] for name in public]] == []


def test_a_source_that_is_down_is_an_error_that_names_it(source_world: SourceWorld, tags: LeaseTags) -> None:
    source = source_world.open().source(source_world.source(tags))
    material = made(source_world, source, tags)
    source_world.stop()
    try:
        for use in (lambda: source.keys(tags), lambda: source.create(tags), lambda: source.delete(material.key_id)):
            with pytest.raises((SystemUnreachable, NhiError)) as caught:
                use()
            hidden = [value for value in source_world.credentials if value != material.key_id]
            assert not [value for value in hidden if value in str(caught.value)]
    finally:
        source_world.start()


def test_wrong_credentials_are_an_error_that_tells_how_to_mend_it(source_world: SourceWorld, tags: LeaseTags) -> None:
    spec = source_world.source(tags)
    wrong = source_world.open_wrong()
    callers = [wrong.caller] if getattr(source_world, "caller_proves", True) else []
    for use in (*callers, lambda: wrong.source(spec).keys(tags)):
        with pytest.raises(SystemUnreachable) as caught:
            use()
        assert caught.value.problem.path == f"{source_world.system}.default"
        assert caught.value.problem.fix
        assert not [value for value in source_world.credentials if value in str(caught.value)]

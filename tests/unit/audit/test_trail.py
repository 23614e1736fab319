"""A chain is read on from where it stood, and no further than to its first flaw."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from audit_samples import chain, numbers, recorder
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nhi_components.lifecycle.audit.trail import Outgoing, Position, Trail
from nhi_components.lifecycle.evidence.canonical import canonical_json
from nhi_components.lifecycle.evidence.directory_store import DirectoryStore
from nhi_components.lifecycle.evidence.flaws import FlawCode
from nhi_components.lifecycle.evidence.reader import by_fingerprint

SIZES = (3, 1, 4, 2)
TOTAL = sum(SIZES)


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    return chain(tmp_path, SIZES)


def read(store: DirectoryStore, position: Position | None = None) -> tuple[list[Outgoing], list[FlawCode]]:
    trail = Trail(store, by_fingerprint(store.pinned_keys()), store.chain_ids()[0], position)
    outgoing = list(trail.read())
    return outgoing, [flaw.code for flaw in trail.flaws]


def files(store: DirectoryStore) -> list[Path]:
    return sorted(store.directory.glob("chains/*/*.dsse.json"))


def with_another_signature(file: Path) -> bytes:
    envelope = json.loads(file.read_bytes())
    envelope["signatures"][0]["sig"] = base64.b64encode(bytes(64)).decode()
    return canonical_json(envelope)


def test_all_of_it_in_its_order(store):
    outgoing, flaws = read(store)
    assert numbers(outgoing) == list(range(1, TOTAL + 1))
    assert flaws == []


@pytest.mark.parametrize("taken", range(1, TOTAL + 1))
def test_it_goes_on_behind_every_position_within_statements_too(store, taken):
    whole, _ = read(store)
    rest, flaws = read(store, whole[taken - 1].position)
    assert numbers(rest) == list(range(taken + 1, TOTAL + 1))
    assert flaws == []


def test_what_is_written_later_comes_after_the_last_position(store):
    whole, _ = read(store)
    more = recorder(store.directory)
    more.record_audit(more_events(store))
    assert len(read(store, whole[-1].position)[0]) == SIZES[0]


def more_events(store):
    (stored, *_) = store.envelopes(store.chain_ids()[0])
    from nhi_components.lifecycle.evidence.reader import read as read_envelope

    return read_envelope(stored, by_fingerprint(store.pinned_keys())).predicate.content


@pytest.mark.parametrize(
    ("harm", "told", "code"),
    [
        (lambda f: f[1].unlink(), 3, FlawCode.GAP),
        (lambda f: f[3].unlink(), 8, FlawCode.GAP),
        (lambda f: f[2].write_bytes(with_another_signature(f[2])), 4, FlawCode.BAD_SIGNATURE),
        (lambda f: f[2].write_bytes(b"{}"), 4, FlawCode.NOT_AN_ENVELOPE),
        (lambda f: f[2].write_bytes(f[1].read_bytes()), 4, FlawCode.SEQUENCE),
        (lambda f: (f[0].parent / "head").write_text("{}"), 0, FlawCode.HEAD),
        (lambda f: (f[0].parent / "head").unlink(), TOTAL, FlawCode.HEAD),
    ],
)
def test_nothing_behind_a_flaw_is_given_out(store, harm, told, code):
    harm(files(store))
    outgoing, flaws = read(store)
    assert numbers(outgoing) == list(range(1, told + 1))
    assert flaws[0] is code


def test_a_statement_that_was_signed_anew_after_its_export_is_found_out(store, tmp_path_factory):
    position = read(store)[0][SIZES[0] - 1].position
    other = chain(tmp_path_factory.mktemp("other"), SIZES)
    (own_chain,), (other_chain,) = store.chain_ids(), other.chain_ids()
    forged = Position(own_chain, position.sequence, other.envelope(other_chain, 1).data.hex()[:64], position.events)
    outgoing, flaws = read(store, forged)
    assert outgoing == []
    assert flaws == [FlawCode.FORKED]


def test_statements_that_were_exported_and_are_gone_are_missed(store):
    position = read(store)[0][-1].position
    for file in files(store)[2:]:
        file.unlink()
    (files(store)[0].parent / "head").unlink()
    outgoing, flaws = read(store, position)
    assert outgoing == []
    assert flaws == [FlawCode.GAP]


def test_a_chain_whose_newest_head_a_kill_left_behind_is_whole(store):
    head = files(store)[0].parent / "head"
    before = head.read_bytes()
    recorder(store.directory).record_audit(more_events(store))
    head.write_bytes(before)
    outgoing, flaws = read(store)
    assert len(outgoing) == TOTAL + SIZES[0]
    assert flaws == []


def test_a_key_that_is_not_trusted_gives_nothing_out(store):
    trail = Trail(store, {}, store.chain_ids()[0], None)
    assert list(trail.read()) == []
    assert [flaw.code for flaw in trail.flaws] == [FlawCode.UNTRUSTED_KEY]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_any_byte_that_changes_ends_the_trail_before_it(store, data):
    index = data.draw(st.integers(0, len(SIZES) - 1))
    file = files(store)[index]
    content = file.read_bytes()
    place = data.draw(st.integers(0, len(content) - 1))
    changed = bytes([content[place] ^ data.draw(st.integers(1, 255))])
    try:
        file.write_bytes(content[:place] + changed + content[place + 1 :])
        outgoing, flaws = read(store)
    finally:
        file.write_bytes(content)
    assert numbers(outgoing) == list(range(1, sum(SIZES[:index]) + 1))
    assert flaws

"""The bracket as a whole, with evidence really written: cut off, close, fail, resume."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from fake_system import (
    ENTITY,
    LEASE,
    LEDGER,
    NAMESAKE,
    ROLE,
    SECRET,
    START,
    TERMS,
    FakeSystem,
    FakeTime,
    blind_spot,
    seconds,
)

from nhi_components.core.errors import EvidenceError, StillAlive, SystemUnreachable
from nhi_components.core.links import Link, LinkKind, System
from nhi_components.lifecycle.bracket import Bracket, NamesakeInTheWay
from nhi_components.lifecycle.cutting_off import CutOffIncomplete
from nhi_components.lifecycle.evidence.about_lease import Kind
from nhi_components.lifecycle.evidence.completeness import unchecked_facts
from nhi_components.lifecycle.evidence.contents import Content, IncompleteRecord, TeardownRecord
from nhi_components.lifecycle.evidence.reader import by_fingerprint, statements_of
from nhi_components.lifecycle.evidence.recorder import EvidenceRecorder
from nhi_components.lifecycle.evidence.settings import EvidenceSettings, open_recorder, open_store
from nhi_components.lifecycle.ports import Ownership, Sighting, SystemAdapter
from nhi_components.lifecycle.residue import deadline_of

LINKS = [ROLE, SECRET, ENTITY]


@pytest.fixture
def process(tmp_path: Path, time: FakeTime, aws: FakeSystem, vault: FakeSystem) -> Callable[..., Bracket]:
    """`process()`: what a provider process has in memory, so nothing of what an earlier one knew."""
    systems: dict[System, SystemAdapter] = {System.AWS: aws, System.VAULT: vault}

    def recorder() -> EvidenceRecorder:
        return open_recorder(EvidenceSettings(directory=tmp_path / "evidence"), _no_vault, time)

    def make(patience: float | None = None) -> Bracket:
        return Bracket(
            open_adapter=lambda system, connection: systems[system],
            open_recorder=recorder,
            approved=lambda tags, state: ("alice@example.com", None),
            clock=time,
            sleep=time.sleep,
            patience=timedelta(seconds=patience) if patience else None,
        )

    return make


@pytest.fixture
def told(tmp_path: Path) -> Callable[[], list[Content]]:
    """`told()`: what the evidence says of the lease, in order."""

    def read() -> list[Content]:
        store = open_store(EvidenceSettings(directory=tmp_path / "evidence"))
        return [statement.content for statement in statements_of(store, by_fingerprint(store.pinned_keys()), LEASE)]

    return read


def _no_vault() -> None:
    raise AssertionError("evidence is local here")


def test_a_teardown_hands_the_canaries_over_in_memory(
    process: Callable[..., Bracket], time: FakeTime, told: Callable[[], list[Content]]
) -> None:
    bracket = process()
    bracket.cut_off(TERMS, LINKS)
    time.sleep(10)
    bracket.close(TERMS, LEDGER)
    cut_off, teardown = told()
    assert [cut_off.kind, teardown.kind] == [Kind.CUT_OFF, Kind.TEARDOWN]
    assert isinstance(teardown, TeardownRecord)
    facts = {row.link.kind: row for row in teardown.removals}
    assert facts[ROLE.kind].refused_at.time == time()
    assert facts[ROLE.kind].disabled_at.time == START
    assert facts[ROLE.kind].absent_at.time == seconds(10)
    assert teardown.approver.value == "alice@example.com"
    assert "NHI_REASON" in teardown.reason.why
    assert [caller.principal.value for caller in teardown.callers] == ["deployer@aws", "deployer@vault"]
    assert bracket.handed_over == {}


def test_a_process_without_memory_goes_on_from_the_evidence(
    process: Callable[..., Bracket], told: Callable[[], list[Content]], aws: FakeSystem
) -> None:
    aws.extras = (Link(System.AWS, LinkKind.IAM_POLICY_ATTACHMENT, "arn:by-hand", attributes={"role": ROLE.name}),)
    process().cut_off(TERMS, LINKS)
    process().close(TERMS, LEDGER)
    teardown = told()[-1]
    assert isinstance(teardown, TeardownRecord)
    facts = {row.link.kind: row for row in teardown.removals}
    assert facts[ROLE.kind].disabled_at.time == START
    assert facts[ROLE.kind].link.unique_id == ROLE.unique_id
    assert "lost with the process" in facts[ROLE.kind].refused_at.reason
    assert LinkKind.IAM_POLICY_ATTACHMENT in facts


def test_a_lease_that_was_never_sealed_is_closed_all_the_same(
    process: Callable[..., Bracket], told: Callable[[], list[Content]], aws: FakeSystem
) -> None:
    aws.alive = [ROLE]
    process().close(TERMS, LEDGER)
    (teardown,) = told()
    assert isinstance(teardown, TeardownRecord)
    assert [row.link.name for row in teardown.swept] == [ROLE.name]


def test_a_session_that_still_works_keeps_the_lease_open(
    process: Callable[..., Bracket], told: Callable[[], list[Content]], aws: FakeSystem
) -> None:
    bracket = process(patience=5)
    bracket.cut_off(TERMS, LINKS)
    aws.canary_works = True
    with pytest.raises(StillAlive, match="still works"):
        bracket.close(TERMS, LEDGER)
    incomplete = told()[-1]
    assert isinstance(incomplete, IncompleteRecord)
    assert [row.link.name for row in incomplete.alive] == [ROLE.name]
    aws.canary_works = False
    bracket.close(TERMS, LEDGER)
    assert told()[-1].kind is Kind.TEARDOWN


def test_a_session_that_works_for_a_while_is_tried_until_it_is_refused(
    process: Callable[..., Bracket],
    time: FakeTime,
    told: Callable[[], list[Content]],
    aws: FakeSystem,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bracket = process(patience=60)
    bracket.cut_off(TERMS, LINKS)
    monkeypatch.setattr(aws, "try_canary", lambda canary, now: None if now < seconds(20) else now)
    bracket.close(TERMS, LEDGER)
    teardown = told()[-1]
    assert isinstance(teardown, TeardownRecord)
    refused_at = {row.link.kind: row for row in teardown.removals}[ROLE.kind].refused_at.time
    assert seconds(20) <= refused_at < seconds(26)
    assert time.elapsed < 60


def test_what_a_system_keeps_for_a_while_is_neither_alive_nor_standing(
    process: Callable[..., Bracket], aws: FakeSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Sighting(ROLE, Ownership.OURS, retained_until=seconds(3600))
    monkeypatch.setattr(aws, "survey", lambda lease_id, links: [kept])
    assert process().alive(LEASE, [ROLE]) == set()
    assert process().standing(LEASE, [ROLE]).links == []
    monkeypatch.setattr(aws, "survey", lambda lease_id, links: [replace(kept, retained_until=None)])
    assert process().alive(LEASE, [ROLE]) == {ROLE.key}
    assert process().standing(LEASE, [ROLE]).links == [ROLE]


def test_what_is_alive_at_the_deadline_keeps_the_lease_open_and_is_named(
    process: Callable[..., Bracket], time: FakeTime, told: Callable[[], list[Content]], aws: FakeSystem
) -> None:
    stray = Link(System.AWS, LinkKind.IAM_INSTANCE_PROFILE, "stray-abcdef", unique_id="AIPAOURS")
    aws.alive, aws.stubborn = [ROLE, stray], {ROLE.key, stray.key}
    with pytest.raises(StillAlive) as raised:
        process(patience=5).close(TERMS, LEDGER)
    for text in (
        ROLE.name,
        stray.name,
        "aws, connection default",
        "2026-03-01 12:00:00 UTC",
        "DeleteRole",
        "after 5 s",
    ):
        assert text in str(raised.value)
    incomplete = told()[-1]
    assert isinstance(incomplete, IncompleteRecord)
    assert {row.link.name for row in incomplete.alive} == {ROLE.name, stray.name}
    assert incomplete.deadline == seconds(5)
    aws.stubborn = set()
    process(patience=5).close(TERMS, LEDGER)
    teardown = told()[-1]
    assert isinstance(teardown, TeardownRecord)
    assert {row.link.name for row in teardown.swept} == {ROLE.name, stray.name}
    assert time.elapsed < 20


def test_a_system_that_can_not_be_looked_at_keeps_the_lease_open(
    process: Callable[..., Bracket], told: Callable[[], list[Content]], aws: FakeSystem, vault: FakeSystem
) -> None:
    vault.down = True
    with pytest.raises(StillAlive, match=r"vault\.default"):
        process(patience=5).close(TERMS, LEDGER)
    incomplete = told()[-1]
    assert isinstance(incomplete, IncompleteRecord)
    assert [row.link.system for row in incomplete.alive] == [System.VAULT]
    assert [caller.system for caller in incomplete.callers] == [System.AWS]


@pytest.mark.parametrize(
    ("timeout", "patience", "waited"),
    [(3, 7, 3), (None, 7, 7), (None, None, max(deadline_of(link.kind) for link in LINKS).total_seconds())],
)
def test_the_engines_timeout_comes_before_the_setting_and_that_before_the_documented_figures(
    process: Callable[..., Bracket],
    told: Callable[[], list[Content]],
    aws: FakeSystem,
    timeout: float | None,
    patience: float | None,
    waited: float,
) -> None:
    aws.alive, aws.stubborn = [ROLE], {ROLE.key}
    given = timedelta(seconds=timeout) if timeout else None
    with pytest.raises(StillAlive):
        process(patience).close(TERMS, LEDGER, timeout=given)
    incomplete = told()[-1]
    assert isinstance(incomplete, IncompleteRecord)
    assert {figure.deadline_seconds for figure in incomplete.waited} == {waited}


def test_an_outage_is_recorded_and_the_next_run_completes(
    process: Callable[..., Bracket], told: Callable[[], list[Content]], aws: FakeSystem, vault: FakeSystem
) -> None:
    vault.down = True
    with pytest.raises(CutOffIncomplete, match=r"vault\.default"):
        process().cut_off(TERMS, LINKS)
    assert aws.cut_offs == 1
    assert [row.link.system for row in told()[-1].rows] == [System.AWS]
    vault.down = False
    bracket = process()
    bracket.cut_off(TERMS, LINKS)
    bracket.close(TERMS, LEDGER)
    assert told()[-1].kind is Kind.TEARDOWN


def test_evidence_that_can_not_be_written_fails_the_destroy_after_the_cut_off_and_the_next_run_completes(
    process: Callable[..., Bracket], told: Callable[[], list[Content]], aws: FakeSystem, tmp_path: Path
) -> None:
    (tmp_path / "evidence").write_text("not a folder")
    with pytest.raises(EvidenceError):
        process().cut_off(TERMS, LINKS)
    assert aws.cut_offs == 1
    with pytest.raises(EvidenceError):
        process().close(TERMS, LEDGER)
    (tmp_path / "evidence").unlink()
    bracket = process()
    bracket.cut_off(TERMS, LINKS)
    bracket.close(TERMS, LEDGER)
    assert [content.kind for content in told()] == [Kind.CUT_OFF, Kind.TEARDOWN]


def test_a_namesake_at_the_name_of_ours_stops_the_destroy_before_the_engine_deletes_it(
    process: Callable[..., Bracket], told: Callable[[], list[Content]], aws: FakeSystem
) -> None:
    aws.namesakes = [NAMESAKE]
    with pytest.raises(NamesakeInTheWay, match="AROATHEIRS"):
        process().cut_off(TERMS, LINKS)
    assert [content.kind for content in told()] == [Kind.CUT_OFF]


def test_a_namesake_does_not_keep_a_lease_open_and_is_named(
    process: Callable[..., Bracket], told: Callable[[], list[Content]], aws: FakeSystem
) -> None:
    aws.namesakes = [NAMESAKE]
    process().close(TERMS, LEDGER)
    teardown = told()[-1]
    assert isinstance(teardown, TeardownRecord)
    assert [link.unique_id for link in teardown.namesakes] == ["AROATHEIRS"]
    assert aws.swept == []


def test_a_standing_tells_what_is_ours_and_whether_it_was_cut_off(
    process: Callable[..., Bracket], aws: FakeSystem, vault: FakeSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws.alive, vault.alive = [ROLE], [ENTITY]
    assert process().standing(LEASE, LINKS).links == [ROLE, ENTITY]
    assert not process().standing(LEASE, LINKS).cut_off
    vault.in_cut_off = {ENTITY.key}
    assert process().standing(LEASE, LINKS).cut_off
    vault.in_cut_off = set()
    with monkeypatch.context() as patched:
        begun = Sighting(ROLE, Ownership.OURS, half_cut_off=True)
        patched.setattr(aws, "survey", lambda lease_id, links: [begun])
        assert process().standing(LEASE, LINKS).cut_off
    aws.namesakes = [NAMESAKE]
    with pytest.raises(NamesakeInTheWay):
        process().standing(LEASE, LINKS)


def test_reaching_fails_before_anything_is_made(
    process: Callable[..., Bracket], aws: FakeSystem, vault: FakeSystem
) -> None:
    assert [caller.system for caller in process().reach(LINKS)] == [System.AWS, System.VAULT]
    assert (aws.required, vault.required) == (LINKS[:-1], [ENTITY])
    vault.down = True
    with pytest.raises(SystemUnreachable):
        process().reach(LINKS)


def test_admission_goes_to_each_links_own_system(
    process: Callable[..., Bracket], aws: FakeSystem, vault: FakeSystem
) -> None:
    assert process().admit(TERMS, LINKS) == LINKS
    assert (aws.admitted, vault.admitted) == ([ROLE, SECRET], [ENTITY])


def test_what_left_the_program_is_looked_for(process: Callable[..., Bracket], aws: FakeSystem) -> None:
    aws.alive = [SECRET]
    gone = replace(ROLE, unique_id=None)
    assert process().alive(LEASE, [gone, SECRET]) == {SECRET.key}


def test_blind_spots_do_not_keep_a_lease_open_and_are_told(
    process: Callable[..., Bracket], told: Callable[[], list[Content]], vault: FakeSystem
) -> None:
    vault.blind = (blind_spot(),)
    process().close(TERMS, LEDGER)
    teardown = told()[-1]
    assert isinstance(teardown, TeardownRecord)
    assert [(row.kind, row.reason) for row in teardown.unseen] == [(blind_spot().kind, blind_spot().reason.reason)]
    assert any("may not list" in note for note in unchecked_facts(teardown))

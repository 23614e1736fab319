"""Suspension, restoration and the latency of a teardown, with evidence really written."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from fake_system import ENTITY, LEASE, LEDGER, ROLE, START, TERMS, FakeSystem, FakeTime

from nhi_components.core.life import State
from nhi_components.core.links import Link, LinkKind, System
from nhi_components.core.revocation import Revocation
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.bracket import Bracket
from nhi_components.lifecycle.cutting_off import CutOffIncomplete
from nhi_components.lifecycle.evidence.about_lease import Kind
from nhi_components.lifecycle.evidence.changes_of_state import Decided, Declared, RestorationRecord, SuspensionRecord
from nhi_components.lifecycle.evidence.contents import Content
from nhi_components.lifecycle.evidence.reader import by_fingerprint, statements_of
from nhi_components.lifecycle.evidence.settings import EvidenceSettings, open_recorder, open_store
from nhi_components.lifecycle.evidence.verify import verify
from nhi_components.lifecycle.evidence_of_state import Change
from nhi_components.lifecycle.ports import SystemAdapter
from nhi_components.lifecycle.suspending import RevocationIncomplete

LINKS = [ROLE, ENTITY]
TOKEN = Link(System.VAULT, LinkKind.VAULT_TOKEN, "fingerprint")
DECIDED = Decided(approver="Ada Example", reason="INC-7", on=date(2026, 3, 1))
FIRST, SECOND = Change(1, DECIDED), Change(2, Declared())


class World:
    """Processes of the provider, one after the other, and the evidence that they leave."""

    def __init__(self, folder: Path, time: FakeTime, aws: FakeSystem, vault: FakeSystem) -> None:
        self.settings = EvidenceSettings(directory=folder / "evidence")
        self.time, self.aws, self.vault = time, aws, vault
        self.asked: list[State] = []

    def process(self) -> Bracket:
        systems: dict[System, SystemAdapter] = {System.AWS: self.aws, System.VAULT: self.vault}
        return Bracket(
            open_adapter=lambda system, connection: systems[system],
            open_recorder=lambda: open_recorder(self.settings, self._no_vault, self.time),
            approved=self._approved,
            clock=self.time,
            sleep=self.time.sleep,
            patience=timedelta(seconds=5),
        )

    def told(self) -> list[Content]:
        store = open_store(self.settings)
        report = verify(store, None, None)
        assert report.ok, report.flaws
        return [statement.content for statement in statements_of(store, by_fingerprint(store.pinned_keys()), LEASE)]

    def _approved(self, tags: LeaseTags, state: State) -> tuple[str, str]:
        self.asked.append(state)
        return "Ada Example", f"{tags.identity} becomes {state}"

    @staticmethod
    def _no_vault() -> None:
        raise AssertionError("evidence is local here")


@pytest.fixture
def world(tmp_path: Path, time: FakeTime, aws: FakeSystem, vault: FakeSystem) -> World:
    return World(tmp_path, time, aws, vault)


def test_a_suspension_says_why_who_and_what_was_revoked_and_that_no_canary_was_possible(world: World) -> None:
    world.vault.live = [TOKEN]
    world.process().suspend(TERMS, LINKS, FIRST)
    (told,) = world.told()
    assert isinstance(told, SuspensionRecord)
    assert (told.cause, told.change, told.started) == (DECIDED, 1, START)
    assert [row.to_link() for row in told.revoked] == [TOKEN]
    assert [row.to_link() for row in told.linked] == LINKS
    assert [caller.system for caller in told.callers] == [System.AWS, System.VAULT]
    assert told.reason.value == "orders becomes suspended"
    systems = (System.AWS, System.VAULT)
    assert {(row.system, row.verdict) for row in told.revocations} == {(s, "not shown") for s in systems}


def test_it_is_written_once_whatever_is_killed_and_not_when_the_state_stays(world: World) -> None:
    world.process().suspend(TERMS, LINKS, FIRST)
    world.process().suspend(TERMS, LINKS, FIRST)
    world.process().suspend(TERMS, LINKS, None)
    world.process().restore(TERMS, LINKS, SECOND)
    world.process().restore(TERMS, LINKS, SECOND)
    assert [content.kind for content in world.told()] == [Kind.SUSPENSION, Kind.RESTORATION]


def test_a_later_suspension_on_this_machine_is_written_although_another_machine_restored(world: World) -> None:
    world.process().suspend(TERMS, LINKS, FIRST)
    world.process().suspend(TERMS, LINKS, Change(3, Declared()))
    assert [content.kind for content in world.told()] == [Kind.SUSPENSION, Kind.SUSPENSION]


def test_a_system_that_fails_does_not_keep_the_others_from_being_revoked_and_the_next_run_resumes(world: World) -> None:
    world.aws.down, world.vault.live = True, [TOKEN]
    with pytest.raises(RevocationIncomplete, match=r"aws\.default"):
        world.process().suspend(TERMS, LINKS, FIRST)
    world.vault.live = []
    with pytest.raises(RevocationIncomplete):
        world.process().suspend(TERMS, LINKS, FIRST)
    (partly,) = world.told()
    assert isinstance(partly, SuspensionRecord)
    assert [row.system for row in partly.unrevoked] == [System.AWS]
    assert [row.to_link() for row in partly.revoked] == [TOKEN]
    reasons = {row.system: row.completed.reason for row in partly.revocations}
    assert "not revoked" in reasons[System.AWS]

    world.aws.down = False
    world.process().suspend(TERMS, LINKS, FIRST)
    whole = world.told()[-1]
    assert isinstance(whole, SuspensionRecord)
    assert whole.unrevoked == ()


def test_a_lease_that_was_suspended_and_restored_is_closed_as_any_other(world: World) -> None:
    world.vault.live = [TOKEN]
    bracket = world.process()
    bracket.suspend(TERMS, LINKS, FIRST)
    bracket.restore(TERMS, LINKS, SECOND)
    bracket.suspend(TERMS, LINKS, Change(3, DECIDED))
    bracket.cut_off(TERMS, LINKS)
    bracket.close(TERMS, LEDGER)
    assert [content.kind for content in world.told()][-2:] == [Kind.CUT_OFF, Kind.TEARDOWN]
    assert world.asked == [State.SUSPENDED, State.ACTIVE, State.SUSPENDED, State.RETIRED, State.RETIRED]


def test_a_teardown_that_was_not_completed_and_is_taken_back_is_a_restoration(world: World) -> None:
    assert not world.process().has_ended_access(LEASE)
    world.process().cut_off(TERMS, LINKS)
    assert world.process().has_ended_access(LEASE)
    world.process().restore(TERMS, LINKS, FIRST)
    told = world.told()[-1]
    assert isinstance(told, RestorationRecord)
    assert told.after is Kind.CUT_OFF
    assert not world.process().has_ended_access(LEASE)


def test_a_teardown_says_for_each_system_that_the_requirement_was_met(world: World) -> None:
    bracket = world.process()
    bracket.cut_off(TERMS, LINKS)
    world.time.sleep(2000)
    bracket.close(TERMS, LEDGER)
    for told in world.told():
        rows = [(row.system, row.required, row.limit_seconds, row.seconds, row.verdict) for row in told.revocations]
        assert rows == [(system, "minutes", 900, 0, "met") for system in (System.AWS, System.VAULT)]


def test_an_outage_is_measured_from_the_first_cut_off_and_only_where_it_was(world: World) -> None:
    world.vault.down = True
    with pytest.raises(CutOffIncomplete):
        world.process().cut_off(TERMS, LINKS)
    assert [row.verdict for row in world.told()[0].revocations] == ["met", "not shown"]
    world.vault.down = False
    world.time.sleep(1000)
    world.process().cut_off(TERMS, LINKS)
    world.process().close(TERMS, LEDGER)
    for told in world.told()[1:]:
        rows = [(row.system, row.started, row.seconds, row.verdict) for row in told.revocations]
        assert rows == [(System.AWS, START, 0, "met"), (System.VAULT, START, 1000, "missed")]


def test_what_was_given_back_meanwhile_does_not_count(world: World) -> None:
    world.process().cut_off(TERMS, LINKS)
    world.process().restore(TERMS, LINKS, FIRST)
    world.time.sleep(5000)
    world.process().cut_off(TERMS, LINKS)
    assert [(row.seconds, row.verdict) for row in world.told()[-1].revocations] == [(0, "met"), (0, "met")]


def test_a_canary_that_is_refused_late_misses_a_strict_requirement(world: World) -> None:
    strict = replace(TERMS, revocation=Revocation.IMMEDIATE)
    bracket = world.process()
    world.aws.canary_works = True
    bracket.cut_off(strict, LINKS)
    assert [row.verdict for row in world.told()[-1].revocations] == ["not shown", "met"]
    world.aws.canary_works = False
    world.time.sleep(61)
    bracket.close(strict, LEDGER)
    rows = {row.system: row for row in world.told()[-1].revocations}
    assert (rows[System.AWS].verdict, rows[System.VAULT].verdict) == ("missed", "met")
    assert rows[System.AWS].seconds >= 61


def test_without_a_cut_off_nothing_is_called_met(world: World) -> None:
    world.process().close(TERMS, LEDGER)
    assert {row.verdict for row in world.told()[-1].revocations} == {"not shown"}

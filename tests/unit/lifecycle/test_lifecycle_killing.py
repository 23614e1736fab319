"""Killing: all leases at once, each told with how it is known that nothing is let through."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from fake_system import ENTITY, LEASE, ROLE, START, TERMS, FakeSystem, FakeTime

from nhi_components.core.errors import EvidenceError, NhiError
from nhi_components.core.links import LinkKind, NotChecked, System
from nhi_components.core.revocation import Revocation
from nhi_components.lifecycle.bracket import Bracket
from nhi_components.lifecycle.evidence.contents import CutOffRecord
from nhi_components.lifecycle.evidence.revocations import Verdict
from nhi_components.lifecycle.killing import Target, kill
from nhi_components.lifecycle.ports import Canary, CutOff

URGENT = replace(TERMS, revocation=Revocation.IMMEDIATE)


@dataclass
class FakeRecorder:
    """Keeps what it is told, or fails."""

    failing: bool = False
    told: CutOffRecord | None = None

    def ensure_ready(self) -> None:
        if self.failing:
            raise EvidenceError("evidence: no space left")

    def record_cut_off(self, content: CutOffRecord) -> None:
        self.told = content

    def cut_offs_under_way(self, lease_id: str) -> list[CutOffRecord]:
        return []


@pytest.fixture
def recorder() -> FakeRecorder:
    return FakeRecorder()


def target(system: FakeSystem, recorder: FakeRecorder, *, known: bool = True) -> Target:
    link = ROLE if system.system is System.AWS else ENTITY
    bracket = Bracket(lambda *_: system, lambda: recorder, lambda *_: ("Ada Example", "INC-7"), system.time)
    return Target(LEASE, URGENT if known else None, [link], bracket)


def test_each_principal_is_told_with_the_session_that_was_refused(
    aws: FakeSystem, vault: FakeSystem, recorder: FakeRecorder
) -> None:
    done = kill([target(aws, recorder), target(vault, FakeRecorder())], START)
    assert [[row.link for row in lease.refusals] for lease in done] == [[ROLE], [ENTITY]]
    assert all(lease.is_complete for lease in done)
    assert {row.proof for lease in done for row in lease.refusals} == {"a session opened before is refused"}
    assert [row.verdict for lease in done for row in lease.revocations] == [Verdict.MET, Verdict.MET]
    assert recorder.told is not None
    assert str(recorder.told.approver.value) == "Ada Example"


def test_what_is_too_slow_is_refused_and_missed(aws: FakeSystem, time: FakeTime, recorder: FakeRecorder) -> None:
    time.now = START + timedelta(seconds=61)
    (done,) = kill([target(aws, recorder)], START)
    assert done.is_complete
    assert [row.verdict for row in done.revocations] == [Verdict.MISSED]


def test_a_system_that_is_down_does_not_stop_the_other(
    aws: FakeSystem, vault: FakeSystem, recorder: FakeRecorder
) -> None:
    vault.down = True
    of_aws, of_vault = kill([target(aws, recorder), target(vault, FakeRecorder())], START)
    assert of_aws.is_complete
    assert not of_vault.is_complete
    assert "vault.default" in of_vault.failures[0]


def test_a_session_that_still_works_is_no_success(aws: FakeSystem, recorder: FakeRecorder) -> None:
    aws.canary_works = True
    (done,) = kill([target(aws, recorder)], START)
    assert not done.is_complete
    assert isinstance(done.refusals[0].refused_at, NotChecked)


@pytest.mark.parametrize("in_force", [True, False])
def test_without_a_session_the_cut_off_is_read_back(aws: FakeSystem, recorder: FakeRecorder, in_force: bool) -> None:
    aws.canary_works, aws.alive = None, [ROLE]
    aws.in_cut_off = {ROLE.key} if in_force else set()
    (done,) = kill([target(aws, recorder)], START)
    assert done.is_complete is in_force
    assert "read back" in done.refusals[0].proof
    assert aws.surveys >= 1


def test_a_refused_session_does_not_speak_for_those_that_may_live_on(
    aws: FakeSystem, recorder: FakeRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    unseen = NotChecked("tokens without an entity may live on until they end")
    cut = CutOff(ROLE, START, unseen, canary=Canary(ROLE, START, "a credential"))
    monkeypatch.setattr(aws, "cut_off", lambda *_: [cut])
    (done,) = kill([target(aws, recorder)], START)
    assert [(row.refused_at, row.is_complete) for row in done.refusals] == [(unseen, False)]


def test_sessions_that_were_opened_elsewhere_and_live_on_are_told(
    aws: FakeSystem, recorder: FakeRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = replace(ROLE, kind=LinkKind.DELEGATED_PATH, name="arn:aws:iam::111122223333:role/other#Nhi0")
    chained = CutOff(elsewhere, None, NotChecked("a session of that role lives for up to 1 h"))
    own = CutOff(ROLE, START, START, canary=Canary(ROLE, START, "a credential"))
    monkeypatch.setattr(aws, "cut_off", lambda *_: [own, chained])
    (done,) = kill([target(aws, recorder)], START)
    assert [row.link for row in done.refusals if not row.is_complete] == [elsewhere]
    assert not done.is_complete


def test_what_is_not_read_back_is_not_said_to_be(
    aws: FakeSystem, recorder: FakeRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = replace(ROLE, kind=LinkKind.VAULT_LEASE)
    monkeypatch.setattr(aws, "cut_off", lambda *_: [CutOff(user, START, START)])
    (done,) = kill([target(aws, recorder)], START)
    assert [row.proof for row in done.refusals] == ["its system confirmed it"]


def test_what_lives_and_was_not_cut_off_is_told(aws: FakeSystem, recorder: FakeRecorder) -> None:
    other = replace(ROLE, name="orders-prod-ghijkl", unique_id="AROAOTHER")
    aws.canary_works, aws.alive, aws.in_cut_off = None, [ROLE, other], {ROLE.key}
    (done,) = kill([target(aws, recorder)], START)
    assert [row.link for row in done.refusals if not row.is_complete] == [other]


def test_evidence_that_can_not_be_written_does_not_keep_access_open_but_is_told(aws: FakeSystem) -> None:
    (done,) = kill([target(aws, FakeRecorder(failing=True))], START)
    assert aws.cut_offs == 1
    assert [row.link for row in done.refusals] == [ROLE]
    assert not done.is_complete
    assert "no space left" in done.failures[0]


def test_by_its_id_alone_a_lease_is_cut_off_and_nothing_recorded(aws: FakeSystem, recorder: FakeRecorder) -> None:
    (done,) = kill([target(aws, recorder, known=False)], START)
    assert (done.is_complete, done.recorded, done.revocations, recorder.told) == (True, False, (), None)
    aws.down = True
    (failed,) = kill([target(aws, recorder, known=False)], START)
    assert not failed.is_complete


def test_nothing_to_kill_is_nothing_done() -> None:
    assert kill([], START) == []


def test_a_system_that_fails_while_it_is_read_back_is_told(
    aws: FakeSystem, recorder: FakeRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(*_: object) -> None:
        raise NhiError("aws.default: AccessDenied: ListRoles is not allowed")

    aws.canary_works = None
    monkeypatch.setattr(aws, "survey", unreadable)
    (done,) = kill([target(aws, recorder)], START)
    assert not done.is_complete
    assert "ListRoles" in done.failures[0]

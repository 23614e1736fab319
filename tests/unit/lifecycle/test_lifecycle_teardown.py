"""Closing a lease: rounds, back-off, deadline, sweeping, namesakes, outages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from fake_system import (
    ENTITY,
    LEASE,
    NAMESAKE,
    ROLE,
    SECRET,
    START,
    FakeSystem,
    FakeTime,
    blind_spot,
    seconds,
)

from nhi_components.core.links import Fact, Link, LinkKind, NeverCreated, NotChecked, System
from nhi_components.lifecycle.cutting_off import CutOffOutcome
from nhi_components.lifecycle.ports import CutOff, Ownership, Sighting
from nhi_components.lifecycle.teardown import CLEAN_ROUNDS, LONGEST_PAUSE, Removal, close, removal_facts

LINKS = [ROLE, SECRET, ENTITY]


def closed(time: FakeTime, *systems: FakeSystem, patience: float = 60) -> Removal:
    return close(systems, LEASE, LINKS, patience=timedelta(seconds=patience), clock=time, sleep=time.sleep)


def test_absence_is_confirmed_by_two_looks_in_a_row(time: FakeTime, aws: FakeSystem, vault: FakeSystem) -> None:
    removal = closed(time, aws, vault)
    assert removal.closed_at == seconds(0.2)
    assert (aws.surveys, vault.surveys) == (CLEAN_ROUNDS, CLEAN_ROUNDS)
    assert removal.absent_since == {link.key: START for link in LINKS}


def test_pauses_grow_up_to_the_longest(time: FakeTime, aws: FakeSystem) -> None:
    aws.alive, aws.gone_at, aws.stubborn = [ROLE], {ROLE.key: seconds(30)}, {ROLE.key}
    removal = closed(time, aws)
    assert time.pauses[:7] == [0.2, 0.4, 0.8, 1.6, 3.2, LONGEST_PAUSE, LONGEST_PAUSE]
    assert max(time.pauses) == LONGEST_PAUSE
    assert removal.closed_at is not None
    assert seconds(30) <= removal.absent_since[ROLE.key] < removal.closed_at


def test_what_comes_back_is_not_absent_since_before(time: FakeTime) -> None:
    surveys = iter([[], [ROLE], [], []])

    class Flickering(FakeSystem):
        def survey(self, lease_id: str, links: Sequence[Link]) -> list[Sighting]:
            self.alive = next(surveys)
            return super().survey(lease_id, links)

    removal = closed(time, Flickering(System.AWS, time, stubborn={ROLE.key}))
    assert removal.absent_since[ROLE.key] == seconds(0.2 + 0.4)
    assert removal.closed_at == seconds(0.2 + 0.4 + 0.8)


def test_leftovers_are_swept_and_namesakes_are_left_alone(time: FakeTime, aws: FakeSystem) -> None:
    extra = Link(System.AWS, LinkKind.IAM_ROLE_POLICY, "by-hand", attributes={"role": ROLE.name})
    aws.alive = [ROLE, extra]
    aws.namesakes = [NAMESAKE]
    removal = closed(time, aws)
    assert aws.swept == [ROLE, extra]
    assert removal.swept == {ROLE.key: ROLE, extra.key: extra}
    assert removal.swept_at == {ROLE.key: START, extra.key: START}
    assert [sighting.link for sighting in removal.namesakes.values()] == [NAMESAKE]
    assert removal.closed_at is not None
    assert removal.absent_since[extra.key] == seconds(0.2)


def test_at_the_deadline_it_tells_what_is_alive_and_since_when(time: FakeTime, aws: FakeSystem) -> None:
    aws.alive, aws.stubborn = [ROLE], {ROLE.key}
    removal = closed(time, aws, patience=10)
    assert removal.closed_at is None
    assert time.elapsed <= 10
    assert [sighting.link for sighting in removal.alive] == [ROLE]
    assert removal.alive_since == {ROLE.key: START}
    assert "DeleteRole is not allowed" in removal.failures[0]


def test_without_patience_there_is_one_look(time: FakeTime, aws: FakeSystem) -> None:
    assert closed(time, aws, patience=0).closed_at is None
    assert (aws.surveys, time.pauses) == (1, [])


def test_a_system_that_is_down_keeps_nothing_else_from_being_swept_but_the_lease_open(
    time: FakeTime, aws: FakeSystem, vault: FakeSystem
) -> None:
    aws.down = True
    vault.alive = [ENTITY]
    removal = closed(time, aws, vault, patience=5)
    assert vault.swept == [ENTITY]
    assert removal.closed_at is None
    assert "aws.default" in removal.failures[0]
    assert ROLE.key not in removal.absent_since


def test_a_system_that_comes_back_in_time_closes_the_lease(time: FakeTime) -> None:
    class Recovering(FakeSystem):
        def survey(self, lease_id: str, links: Sequence[Link]) -> list[Sighting]:
            self.down = self.time.elapsed < 3
            return super().survey(lease_id, links)

    removal = closed(time, Recovering(System.AWS, time))
    assert removal.failures == []
    assert removal.absent_since[ROLE.key] >= seconds(3)
    assert removal.closed_at is not None


def test_absence_seen_before_an_outage_does_not_count_as_confirmed(time: FakeTime) -> None:
    class Failing(FakeSystem):
        def survey(self, lease_id: str, links: Sequence[Link]) -> list[Sighting]:
            self.down = self.surveys > 0
            return super().survey(lease_id, links)

    removal = closed(time, Failing(System.AWS, time), patience=5)
    facts = removal_facts(LINKS[:2], removal, None, {})
    assert all(isinstance(row.absent_at, NotChecked) for row in facts)


def test_blind_spots_are_kept(time: FakeTime, vault: FakeSystem) -> None:
    vault.blind = (blind_spot(),)
    assert list(closed(time, vault).blind_spots.values()) == [blind_spot()]


ACCOUNT = Link(System.AWS, LinkKind.GCP_SERVICE_ACCOUNT, "orders@shop.iam.gserviceaccount.com", unique_id="1042")


def until(removal: Removal, link: Link, cut_off: CutOff | None = None) -> Fact:
    outcome = CutOffOutcome(START, (cut_off,), {}, ()) if cut_off else None
    (facts,) = removal_facts([link], removal, outcome, {})
    return facts.recoverable_until


def test_what_can_be_brought_back_unseen_is_told_from_when_it_was_seen_absent(time: FakeTime) -> None:
    removal = Removal(absent_since={ACCOUNT.key: seconds(5)}, closed_at=seconds(6))
    assert until(removal, ACCOUNT) == seconds(5) + timedelta(days=30)
    assert until(removal, ACCOUNT, CutOff(ACCOUNT, START, START)) == seconds(5) + timedelta(days=30)
    assert until(Removal(absent_since={ROLE.key: seconds(5)}, closed_at=seconds(6)), ROLE) is None


def test_what_was_never_there_and_what_is_not_seen_absent_can_t_be_brought_back() -> None:
    removal = Removal(absent_since={ACCOUNT.key: seconds(5)}, closed_at=seconds(6))
    unmade = replace(ACCOUNT, unique_id=None)
    assert until(removal, unmade, CutOff(unmade, NeverCreated(), NeverCreated())) is None
    assert until(removal, unmade) is None
    assert until(Removal(alive=[Sighting(ACCOUNT, Ownership.OURS)]), ACCOUNT) is None


def test_the_date_that_a_system_tells_comes_first() -> None:
    removal = Removal(absent_since={ACCOUNT.key: seconds(5)}, retained={ACCOUNT.key: seconds(60)}, closed_at=seconds(6))
    assert until(removal, ACCOUNT) == seconds(60)

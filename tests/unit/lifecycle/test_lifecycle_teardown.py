"""Closing a lease: rounds, back-off, deadline, sweeping, namesakes, outages."""

from __future__ import annotations

from collections.abc import Sequence
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

from nhi_components.core.links import Link, LinkKind, NotChecked, System
from nhi_components.lifecycle.ports import Sighting
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

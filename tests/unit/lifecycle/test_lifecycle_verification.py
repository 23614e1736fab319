"""Looking for a lease without any state."""

from __future__ import annotations

from fake_system import ENTITY, LEASE, NAMESAKE, ROLE, FakeSystem, FakeTime, blind_spot

from nhi_components.core.links import System
from nhi_components.lifecycle.verification import verify


def test_nothing_alive_anywhere_is_confirmed_gone() -> None:
    time = FakeTime()
    result = verify([FakeSystem(System.AWS, time), FakeSystem(System.VAULT, time)], LEASE)
    assert result.confirmed_gone
    assert (result.alive, result.namesakes, result.blind_spots, result.failures) == ((), (), (), ())


def test_what_is_ours_is_alive_and_a_namesake_is_not_ours() -> None:
    result = verify([FakeSystem(System.AWS, FakeTime(), alive=[ROLE], namesakes=[NAMESAKE])], LEASE)
    assert [sighting.link for sighting in result.alive] == [ROLE]
    assert [sighting.link for sighting in result.namesakes] == [NAMESAKE]
    assert not result.confirmed_gone


def test_a_namesake_alone_is_confirmed_gone() -> None:
    assert verify([FakeSystem(System.AWS, FakeTime(), namesakes=[NAMESAKE])], LEASE).confirmed_gone


def test_a_system_that_is_down_keeps_no_other_from_being_looked_at_and_nothing_from_being_confirmed() -> None:
    time = FakeTime()
    aws, vault = FakeSystem(System.AWS, time, down=True), FakeSystem(System.VAULT, time, alive=[ENTITY])
    result = verify([aws, vault], LEASE)
    assert [sighting.link for sighting in result.alive] == [ENTITY]
    assert ["aws.default" in str(failure) for failure in result.failures] == [True]
    vault.alive = []
    assert not verify([aws, vault], LEASE).confirmed_gone


def test_what_can_not_be_looked_for_is_told() -> None:
    result = verify([FakeSystem(System.VAULT, FakeTime(), blind=(blind_spot(),))], LEASE)
    assert result.blind_spots == (blind_spot(),)
    assert result.confirmed_gone

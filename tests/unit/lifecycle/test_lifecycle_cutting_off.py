"""Cutting off: every system is tried whatever the others do, and each canary is tried."""

from __future__ import annotations

import pytest
from fake_system import ENTITY, LEASE, ROLE, START, FakeSystem, FakeTime

from nhi_components.core.links import NotChecked, System
from nhi_components.lifecycle.cutting_off import CutOffIncomplete, cut_off, try_canaries


def test_each_canary_is_tried_at_once(time: FakeTime, aws: FakeSystem, vault: FakeSystem) -> None:
    outcome = cut_off([aws, vault], LEASE, [ROLE, ENTITY], time)
    assert [row.link for row in outcome.cut_offs] == [ROLE, ENTITY]
    assert {key: result.refused_at for key, result in outcome.canaries.items()} == {ROLE.key: START, ENTITY.key: START}
    assert outcome.failures == ()


@pytest.mark.parametrize("down", [System.AWS, System.VAULT])
def test_a_system_that_is_down_does_not_keep_the_other_from_being_cut_off(
    time: FakeTime, aws: FakeSystem, vault: FakeSystem, down: System
) -> None:
    aws.down, vault.down = down is System.AWS, down is System.VAULT
    outcome = cut_off([aws, vault], LEASE, [ROLE, ENTITY], time)
    assert (aws.cut_offs, vault.cut_offs) == (int(down is System.VAULT), int(down is System.AWS))
    message = str(CutOffIncomplete(LEASE, outcome))
    assert f"{down}.default" in message
    assert str(ENTITY if down is System.AWS else ROLE) in message
    assert "pulumi up --refresh" in message


def test_a_canary_that_can_not_be_tried_proves_nothing_and_undoes_nothing(time: FakeTime, aws: FakeSystem) -> None:
    aws.canary_unreachable = True
    outcome = cut_off([aws], LEASE, [ROLE], time)
    assert [row.link for row in outcome.cut_offs] == [ROLE]
    refused_at = outcome.canaries[ROLE.key].refused_at
    assert isinstance(refused_at, NotChecked)
    assert "no answer" in refused_at.reason


def test_afterwards_each_canary_is_tried_where_it_was_opened(
    time: FakeTime, aws: FakeSystem, vault: FakeSystem
) -> None:
    outcome = cut_off([aws, vault], LEASE, [ROLE, ENTITY], time)
    time.sleep(5)
    vault.canary_works = True
    results = try_canaries([aws, vault], outcome.canaries, time)
    assert results[ROLE.key].refused_at == time()
    assert results[ENTITY.key].refused_at is None
    assert try_canaries([], outcome.canaries, time) == {}

"""Claims of runs on machines whose clocks differ, and none of which is wrong enough to be refused."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from nhi_components.lifecycle.credentials.claiming import LASTS, ClaimedByAnother, ClaimLost, claimed
from tests.unit.lifecycle.credentials.fakes import World


class Machine:
    """A machine whose clock is ahead of the home's."""

    def __init__(self, world: World, ahead: timedelta) -> None:
        self.world, self.ahead = world, ahead

    def clock(self) -> datetime:
        return self.world.clock() + self.ahead

    def claimed(self, wait: timedelta = timedelta(0)):
        return claimed(self.world.home, self.world.lease, self.clock, self.world.clock.sleep, wait=wait)


@pytest.mark.parametrize("ahead", [timedelta(minutes=-4), timedelta(0), timedelta(minutes=4)], ids=str)
def test_a_claim_holds_as_long_for_others_as_for_who_has_it(ahead: timedelta) -> None:
    world = World()
    slow, other = Machine(world, timedelta(minutes=-4)), Machine(world, ahead)
    with slow.claimed() as claim:
        world.clock.forward(seconds=LASTS.total_seconds() - 1)
        claim.check()
        with pytest.raises(ClaimedByAnother), other.claimed():
            pass
        world.clock.forward(seconds=2)
        with pytest.raises(ClaimLost):
            claim.check()
        with other.claimed():
            assert world.home.holder is not None
            assert world.home.holder.until == world.clock() + LASTS

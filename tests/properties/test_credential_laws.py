"""Whatever happens to a credential: never more keys than may live, a working one everywhere, and in the end none."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from nhi_components.core.errors import NhiError
from nhi_components.lifecycle.credentials.decision import Cause
from nhi_components.lifecycle.credentials.ending import suspend, withdraw
from nhi_components.lifecycle.credentials.looking import look
from nhi_components.lifecycle.credentials.ports import Material
from nhi_components.lifecycle.credentials.rotating import reconcile
from tests.unit.lifecycle.credentials.fakes import MOST, Killed, World

KILLS = st.one_of(st.none(), st.tuples(st.integers(1, 25), st.booleans()))
PLACES = st.sampled_from(["home", "copy", "a/b/KEY"])


class CredentialLife(RuleBasedStateMachine):
    """Runs that succeed, fail and are killed, while people and failures meddle."""

    world: World

    @initialize(overlap=st.sampled_from(["0m", "12h"]), disables=st.booleans())
    def begin(self, overlap: str, *, disables: bool) -> None:
        self.world = World(overlap=overlap)
        self.world.issuing.can_disable = disables

    @rule(kill=KILLS, forced=st.booleans())
    def run(self, kill: tuple[int, bool] | None, *, forced: bool) -> None:
        asked = Cause.FORCED if forced else None
        self._attempt(kill, lambda: reconcile(self.world.wanted, self.world.tools, asked=asked))

    @rule(kill=KILLS, pick=st.integers(0, 3))
    def expose(self, kill: tuple[int, bool] | None, pick: int) -> None:
        keys = sorted(self.world.issuing.living)
        if keys:
            exposed = frozenset({keys[pick % len(keys)]})
            self._attempt(kill, lambda: reconcile(self.world.wanted, self.world.tools, exposed=exposed))

    @rule(kill=KILLS)
    def hold(self, kill: tuple[int, bool] | None) -> None:
        self._attempt(kill, lambda: suspend(self.world.wanted, self.world.tools))

    @rule(kill=KILLS)
    def end(self, kill: tuple[int, bool] | None) -> None:
        self._attempt(kill, lambda: withdraw(self.world.wanted, self.world.tools))

    @rule(hours=st.integers(1, 200))
    def wait(self, hours: int) -> None:
        self.world.clock.forward(hours=hours)

    @rule(place=PLACES)
    def take_down(self, place: str) -> None:
        self.world.steps.down.add(place)

    @rule()
    def bring_up(self) -> None:
        self.world.steps.down.clear()

    @rule(place=PLACES)
    def change_by_hand(self, place: str) -> None:
        found = self.world.places[place]
        if found.versions:
            found.versions, found.written = [*found.versions, Material("typed", {"k": "v"})], found.written + 1

    @rule()
    def make_a_key_by_hand(self) -> None:
        if len(self.world.issuing.living) < MOST:
            self.world.issuing.create(self.world.lease)

    @rule(pick=st.integers(0, 3))
    def delete_a_key_by_hand(self, pick: int) -> None:
        keys = sorted(self.world.issuing.living)
        if keys:
            del self.world.issuing.living[keys[pick % len(keys)]]

    @rule()
    def settle(self) -> None:
        """A run that nothing disturbs puts everything right."""
        self.world.steps.down.clear()
        self.world.clock.forward(minutes=2)
        outcome = reconcile(self.world.wanted, self.world.tools)
        assert set(self.world.held().values()) == {outcome.key}
        assert outcome.key in self.world.working()
        assert len(self.world.working()) <= MOST
        assert look(self.world.wanted, self.world.tools).drift == ()
        self.world.clock.forward(days=8)
        reconcile(self.world.wanted, self.world.tools)
        self.world.clock.forward(hours=13)
        last = reconcile(self.world.wanted, self.world.tools)
        assert self.world.working() == {last.key}

    @invariant()
    def no_more_keys_than_may_live(self) -> None:
        if hasattr(self, "world"):
            assert self.world.issuing.most_ever <= MOST

    def teardown(self) -> None:
        """An end that nothing disturbs leaves nothing."""
        if not hasattr(self, "world"):
            return
        self.world.steps.down.clear()
        self.world.clock.forward(minutes=2)
        withdraw(self.world.wanted, self.world.tools)
        assert self.world.issuing.living == {}
        assert set(self.world.held().values()) == {None}

    def _attempt(self, kill: tuple[int, bool] | None, work: Any) -> None:
        self.world.steps.revive()
        if kill:
            self.world.steps.kill_at, self.world.steps.kill_after = kill
        try:
            with suppress(NhiError):
                work()
        except Killed:
            pass
        finally:
            self.world.steps.revive()


CredentialLife.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestCredentialLife = CredentialLife.TestCase

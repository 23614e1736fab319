"""A run that ends after any of its changes, whose answer nobody has seen, is gone on with by the next one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
import requests
from hvac.adapters import JSONAdapter

from nhi_components.core.errors import NhiError
from nhi_components.lifecycle.decommission.ports import Presence, Retirement
from tests.conformance.decommission.conftest import WORLDS
from tests.conformance.decommission.world import Planted, RetirementWorld
from tools.doubles.messages import Answer
from tools.doubles.server import HttpDouble

CASE = "dc-0123456789ab"
MOST = 20
"""Changes of one step: more would be none of these."""
_READING = re.compile(
    r"/token$|/tokeninfo$|:getIamPolicy|/selfsubjectreviews$|lookup-accessor$|secret-id-accessor/lookup$|lookup/entity$"
)
_HERE = [(name, kind) for name in ("gcp", "azure", "kubernetes", "vault", "hook") for kind in WORLDS[name]]

Pair = tuple[RetirementWorld, Planted]


class Cut:
    """Counts changes; after the one that is meant nothing answers."""

    def __init__(self, at: int) -> None:
        self.left, self.down = at, False

    def counts(self, method: str, target: str, body: bytes) -> None:
        """Note a request that was carried out."""
        plain = target.partition("?")[0]
        asks = b'"retire.look"' in body or b'"retire.undo"' in body or b'"discover.' in body
        if method.upper() not in ("GET", "LIST") and not _READING.search(plain) and not asks:
            self.left -= 1
            self.down = self.left == 0


@contextmanager
def cut(world: Any, at: int) -> Iterator[Cut]:
    """Let a system of the suite be cut off after so many changes, for as long as this is open."""
    state = Cut(at)
    double = world.double if hasattr(world, "double") else getattr(world.found, "double", None)
    with pytest.MonkeyPatch.context() as patch:
        if isinstance(double, HttpDouble):
            _cut_double(double, state, patch)
        else:
            _cut_vault(state, patch)
        yield state


def _cut_double(double: HttpDouble, state: Cut, patch: pytest.MonkeyPatch) -> None:
    respond = double.respond

    def answered(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        if not state.down:
            answer = respond(method, target, headers, body)
            state.counts(method, target, body)
        return Answer(500, {"error": {"message": "down"}}) if state.down else answer

    patch.setattr(double, "respond", answered)


def _cut_vault(state: Cut, patch: pytest.MonkeyPatch) -> None:
    request = JSONAdapter.request

    def answered(adapter: JSONAdapter, method: str, url: str, *arguments: Any, **named: Any) -> Any:
        if not state.down:
            answer = request(adapter, method, url, *arguments, **named)
            state.counts(method, url, b"")
        if state.down:
            raise requests.exceptions.ConnectionError
        return answer

    patch.setattr(JSONAdapter, "request", answered)


@pytest.fixture(params=_HERE, ids="-".join)
def living(request: pytest.FixtureRequest) -> Pair:
    """An identity of each kind that can be disabled, in its world."""
    name, kind = request.param
    found: RetirementWorld = request.getfixturevalue(f"{name}_retirement_world")
    return found, found.plant(kind)


def until_it_goes_through(world: RetirementWorld, step: Callable[[Retirement], object]) -> int:
    """Run a step that is cut off after its first change, then after its second one, and so on; tell how often."""
    for at in range(1, MOST):
        with cut(world, at) as state:
            try:
                step(world.retirement())
            except NhiError:
                assert state.down
            else:
                # Whoever has heard of the last change is through as well.
                return at - 1
    raise AssertionError(f"not through after {MOST} runs")


def test_a_disable_and_a_restore_go_on(living: Pair) -> None:
    world, planted = living
    before, target = planted.documents(), planted.target
    undo = json.loads(json.dumps(world.retirement().undo_of(target)))

    def disable(retirement: Retirement) -> None:
        retirement.mark(target, CASE, "disabled")
        retirement.disable(target, undo)

    def restore(retirement: Retirement) -> None:
        retirement.restore(target, undo)
        retirement.mark(target, "", "")

    assert until_it_goes_through(world, disable) > 0
    assert world.retirement().look(target).presence is Presence.DISABLED
    assert not planted.works()
    assert until_it_goes_through(world, restore) > 0
    assert planted.documents() == before
    assert planted.works()


def test_a_delete_goes_on(living: Pair) -> None:
    world, planted = living
    assert until_it_goes_through(world, lambda retirement: retirement.delete(planted.target)) > 0
    assert planted.left() == []
    assert world.retirement().look(planted.target).presence is Presence.GONE
    assert not planted.works()

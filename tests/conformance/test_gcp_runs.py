"""Runs on Google Cloud that are killed anywhere, how much they send, and what permissions they need."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import requests

from nhi_components.core.errors import NhiError
from nhi_components.core.links import Link
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.gcp import canary
from nhi_components.lifecycle.adapters.gcp.adapter import GcpAdapter
from nhi_components.lifecycle.adapters.gcp.names import account_resource
from nhi_components.lifecycle.ports import Room
from tests.conformance.gcp_steps import (
    DOCUMENTED,
    adapter_of,
    admitted,
    cut_off_of,
    disabled_keys,
    sweep_all,
)
from tests.conformance.gcp_world import GcpWorld, email_of
from tests.conformance.world import new_tags, now


@pytest.fixture
def world(gcp_world: GcpWorld) -> GcpWorld:
    return gcp_world


@pytest.fixture
def adapter(world: GcpWorld) -> GcpAdapter:
    return adapter_of(world)


@pytest.fixture
def limited(world: GcpWorld) -> Callable[[], GcpAdapter]:
    """An adapter whose connection has just the permissions that are documented."""

    def opened() -> GcpAdapter:
        world.become(DOCUMENTED)
        return adapter_of(world)

    return opened


class TestRuns:
    @pytest.mark.parametrize("step", ["cut_off", "admit", "sweep"])
    def test_a_run_that_is_killed_anywhere_is_finished_by_the_next(
        self, world: GcpWorld, tags: LeaseTags, limited: Callable[[], GcpAdapter], step: str, killing: Killing
    ) -> None:
        """After each request that changes something, as at a machine that goes away: nothing more is sent."""
        number, died = 0, True
        while died:
            number, lease = number + 1, new_tags(os.urandom(16))
            links = admitted(world, adapter_of(world), lease)
            world.add_extras(lease)
            if step == "admit":
                adapter_of(world).cut_off(lease.lease, links, now())
            died = killing.after(number, partial(act, step, limited(), lease, links))
            act(step, limited(), lease, links)
            assert_done(step, world, lease, links)
        assert number > 2

    def test_runs_send_no_more_than_they_need(self, world: GcpWorld, tags: LeaseTags) -> None:
        """The figures are those of the day that this was written: whoever needs more of them says why."""
        links, adapter = world.create(tags), adapter_of(world)
        adapter.caller()

        def sent(use: Callable[[], Any]) -> int:
            before = len(world.double.log)
            use()
            return len(world.double.log) - before

        kept = adapter.admit(tags, links, now())
        again = sent(lambda: adapter.admit(tags, kept, now()))
        required = sent(lambda: adapter.require(kept))
        surveyed = sent(lambda: adapter.survey(tags.lease, kept))
        alone = sent(lambda: adapter.survey(tags.lease, []))
        cut = sent(lambda: adapter.cut_off(tags.lease, kept, now()))
        # What is required: the project's accounts, the secret, whose API may be disabled, the pool and the provider.
        assert (again, required, surveyed, alone, cut) == (7, 4, 17, 18, 16)


def act(step: str, adapter: GcpAdapter, tags: LeaseTags, links: list[Link]) -> None:
    match step:
        case "cut_off":
            adapter.cut_off(tags.lease, links, now())
        case "admit":
            adapter.admit(tags, links, now())
        case _:
            sweep_all(adapter, tags.lease, links)


def assert_done(step: str, world: GcpWorld, tags: LeaseTags, links: list[Link]) -> None:
    account = world.double.accounts.by_email.get(email_of(tags))
    if step == "sweep":
        assert account is None
        assert world.alive(tags) == []
        return
    assert account is not None
    assert account.get("disabled", False) is (step == "cut_off")
    assert ("nhi:cut-off=" in account["description"]) is (step == "cut_off")
    assert "nhi-canary" not in str(world.double.policies.get(account_resource(email_of(tags)), 3))
    if step == "cut_off":
        assert disabled_keys(world, tags) == [True]
    else:
        assert world.open_session(tags)()


class Killed(BaseException):
    """What stands for a machine that goes away."""


class Killing:
    """Kills this process's runs, as far as Google can see."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._left, self._dead = 0, False
        send = requests.Session.request

        def sent(session: requests.Session, method: str, url: str, **told: Any) -> requests.Response:
            if self._dead:
                raise Killed
            answer = send(session, method, url, **told)
            if changes(method, url):
                self._left -= 1
                if self._left == 0:
                    self._dead = True
                    raise Killed
            return answer

        monkeypatch.setattr(requests.Session, "request", sent)

    def after(self, number: int, use: Callable[[], None]) -> bool:
        """Run something, and kill it after so many changes; tell whether it makes that many."""
        self._left = number
        try:
            use()
        except Killed:
            self._dead = False
            return True
        self._left = 0
        return False


@pytest.fixture
def killing(monkeypatch: pytest.MonkeyPatch) -> Killing:
    return Killing(monkeypatch)


def changes(method: str, url: str) -> bool:
    return method != "GET" and not url.endswith((":getIamPolicy", ":generateAccessToken", "/token", "/tokeninfo"))


def whole_life(world: GcpWorld, permissions: list[str]) -> None:
    """Take a bundle through everything, through a connection that may do just so much, and miss nothing."""
    tags = new_tags(os.urandom(16))
    links = world.create(tags)
    world.become(permissions)
    adapter = adapter_of(world)
    adapter.require(links)
    assert adapter.room_for(links) == Room()
    kept = adapter.admit(tags, links, now())
    world.add_extras(tags)
    done = cut_off_of(adapter.cut_off(tags.lease, kept, now()))
    assert done.canary is not None
    adapter.admit(tags, kept, now())
    assert {each.link.key for each in adapter.survey(tags.lease, [])} >= {link.key for link in kept}
    assert adapter.blind_spots([]) == []
    sweep_all(adapter, tags.lease, kept)
    assert not [each for each in adapter.survey(tags.lease, kept) if each.lives]
    assert adapter.blind_spots(kept) == []
    assert world.alive(tags) == []


def test_the_documented_permissions_are_just_enough(world: GcpWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canary, "OPENING_SECONDS", 0.1)
    assert DOCUMENTED
    whole_life(world, DOCUMENTED)
    unneeded = []
    for left_out in DOCUMENTED:
        try:
            whole_life(world, [each for each in DOCUMENTED if each != left_out])
        except (NhiError, AssertionError):
            continue
        unneeded.append(left_out)
    assert unneeded == []

"""Runs on Azure that are killed anywhere, how much they send, and what permissions they need."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from nhi_components.core.errors import NhiError
from nhi_components.core.links import Link
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.azure.adapter import AzureAdapter
from nhi_components.lifecycle.adapters.azure.marks import mark_of
from nhi_components.lifecycle.ports import Room
from tests.conformance.azure_steps import adapter_of, admitted, cosmos, cut_off_of, sweep_all
from tests.conformance.azure_world import AzureApplicationWorld, AzureWorld, credential_of, identity_of
from tests.conformance.world import new_tags, now
from tools.doubles.messages import Answer

PAGE = (Path(__file__).parents[2] / "docs/azure-permissions.md").read_text(encoding="utf-8").partition("\n## ")[0]
DOCUMENTED = [
    operation
    for line in PAGE.splitlines()
    if line.startswith("| ")
    for operation in re.findall(r"`([\w./]+)`", line.split("|")[2])
]
DATA = [each for each in DOCUMENTED if "/secrets/" in each]
GRAPH = [each for each in DOCUMENTED if "/" not in each]
CONTROL = [each for each in DOCUMENTED if each not in (*DATA, *GRAPH)]
READS = "Application.Read.All"


@pytest.fixture
def killing(azure_world: AzureWorld) -> Killing:
    return Killing(azure_world)


class TestRuns:
    @pytest.mark.parametrize("step", ["cut_off", "admit", "sweep"])
    def test_a_run_that_is_killed_anywhere_is_finished_by_the_next(
        self, azure_world: AzureWorld, step: str, killing: Killing
    ) -> None:
        """After each request that changes something, as at a machine that goes away: nothing more is sent."""
        world, number, died = azure_world, 0, True
        while died:
            number, lease = number + 1, new_tags(os.urandom(16))
            links = [*world.create(lease), *cosmos(world, lease)]
            links = adapter_of(world).admit(lease, links, now())
            before = sorted(world.assigned(lease))
            world.add_extras(lease)
            if step == "admit":
                adapter_of(world).cut_off(lease.lease, links, now())
            died = killing.after(number, partial(act, step, adapter_of(world), lease, links))
            if step == "cut_off" and died:
                # So a refresh sees what an update has to give back.
                seen = adapter_of(world).survey(lease.lease, links)
                assert any(each.cut_off or each.half_cut_off for each in seen)
            act(step, adapter_of(world), lease, links)
            assert_done(step, world, lease, before)
            sweep_all(adapter_of(world), lease.lease, links)
        assert number > 5

    def test_runs_send_no_more_than_they_need(self, azure_world: AzureWorld, tags: LeaseTags) -> None:
        """The figures are those of the day that this was written: whoever needs more of them says why.

        A cut-off asks who else has each custom role: as long as anybody has, it can't be deleted.
        """
        links, adapter = azure_world.create(tags), adapter_of(azure_world)
        adapter.caller()

        def sent(use: Callable[[], Any]) -> int:
            before = len(azure_world.double.log)
            use()
            return len([each for each in azure_world.double.log[before:] if "/oauth2/" not in each.target])

        kept = adapter.admit(tags, links, now())
        again = sent(lambda: adapter.admit(tags, kept, now()))
        required = sent(lambda: adapter.require(kept))
        surveyed = sent(lambda: adapter.survey(tags.lease, kept))
        alone = sent(lambda: adapter.survey(tags.lease, []))
        cut = sent(lambda: adapter.cut_off(tags.lease, kept, now()))
        assert (again, required, surveyed, alone, cut) == (9, 5, 10, 18, 11)


class Killing:
    """Kills this process's runs, as far as Azure can see: what is sent after that is not answered."""

    def __init__(self, world: AzureWorld) -> None:
        self._left, self._dead = 0, False
        respond = world.double.respond

        def responded(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
            if self._dead:
                return Answer(418, {"error": {"code": "Dead", "message": "the machine is gone"}})
            answer = respond(method, target, headers, body)
            if self._left and method != "GET" and "/oauth2/" not in target:
                self._left -= 1
                self._dead = self._left == 0
            return answer

        world.environment.setattr(world.double, "respond", responded)

    def after(self, number: int, use: Callable[[], None]) -> bool:
        """Run something, and kill it after so many changes; tell whether it makes that many."""
        self._left = number
        try:
            use()
        except NhiError:
            assert self._dead
        died, self._dead, self._left = self._dead, False, 0
        return died


def act(step: str, adapter: AzureAdapter, tags: LeaseTags, links: list[Link]) -> None:
    match step:
        case "cut_off":
            adapter.cut_off(tags.lease, links, now())
        case "admit":
            adapter.admit(tags, links, now())
        case _:
            sweep_all(adapter, tags.lease, links)


def assert_done(step: str, world: AzureWorld, tags: LeaseTags, before: list[str]) -> None:
    if step == "sweep":
        assert world.alive(tags) == []
        assert world.double.cosmos_roles.assignments.written == {}
        return
    shown = world.double.identities.by_id[identity_of(tags).lower()]
    with world.double.lock:
        found = {each.name: each.subject for each in world.double.federation.of(identity_of(tags).lower())}
        in_account = world.double.cosmos_roles.assignments.written
    declared = found.pop(credential_of(tags).rpartition("/")[2])
    assert next(iter(found.values())).startswith("nhi:cut-off:")
    if step == "cut_off":
        assert mark_of(shown["tags"]) is not None
        assert (world.assigned(tags), dict(in_account)) == ([], {})
        assert declared.startswith("nhi:cut-off:repo:")
        return
    assert shown["tags"] == tags.to_tags()
    assert (sorted(world.assigned(tags)), len(in_account)) == (before, 2)
    assert declared.startswith("repo:")


def whole_life(world: AzureWorld, control: list[str], data: list[str]) -> None:
    """Take a bundle from its beginning to its end through a connection that may do just so much, and miss nothing."""
    tags = new_tags(os.urandom(16))
    links = [*world.create(tags), *cosmos(world, tags)]
    world.become(control, data, [READS])
    live(world, tags, links)


def live(world: AzureWorld, tags: LeaseTags, links: list[Link]) -> None:
    """Take links from their beginning to their end through the world's connection, and miss nothing."""
    adapter = adapter_of(world)
    adapter.require(links)
    assert adapter.room_for(links) == Room()
    kept = adapter.admit(tags, links, now())
    world.add_extras(tags)
    cut_off_of(adapter.cut_off(tags.lease, kept, now()))
    adapter.admit(tags, kept, now())
    assert {each.link.key for each in adapter.survey(tags.lease, [])} >= {link.key for link in kept}
    assert adapter.blind_spots([]) == []
    sweep_all(adapter, tags.lease, kept)
    assert not [each for each in adapter.survey(tags.lease, kept) if each.lives]
    assert adapter.blind_spots(kept) == []
    assert world.alive(tags) == []


def test_the_documented_permissions_are_just_enough(azure_world: AzureWorld) -> None:
    assert (len(CONTROL), len(DATA)) == (21, 4)
    whole_life(azure_world, CONTROL, DATA)
    unneeded = []
    for left_out in (*CONTROL, *DATA):
        control, data = ([each for each in known if each != left_out] for known in (CONTROL, DATA))
        try:
            whole_life(azure_world, control, data)
        except (NhiError, AssertionError):
            continue
        unneeded.append(left_out)
    assert unneeded == []


def application_life(world: AzureApplicationWorld, permission: str, *, owned: bool) -> None:
    """The same of an application through a connection that has one permission of Graph."""
    tags = new_tags(os.urandom(16))
    links = world.create(tags)
    principal = world.become(CONTROL, DATA, [permission])
    if owned:
        with world.double.lock:
            for owned_id in (world.application_of(tags)["id"], world.principal_of(tags).object_id):
                world.double.applications.owners[owned_id] = {principal.object_id}
    live(world, tags, links)


def test_each_documented_permission_of_graph_is_enough_for_the_applications_it_is_for_and_no_less_is(
    azure_application_world: AzureApplicationWorld,
) -> None:
    everything, own = GRAPH
    application_life(azure_application_world, everything, owned=False)
    application_life(azure_application_world, own, owned=True)
    for permission, owned in ((own, False), (READS, True)):
        with pytest.raises(NhiError, match=r"403 Authorization_RequestDenied[^$]+ or Application\.ReadWrite\.All"):
            application_life(azure_application_world, permission, owned=owned)


def test_an_application_s_run_that_is_killed_anywhere_is_finished_by_the_next(
    azure_application_world: AzureApplicationWorld,
) -> None:
    world, killing, number, died = azure_application_world, Killing(azure_application_world), 0, True
    while died:
        number, lease = number + 1, new_tags(os.urandom(16))
        links = admitted(world, adapter_of(world), lease)
        before = sorted(world.assigned(lease))
        adapter = adapter_of(world)
        died = killing.after(number, partial(act, "cut_off", adapter, lease, links))
        act("cut_off", adapter_of(world), lease, links)
        assert (world.assigned(lease), world.principal_of(lease).is_enabled) == ([], False)
        act("admit", adapter_of(world), lease, links)
        assert (sorted(world.assigned(lease)), world.principal_of(lease).is_enabled) == (before, True)
        assert world.session_token(lease)
    assert number > 5

"""What is the own of discovery by hooks: refusals, answers that are not of the protocol, the program in the docs."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from nhi_components.core.connection import HookConnection
from nhi_components.core.errors import NhiError, SpecError, SystemUnreachable
from nhi_components.core.inventory.records import FoundGrant, Knowledge, Subject
from nhi_components.core.links import System
from nhi_components.lifecycle.adapters.ambient import is_worth_a_scan
from nhi_components.lifecycle.adapters.hook import discovery_protocol as protocol
from nhi_components.lifecycle.adapters.hook.discovery import Discovery
from nhi_components.lifecycle.adapters.hook.discovery_policy import Asked
from nhi_components.lifecycle.adapters.hook.speaking import HookRefused
from nhi_components.lifecycle.discovery.ports import Busy, CursorLapsed, NotSeen
from nhi_components.lifecycle.discovery.scanning import Scanner
from nhi_components.lifecycle.inventory.store import open_inventory
from tests.conformance.discovery.hook_world import HookDiscoveryWorld
from tests.conformance.discovery.world import identities_in, read_all
from tests.conformance.world import now

DOCS = Path(__file__).parents[3] / "docs" / "discovery-protocol.md"
VALUE = "sk-live-hunter2"


@pytest.fixture
def world(hook_discovery_world: HookDiscoveryWorld) -> HookDiscoveryWorld:
    return hook_discovery_world


def test_the_program_in_the_docs_is_read_page_by_page_by_new_processes(tmp_path: Path) -> None:
    program, data = tmp_path / "courier", tmp_path / "bots.json"
    program.write_text(re.search(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)[1])  # type: ignore[index]
    names = ["a", "b", "c", "d", "e"]
    bots = [{"name": n, "id": f"id-{n}", "owner": "dana", "scopes": ["parcels.read"]} for n in reversed(names)]
    data.write_text(json.dumps(bots))

    def discovery() -> Discovery:
        return Discovery("courier", HookConnection(command=(sys.executable, str(program), str(data))), now)

    assert discovery().place() == "courier.example.com/shop"
    pages, cursor = list[list[str]](), None
    while not pages or cursor is not None:
        page = discovery().section("hook/bots").read(cursor)
        pages.append([each.name for each in identities_in(page.records).values()])
        cursor = page.next
    assert pages == [["a", "b"], ["c", "d"], ["e"]]
    records, sections = read_all(discovery())
    assert sections == ["sections", "hook/bots"]
    key = "courier.example.com/shop/bots/c"
    assert FoundGrant(key, "parcels.read", "courier.example.com/shop") in records
    assert Knowledge(key, Subject.OWNER, "dana", "its profile") in records
    data.unlink()
    with pytest.raises(SystemUnreachable, match="the file is not there"):
        discovery().section("hook/bots").read(None)


def test_a_scan_goes_on_after_what_a_hook_refuses(world: HookDiscoveryWorld, tmp_path: Path) -> None:
    for _ in range(3):
        world.plant()
    discovery = world.discovery()
    section = discovery.section("hook/bots")
    lapsed = section.read(None).next
    world.double.generation += 1
    with pytest.raises(CursorLapsed):
        section.read(lapsed)
    refusals: list[tuple[str, type[NhiError], str]] = [
        ("denied", NotSeen, "refused discover.page: no"),
        ("busy", Busy, "refused discover.page: no"),
        ("unauthorized", SystemUnreachable, "renew the credentials"),
        ("unavailable", SystemUnreachable, "bring it back"),
        ("refused", HookRefused, "what the hook says"),
    ]
    for code, kind, text in refusals:
        after = {"retry_after": 7} if code == "busy" else {}
        world.double.refusal = {"ok": False, "error": f"no\n{world.secrets[0]}", "code": code, **after}
        with pytest.raises(kind, match=text) as refused:
            section.read(None)
        assert world.secrets[0] not in str(refused.value)
        assert not isinstance(refused.value, Busy) or refused.value.after == 7
    world.double.refusal = None
    inventory = open_inventory(tmp_path / "inventory.db")
    try:
        scan = Scanner(inventory, now, lambda _: None).scan([world.discovery()])
    finally:
        inventory.close()
    assert scan.complete
    assert {each.section: each.pages for each in scan.sections} == {
        "sections": 1,
        "hook/bots": 2,
        "hook/keys": 2,
        "hook/grants": 9,
    }


def test_all_that_is_wrong_with_an_answer_is_told_at_once_and_nothing_of_its_values(world: HookDiscoveryWorld) -> None:
    records: list[Any] = [
        {"record": "identity", "key": 7, "kind": "bot", "name": "a"},
        {"record": "credential", "identity": "a", "kind": "api-key", "id": "k", "value": VALUE},
        {"record": VALUE},
        {"record": "identity", "key": "a", "kind": "bot", "name": "a", "unique_id": "1", "created_at": VALUE},
        {"record": "knowledge", "identity": "a", "subject": VALUE, "value": "dana", "source": "it", VALUE: 1},
        VALUE,
    ]
    discovery = world.discovery()
    discovery.place()
    world.double.refusal = {"ok": True, "records": records, "nxt": None}
    with pytest.raises(SpecError) as wrong:
        discovery.section("hook/bots").read(None)
    told = {problem.path: (problem.got, problem.expected) for problem in wrong.value.problems}
    assert told["answer.records[0].key"] == ("a number", "input should be a valid string")
    assert told["answer.records[0].unique_id"] == ("nothing", "a value")
    # A field that the protocol has elsewhere is named; any other may be a value.
    assert told["answer.records[1].value"][0] == "a field that is not of the protocol"
    assert {"answer.records[2].record", "answer.records[5]"} < set(told)
    assert {"answer.records[3].created_at", "answer.records[4].subject", "answer.records[4].(hidden)"} < set(told)
    assert "answer.(hidden)" in told
    assert len(told) == len(wrong.value.problems) == 9
    assert VALUE not in str(wrong.value)
    assert "hook.courier" in str(wrong.value)
    assert all(problem.fix for problem in wrong.value.problems)

    world.double.refusal = {"ok": True, "records": [{"record": VALUE}] * 60}
    with pytest.raises(SpecError, match="10 more problems"):
        discovery.section("hook/bots").read(None)
    world.double.refusal = {"ok": True, "records": [{**records[3], "created_at": None}]}
    with pytest.raises(SpecError, match=r"begins with courier\.example\.com/shop/"):
        discovery.section("hook/bots").read(None)
    world.double.refusal = {"ok": True, "place": f"{VALUE}\n"}
    with pytest.raises(SystemUnreachable, match=r"answer\.place") as unplaced:
        world.discovery().place()
    assert VALUE not in str(unplaced.value)


def test_what_cannot_be_asked_is_told(
    world: HookDiscoveryWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "a-workflow-s")
    assert [is_worth_a_scan(system) for system in (System.HOOK, System.GITHUB)] == [False, False]
    with pytest.raises(SystemUnreachable, match="name its `command` or its `url`"):
        Discovery("courier", HookConnection(), now).place()
    with pytest.raises(SpecError, match="both command and url"):
        HookConnection(command=("courier",), url="https://courier.example.com")
    silent = tmp_path / "silent"
    silent.write_text("")
    for command, text in (((str(tmp_path / "none"),), "can't be started"), ((sys.executable, str(silent)), "no JSON")):
        with pytest.raises(SystemUnreachable, match=text):
            Discovery("courier", HookConnection(command=command), now).place()


def test_the_docs_name_all_that_the_protocol_has() -> None:
    text = DOCS.read_text()
    schema = protocol.schema()
    records = [each for name, each in schema["$defs"].items() if "record" in each["properties"]]
    assert len(records) == 8
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", text, re.MULTILINE))
    for each in records:
        told = each["properties"]
        named = set(re.findall(r"`([a-z_]+)`", re.sub(r"\(.*?\)", "", rows[told["record"]["const"]])))
        assert named == set(told) - {"record"}
        optional = set(re.findall(r"`([a-z_]+)`", "".join(re.findall(r"\[(.*)\]", rows[told["record"]["const"]]))))
        assert optional == set(told) - set(each["required"])
    for name in (*Asked, *schema["$defs"]["Refused"]["properties"]["code"]["enum"]):
        assert name in text

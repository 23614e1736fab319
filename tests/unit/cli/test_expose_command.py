"""`nhi expose` as a person types it; the systems are in memory."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.unit.cli.credential_fleet import BY, COURIER, PARTNER, PRINTER, Fleet, Said, Shell, Terminal
from tests.unit.cli.credential_fleet import fleet as a_fleet
from tests.unit.lifecycle.credentials.fakes import material_of

JSON = ("--output", "json")
HIDDEN = "shop_a-value-that-nobody-may-see"
NOTIFIED = {"notify": [{"kind": "command", "command": ["tell", "them"]}]}


@pytest.fixture
def fleet(monkeypatch: pytest.MonkeyPatch) -> Fleet:
    return a_fleet(monkeypatch)


@pytest.fixture
def nhi(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Shell:
    return Shell(monkeypatch, capsys, tmp_path)


def secret_of(key: str) -> bytes:
    return material_of(key).fields["secret_access_key"].encode()


@pytest.mark.parametrize(
    ("known_by", "stdin"),
    [
        (("--key-id", f"{PRINTER}1"), b""),
        (("--key-id", f" {PRINTER}1 "), b""),
        (("--prefix", PRINTER), b""),
        (("--value",), secret_of(f"{PRINTER}1") + b"\n"),
        (("--value",), f"{PRINTER}1".encode()),
    ],
    ids=["id", "spaces", "prefix", "value", "id as value"],
)
def test_the_key_is_revoked_replaced_and_timed(
    fleet: Fleet, nhi: Shell, known_by: tuple[str, ...], stdin: bytes
) -> None:
    said = nhi("expose", *known_by, *BY, *JSON, stdin=stdin)
    assert (said.code, said.err, said.document["complete"]) == (0, "", True)
    (told,) = said.document["credentials"]
    assert (told["identity"], told["cause"], told["keyId"]) == ("printer.test", "exposed", f"{PRINTER}2")
    (revoked,) = told["revoked"]
    assert (revoked["keyId"], revoked["why"], revoked["notTried"]) == (f"{PRINTER}1", "it is exposed", None)
    assert all(type(revoked[name]) is int for name in ("disabledAfterMs", "deletedAfterMs", "refusedAfterMs"))
    assert all(type(place["confirmedAfterMs"]) is int for place in told["places"])
    assert fleet.working() == {f"{PRINTER}2", f"{PARTNER}1", f"{COURIER}1"}
    assert fleet.held("printer") == {f"{PRINTER}2"}
    assert [(row.cause, row.lease.identity) for row in fleet.recorder.told] == [("exposed", "printer")]


def test_people_see_where_and_how_fast(fleet: Fleet, nhi: Shell) -> None:
    said = nhi("expose", "--key-id", f"{PARTNER}1", *BY)
    assert said.code == 0
    for part in ("vault/default", f"revoked {PARTNER}1", "it is exposed: disabled after 0.0 s", "refused after 0.0 s"):
        assert said.tells(part), part
    assert said.tells(f"made {PARTNER}2")
    assert "partner.test: done in 0.0 s" in said.out


def test_only_the_key_that_leaked_is_revoked(fleet: Fleet, nhi: Shell) -> None:
    nhi("rotate", "printer", *BY)
    said = nhi("expose", "--key-id", f"{PRINTER}1", *BY, *JSON)
    (told,) = said.document["credentials"]
    assert (told["cause"], [each["keyId"] for each in told["revoked"]]) == (None, [f"{PRINTER}1"])
    assert fleet.working() == {f"{PRINTER}2", f"{PARTNER}1", f"{COURIER}1"}


def test_a_key_of_nobody_is_told_and_nothing_done(fleet: Fleet, nhi: Shell) -> None:
    said = nhi("expose", "--key-id", "AKIANOBODY", *BY, *JSON)
    assert said.code == 4
    assert said.document == {"complete": False, "credentials": [], "searched": 3, "notLookedAt": []}
    assert "none of the 3 credentials of the stack has such a key" in nhi("expose", "--key-id", "AKIANOBODY", *BY).out
    assert fleet.steps.done == []


def test_what_could_not_be_looked_at_is_no_answer(fleet: Fleet, nhi: Shell) -> None:
    fleet.sources["api-key"].steps.down = {"source"}
    said = nhi("expose", "--key-id", "AKIANOBODY", *BY, *JSON)
    assert (said.code, len(said.document["notLookedAt"])) == (1, 1)
    assert "credential of partner.test (api-key)" in said.document["notLookedAt"][0]
    assert "not looked at: credential of partner.test" in nhi("expose", "--key-id", "AKIANOBODY", *BY).out


def test_a_key_that_is_found_is_revoked_whatever_else_could_not_be_looked_at(fleet: Fleet, nhi: Shell) -> None:
    fleet.sources["api-key"].steps.down = {"source"}
    planned = nhi("expose", "--key-id", f"{PRINTER}1", "--dry-run", *JSON)
    assert (planned.code, len(planned.document["notLookedAt"])) == (1, 1)
    said = nhi("expose", "--key-id", f"{PRINTER}1", *BY)
    assert (said.code, fleet.held("printer")) == (1, {f"{PRINTER}2"})
    assert "not looked at: credential of partner.test" in said.out


@pytest.mark.parametrize(
    ("arguments", "got"),
    [
        ((), "nothing"),
        (("--key-id", ""), "nothing"),
        (("--key-id", "  "), "nothing"),
        (("--key-id", "AKIA1", "--value"), "--key-id and --value"),
        (("--key-id", "AKIA1", "--prefix", "AKIA12345", "--value"), "--key-id and --prefix and --value"),
    ],
)
def test_there_is_one_way_to_know_the_key(fleet: Fleet, nhi: Shell, arguments: tuple[str, ...], got: str) -> None:
    said = nhi("expose", *arguments, *BY, stdin=HIDDEN.encode())
    assert (said.code, said.out) == (2, "")
    assert f"the key\n    got:      {got}\n" in said.err
    assert fleet.steps.done == []
    assert HIDDEN not in said.err


def test_all_that_is_wrong_is_told_at_once(fleet: Fleet, nhi: Shell) -> None:
    said = nhi("expose", "--value", "--prefix", "AKIA", "--reason", "no")
    assert said.code == 2
    assert "nhi expose: 3 problems" in said.err
    for part in ("the key\n", "--prefix\n    got:      4 characters\n", "--approver\n"):
        assert part in said.err


@pytest.mark.parametrize(
    ("stdin", "got"),
    [
        (b"", "nothing"),
        (b" \n\n", "nothing"),
        (HIDDEN.encode() + b"\xff", "no UTF-8"),
        (HIDDEN.encode() * 4_000, "more than 65,536 bytes"),
    ],
    ids=["nothing", "white space", "bytes", "too long"],
)
def test_a_value_that_can_be_none_is_refused_and_not_told(fleet: Fleet, nhi: Shell, stdin: bytes, got: str) -> None:
    said = nhi("expose", "--value", *BY, stdin=stdin)
    assert (said.code, said.out) == (2, "")
    assert f"standard input\n    got:      {got}\n" in said.err
    assert HIDDEN not in said.err
    assert fleet.steps.done == []


def told_of(fleet: Fleet, said: list[Said]) -> str:
    """Everything that came of it: output, arguments, evidence, what people were told."""
    records = [record.model_dump_json() for record in fleet.recorder.told]
    return "\n".join([*(each.out + each.err for each in said), *sys.argv, *records, repr(fleet.dependants.told)])


def test_a_value_is_in_no_output_argument_or_record(fleet: Fleet, nhi: Shell, tmp_path: Path) -> None:
    file = tmp_path / "connections.json"
    file.write_text(json.dumps(NOTIFIED))
    value, options = secret_of(f"{PARTNER}1"), ("expose", "--value", "--connections", str(file))
    said = [nhi(*options, "--dry-run", *form, stdin=value) for form in (JSON, ())]
    home = next(place for name, place in fleet.places.items() if "printer" in name and place.spec.can_be_home)
    fleet.steps.down.add(home.name)
    said += [nhi(*options, *BY, *form, stdin=HIDDEN.encode()) for form in (JSON, ())]
    assert {each.code for each in said[2:]} == {1}
    fleet.steps.down.clear()
    said += [nhi(*options, *BY, stdin=HIDDEN.encode())]
    assert said[-1].code == 4
    fleet.recorder.full = True
    said += [nhi(*options, *BY, *JSON, stdin=value)]
    assert said[-1].code == 1
    fleet.recorder.full = False
    said += [nhi(*options, *BY, stdin=secret_of(f"{PARTNER}2"))]
    assert said[-1].code == 0
    assert fleet.held("partner") == {f"{PARTNER}3"}
    everything = told_of(fleet, said)
    assert PARTNER in everything
    assert "secret-of" not in everything
    assert HIDDEN not in everything


def test_at_a_terminal_the_value_is_asked_for_and_not_shown(
    fleet: Fleet, nhi: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def getpass(prompt: str) -> str:
        asked.append(prompt)
        return secret_of(f"{PRINTER}1").decode()

    monkeypatch.setattr("nhi_components.cli.expose.getpass", getpass)
    said = nhi("expose", "--value", *BY, *JSON, stdin=Terminal())
    assert (said.code, len(asked), fleet.held("printer")) == (0, 1, {f"{PRINTER}2"})


def test_a_dry_run_needs_no_decision_and_changes_nothing(fleet: Fleet, nhi: Shell) -> None:
    nhi("rotate", "printer", *BY)
    fleet.steps.done.clear()
    fleet.recorder.told.clear()
    said = nhi("expose", "--key-id", f"{PRINTER}1", "--dry-run", *JSON)
    (told,) = said.document["credentials"]
    assert (said.code, told["cause"], told["revoke"]) == (0, None, {f"{PRINTER}1": "it is exposed"})
    current = nhi("expose", "--prefix", PRINTER, "--dry-run", *JSON).document["credentials"][0]
    assert (current["cause"], set(current["revoke"])) == ("exposed", {f"{PRINTER}1", f"{PRINTER}2"})
    assert len(current["deliver"]) == 2
    assert nhi("expose", "--key-id", "AKIANOBODY", "--dry-run").code == 4
    assert (fleet.steps.done, fleet.recorder.told) == ([], [])


def test_people_are_told_and_who_could_not_be_is_something_left(fleet: Fleet, nhi: Shell, tmp_path: Path) -> None:
    file = tmp_path / "connections.json"
    file.write_text(json.dumps(NOTIFIED))
    options = ("--connections", str(file), *BY)
    said = nhi("expose", "--key-id", f"{PRINTER}1", *options, *JSON)
    assert said.document["credentials"][0]["notified"] == [{"name": "notification 1", "problem": None}]
    assert [(facts.identity, facts.cause) for facts in fleet.dependants.told] == [("printer.test", "exposure")]
    fleet.dependants.failing = "its command ended with status 1"
    said = nhi("expose", "--key-id", f"{PRINTER}2", *options)
    assert (said.code, fleet.held("printer")) == (1, {f"{PRINTER}3"})
    assert said.tells("its command ended with status 1")
    assert said.tells("notification 1 failed: tell those people yourself; everything else is done")
    assert [row.problem for row in fleet.recorder.told[-1].notified] == [fleet.dependants.failing]


@pytest.mark.parametrize("why", ["program", "decision"])
def test_of_a_suspended_identity_the_key_is_revoked_and_not_replaced(fleet: Fleet, nhi: Shell, why: str) -> None:
    if why == "program":
        fleet.edit("printer", state="suspended")
    else:
        decision = {"state": "suspended", "approver": "Bob Example", "reason": "INC-1", "on": "2026-12-01"}
        fleet.decided = {"printer.test": decision}
    said = nhi("expose", "--key-id", f"{PRINTER}1", *BY, *JSON)
    (told,) = said.document["credentials"]
    assert (said.code, told["cause"], told["keyId"], told["places"]) == (0, None, None, [])
    assert [each["keyId"] for each in told["revoked"]] == [f"{PRINTER}1"]
    assert fleet.working() == {f"{PARTNER}1", f"{COURIER}1"}


def test_an_exposure_that_stopped_half_way_is_found_again_and_finished(fleet: Fleet, nhi: Shell) -> None:
    source = fleet.sources["vault-secret-id"]
    source.can_disable = False
    create = source.create

    def refuses(*_: object) -> None:
        source.steps.down.add("source")
        source.steps.reach("source")

    source.create = refuses  # type: ignore[method-assign, assignment]
    assert nhi("expose", "--key-id", f"{COURIER}1", *BY).code == 1
    assert source.living == {}
    source.create = create  # type: ignore[method-assign]
    source.steps.down.clear()
    said = nhi("expose", "--key-id", f"{COURIER}1", *BY, *JSON)
    (told,) = said.document["credentials"]
    assert (said.code, told["cause"], fleet.held("courier")) == (0, "exposed", {f"{COURIER}2"})


def test_a_place_that_is_down_is_given_the_key_later(fleet: Fleet, nhi: Shell) -> None:
    copy = next(place for name, place in fleet.places.items() if "secrets-manager" in name)
    fleet.steps.down.add(copy.name)
    said = nhi("expose", "--key-id", f"{PRINTER}1", *BY)
    assert said.code == 1
    assert said.tells("`nhi rotate printer.test --due` goes on")
    assert fleet.working() == {f"{PRINTER}2", f"{PARTNER}1", f"{COURIER}1"}
    fleet.steps.down.clear()
    said = nhi("expose", "--key-id", f"{PRINTER}1", *BY)
    assert (said.code, fleet.held("printer")) == (0, {f"{PRINTER}2"})

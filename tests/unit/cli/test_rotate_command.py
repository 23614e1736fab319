"""`nhi rotate` as a person types it; the systems are in memory."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.cli.credential_fleet import BY, COURIER, ENDS, PARTNER, PRINTER, Fleet, Shell
from tests.unit.cli.credential_fleet import fleet as a_fleet

JSON = ("--output", "json")
DECISION = {"approver": "Bob Example", "reason": "INC-1", "on": "2026-12-01"}
FIELDS = {
    *("identity", "lease", "complete", "source", "failure", "cause", "keyId", "version", "seconds", "dueAt"),
    *("resumed", "waits", "revoked", "places", "retiring", "dependents", "notified"),
}
REVOKED = {"keyId", "why", "disabledAfterMs", "deletedAfterMs", "refusedAfterMs", "notTried"}
PLACE = {"system", "connection", "kind", "address", "version", "written", "confirmedAfterMs", "problem"}
PLANNED = {
    *("identity", "source", "keyId", "version", "dueAt", "cause", "revoke", "deliver", "waits", "drift"),
    *("dependents", "refused"),
}
FIRST = {f"{PRINTER}1", f"{PARTNER}1", f"{COURIER}1"}


@pytest.fixture
def fleet(monkeypatch: pytest.MonkeyPatch) -> Fleet:
    return a_fleet(monkeypatch)


@pytest.fixture
def nhi(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Shell:
    return Shell(monkeypatch, capsys, tmp_path)


def test_one_is_rotated_and_told_as_one_json_document(fleet: Fleet, nhi: Shell) -> None:
    said = nhi("rotate", "printer", *BY, *JSON)
    assert (said.code, said.err) == (0, "")
    assert set(said.document) == {"complete", "credentials", "notLookedAt"}
    (told,) = said.document["credentials"]
    assert set(told) == FIELDS
    assert (told["identity"], told["cause"], told["keyId"], told["version"]) == (
        "printer.test",
        "forced",
        f"{PRINTER}2",
        2,
    )
    assert [set(place) for place in told["places"]] == [PLACE, PLACE]
    assert [(place["written"], place["problem"]) for place in told["places"]] == [(True, None), (True, None)]
    assert [each["keyId"] for each in told["retiring"]] == [f"{PRINTER}1"]
    assert fleet.working() == FIRST | {f"{PRINTER}2"}
    assert fleet.held("printer") == {f"{PRINTER}2"}
    (record,) = fleet.recorder.told
    assert (str(record.approver.value), str(record.reason.value)) == ("Ada Example", "INC-7")


def test_people_see_systems_versions_and_seconds(fleet: Fleet, nhi: Shell) -> None:
    fleet.edit("printer", rotation={"overlap": "0m"})
    said = nhi("rotate", "printer.test", *BY)
    assert said.code == 0
    for part in ("aws/default", "vault/default", "vault-kv", "secrets-manager", "forced; version 2", f"{PRINTER}2"):
        assert said.tells(part), part
    assert said.tells("refused after 0.0 s")
    assert said.tells("holds it after 0.0 s")
    assert "printer.test: done in 0.0 s; due 2027-" in said.out
    assert "`pulumi up` rolls what takes the version 2 as an input" in said.out
    assert "secret-of" not in said.out


def test_what_is_due_is_rotated_and_nothing_else(fleet: Fleet, nhi: Shell) -> None:
    said = nhi("rotate", "--due", *BY, *JSON)
    assert (said.code, {each["cause"] for each in said.credentials.values()}) == (0, {None})
    assert set(said.credentials) == {"printer.test", "partner.test", "courier.test"}
    assert fleet.steps.done == []
    assert "nothing to do in" in nhi("rotate", "--due", *BY).out

    fleet.clock.forward(days=7)
    told = nhi("rotate", "--due", *BY, *JSON).credentials
    assert {name for name, each in told.items() if each["cause"] == "due"} == {"printer.test", "courier.test"}
    assert fleet.held("printer") == {f"{PRINTER}2"}
    assert fleet.held("partner") == {f"{PARTNER}1"}


@pytest.mark.parametrize(
    ("selectors", "rotated"),
    [
        (("environment=test",), {"printer.test", "partner.test", "courier.test"}),
        (("environment=prod",), set()),
        (("source=api-key",), {"partner.test"}),
        (("source=api-key", "source=aws-access-key"), {"partner.test", "printer.test"}),
        (("kind=service-account", "team=payments"), {"printer.test"}),
        (("identity=courier", "owner=payments@example.com"), {"courier.test"}),
        (("identity=courier", "owner=else@example.com"), set()),
    ],
)
def test_some_are_chosen_by_what_they_are(
    fleet: Fleet, nhi: Shell, selectors: tuple[str, ...], rotated: set[str]
) -> None:
    chosen = [part for selector in selectors for part in ("--select", selector)]
    said = nhi("rotate", *chosen, *BY, *JSON)
    assert (said.code, set(said.credentials)) == (0, rotated)
    assert len(fleet.recorder.told) == len(rotated)
    if not rotated:
        assert "no credential fits; nothing was done" in nhi("rotate", *chosen, *BY).out


def test_a_name_and_what_it_has_to_fit(fleet: Fleet, nhi: Shell) -> None:
    assert nhi("rotate", "printer", "--select", "source=api-key", *BY, *JSON).document["credentials"] == []
    assert set(nhi("rotate", "printer", "--due", *BY, *JSON).credentials) == {"printer.test"}
    assert fleet.steps.done == []


def test_all_that_is_wrong_is_told_at_once_and_nothing_is_done(fleet: Fleet, nhi: Shell) -> None:
    said = nhi("rotate", "--exposed", "--select", "environment", "--select", "colour=red", "--due", "--approver", " ")
    assert (said.code, said.out) == (2, "")
    assert "nhi rotate: 5 problems" in said.err
    for part in ("--exposed\n", "got:      environment\n", "got:      colour=red\n", "--approver\n", "--reason\n"):
        assert part in said.err
    assert fleet.steps.done == []


def test_something_has_to_be_chosen(fleet: Fleet, nhi: Shell) -> None:
    said = nhi("rotate")
    assert said.code == 2
    assert "nhi rotate: 3 problems" in said.err
    assert "NAME\n    got:      nothing" in said.err


@pytest.mark.parametrize(
    "wrong", [("--at-once", "0"), ("--at-once", "65"), ("--output", "xml"), ("--connections", "x")]
)
def test_options_out_of_range_are_refused(fleet: Fleet, nhi: Shell, wrong: tuple[str, str]) -> None:
    said = nhi("rotate", "--due", *BY, *wrong)
    assert said.code == 2
    assert wrong[0] in said.err
    assert fleet.steps.done == []


def test_a_name_without_a_credential_is_refused_with_those_that_have_one(fleet: Fleet, nhi: Shell) -> None:
    said = nhi("rotate", "orders", *BY)
    assert said.code == 2
    assert "an identity with a credential that we rotate: courier.test, partner.test, printer.test" in said.err


@pytest.mark.parametrize("why", ["program", "suspended", "retired", "end"])
def test_a_suspended_identity_is_left_alone_and_by_name_refused(
    fleet: Fleet, nhi: Shell, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    expected = {"program": "it is suspended", "end": f"its lease ended on {ENDS}"}
    match why:
        case "program":
            fleet.edit("printer", state="suspended")
        case "end":
            monkeypatch.setenv("NHI_AS_OF", ENDS.isoformat())
        case _:
            fleet.decided = {"printer.test": {**DECISION, "state": why}}
    said = nhi("rotate", "printer", *BY)
    assert (said.code, said.out) == (2, "")
    assert expected.get(why, f"it is {why} by decision of Bob Example") in said.err
    assert "fix:      restore or renew it" in said.err
    fleet.clock.forward(days=7)
    assert "printer.test" not in nhi("rotate", "--due", *BY, *JSON).credentials
    assert fleet.working() & {f"{PRINTER}1", f"{PRINTER}2"} == {f"{PRINTER}1"}


def test_a_suspension_that_only_the_journal_knows_is_not_lifted(fleet: Fleet, nhi: Shell) -> None:
    # A killed `pulumi up` has suspended it, and has not written the state.
    home = next(place for name, place in fleet.places.items() if "printer" in name and place.spec.can_be_home)
    fleet.sources["aws-access-key"].disable(f"{PRINTER}1")
    home.noted["suspended"] = "yes"
    said = nhi("rotate", "--due", *BY, *JSON)
    assert said.code == 1
    assert "its identity is suspended; nothing was changed" in said.credentials["printer.test"]["failure"]
    assert f"{PRINTER}1" not in fleet.working()


def test_decisions_that_can_not_be_read_keep_a_rotation_from_beginning_but_not_a_revocation(
    fleet: Fleet, nhi: Shell
) -> None:
    fleet.decided = {"printer.test": {"state": "asleep"}}
    said = nhi("rotate", "printer", *BY)
    assert said.code == 2
    assert fleet.steps.done == []
    assert nhi("rotate", "printer", "--exposed", *BY).code == 0
    assert f"{PRINTER}1" not in fleet.working()


def test_every_key_of_those_that_leaked_is_revoked_first(fleet: Fleet, nhi: Shell) -> None:
    nhi("rotate", "printer", *BY)
    said = nhi("rotate", "printer", "--exposed", *BY, *JSON)
    told = said.credentials["printer.test"]
    assert (said.code, told["cause"], told["keyId"]) == (0, "exposed", f"{PRINTER}3")
    assert {each["keyId"] for each in told["revoked"]} == {f"{PRINTER}1", f"{PRINTER}2"}
    assert all(set(each) == REVOKED for each in told["revoked"])
    assert fleet.working() == {f"{PRINTER}3", f"{PARTNER}1", f"{COURIER}1"}


def test_a_home_that_is_down_keeps_no_leaked_key_alive(fleet: Fleet, nhi: Shell) -> None:
    home = next(place for name, place in fleet.places.items() if "printer" in name and place.spec.can_be_home)
    fleet.steps.down.add(home.name)
    said = nhi("rotate", "printer", "--exposed", *BY, *JSON)
    assert said.code == 1
    assert "no answer" in said.credentials["printer.test"]["failure"]
    assert fleet.working() == {f"{PARTNER}1", f"{COURIER}1"}
    fleet.steps.down.clear()
    assert nhi("rotate", "printer", "--exposed", *BY).code == 0
    assert fleet.held("printer") == {f"{PRINTER}2"}


def test_leaked_keys_of_a_suspended_identity_are_revoked_and_not_replaced(fleet: Fleet, nhi: Shell) -> None:
    fleet.decided = {"printer.test": {**DECISION, "state": "suspended"}}
    planned = nhi("rotate", "printer", "--exposed", "--dry-run", *JSON).credentials["printer.test"]
    assert (planned["cause"], list(planned["revoke"]), planned["deliver"]) == (None, [f"{PRINTER}1"], [])
    said = nhi("rotate", "printer", "--exposed", *BY)
    assert said.code == 0
    assert said.tells("it is suspended by decision of Bob Example: no new key was made")
    assert fleet.working() == {f"{PARTNER}1", f"{COURIER}1"}
    assert [row.key for row in fleet.recorder.told[-1].revoked] == [f"{PRINTER}1"]


def test_one_that_fails_keeps_no_other_from_being_rotated(fleet: Fleet, nhi: Shell) -> None:
    copy = next(place for name, place in fleet.places.items() if "secrets-manager" in name)
    fleet.steps.down.add(copy.name)
    said = nhi("rotate", "--select", "environment=test", "--at-once", "1", *BY, *JSON)
    assert (said.code, said.document["complete"]) == (1, False)
    assert {name for name, each in said.credentials.items() if each["complete"]} == {"partner.test", "courier.test"}
    assert "no answer" in said.credentials["printer.test"]["failure"]
    assert fleet.held("courier") == {f"{COURIER}2"}
    table = nhi("rotate", "printer", *BY)
    assert table.code == 1
    assert table.tells("no answer")
    fleet.steps.down.clear()
    assert nhi("rotate", "--due", *BY).code == 0


def test_what_is_done_and_not_recorded_is_shown_and_a_failure(fleet: Fleet, nhi: Shell) -> None:
    fleet.recorder.full = True
    said = nhi("rotate", "printer", *BY, *JSON)
    assert said.code == 1
    assert "no space left" in said.credentials["printer.test"]["failure"]
    assert fleet.steps.done == []
    said = nhi("rotate", "printer", "--exposed", *BY, *JSON)
    told = said.credentials["printer.test"]
    assert (said.code, told["complete"], told["keyId"]) == (1, False, f"{PRINTER}2")
    assert "could not be recorded" in told["failure"]
    table = nhi("rotate", "printer", "--exposed", *BY)
    assert table.tells("not complete in 0.0 s")
    assert table.tells("could not be recorded")
    assert table.tells("`nhi rotate printer.test --due` goes on")


def test_a_dry_run_needs_no_decision_and_changes_nothing(fleet: Fleet, nhi: Shell) -> None:
    before = {name: (place.versions, place.noted) for name, place in fleet.places.items()}
    said = nhi("rotate", "printer", "--dry-run", *JSON)
    assert said.code == 0
    assert set(said.document) == {"credentials", "notLookedAt"}
    told = said.credentials["printer.test"]
    assert set(told) == PLANNED
    assert (told["cause"], told["keyId"], len(told["deliver"]), told["revoke"]) == ("forced", f"{PRINTER}1", 2, {})
    leak = nhi("rotate", "printer", "--exposed", "--dry-run")
    assert leak.tells(f"revoke {PRINTER}1")
    assert leak.tells("make a new key")
    assert nhi("rotate", "--due", "--dry-run").out.count("nothing to do") == 3
    assert "no credential fits" in nhi("rotate", "--select", "environment=prod", "--dry-run").out
    assert (fleet.steps.done, fleet.recorder.told, fleet.recorder.proved) == ([], [], 0)
    assert {name: (place.versions, place.noted) for name, place in fleet.places.items()} == before


def test_a_dry_run_tells_what_it_could_not_look_at(fleet: Fleet, nhi: Shell) -> None:
    fleet.sources["api-key"].steps.down.add("source")
    said = nhi("rotate", "partner", "--dry-run", *JSON)
    assert said.code == 1
    assert "no answer" in said.credentials["partner.test"]["failure"]


def test_what_would_be_left_with_a_deleted_key_is_in_the_way_unless_somebody_says_so(fleet: Fleet, nhi: Shell) -> None:
    fleet.edit("printer", rotation={"overlap": "0m"}, dependents=[{"name": "label maker"}])
    planned = nhi("rotate", "printer", "--dry-run", *JSON)
    told = planned.credentials["printer.test"]
    assert (planned.code, told["dependents"]) == (1, [{"name": "label maker", "alive": True, "canRefresh": False}])
    assert "label maker would go on with a deleted key" in told["refused"]
    refused = nhi("rotate", "printer", *BY, *JSON)
    assert (refused.code, fleet.steps.done) == (1, [])
    assert "label maker" in refused.credentials["printer.test"]["failure"]
    assert nhi("rotate", "printer", "--despite-dependents", *BY).code == 0
    assert f"{PRINTER}1" not in fleet.working()


def test_who_is_to_be_told_may_stand_in_the_file_of_connections(fleet: Fleet, nhi: Shell, tmp_path: Path) -> None:
    file = tmp_path / "connections.json"
    file.write_text(json.dumps({"notify": [{"kind": "command", "command": ["tell"]}]}))
    said = nhi("rotate", "printer", "--exposed", "--connections", str(file), *BY, *JSON)
    assert said.credentials["printer.test"]["notified"] == [{"name": "notification 1", "problem": None}]
    assert [facts.cause for facts in fleet.dependants.told] == ["exposure"]
    assert nhi("rotate", "printer", "--connections", str(file), *BY).code == 0
    assert len(fleet.dependants.told) == 1


def test_who_and_why_may_come_from_the_environment(fleet: Fleet, nhi: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NHI_APPROVER", "Bob Example")
    monkeypatch.setenv("NHI_REASON", "CHG-1")
    assert nhi("rotate", "printer").code == 0
    assert str(fleet.recorder.told[-1].approver.value) == "Bob Example"

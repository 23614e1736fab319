"""Which stacks are due, and where an `up` may run; on the state of a real stack and a `pulumi` that obeys the test."""

from __future__ import annotations

import json
import os
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fake_pulumi import FakeProject, install

from nhi_components.core.deciding import Action, Wish, decide
from nhi_components.core.due import Due
from nhi_components.core.errors import SpecError
from nhi_components.core.life import Decision
from nhi_components.provider.held_identities import held_identities, key_named
from nhi_components.provider.life_configuration import standing_of
from nhi_components.provider.reaping import Outcome, Report, Stack, in_parallel, looked_at, settled, stacks_below
from nhi_components.provider.settings import Settings
from nhi_components.provider.stack_state import settings_of

STATE: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "fixtures" / "states" / "0.1.0" / "stack.json").read_text()
)
ENDS = date(2026, 12, 22)
DECISION = {"state": "suspended", "approver": "Ada Example", "reason": "INC-7", "on": "2026-12-01"}
ROLE = next(r for r in STATE["deployment"]["resources"] if r["type"] == "aws:iam/role:Role")
PROVIDER = next(r for r in STATE["deployment"]["resources"] if r["type"] == "pulumi:providers:nhi")
OTHER = {"op": "create", "urn": "urn:pulumi:dev::kept::aws:s3/bucket:Bucket::mine", "newState": {"parent": ""}}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeProject:
    folder = tmp_path / "bin"
    folder.mkdir()
    install(folder)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    made = FakeProject(tmp_path / "projects" / "shop")
    made.keep("state.dev.json", STATE)
    return made


def look(project: FakeProject, day: date, warn_days: int = 14) -> Report:
    return looked_at(Stack(project.folder, "dev"), day, warn_days)


def settle(report: Report, *, with_other_changes: bool = False) -> Report:
    return settled(report, with_other_changes=with_other_changes, clock=lambda: datetime.now(UTC))


def suspended_state() -> dict[str, Any]:
    state = deepcopy(STATE)
    for resource in state["deployment"]["resources"]:
        if resource["type"] == "nhi:index:Lease":
            resource["outputs"]["state"] = "suspended"
    return state


def test_days_and_decisions_are_told_for_each_lease(project: FakeProject) -> None:
    assert look(project, ENDS - timedelta(days=15)).due == ()
    notice = look(project, ENDS - timedelta(days=14))
    assert {lease.verdict.due for lease in notice.due} == {Due.NOTICE}
    assert not notice.is_open
    ended = look(project, ENDS)
    assert [(lease.key, lease.verdict.due) for lease in ended.due] == [("orders.test", Due.SUSPENSION)] * 2
    assert (ended.outcome, ended.is_open) == (Outcome.DUE, True)
    project.keep("config.dev.json", {"nhi:life": {"objectValue": {"orders.test": DECISION}}})
    decided = look(project, ENDS - timedelta(days=20))
    assert {lease.verdict.why for lease in decided.due} == {"decided by Ada Example on 2026-12-01: INC-7"}


def test_the_grace_is_the_projects(project: FakeProject) -> None:
    due = {look(project, ENDS + timedelta(days=days)).due[0].verdict.due for days in (0, 6)}
    assert due == {Due.SUSPENSION}
    assert look(project, ENDS + timedelta(days=90)).due[0].verdict.due is Due.RETIREMENT


def test_an_up_runs_where_only_the_due_changes(project: FakeProject) -> None:
    steps = [
        {"op": "same", "urn": OTHER["urn"]},
        {"op": "update", "urn": ROLE["urn"], "oldState": {"parent": ROLE["parent"]}},
        {"op": "update", "urn": PROVIDER["urn"]},
    ]
    project.keep("steps.json", steps)
    project.keep("after.json", suspended_state())
    report = settle(look(project, ENDS))
    assert report.outcome is Outcome.SETTLED
    assert set((report.after or {}).values()) == {"suspended"}
    assert not report.is_open
    assert look(project, ENDS).due == ()


def test_other_changes_keep_the_up_from_running_unless_they_are_wanted(project: FakeProject) -> None:
    project.keep("steps.json", [OTHER, {"op": "update", "urn": ROLE["urn"]}])
    report = settle(look(project, ENDS))
    assert (report.outcome, report.detail) == (Outcome.OTHER_CHANGES, OTHER["urn"])
    assert report.is_open
    assert not any(line.startswith("up ") for line in project.asked)
    project.keep("after.json", {"deployment": {"resources": []}})
    report = settle(look(project, ENDS), with_other_changes=True)
    assert set((report.after or {}).values()) == {"retired"}


def test_what_the_program_itself_suspends_is_not_to_be_restored_for_ever(project: FakeProject) -> None:
    renewed = {key: value for key, value in DECISION.items() if key != "state"}
    project.keep("config.dev.json", {"nhi:life": {"objectValue": {"orders.test": renewed}}})
    project.keep("state.dev.json", suspended_state())
    found = look(project, ENDS - timedelta(days=20))
    assert {lease.verdict.due for lease in found.settled_by_up} == {Due.RESTORATION}
    report = settle(found)
    assert (report.outcome, report.is_open) == (Outcome.UNCHANGED, False)


@pytest.mark.parametrize("days", [0, 90])
def test_an_end_that_an_up_does_not_bring_about_stays_open(project: FakeProject, days: int) -> None:
    report = settle(look(project, ENDS + timedelta(days=days)))
    assert (report.outcome, report.is_open) == (Outcome.UNCHANGED, True)


@pytest.mark.parametrize(("days", "after"), [(0, STATE), (90, STATE), (90, suspended_state())])
def test_an_up_that_leaves_what_was_due_leaves_it_open(project: FakeProject, days: int, after: dict[str, Any]) -> None:
    project.keep("steps.json", [{"op": "update", "urn": ROLE["urn"], "oldState": {"parent": ROLE["parent"]}}])
    project.keep("after.json", after)
    report = settle(look(project, ENDS + timedelta(days=days)))
    assert (report.outcome, report.is_open) == (Outcome.SETTLED, True)


def test_a_stack_that_could_not_be_looked_at_is_open(project: FakeProject) -> None:
    project.keep("failures", {"stack": "error: the stack is currently locked by 1 lock(s)"})
    report = look(project, ENDS)
    assert (report.outcome, report.is_open) == (Outcome.LOCKED, True)


def test_a_configuration_that_hides_the_evidence_does_not_hide_what_was_settled(project: FakeProject) -> None:
    state = deepcopy(STATE)
    provider = next(r for r in state["deployment"]["resources"] if r["type"] == "pulumi:providers:nhi")
    provider["inputs"]["evidence"] = "no structure"
    project.keep("state.dev.json", state)
    project.keep("steps.json", [{"op": "update", "urn": ROLE["urn"], "oldState": {"parent": ROLE["parent"]}}])
    project.keep("after.json", suspended_state())
    report = settle(look(project, ENDS))
    assert (report.outcome, report.is_open) == (Outcome.SETTLED, False)
    assert set((report.evidence or {}).values()) == {()}


@pytest.mark.parametrize(
    ("failure", "outcome"),
    [
        ("error: the stack is currently locked by 1 lock(s)", Outcome.LOCKED),
        ("error: [409] Conflict: Another update is currently in progress.", Outcome.LOCKED),
        ("error: update failed", Outcome.FAILED),
    ],
)
def test_a_failure_is_reported_and_stays_open(project: FakeProject, failure: str, outcome: Outcome) -> None:
    project.keep("steps.json", [{"op": "update", "urn": ROLE["urn"]}])
    project.keep("failures", {"up": failure})
    report = settle(look(project, ENDS))
    assert (report.outcome, report.is_open) == (outcome, True)
    assert failure in report.detail


def test_projects_are_found_at_any_depth_and_stacks_by_their_name(project: FakeProject, tmp_path: Path) -> None:
    project.keep("stacks.json", ["dev", "prod", "prod-eu"])
    deep = FakeProject(tmp_path / "projects" / "a" / "b")
    FakeProject(tmp_path / "projects" / "node_modules" / "c")
    FakeProject(tmp_path / "projects" / ".hidden")
    broken = FakeProject(tmp_path / "projects" / "broken")
    broken.keep("failures", {"stack": "error: no backend"})
    stacks, failed = stacks_below([tmp_path / "projects", tmp_path / "projects" / "a"], "*")
    assert [(each.project, each.name) for each in stacks] == [
        (deep.folder, "dev"),
        (project.folder, "dev"),
        (project.folder, "prod"),
        (project.folder, "prod-eu"),
    ]
    assert [(each.stack.project, each.outcome) for each in failed] == [(broken.folder, Outcome.FAILED)]
    assert [each.name for each in stacks_below([tmp_path], "prod*")[0]] == ["prod", "prod-eu"]


def test_a_folder_that_can_not_be_read_is_told(
    project: FakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "projects" / "closed"
    closed.mkdir()
    scan = os.scandir

    def scanning(folder: Any) -> Any:
        if Path(folder) == closed:
            raise PermissionError(13, "Permission denied", str(folder))
        return scan(folder)

    monkeypatch.setattr(os, "scandir", scanning)
    stacks, failed = stacks_below([tmp_path / "projects"], "*")
    assert [each.project for each in stacks] == [project.folder]
    assert [(each.stack.project, each.outcome) for each in failed] == [(closed, Outcome.FAILED)]
    assert "Permission denied" in failed[0].detail


def test_the_answers_come_in_order_and_each_is_told_when_done() -> None:
    stacks = [Stack(Path("shop"), str(number)) for number in range(9)]
    told: list[int] = []
    reports = in_parallel(Report, stacks, 3, lambda: told.append(1))
    assert [report.stack for report in reports] == stacks
    assert len(told) == 9


def test_identities_are_named_whole_or_shortly() -> None:
    held = held_identities(STATE)
    assert set(held) == {"orders.test"}
    assert len(held["orders.test"].leases) == 2
    assert len(held["orders.test"].components) == 2
    assert key_named("orders", held, "nhi suspend") == key_named("orders.test", held, "nhi suspend") == "orders.test"
    with pytest.raises(SpecError, match=r"orders\.prod and orders\.test"):
        key_named("orders", {"orders.test", "orders.prod"}, "nhi suspend")
    with pytest.raises(SpecError, match="none at all"):
        key_named("orders", (), "nhi suspend")


def test_a_large_stack_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def counting(state: dict[str, Any], provider: str) -> Settings:
        read.append(provider)
        return settings_of(state, provider)

    monkeypatch.setattr("nhi_components.provider.held_identities.settings_of", counting)
    resources = STATE["deployment"]["resources"]
    ours = [each for each in resources if "nhi:" in each["urn"].split("::")[2].split("$")[0]]
    several = [json.loads(json.dumps(ours).replace('"orders"', f'"orders{i}"')) for i in range(5)]
    state = {"deployment": {"resources": [*resources, *(each for copy in several for each in copy)]}}
    assert len(held_identities(state)) == 6
    assert len(read) == len(set(read))


def test_a_retired_identity_is_known_by_its_shell() -> None:
    state = deepcopy(STATE)
    shells = [r for r in state["deployment"]["resources"] if r["type"].endswith("WorkloadIdentity")]
    state["deployment"]["resources"] = shells
    assert held_identities(state)["orders.test"].leases == ()


def test_a_shell_remembers_the_end_that_a_restoration_has_to_move() -> None:
    state = deepcopy(STATE)
    shells = [r for r in state["deployment"]["resources"] if r["type"].endswith("WorkloadIdentity")]
    for shell in shells:
        shell["inputs"]["identity"] |= {"state": "retired", "expires": {"after_days": 30}}
        shell["outputs"] = {"lastLease": {"identity": "orders.test", "issued": "2026-11-22", "ends": "2026-12-22"}}
    state["deployment"]["resources"] = shells
    decision = Decision.parse({**DECISION, "state": "retired"})
    standing = standing_of("orders.test", held_identities(state)["orders.test"], decision, Path())
    assert standing.ends == ENDS
    wish = Wish("Ada Example", "INC-7", None, ENDS)
    with pytest.raises(SpecError, match="an end date that is yet to come"):
        decide(Action.RESTORE, standing, wish, ENDS)
    assert decide(Action.RESTORE, standing, wish, ENDS - timedelta(days=1))

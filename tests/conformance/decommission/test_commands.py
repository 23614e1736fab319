"""`nhi decommission` and `nhi restore` on the emulated AWS, as a person types them."""

from __future__ import annotations

import json
import secrets
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from nhi_components.core.inventory.records import Declaration, FoundDependent, Guard, Manager
from nhi_components.core.links import System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.inventory.store import open_inventory
from nhi_components.lifecycle.verdicts.tables import verdicts
from tests.conformance.decommission.aws_world import AwsRetirementWorld
from tests.conformance.decommission.command import BY, Command, command_in, connections
from tests.conformance.world import now


@pytest.fixture
def command(aws_retirement_world: AwsRetirementWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    return command_in(tmp_path, aws_retirement_world, monkeypatch)


@pytest.fixture
def at(tmp_path: Path) -> tuple[str, str]:
    return ("--connections", connections(tmp_path))


def test_a_user_is_disabled_shown_as_a_case_and_deleted_once_its_grace_is_over(
    command: Command, at: tuple[str, str]
) -> None:
    planted = command.world.plant("iam-user")
    command.knows(planted)
    key = planted.target.key
    (told,) = command.told("decommission", key, *at, *BY)
    assert (told["outcome"], told["stage"]) == ("disabled", "disabled")
    assert not planted.works()
    tags = {tag["Key"]: tag["Value"] for tag in command.world.iam.list_user_tags(UserName=planted.target.name)["Tags"]}
    assert tags["nhi:case"] == f"{told['case']}/disabled"

    (case,) = command.told("decommission", "--cases")
    assert (case["key"], case["stage"], case["due"], case["graceDays"]) == (key, "disabled", False, 30)
    assert [each["stage"] for each in case["stages"]] == ["noticed", "disabling", "disabled"]
    assert case["owners"] == []
    (seen,) = command.told("decommission", "--cases", "--as-of", f"{now().date() + timedelta(days=31)}")
    assert seen["due"] is True

    assert command.told_later(29, "decommission", "--due", *at) == []
    assert planted.left() != []
    (removed,) = command.told_later(30, "decommission", "--due", *at)
    assert removed["outcome"] == "removed"
    assert planted.left() == []
    record = removed["record"]
    assert (record["reason"], record["approvals"][0]["approver"]) == ("CHG-7", "Ada Example")
    assert [each["privilege"] for each in record["privileges"]] == ["iam:ListRoles"]
    assert "iam-access-key" in {each["kind"] for each in record["removed"]}
    assert set(record["dates"]) == {"noticed", "disabling", "disabled", "deleting", "removed"}

    assert command.told_later(30, "decommission", "--due", *at) == []
    assert command.told("decommission", key, *at, *BY) == []
    assert command.run("inventory", planted.target.name).exit_code == 1
    verified = command.run("evidence", "verify")
    assert verified.exit_code == 0, verified.output
    _no_secret_in(command)


def _no_secret_in(command: Command) -> None:
    files = [file for file in command.folder.rglob("*") if file.is_file() and "keys" not in file.parts]
    whole = b"".join(file.read_bytes() for file in files)
    assert b"Ada Example" in whole
    assert [secret for secret in command.world.secrets if secret.encode() in whole] == []


@pytest.mark.parametrize("kind", ["iam-user", "iam-role"])
def test_restored_it_is_exactly_as_it_was_and_works(command: Command, at: tuple[str, str], kind: str) -> None:
    planted = command.world.plant(kind)
    command.knows(planted)
    before = planted.documents()
    command.told("decommission", planted.target.key, *at, *BY)
    assert planted.documents() != before
    (planned,) = command.told("restore", planted.target.key, *at, "--dry-run")
    assert planned["outcome"] == "planned"
    assert not planted.works()
    (restored,) = command.told("restore", planted.target.key, *at, *BY)
    assert restored["outcome"] == "restored"
    assert planted.documents() == before
    assert planted.works()
    (again,) = command.told("restore", planted.target.key, *at, *BY)
    assert (again["outcome"], "nothing is to be given back" in again["detail"]) == ("restored", True)
    assert command.told_later(40, "decommission", "--due", *at) == []


def test_a_dry_run_tells_the_plan_and_changes_nothing(command: Command, at: tuple[str, str]) -> None:
    planted = command.world.plant("iam-role")
    command.knows(planted)
    before = planted.documents()
    (told,) = command.told("decommission", planted.target.key, *at, "--dry-run", "--grace", "8")
    assert told["outcome"] == "planned"
    assert f"deleted from {now().date() + timedelta(days=8)}" in told["detail"]
    assert command.told("decommission", "--cases", "--closed") == []
    assert planted.documents() == before
    assert not (command.folder / "evidence").exists()
    command.told("decommission", planted.target.key, *at, *BY)
    disabled = planted.documents()
    soon = f"{now().date() + timedelta(days=14)}"
    (due,) = command.told("decommission", "--due", *at, "--dry-run", "--as-of", soon)
    assert due["detail"] == "would be deleted now"
    assert planted.documents() == disabled


def test_no_pretended_day_shortens_a_grace(
    command: Command, at: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = command.world.plant("iam-role")
    command.knows(planted)
    command.told("decommission", planted.target.key, *at, *BY)
    monkeypatch.setenv("NHI_AS_OF", f"{now().date() + timedelta(days=60)}")
    refused = command.run("decommission", "--due", *at)
    assert refused.exit_code != 0
    assert "no grace is shortened" in str(refused.exception)
    assert planted.left() == ["role"]


def test_dependents_are_told_and_keep_it_unless_somebody_decides(command: Command, at: tuple[str, str]) -> None:
    planted = command.world.plant("iam-role")
    dependent = command.world.add_dependent(planted)
    command.knows(planted, FoundDependent(planted.target.key, "function", "arn:send"))
    before = planted.documents()
    (refused,) = command.told("decommission", planted.target.key, *at, *BY, code=1)
    assert refused["outcome"] == "refused"
    assert dependent in refused["detail"]
    assert "function arn:send" in refused["detail"]
    assert planted.documents() == before
    (told,) = command.told("decommission", planted.target.key, *at, *BY, "--despite-dependents")
    assert told["outcome"] == "disabled"


def test_the_callers_own_identity_is_refused(command: Command, at: tuple[str, str]) -> None:
    target = command.world.plant_guarded()
    planted = command.world.plant("iam-user")
    command.knows(planted)
    command.knows(type(planted)(target, planted.works, planted.documents, planted.left))
    own, other = command.told("decommission", target.key, planted.target.key, *at, *BY, code=1)
    assert (own["outcome"], "the connection's own" in own["detail"]) == ("refused", True)
    assert other["outcome"] == "disabled"


def test_what_the_inventory_guards_is_refused(command: Command, at: tuple[str, str]) -> None:
    planted = command.world.plant("iam-role")
    command.knows(planted, guard=Guard.BREAK_GLASS)
    (refused,) = command.told("decommission", planted.target.key, *at, *BY, code=1)
    assert "break-glass" in refused["detail"]
    assert planted.works()


def test_what_programs_have_made_is_left_to_them(command: Command, at: tuple[str, str], tags: LeaseTags) -> None:
    foreign, managed = command.world.plant("iam-role"), command.world.plant("iam-role")
    address = "module.orders.aws_iam_role.this"
    target = foreign.target
    told = Declaration(
        target.key, target.unique_id, System.AWS, "aws_iam_role", Manager.TERRAFORM, "infra/prod.tfstate", address
    )
    command.knows(foreign, told)
    command.knows(managed, marks=tags.to_tags())
    refused, commands = command.told("decommission", target.key, managed.target.key, *at, *BY, code=1)
    assert f"{address} of Terraform in infra/prod.tfstate" in refused["detail"]
    assert f"nhi suspend {tags.identity}.{tags.environment} --stack dev" in commands["detail"]
    assert foreign.works()
    assert managed.works()
    (done,) = command.told("decommission", target.key, *at, *BY, "--out-of-band")
    assert done["outcome"] == "disabled"
    assert command.told("decommission", managed.target.key, *at, *BY, "--out-of-band", code=1) == [commands]


def test_hooks_are_told_of_the_notice_and_a_hook_that_fails_stops_it(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = command.world.plant("iam-role")
    command.knows(planted)
    monkeypatch.setenv("TOLD", str(tmp_path / "told"))
    script = (
        "import os,sys; open(os.environ['TOLD'],'a').write(os.environ['NHI_IDENTITY']+' '+os.environ['NHI_CAUSE']);"
    )

    def hook(code: int) -> str:
        tells = {"kind": "command", "command": [sys.executable, "-c", f"{script} sys.exit({code})"]}
        return connections(tmp_path, notify=[tells])

    (stopped,) = command.told("decommission", planted.target.key, "--connections", hook(1), *BY, code=1)
    assert (stopped["outcome"], "was not delivered" in stopped["detail"]) == ("stopped", True)
    assert planted.works()
    (told,) = command.told("decommission", planted.target.key, "--connections", hook(0), *BY)
    assert told["outcome"] == "disabled"
    assert (tmp_path / "told").read_text() == f"{planted.target.key} decommission" * 2


def test_identities_are_named_by_a_file_by_unique_id_and_by_what_nhi_inventory_prints(
    command: Command, at: tuple[str, str], tmp_path: Path
) -> None:
    one, other, third = (command.world.plant("iam-role") for _ in range(3))
    for each in (one, other, third):
        command.knows(each)
    lines, printed = tmp_path / "keys.txt", tmp_path / "keys.json"
    lines.write_text(f"# those of the old shop\n{one.target.key}\n\n")
    printed.write_text(command.run("inventory", other.target.name, "--output", "json").stdout)

    def named(*arguments: str) -> list[str]:
        return [each["key"] for each in command.told("decommission", *arguments, *at, "--dry-run")]

    assert named("--from", str(lines)) == [one.target.key]
    assert named("--from", str(printed)) == [other.target.key]
    assert named(third.target.unique_id, third.target.key) == [third.target.key]


def test_identities_with_a_verdict_are_taken_and_others_are_not(command: Command, at: tuple[str, str]) -> None:
    unused, other = command.world.plant("iam-role"), command.world.plant("iam-role")
    inventory = open_inventory(command.folder / "inventory.db")
    for each, verdict, cleared in ((unused, "unused", None), (other, "endless", None), (other, "unused", now())):
        command.knows(each)
        with inventory.writing() as connection:
            row = {"row": secrets.token_hex(16), "key": each.target.key, "unique_id": each.target.unique_id}
            told = {"verdict": verdict, "degree": "90", "reason": "not since", "points": 30}
            days = {"since": now(), "judged_at": now(), "cleared_at": cleared}
            connection.execute(insert(verdicts).values(**row, **told, **days))
    inventory.close()
    planned = command.told("decommission", "--verdict", "unused", *at, "--dry-run")
    assert [each["key"] for each in planned] == [unused.target.key]


def test_a_system_that_is_not_reached_is_told_and_the_case_waits(
    command: Command, at: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = command.world.plant("iam-role")
    command.knows(planted)
    command.world.retirement_of_nobody()
    (failed,) = command.told("decommission", planted.target.key, *at, *BY, code=1)
    assert failed["outcome"] == "failed"
    assert not any(secret in json.dumps(failed) for secret in command.world.secrets)
    command.world.be_operator()
    assert command.told("decommission", planted.target.key, *at, *BY)[0]["outcome"] == "disabled"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "which identities are meant"),
        (["--due", "arn:a"], "it alone"),
        (["arn:nobody", *BY], "key or unique id of an identity of the inventory"),
        (["arn:nobody"], "--approver"),
        (["--verdict", "tired", "--dry-run"], "one of shadow"),
        (["arn:nobody", *BY, "--grace", "6"], "greater than or equal to 7"),
        (["arn:nobody", *BY, "--grace", "31"], "less than or equal to 30"),
    ],
)
def test_bad_input_is_told_with_the_way_out(command: Command, arguments: list[str], expected: str) -> None:
    planted = command.world.plant("iam-role")
    command.knows(planted)
    result = command.run("decommission", *arguments)
    assert result.exit_code != 0
    assert expected in f"{result.output} {result.exception}"


def test_tables_are_for_people(command: Command, at: tuple[str, str]) -> None:
    planted = command.world.plant("iam-role")
    command.knows(planted)
    assert "nothing is to be done" in command.run("decommission", "--due", *at).output
    assert "there is no case" in command.run("decommission", "--cases").output
    done: Any = command.run("decommission", planted.target.key, *at, *BY)
    assert (done.exit_code, "disabled" in done.output) == (0, True)
    shown = command.run("decommission", "--cases")
    assert all(part in shown.output for part in ("Ada Example", "CHG-7", "disabled"))

"""`nhi repair` beyond kills inside bundles: what it shows, what it leaves alone, what it takes out of the state."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.engine.inventory import everything, in_aws
from tests.engine.killing import kill, killed, stopped
from tests.engine.programs import assert_gone, aws_bundle, nhi, program, queue
from tools.lab.gate import Gate, When, operation
from tools.lab.project import Project
from tools.lab.sandbox import Sandbox

TRUST = """{"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
]}"""
GRANTS = """{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}"""


@pytest.fixture
def gate(sandbox: Sandbox) -> Iterator[Gate]:
    with Gate(sandbox.aws.endpoint) as gate:
        yield gate


def planned(stack: Project, *, code: int) -> list[dict[str, str]]:
    """What a dry run says that it would do; the state stays as it is."""
    before = stack.export()
    told = nhi(stack, "repair", "--dry-run", "--output", "json")
    assert told.code == code, told.text
    assert stack.export() == before
    rows: list[dict[str, str]] = json.loads(told.stdout)["repair"]
    return rows


def actions(rows: list[dict[str, str]]) -> set[tuple[str, str]]:
    """Each action with the end of what it is about: the name."""
    return {(row["action"], row["what"].rsplit("::", 1)[-1].rsplit(" ", 1)[-1]) for row in rows}


def test_a_dry_run_shows_a_repair_does_and_its_repetition_finds_nothing(
    project: Callable[..., Project], sandbox: Sandbox, gate: Gate
) -> None:
    stack = project(program(aws_bundle()))
    stack.environment["AWS_ENDPOINT_URL"] = gate.url
    killed(stack, "up", gate, (operation("CreateRole"), When.AFTER))
    (role,) = in_aws(sandbox)["roles"]
    locked = stack.up(check=False)
    assert locked.code != 0
    assert "the stack is currently locked" in locked.text

    assert actions(planned(stack, code=1)) == {
        ("delete orphan", role),
        ("drop interrupted operation", "orders-aws-role"),
    }
    assert in_aws(sandbox)["roles"] == [role]
    done = nhi(stack, "repair", "--yes")
    assert done.code == 0, done.text
    assert "repaired; the lock is free" in done.text
    assert in_aws(sandbox)["roles"] == []
    assert planned(stack, code=0) == []
    again = nhi(stack, "repair", "--yes")
    assert "nothing to repair; the lock is free" in again.text
    stack.destroy()
    assert everything(sandbox) == {}


def test_a_backend_that_an_engine_killed_while_saving_has_left_unreadable_is_mended(
    project: Callable[..., Project], sandbox: Sandbox
) -> None:
    stack = project(program(aws_bundle()))
    stack.up()
    before = stack.export()
    note = stack.state_file.with_name(f"{stack.state_file.name}.attrs")
    assert note.read_text()
    note.write_text("")
    unreadable = stack.pulumi("stack", "export", check=False)
    assert "failed to load checkpoint: EOF" in unreadable.text
    told = nhi(stack, "repair", "--dry-run", "--output", "json")
    assert (told.code, json.loads(told.stdout)) == (1, {"repair": [{"action": "remove empty file", "what": str(note)}]})
    assert note.exists()
    done = nhi(stack, "repair", "--yes")
    assert done.code == 0, done.text
    assert stack.export() == before
    stack.destroy()
    assert everything(sandbox) == {}


def test_what_is_pending_outside_bundles_is_never_forgotten(
    project: Callable[..., Project], sandbox: Sandbox, gate: Gate
) -> None:
    stack = project(program(aws_bundle(), "pulumi_aws.sqs.Queue('late', name='late')"))
    stack.environment["AWS_ENDPOINT_URL"] = gate.url
    role_made = gate.hold(operation("CreateRole"), When.AFTER)
    with stopped(stack, "up", gate, (operation("CreateQueue"), When.AFTER)) as running:
        role_made.wait()
        kill(*running.tree())
    (role,) = in_aws(sandbox)["roles"]
    assert actions(planned(stack, code=1)) == {
        ("delete orphan", role),
        ("drop interrupted operation", "orders-aws-role"),
        ("leave alone (outside bundles)", "late"),
    }
    left = nhi(stack, "repair", "--yes")
    assert left.code == 1, left.text
    assert "pulumi refresh" in left.text
    assert in_aws(sandbox)["roles"] == []
    assert "late" in str(stack.export()["deployment"]["pending_operations"])
    stack.refresh("--clear-pending-creates")
    assert nhi(stack, "repair", "--yes").code == 0
    assert planned(stack, code=0) == []


def test_a_namesake_is_taken_out_of_the_state_and_left_alone(
    project: Callable[..., Project], sandbox: Sandbox, aws_client: Callable[..., Any]
) -> None:
    stack = project(program(queue(), aws_bundle(secret="nhi.SecretSpec()")))
    stack.up()
    outputs = stack.outputs()["orders-aws"]
    iam = aws_client("iam")
    (grants,) = in_aws(sandbox)["inline policies"]
    iam.delete_role_policy(RoleName=outputs["role"], PolicyName=grants)
    iam.delete_role(RoleName=outputs["role"])
    theirs = iam.create_role(RoleName=outputs["role"], AssumeRolePolicyDocument=TRUST)["Role"]["RoleId"]
    iam.put_role_policy(RoleName=outputs["role"], PolicyName=grants, PolicyDocument=GRANTS)

    failed = stack.destroy(check=False)
    assert failed.code != 0
    assert "Traceback" not in failed.text
    assert theirs in failed.text
    assert "nhi repair" in failed.text
    assert actions(planned(stack, code=1)) == {("forget namesake", outputs["role"])}
    assert nhi(stack, "repair", "--yes").code == 0
    assert planned(stack, code=0) == []

    stack.destroy()
    assert iam.get_role(RoleName=outputs["role"])["Role"]["RoleId"] == theirs
    left = {kind: names for kind, names in everything(sandbox).items() if names}
    assert left == {"roles": [outputs["role"]], "inline policies": [grants]}
    assert_gone(stack, outputs["lease"])

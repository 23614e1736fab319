"""`nhi decommission` of an identity that a component of ours has made: found, judged, suspended and retired by `up`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.engine.access import RoleSession, granting, make_queues
from tests.engine.inventory import everything
from tests.engine.programs import assert_confirmed_gone, aws_bundle, nhi, program, with_identity
from tools.lab.project import Project
from tools.lab.sandbox import Sandbox

BY = ("--approver", "Ada Example", "--reason", "CHG-7")


def done(stack: Project, *command: str, code: int = 0) -> str:
    ended = nhi(stack, *command)
    assert ended.code == code, ended.text
    return ended.stdout


def decommissioned(stack: Project, key: str, code: int = 0) -> dict[str, Any]:
    told = done(stack, "decommission", key, "--cwd", ".", "--stack", stack.stack, *BY, "--output", "json", code=code)
    (one,) = json.loads(told)
    result: dict[str, Any] = one
    return result


def test_an_identity_of_a_component_is_ended_by_its_stack_and_comes_back_by_a_restore(
    project: Callable[..., Project], sandbox: Sandbox, tmp_path: Path
) -> None:
    make_queues(sandbox.aws.client)
    stack = project(program(aws_bundle(identity=with_identity(grace_days=7), grants=granting("sqs:SendMessage"))))
    stack.environment["NHI_INVENTORY"] = str(tmp_path / "inventory.db")
    stack.up()
    outputs = stack.outputs()["orders-aws"]
    session = RoleSession(sandbox.aws.client, outputs["arn"])
    assert session.sends()
    done(stack, "discover", "--system", "aws", "--stacks", stack.environment["PULUMI_BACKEND_URL"])
    judged = json.loads(done(stack, "verdicts", outputs["role"], "--output", "json", code=0))
    assert judged["identities"] == []

    assert decommissioned(stack, outputs["arn"])["outcome"] == "decided"
    assert session.sends()
    stack.up()
    assert not session.sends()
    done(stack, "restore", "orders", *BY, "--up")
    assert RoleSession(sandbox.aws.client, outputs["arn"]).sends()

    lease = stack.outputs()["orders-aws"]["lease"]
    decommissioned(stack, outputs["arn"])
    stack.up()
    done(stack, "retire", "orders", *BY, "--up")
    assert {kind: names for kind, names in everything(sandbox).items() if kind != "queues"} == {}
    assert_confirmed_gone(stack, lease)

"""`nhi suspend|restore|renew|retire` on the real engine, and what days alone do; real sessions and tokens try it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import hvac.exceptions
import pytest
from botocore.exceptions import ClientError

from tests.engine.access import RoleSession, granting, log_in, make_queues, reads
from tests.engine.inventory import everything
from tests.engine.programs import assert_confirmed_gone, aws_bundle, evidence, nhi, program, vault_bundle, with_identity
from tools.lab.project import Project, Run
from tools.lab.sandbox import Sandbox

SECRET = "nhi.SecretSpec()"
BY = ("--approver", "Ada Example", "--reason", "12345")


def in_days(number: int) -> date:
    return datetime.now(UTC).date() + timedelta(days=number)


def both(**identity: Any) -> str:
    fields = with_identity(**identity)
    return program(
        aws_bundle(identity=fields, grants=granting("sqs:SendMessage"), secret=SECRET),
        vault_bundle(identity=fields, secret=SECRET),
    )


def done(stack: Project, *arguments: str) -> Run:
    run = nhi(stack, *arguments)
    assert run.code == 0, run.text
    return run


def refused(stack: Project, *arguments: str) -> str:
    run = nhi(stack, *arguments)
    assert run.code == 2, run.text
    assert "Traceback" not in run.text
    return run.stderr


def decided(stack: Project) -> dict[str, Any]:
    configured = json.loads(stack.pulumi("config", "--json").stdout)
    found: dict[str, Any] = configured["nhi:life"]["objectValue"]
    return found


def states(stack: Project) -> set[str]:
    return {r["outputs"]["state"] for r in stack.resources() if r["type"] == "nhi:index:Lease"}


def no_session(sandbox: Sandbox, arn: str) -> bool:
    with pytest.raises(ClientError, match=r"AccessDenied|NoSuchEntity"):
        RoleSession(sandbox.aws.client, arn)
    return True


def no_login(sandbox: Sandbox, outputs: Any) -> bool:
    try:
        return not log_in(sandbox.vault.client, outputs).is_authenticated()
    except (hvac.exceptions.Forbidden, hvac.exceptions.InvalidRequest, hvac.exceptions.InvalidPath):
        return True


def test_suspend_refuses_what_lives_and_restore_brings_it_back(
    project: Callable[..., Project], sandbox: Sandbox
) -> None:
    make_queues(sandbox.aws.client)
    stack = project(both())
    stack.up()
    outputs = stack.outputs()
    on_aws, in_vault = outputs["orders-aws"], outputs["orders-vault"]
    session, token = RoleSession(sandbox.aws.client, on_aws["arn"]), log_in(sandbox.vault.client, in_vault)
    assert session.sends()
    assert reads(token, in_vault["secret"])

    dry = done(stack, "suspend", "orders", *BY, "--dry-run")
    assert "state: suspended" in dry.stdout
    assert "nhi:life" not in json.loads(stack.pulumi("config", "--json").stdout)
    said = done(stack, "suspend", "orders", *BY)
    assert "now run: pulumi up" in said.stdout
    fields = {"approver": "Ada Example", "reason": "12345", "on": str(in_days(0))}
    assert decided(stack) == {"orders.test": {"state": "suspended", **fields}}
    stack.up()
    assert not session.sends()
    assert not reads(token, in_vault["secret"])
    assert no_session(sandbox, on_aws["arn"])
    assert no_login(sandbox, in_vault)
    assert stack.outputs() == outputs
    assert states(stack) == {"suspended"}
    again = done(stack, "suspend", "orders.test", "--approver", "Bob Example", "--reason", "again")
    assert "nothing changed" in again.stdout
    assert decided(stack) == {"orders.test": {"state": "suspended", **fields}}
    assert "nhi restore orders.test" in refused(stack, "renew", "orders", "--until", "20d", *BY)

    told = json.loads(done(stack, "restore", "orders", *BY, "--up", "--output", "json").stdout)
    assert (told["changed"], told["applied"], told["after"]) == (True, True, fields)
    assert stack.outputs() == outputs
    assert RoleSession(sandbox.aws.client, on_aws["arn"]).sends()
    assert reads(log_in(sandbox.vault.client, in_vault), in_vault["secret"])
    assert "nothing changed" in done(stack, "restore", "orders", *BY).stdout
    stack.up("--expect-no-changes")


def test_renew_moves_the_end_in_place_and_retire_removes_everything(
    project: Callable[..., Project], sandbox: Sandbox
) -> None:
    make_queues(sandbox.aws.client)
    stack = project(both())
    stack.up()
    outputs = stack.outputs()
    done(stack, "renew", "orders", "--until", "80d", *BY, "--up")
    ends = str(in_days(80))
    assert stack.outputs() == {component: {**fields, "ends": ends} for component, fields in outputs.items()}
    assert RoleSession(sandbox.aws.client, outputs["orders-aws"]["arn"]).sends()
    assert "at most" in refused(stack, "renew", "orders", "--until", "367d", *BY)

    done(stack, "retire", "orders", "--approver", "Ada Example", "--reason", "CHG-7", "--up")
    assert {kind: names for kind, names in everything(sandbox).items() if kind != "queues"} == {}
    assert_confirmed_gone(stack, outputs["orders-aws"]["lease"], outputs["orders-vault"]["lease"])
    for component in ("orders-aws", "orders-vault"):
        told = evidence(stack, outputs[component]["lease"])
        assert (told["approver"]["value"], told["reason"]["value"]) == ("Ada Example", "CHG-7")
    assert states(stack) == set()
    assert "nothing changed" in done(stack, "retire", "orders", *BY).stdout
    assert "retired" in refused(stack, "suspend", "orders", *BY)
    stack.up("--expect-no-changes")

    done(stack, "restore", "orders", *BY, "--up")
    assert RoleSession(sandbox.aws.client, stack.outputs()["orders-aws"]["arn"]).sends()


@pytest.mark.parametrize("expires", [{"after_days": 30}, {"on": str(in_days(30))}], ids=["after days", "on a day"])
def test_days_alone_suspend_and_then_retire(
    project: Callable[..., Project], sandbox: Sandbox, expires: dict[str, Any]
) -> None:
    make_queues(sandbox.aws.client)
    stack = project(both(expires=expires, grace_days=7))
    stack.up()
    outputs = stack.outputs()
    session = RoleSession(sandbox.aws.client, outputs["orders-aws"]["arn"])
    stack.up("--expect-no-changes", NHI_AS_OF=str(in_days(29)))
    stack.up(NHI_AS_OF=str(in_days(30)))
    assert states(stack) == {"suspended"}
    assert not session.sends()
    stack.environment["NHI_AS_OF"] = str(in_days(31))
    assert "give the new end date" in refused(stack, "restore", "orders", *BY)
    del stack.environment["NHI_AS_OF"]
    stack.up(NHI_AS_OF=str(in_days(37)))
    assert states(stack) == set()
    stack.up("--expect-no-changes", NHI_AS_OF=str(in_days(38)))
    assert no_session(sandbox, outputs["orders-aws"]["arn"])
    assert {kind: names for kind, names in everything(sandbox).items() if kind != "queues"} == {}


def test_what_the_program_declares_is_not_restored_by_a_decision(
    project: Callable[..., Project], sandbox: Sandbox
) -> None:
    stack = project(program(vault_bundle(identity=with_identity(state="suspended"))))
    stack.up()
    said = refused(stack, "restore", "orders", *BY)
    assert "state='suspended'" in said
    assert "nhi:life" not in json.loads(stack.pulumi("config", "--json").stdout)


def test_wrong_input_is_refused_and_nothing_is_written(project: Callable[..., Project], sandbox: Sandbox) -> None:
    other = vault_bundle("orders-prod", identity=with_identity(environment="prod"))
    stack = project(program(vault_bundle(), other))
    stack.up()
    assert "orders.prod, orders.test" in refused(stack, "suspend", "billing", *BY)
    assert "orders.prod and orders.test" in refused(stack, "suspend", "orders", *BY)
    missing = refused(stack, "suspend", "orders.test", "--approver", " ")
    assert "--approver" in missing
    assert "--reason" in missing
    assert "YYYY-MM-DD" in refused(stack, "renew", "orders.test", "--until", "tomorrow", *BY)
    assert "the new end date" in refused(stack, "renew", "orders.test", *BY)
    assert "a day after" in refused(stack, "renew", "orders.test", "--until", "0d", *BY)
    assert "nhi:life" not in json.loads(stack.pulumi("config", "--json").stdout)

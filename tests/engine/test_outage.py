"""Systems that are down, and things that stay alive: a destroy fails with one clear message, the next completes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import hvac.exceptions

from tests.engine.access import RoleSession, log_in
from tests.engine.inventory import everything, in_aws, in_vault
from tests.engine.programs import assert_gone, aws_bundle, evidence, program, vault_bundle
from tools.lab.project import Project, Run
from tools.lab.sandbox import Sandbox

SECRET = "nhi.SecretSpec()"
BOTH = program(aws_bundle(secret=SECRET), vault_bundle(secret=SECRET))


def test_what_can_be_reached_is_removed_while_the_other_system_is_down(
    project: Callable[..., Project], sandbox: Sandbox
) -> None:
    stack = project(BOTH)
    stack.up()
    outputs = stack.outputs()
    aws, vault = outputs["orders-aws"], outputs["orders-vault"]
    inside = in_vault(sandbox)

    session = RoleSession(sandbox.aws.client, aws["arn"])
    assert session.reads(aws["secret"])
    sandbox.vault.seal()
    failed = stack.destroy("--continue-on-error", check=False)
    sandbox.vault.unseal()
    assert_one_message(failed, "vault.default", "a sealed Vault")
    assert not session.reads(aws["secret"])
    assert not any(in_aws(sandbox).values())
    assert evidence(stack, aws["lease"])["removals"]
    assert in_vault(sandbox) == inside
    assert log_in(sandbox.vault.client, vault).is_authenticated()

    stack.up()
    aws = stack.outputs()["orders-aws"]
    workload = log_in(sandbox.vault.client, vault)
    sandbox.aws.stop()
    failed = stack.destroy("--continue-on-error", check=False)
    sandbox.aws.start()
    assert_one_message(failed, "aws.default", "no answer")
    assert not works(workload)
    assert not any(in_vault(sandbox).values())
    assert in_aws(sandbox)["roles"] == [aws["role"]]
    assert RoleSession(sandbox.aws.client, aws["arn"]).reads(aws["secret"])

    stack.destroy()
    assert everything(sandbox) == {}
    assert_gone(stack, aws["lease"], vault["lease"])


def test_an_ordinary_destroy_stops_where_vault_is_down_and_goes_on_afterwards(
    project: Callable[..., Project], sandbox: Sandbox
) -> None:
    stack = project(program(vault_bundle(secret=SECRET)))
    stack.up()
    vault = stack.outputs()["orders-vault"]
    inside = in_vault(sandbox)
    sandbox.vault.stop()
    failed = stack.destroy(check=False)
    sandbox.vault.start()
    assert_one_message(failed, "vault.default", "no answer")
    assert in_vault(sandbox) == inside
    stack.destroy()
    assert everything(sandbox) == {}
    assert_gone(stack, vault["lease"])


def test_a_destroy_that_can_leave_no_evidence_fails_and_a_refresh_gives_back_what_it_cut_off(
    project: Callable[..., Project], sandbox: Sandbox, tmp_path: Path
) -> None:
    stack = project(BOTH)
    stack.up()
    outputs = stack.outputs()
    aws, vault = outputs["orders-aws"], outputs["orders-vault"]
    session, workload = RoleSession(sandbox.aws.client, aws["arn"]), log_in(sandbox.vault.client, vault)
    no_folder = tmp_path / "file"
    no_folder.touch()
    failed = stack.destroy("--continue-on-error", check=False, NHI_EVIDENCE_DIR=str(no_folder))
    assert_one_message(failed, "evidence", str(no_folder))
    assert not session.reads(aws["secret"])
    assert not works(workload)
    assert in_aws(sandbox)["roles"] == [aws["role"]]

    stack.up("--refresh")
    assert stack.outputs() == outputs
    assert RoleSession(sandbox.aws.client, aws["arn"]).reads(aws["secret"])
    assert works(log_in(sandbox.vault.client, vault))
    stack.destroy()
    assert everything(sandbox) == {}
    assert_gone(stack, aws["lease"], vault["lease"])


def works(workload: Any) -> bool:
    try:
        workload.auth.token.lookup_self()
    except hvac.exceptions.Forbidden:
        return False
    return True


def assert_one_message(failed: Run, *parts: str) -> None:
    """Assert that a command failed with one message of ours, without a traceback."""
    assert failed.code != 0
    assert "Traceback" not in failed.text
    for part in parts:
        assert part in failed.text


def test_an_up_that_can_not_reach_a_system_creates_nothing(project: Callable[..., Project], sandbox: Sandbox) -> None:
    stack = project(BOTH)
    sandbox.vault.stop()
    failed = stack.pulumi("up", "--yes", check=False)
    sandbox.vault.start()
    assert_one_message(failed, "vault.default", "no answer")
    assert everything(sandbox) == {}

"""A destroy from shells that know nothing of this library, and what it says of who approved it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.engine.inventory import everything
from tests.engine.programs import assert_gone, aws_bundle, evidence, program
from tools.lab.engine import Engine
from tools.lab.project import Project
from tools.lab.sandbox import Sandbox

BASE_PATH = "/usr/bin:/bin"
APPROVAL = {"approver": "change board 7", "reason": "CHG-42"}


def bare(stack: Project, sandbox: Sandbox, engine: Engine) -> dict[str, str]:
    """The environment of a shell that has Pulumi and credentials, and none of our programs."""
    path = os.pathsep.join([*map(str, engine.path_entries), BASE_PATH])
    kept = {"NHI_EVIDENCE_DIR": stack.environment["NHI_EVIDENCE_DIR"], "HOME": os.environ["HOME"], "PATH": path}
    return {**sandbox.record.environment(), **kept}


def interpreter_alone(folder: Path) -> Path:
    """A folder with this interpreter and nothing else: the laboratory's language host passes over `virtualenv:`."""
    shims = folder / "interpreter"
    shims.mkdir()
    for name in ("python", "python3"):
        (shims / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        (shims / name).chmod(0o755)
    return shims


def approval(stack: Project, lease: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """What the evidence of a teardown says of approver and reason."""
    told = evidence(stack, lease)
    return told["approver"], told["reason"]


def lease_of(stack: Project) -> str:
    return str(stack.outputs()["orders-aws"]["lease"])


def test_a_shell_without_the_virtual_environment_finds_the_plugin(
    project: Callable[..., Project], sandbox: Sandbox, engine: Engine
) -> None:
    stack = project(program(aws_bundle()))
    stack.up()
    lease, full = lease_of(stack), stack.environment
    stack.environment = bare(stack, sandbox, engine)
    destroyed = stack.destroy()
    assert "$PATH" not in destroyed.text
    stack.environment = full
    assert everything(sandbox) == {}
    assert_gone(stack, lease)
    approver, reason = approval(stack, lease)
    assert approver["state"] == reason["state"] == "unknown"
    assert "NHI_APPROVER" in approver["why"]


def test_a_project_with_its_own_virtual_environment_finds_the_plugin_and_takes_the_approval_of_the_run(
    project: Callable[..., Project], sandbox: Sandbox, engine: Engine, tmp_path: Path
) -> None:
    stack = project(program(aws_bundle()), runtime={"virtualenv": sys.prefix})
    full, shell = stack.environment, bare(stack, sandbox, engine)
    shell["PATH"] = f"{interpreter_alone(tmp_path)}{os.pathsep}{shell['PATH']}"

    stack.environment = shell
    assert "$PATH" not in stack.up().text
    lease = lease_of(stack)
    stack.pulumi("config", "set", "--path", "nhi:approval.approver", APPROVAL["approver"])
    stack.pulumi("config", "set", "--path", "nhi:approval.reason", APPROVAL["reason"])
    stack.destroy()
    stack.environment = full
    assert_gone(stack, lease)
    assert [part["value"] for part in approval(stack, lease)] == list(APPROVAL.values())

    stack.environment = shell
    stack.up()
    lease = lease_of(stack)
    stack.pulumi("config", "rm", "--path", "nhi:approval")
    stack.destroy(NHI_APPROVER="alice@example.com")
    stack.environment = full
    assert_gone(stack, lease)
    approver, reason = approval(stack, lease)
    assert approver["value"] == "alice@example.com"
    # The reason was configured at the last `up`, so the provider in the state has it.
    assert reason["value"] == APPROVAL["reason"]
    assert everything(sandbox) == {}

"""`nhi reap` over several projects and stacks on the real engine."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.engine.programs import nhi, program, resources, vault_bundle, with_identity
from tools.lab.project import Project
from tools.lab.sandbox import Sandbox

BY = ("--approver", "Ada Example", "--reason", "CHG-7")


def in_days(number: int) -> str:
    return str(datetime.now(UTC).date() + timedelta(days=number))


def bundle(name: str, ends_in: int, *further: str) -> str:
    identity = with_identity(name=name, expires={"on": in_days(ends_in)}, grace_days=7)
    return program(vault_bundle(f"{name}-vault", identity=identity), *further)


def reaped(stack: Project, folder: Path, *arguments: str, day: int, code: int) -> dict[str, Any]:
    before = dict(stack.environment)
    stack.environment["NHI_AS_OF"] = in_days(day)
    run = nhi(stack, "reap", str(folder), *arguments, "--output", "json")
    stack.environment = before
    assert run.code == code, run.text
    told: dict[str, Any] = json.loads(run.stdout)
    return told


def due(told: dict[str, Any]) -> dict[tuple[str, str], str]:
    return {(row["stack"], row["identity"]): row["due"] for row in told["due"]}


def test_what_is_due_in_many_stacks_is_found_and_settled(
    project: Callable[..., Project], sandbox: Sandbox, tmp_path: Path
) -> None:
    folder = tmp_path / "all"
    dev = project(bundle("orders", 10), folder="all/one", name="one", stack="dev")
    prod = project(bundle("orders", 10), folder="all/one", name="one", stack="prod")
    other = project(bundle("billing", 20), folder="all/two", name="two", stack="main")
    for stack in (dev, prod, other):
        stack.up()

    assert due(reaped(dev, folder, "--warn-days", "0", day=0, code=0)) == {}
    assert set(due(reaped(dev, folder, "--warn-days", "30", day=0, code=0)).values()) == {"notice"}
    told = reaped(dev, folder, day=10, code=1)
    both = {("dev", "orders.test"): "suspension", ("prod", "orders.test"): "suspension"}
    assert due(told) == both | {("main", "billing.test"): "notice"}
    assert due(reaped(dev, folder, "--stack", "pr*", day=10, code=1)) == {("prod", "orders.test"): "suspension"}
    assert resources(dev, "Lease")[0]["outputs"]["state"] == "active"

    assert nhi(dev, "suspend", "billing", *BY, "--cwd", str(other.directory), "--stack", "main").code == 0
    told = reaped(dev, folder, "--yes", day=10, code=0)
    assert {(row["outcome"], row["after"]) for row in told["due"]} == {("settled", "suspended")}
    assert len(told["due"]) == 3
    assert all(row["evidence"] for row in told["due"])
    assert due(reaped(dev, folder, day=10, code=0)) == {}
    told = reaped(dev, folder, "--yes", day=17, code=0)
    assert {(row["identity"], row["after"]) for row in told["due"]} == {("orders.test", "retired")}
    assert resources(prod, "Lease") == []


def test_a_stack_with_other_changes_is_left_alone_and_does_not_stop_the_others(
    project: Callable[..., Project], sandbox: Sandbox, tmp_path: Path
) -> None:
    folder = tmp_path / "all"
    stack = project(bundle("orders", 10), folder="all/one", name="one", stack="dev")
    broken = project(bundle("billing", 10), folder="all/two", name="two", stack="dev")
    for each in (stack, broken):
        each.up()
    other = vault_bundle("more", identity=with_identity(name="more"))
    stack.write({"__main__.py": bundle("orders", 10, other)})
    broken.write({"__main__.py": "raise RuntimeError('a program that fails')"})
    told = reaped(stack, folder, "--yes", day=10, code=2)
    outcomes = {row["identity"]: row["outcome"] for row in told["due"]}
    assert outcomes == {"orders.test": "other changes are pending", "billing.test": "failed"}
    details = " ".join(problem["detail"] for problem in told["problems"])
    assert "::more" in details
    assert "a program that fails" in details
    assert resources(stack, "Lease", "more") == []
    told = reaped(stack, folder / "one", "--yes", "--with-other-changes", day=10, code=0)
    assert [row["after"] for row in told["due"]] == ["suspended"]
    assert len(resources(stack, "Lease", "more")) == 1

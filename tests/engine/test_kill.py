"""Engine and provider killed with SIGKILL at exact points: `nhi repair` and the next command finish the work.

Whether anything is left behind is asked of the systems themselves.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

import pytest

from tests.engine.access import RoleSession, granting, log_in, make_queues, value_in
from tests.engine.inventory import everything
from tests.engine.killing import Point, alive, inline_policy, kill, killed, of_ours, provider_of, repair, stopped
from tests.engine.programs import assert_gone, aws_bundle, evidence, program, vault_bundle
from tools.lab.gate import Gate, When, operation, path
from tools.lab.project import Project
from tools.lab.sandbox import Sandbox

SECRET = "nhi.SecretSpec()"
BOTH = program(aws_bundle(secret=SECRET), vault_bundle(secret=SECRET))
CUT_OFF: Point = (inline_policy("nhi-cut-off"), When.AFTER)
ENDING_SECONDS = 20
"""The provider looks once a second whether its engine lives; two cores may be busy."""


@pytest.fixture
def aws_gate(sandbox: Sandbox) -> Iterator[Gate]:
    with Gate(sandbox.aws.endpoint) as gate:
        yield gate


@pytest.fixture
def vault_gate(sandbox: Sandbox) -> Iterator[Gate]:
    with Gate(sandbox.vault.address) as gate:
        yield gate


@pytest.fixture
def gated(project: Callable[..., Project], aws_gate: Gate, vault_gate: Gate) -> Callable[[str], Project]:
    """`gated(program)`: a project whose engine and plugins reach both systems through the gates."""

    def make(text: str) -> Project:
        stack = project(text)
        stack.environment |= {"AWS_ENDPOINT_URL": aws_gate.url, "VAULT_ADDR": vault_gate.url}
        return stack

    return make


UP_ON_AWS: Sequence[Point] = (
    (operation("CreateRole"), When.AFTER),
    (operation("CreateSecret"), When.AFTER),
    # The seal takes the role into the lease.
    (of_ours("GetRole"), When.AFTER),
)


def test_an_up_and_an_update_killed_at_each_point_on_aws_are_repaired_and_completed(
    gated: Callable[[str], Project], sandbox: Sandbox, aws_gate: Gate
) -> None:
    stack = gated(program(aws_bundle(secret=SECRET)))
    for point in UP_ON_AWS:
        killed(stack, "up", aws_gate, point)
        repair(stack)
    stack.up()
    outputs = stack.outputs()["orders-aws"]
    assert RoleSession(sandbox.aws.client, outputs["arn"]).reads(outputs["secret"])

    make_queues(sandbox.aws.client)
    stack.write({"__main__.py": program(aws_bundle(secret=SECRET, grants=granting("sqs:SendMessage")))})
    killed(stack, "up", aws_gate, (operation("PutRolePolicy"), When.AFTER))
    repair(stack)
    stack.up()
    assert RoleSession(sandbox.aws.client, outputs["arn"]).sends()
    stack.destroy()
    assert not {"roles", "secrets"} & everything(sandbox).keys()
    assert_gone(stack, outputs["lease"])


UP_IN_VAULT: Sequence[Point] = (
    (path("PUT", "/v1/identity/entity"), When.AFTER),
    (path("PUT", "/v1/auth/approle/role/"), When.AFTER),
    (path("PUT", "/v1/identity/entity-alias"), When.AFTER),
    # The seal writes the entry's first value.
    (path("POST", "/v1/secret/data/nhi/"), When.AFTER),
)


def test_an_up_killed_at_each_point_in_vault_is_repaired_and_completed(
    gated: Callable[[str], Project], sandbox: Sandbox, vault_gate: Gate
) -> None:
    stack = gated(program(vault_bundle(secret=SECRET)))
    for point in UP_IN_VAULT:
        killed(stack, "up", vault_gate, point)
        repair(stack)
    stack.up()
    outputs = stack.outputs()["orders-vault"]
    assert log_in(sandbox.vault.client, outputs).is_authenticated()
    assert value_in(sandbox.vault.client, outputs["secret"])
    stack.destroy()
    assert everything(sandbox) == {}
    assert_gone(stack, outputs["lease"])


def test_a_killed_up_can_be_destroyed_at_once(
    gated: Callable[[str], Project], sandbox: Sandbox, vault_gate: Gate
) -> None:
    stack = gated(BOTH)
    killed(stack, "up", vault_gate, (path("PUT", "/v1/identity/entity-alias"), When.AFTER))
    assert everything(sandbox)
    repair(stack)
    stack.destroy()
    assert everything(sandbox) == {}
    assert_gone(stack)


DESTROY: Sequence[tuple[str, Point]] = (
    ("aws", CUT_OFF),
    ("vault", (path("DELETE", "/v1/auth/approle/role/"), When.AFTER)),
    ("aws", (operation("DeleteRole"), When.AFTER)),
    # All that is left of the bundle is its lease, which looks for what is alive.
    ("aws", (operation("ListRoles"), When.BEFORE)),
)


def test_a_destroy_killed_at_each_point_is_repaired_and_completed(
    gated: Callable[[str], Project], sandbox: Sandbox, aws_gate: Gate, vault_gate: Gate
) -> None:
    stack = gated(BOTH)
    stack.up()
    outputs = stack.outputs()
    session = RoleSession(sandbox.aws.client, outputs["orders-aws"]["arn"])
    for system, point in DESTROY:
        killed(stack, "destroy", {"aws": aws_gate, "vault": vault_gate}[system], point)
        assert not session.reads(outputs["orders-aws"]["secret"])
        repair(stack)
    stack.destroy()
    assert everything(sandbox) == {}
    leases = [outputs[bundle]["lease"] for bundle in ("orders-aws", "orders-vault")]
    assert_gone(stack, *leases)
    role = next(row for row in evidence(stack, leases[0])["removals"] if row["link"]["kind"] == "iam-role")
    assert role["disabled_at"]["state"] == role["absent_at"]["state"] == "at"
    assert "an earlier run cut the role off" in role["refused_at"]["reason"]


def test_an_up_after_a_destroy_killed_in_the_cut_off_gives_access_back(
    gated: Callable[[str], Project], sandbox: Sandbox, aws_gate: Gate
) -> None:
    stack = gated(BOTH)
    stack.up()
    before = stack.outputs()
    killed(stack, "destroy", aws_gate, CUT_OFF)
    repair(stack)
    stack.up()
    assert stack.outputs() == before
    aws, vault = before["orders-aws"], before["orders-vault"]
    assert RoleSession(sandbox.aws.client, aws["arn"]).reads(aws["secret"])
    assert log_in(sandbox.vault.client, vault).is_authenticated()
    stack.up("--expect-no-changes")
    stack.destroy()
    assert everything(sandbox) == {}
    assert_gone(stack, aws["lease"], vault["lease"])


def test_the_provider_ends_with_its_engine(gated: Callable[[str], Project], sandbox: Sandbox, aws_gate: Gate) -> None:
    stack = gated(program(aws_bundle()))
    with stopped(stack, "up", aws_gate, (operation("CreateRole"), When.BEFORE)) as running:
        providers = provider_of(running)
        assert providers
        kill(running.process.pid)
        running.wait()
        deadline = time.monotonic() + ENDING_SECONDS
        while any(map(alive, providers)) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not any(map(alive, providers))
    repair(stack)
    stack.destroy()
    assert everything(sandbox) == {}


def test_a_provider_killed_alone_fails_the_command_and_the_next_one_goes_on(
    gated: Callable[[str], Project], sandbox: Sandbox, aws_gate: Gate
) -> None:
    stack = gated(program(aws_bundle(secret=SECRET)))
    for command, point in (
        ("up", (of_ours("GetRole"), When.AFTER)),
        ("destroy", CUT_OFF),
        ("destroy", (operation("ListRoles"), When.BEFORE)),
    ):
        if point is CUT_OFF:
            stack.up()
            outputs = stack.outputs()["orders-aws"]
        with stopped(stack, command, aws_gate, point) as running:
            kill(*provider_of(running))
            assert running.wait() != 0
    stack.destroy()
    assert everything(sandbox) == {}
    assert_gone(stack, outputs["lease"])

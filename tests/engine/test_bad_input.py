"""Bad input gets one clear error before anything is created, on either system."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.engine.access import granting
from tests.engine.programs import aws_bundle, nhi, program, vault_bundle, with_identity
from tools.lab.project import Project, Run
from tools.lab.sandbox.ports import free_ports
from tools.lab.sandbox.record import interpreter_folder

TODAY = datetime.now(UTC).date().isoformat()
YESTERDAY = (datetime.now(UTC).date() - timedelta(days=1)).isoformat()


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        pytest.param(
            aws_bundle(identity=with_identity(owner=None)),
            ("identity.owner", "nothing", "a value", "add identity.owner"),
            id="no owner",
        ),
        pytest.param(
            aws_bundle(identity=with_identity(expires={"on": YESTERDAY})),
            ("expires", YESTERDAY, f"a day after {TODAY}", "give a later end date"),
            id="an end in the past",
        ),
        pytest.param(
            aws_bundle(grants=granting("sqs:SendMesage")),
            ("grants[0].actions[0]", "sqs:SendMesage", "an action that AWS documents for sqs", "SendMessage"),
            id="an unknown action",
        ),
        pytest.param(
            vault_bundle(identity=with_identity(name="orders-that-come-from-everywhere-and-go-on")),
            ("identity.name", "42 characters", "at most 40 characters", "shorten it"),
            id="a name that is too long",
        ),
        pytest.param(
            aws_bundle(grants=granting("sqs:SendMessage", target="arn:aws:sqs/orders")),
            ("grants[0].targets[0]", "arn:aws:sqs/orders", "an ARN", "write it as arn:aws:"),
            id="a wrong ARN",
        ),
    ],
)
def test_a_wrong_specification_is_refused_before_anything_is_created(
    project: Callable[..., Project],
    aws_client: Callable[..., Any],
    vault_client: Callable[..., Any],
    statement: str,
    problem: tuple[str, str, str, str],
) -> None:
    stack = project(program(statement))
    _assert_told(stack.up(check=False), *problem)
    _assert_nothing_was_created(aws_client, vault_client)


def test_all_problems_of_a_specification_are_told_at_once(
    project: Callable[..., Project], aws_client: Callable[..., Any], vault_client: Callable[..., Any]
) -> None:
    identity = {"name": "Orders", "environment": "test", "purpose": "x", "expires": {"after_days": 0}}
    stack = project(program(aws_bundle(identity=identity, grants=granting("sqs:SendMesage", target="orders"))))
    told = stack.preview(check=False)
    assert "aws.WorkloadIdentity 'orders-aws': 6 problems" in told.text
    paths = ("name", "owner", "purpose", "expires.after_days")
    for path in (*(f"identity.{path}" for path in paths), "grants[0].actions[0]", "grants[0].targets[0]"):
        assert f"\n  {path}\n" in told.text.replace("    ", "")
    _assert_nothing_was_created(aws_client, vault_client)


def test_a_wrong_target_that_is_known_only_at_deployment_is_refused_before_its_policy_is_created(
    project: Callable[..., Project], aws_client: Callable[..., Any]
) -> None:
    grants = "[nhi.Grant(actions=['sqs:SendMessage'], targets=[queue.name])]"
    stack = project(program("queue = pulumi_aws.sqs.Queue('orders', name='orders')", aws_bundle(grants=grants)))
    told = stack.up(check=False)
    assert told.code != 0
    for part in ("grants[0].targets[0]", "got:      orders", "expected: an ARN"):
        assert part in told.text
    iam = aws_client("iam")
    assert all(
        not iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"] for role in iam.list_roles()["Roles"]
    )


@pytest.mark.parametrize(
    ("environment", "problem"),
    [
        pytest.param(
            {"VAULT_ADDR": "http://127.0.0.1:{closed}"},
            ("vault.default", "no answer from http://127.0.0.1:{closed}", "a Vault", "address"),
            id="an unreachable Vault",
        ),
        pytest.param(
            {"VAULT_TOKEN": "s.wrong-token-of-somebody"},
            ("vault.default", "refused the token", "a valid token", "bao token lookup"),
            id="a wrong Vault token",
        ),
        pytest.param(
            {"AWS_ENDPOINT_URL": "http://127.0.0.1:{closed}"},
            ("aws.default", "no answer from http://127.0.0.1:{closed}", "an answer", "AWS_ENDPOINT_URL"),
            id="a wrong AWS endpoint",
        ),
    ],
)
def test_a_system_that_cannot_be_used_is_told_before_anything_is_created(
    project: Callable[..., Project],
    aws_client: Callable[..., Any],
    vault_client: Callable[..., Any],
    environment: dict[str, str],
    problem: tuple[str, str, str, str],
) -> None:
    (closed,) = free_ports(1)
    stack = project(program(aws_bundle(), vault_bundle()))
    wrong = {name: value.format(closed=closed) for name, value in environment.items()}
    told = stack.pulumi("up", "--yes", check=False, **wrong)
    _assert_told(told, *(part.format(closed=closed) for part in problem))
    assert "wrong-token-of-somebody" not in told.text
    _assert_nothing_was_created(aws_client, vault_client)


def test_without_an_engine_repair_says_so(project: Callable[..., Project]) -> None:
    stack = project(program())
    stack.environment["PATH"] = interpreter_folder()
    told = nhi(stack, "repair")
    assert told.code == 2
    _assert_told(told, "pulumi", "no such command on PATH", "the Pulumi CLI", "install it, or correct PATH")


def _assert_told(told: Run, path: str, got: str, expected: str, fix: str) -> None:
    """Assert that it failed and that one problem was told, place and all."""
    assert told.code != 0
    assert "Traceback" not in told.text
    lines = [line.strip() for line in told.text.splitlines()]
    told_at = [number for number, line in enumerate(lines) if line.startswith("got:")]
    assert len(told_at) == 1, told.text
    (number,) = told_at
    for line, part in zip(lines[number - 1 :], (path, got, expected, fix), strict=False):
        assert part in line


def _assert_nothing_was_created(aws_client: Callable[..., Any], vault_client: Callable[..., Any]) -> None:
    assert aws_client("iam").list_roles()["Roles"] == []
    assert aws_client("secretsmanager").list_secrets()["SecretList"] == []
    root = vault_client()
    assert root.list("auth/approle/role") is None
    assert root.list("identity/entity/id") is None
    assert root.list("secret/metadata/nhi") is None
    assert not [name for name in root.sys.list_policies()["data"]["policies"] if name not in ("default", "root")]

"""What the engine has deleted and what lives on all the same: swept, or named until it is gone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.engine.inventory import everything, in_aws
from tests.engine.killing import of_ours
from tests.engine.programs import assert_gone, aws_bundle, evidence, program
from tools.lab.gate import Gate, Request, operation
from tools.lab.project import Project
from tools.lab.sandbox import Sandbox

OPERATOR = "operator"
PROVIDER = f"ours = nhi.Provider('nhi', aws={{'default': aws.Connection(profile={OPERATOR!r})}}, deadline_seconds=3)"
PROGRAM = program(PROVIDER, aws_bundle(opts="pulumi.ResourceOptions(providers=[ours])"))
_DELETED = b"<DeleteRoleResponse><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></DeleteRoleResponse>"


@pytest.fixture
def gate(sandbox: Sandbox) -> Iterator[Gate]:
    with Gate(sandbox.aws.endpoint) as gate:
        yield gate


@pytest.fixture
def stack(project: Callable[..., Project], gate: Gate, aws_client: Callable[..., Any], tmp_path: Path) -> Project:
    """A stack whose AWS plugin is root's, and whose own provider acts as an operator who may do anything."""
    stack = project(PROGRAM)
    credentials = tmp_path / "credentials"
    iam = aws_client("iam")
    iam.create_user(UserName=OPERATOR)
    iam.put_user_policy(UserName=OPERATOR, PolicyName="all", PolicyDocument=_document("Allow", "*"))
    key = iam.create_access_key(UserName=OPERATOR)["AccessKey"]
    credentials.write_text(
        f"[{OPERATOR}]\naws_access_key_id = {key['AccessKeyId']}\naws_secret_access_key = {key['SecretAccessKey']}\n"
    )
    stack.environment |= {"AWS_ENDPOINT_URL": gate.url, "AWS_SHARED_CREDENTIALS_FILE": str(credentials)}
    return stack


@contextmanager
def deleted_in_words_only(gate: Gate) -> Iterator[None]:
    """Let AWS tell the engine that a role is deleted which is not."""
    ours = of_ours("DeleteRole")

    def engines(request: Request) -> bool:
        return operation("DeleteRole")(request) and not ours(request)

    with gate.answering(engines, 200, _DELETED):
        yield


def test_a_role_that_outlives_its_deletion_is_swept(stack: Project, gate: Gate, sandbox: Sandbox) -> None:
    stack.up()
    outputs = stack.outputs()["orders-aws"]
    with deleted_in_words_only(gate):
        stack.destroy()
    assert everything(sandbox) == {}
    assert_gone(stack, outputs["lease"])
    assert [row["link"]["name"] for row in evidence(stack, outputs["lease"])["swept"]] == [outputs["role"]]


def test_a_role_that_is_alive_at_the_deadline_keeps_its_lease_until_it_is_gone(
    stack: Project, gate: Gate, sandbox: Sandbox, aws_client: Callable[..., Any]
) -> None:
    iam = aws_client("iam")
    stack.up()
    outputs = stack.outputs()["orders-aws"]
    denied = _document("Deny", "iam:DeleteRole")
    iam.put_user_policy(UserName=OPERATOR, PolicyName="not-roles", PolicyDocument=denied)
    with deleted_in_words_only(gate):
        failed = stack.destroy(check=False)
    assert failed.code != 0
    assert "Traceback" not in failed.text
    for part in (f"iam-role {outputs['role']}", "aws, connection default), since 20", "AccessDenied", "after 3 s"):
        assert part in failed.text
    assert {resource["type"].split(":")[-1] for resource in stack.resources()} >= {"Lease"}
    assert "Role" not in {resource["type"].split(":")[-1] for resource in stack.resources()}
    assert in_aws(sandbox)["roles"] == [outputs["role"]]
    incomplete = evidence(stack, outputs["lease"], "teardown-incomplete")
    (alive,) = incomplete["alive"]
    assert alive["link"]["name"] == outputs["role"]
    assert "DeleteRole" in alive["detail"]

    iam.delete_user_policy(UserName=OPERATOR, PolicyName="not-roles")
    stack.destroy()
    assert in_aws(sandbox)["roles"] == []
    assert_gone(stack, outputs["lease"])


def _document(effect: str, action: str) -> str:
    statement = {"Effect": effect, "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

"""The life of a bundle on the real engine: planned, made, used, changed, renewed, destroyed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.engine.access import OTHER_QUEUE, RoleSession, granting, log_in, make_queues, reads
from tests.engine.programs import (
    SEND,
    assert_gone,
    aws_bundle,
    evidence,
    nhi,
    program,
    queue,
    resource,
    resources,
    summary,
    vault_bundle,
    with_identity,
)
from tools.lab.project import Project

SECRET = "nhi.SecretSpec()"
OTHER_ENTRY = "secret/nhi/test/somebody-else"


def test_a_saved_plan_holds_what_the_preview_promised(project: Callable[..., Project]) -> None:
    stack = project(program(queue(), aws_bundle(grants=SEND, secret=SECRET), vault_bundle(secret=SECRET)))
    stack.preview("--save-plan", "plan.json")
    promised = {urn.rsplit("::", 1)[1]: plan["goal"] for urn, plan in _plans(stack).items() if "goal" in plan}
    stack.up("--plan", "plan.json")

    for name, kind, inputs in (
        ("orders-aws-role", "Role", ("name", "tags", "assumeRolePolicy")),
        ("orders-aws-secret", "Secret", ("name", "tags")),
        ("orders-vault-approle", "AuthBackendRole", ("roleName", "tokenPolicies")),
        ("orders-vault-entity", "Entity", ("name", "metadata")),
    ):
        made = resource(stack, kind)["inputs"]
        planned = promised[name]["inputDiff"]["adds"]
        assert {field: made[field] for field in inputs} == {field: planned[field] for field in inputs}
    outputs = stack.outputs()
    assert outputs["orders-aws"]["lease"] == promised["orders-aws-role"]["inputDiff"]["adds"]["tags"]["nhi:lease"]

    stack.up("--expect-no-changes")
    assert stack.outputs() == outputs


def test_changed_grants_and_a_renewal_take_effect_in_place(
    project: Callable[..., Project], aws_client: Callable[..., Any], vault_client: Callable[..., Any]
) -> None:
    make_queues(aws_client)
    vault_client().secrets.kv.v2.create_or_update_secret("nhi/test/somebody-else", {"a": "b"}, mount_point="secret")
    stack = project(_granted("sqs:SendMessage"))
    stack.up()
    outputs = stack.outputs()
    session, token = (
        RoleSession(aws_client, outputs["orders-aws"]["arn"]),
        log_in(vault_client, outputs["orders-vault"]),
    )
    assert (session.sends(), session.receives(), session.sends(OTHER_QUEUE)) == (True, False, False)
    assert session.reads(outputs["orders-aws"]["secret"])
    assert (reads(token, outputs["orders-vault"]["secret"]), reads(token, OTHER_ENTRY)) == (True, False)
    unique_id = aws_client("iam").get_role(RoleName=outputs["orders-aws"]["role"])["Role"]["RoleId"]

    stack.write({"__main__.py": _granted("sqs:ReceiveMessage", target="secret/data/nhi/test/somebody-else")})
    changed = stack.up()
    assert (session.sends(), session.receives()) == (False, True)
    assert (reads(token, outputs["orders-vault"]["secret"]), reads(token, OTHER_ENTRY)) == (True, True)
    assert summary(changed) == {"updated": 4, "unchanged": 10}, changed.text

    ends = (datetime.now(UTC).date() + timedelta(days=77)).isoformat()
    grants = {"target": "secret/data/nhi/test/somebody-else", "expires": ends}
    stack.write({"__main__.py": _granted("sqs:ReceiveMessage", **grants)})
    stack.up()
    role = aws_client("iam").get_role(RoleName=outputs["orders-aws"]["role"])["Role"]
    assert role["RoleId"] == unique_id
    assert _dates(role["AssumeRolePolicyDocument"]) == {f"{ends}T00:00:00Z"}
    document = aws_client("iam").get_role_policy(RoleName=role["RoleName"], PolicyName=role["RoleName"])[
        "PolicyDocument"
    ]
    assert _dates(document) == {f"{ends}T00:00:00Z"}
    entity = vault_client().secrets.identity.read_entity(outputs["orders-vault"]["entity"])["data"]
    assert entity["metadata"]["nhi_ends"] == ends
    renewed = {component: {**fields, "ends": ends} for component, fields in outputs.items()}
    assert stack.outputs() == renewed
    assert session.receives()


def test_an_ordinary_destroy_cuts_everything_off_and_leaves_sound_evidence(
    project: Callable[..., Project], aws_client: Callable[..., Any], vault_client: Callable[..., Any]
) -> None:
    make_queues(aws_client)
    stack = project(_granted("sqs:SendMessage"))
    stack.up(NHI_APPROVER="Ada Example", NHI_REASON="CHG-1")
    on_aws, in_vault = (stack.outputs()[component] for component in ("orders-aws", "orders-vault"))
    session, token = RoleSession(aws_client, on_aws["arn"]), log_in(vault_client, in_vault)
    assert session.sends()
    assert reads(token, in_vault["secret"])
    sealed = {link.get("uniqueId") for seal in resources(stack, "Seal") for link in seal["outputs"]["admitted"]}

    stack.destroy(NHI_APPROVER="Ada Example", NHI_REASON="CHG-2")
    assert not session.sends()
    assert not reads(token, in_vault["secret"])
    with pytest.raises(ClientError, match=r"AccessDenied|NoSuchEntity"):
        RoleSession(aws_client, on_aws["arn"])
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        aws_client("secretsmanager").describe_secret(SecretId=on_aws["secret"])
    assert vault_client().read(in_vault["secret"].replace("secret/", "secret/metadata/")) is None

    assert_gone(stack, on_aws["lease"], in_vault["lease"])
    verified = nhi(stack, "evidence", "verify")
    assert (verified.code, "completeness hold" in verified.text) == (0, True)
    named = set()
    for lease, principal in ((on_aws["lease"], "iam-role"), (in_vault["lease"], "vault-entity")):
        told = evidence(stack, lease)
        named |= {row["link"]["unique_id"] for row in told["removals"]}
        assert (told["approver"]["value"], told["reason"]["value"]) == ("Ada Example", "CHG-2")
        (row,) = [row for row in told["removals"] if row["link"]["kind"] == principal]
        assert all(row[fact]["state"] == "at" for fact in ("disabled_at", "absent_at", "refused_at"))
        cut = evidence(stack, lease, "cut-off")
        assert any(row["canary_opened_at"] for row in cut["rows"])
    assert named == sealed


def _granted(action: str, target: str = "secret/data/trial/one", **identity: Any) -> str:
    fields = with_identity(**identity)
    in_vault = f"[nhi.Grant(actions=['read'], targets=[{target!r}])]"
    return program(
        aws_bundle(identity=fields, grants=granting(action), secret=SECRET),
        vault_bundle(identity=fields, grants=in_vault, secret=SECRET),
    )


def _plans(stack: Project) -> dict[str, Any]:
    plans: dict[str, Any] = json.loads((stack.directory / "plan.json").read_text())["resourcePlans"]
    return plans


def _dates(document: dict[str, Any]) -> set[str]:
    """The dates in the conditions of a policy document."""
    conditions = [statement.get("Condition", {}) for statement in document["Statement"]]
    return {
        operands["aws:CurrentTime"]
        for condition in conditions
        for operator, operands in condition.items()
        if operator.startswith("Date")
    }

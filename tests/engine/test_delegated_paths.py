"""Access through the policies of other resources, on the real engine: declared, or added by hand, and gone with it.

The emulator evaluates these policies; it keeps KMS grants, but does not judge by them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from nhi_components.core.delegation import lease_of_sid
from tests.engine.access import OTHER_QUEUE, QUEUE, RoleSession, make_queues, queue_arn
from tests.engine.killing import killed, repair
from tests.engine.programs import assert_gone, aws_bundle, evidence, nhi, program, queue
from tools.lab.gate import Gate, When, operation
from tools.lab.project import Project
from tools.lab.sandbox import Sandbox
from tools.lab.sandbox.aws import OTHER_ACCOUNT

STRANGER = f"arn:aws:iam::{OTHER_ACCOUNT}:root"
SEND = "aws.Delegation(resource={}, actions=['sqs:SendMessage'])"

Clients = Callable[..., Any]


def delegating(*resources: str) -> str:
    """Source of delegations of sending to each of these, given as source."""
    return f"[{', '.join(map(SEND.format, resources))}]"


def statements(aws_client: Clients, name: str = QUEUE) -> list[dict[str, Any]]:
    """What a queue's policy says; empty without one."""
    sqs = aws_client("sqs")
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    text = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"]).get("Attributes", {}).get("Policy")
    found: list[dict[str, Any]] = json.loads(text)["Statement"] if text else []
    return found


def add_by_hand(aws_client: Clients, name: str, *principals: str) -> dict[str, Any]:
    """Let some send to a queue, beside what its policy says already."""
    sqs = aws_client("sqs")
    made = {
        "Sid": f"ByHand{len(principals)}",
        "Effect": "Allow",
        "Principal": {"AWS": list(principals)},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn(name),
    }
    document = {"Version": "2012-10-17", "Statement": [*statements(aws_client, name), made]}
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(document)})
    return made


def test_a_declared_path_lives_and_goes_with_its_identity(project: Callable[..., Project], aws_client: Clients) -> None:
    make_queues(aws_client)
    theirs = add_by_hand(aws_client, OTHER_QUEUE, STRANGER)
    both = delegating("queue.arn", repr(queue_arn(OTHER_QUEUE)))
    stack = project(program(queue("made"), aws_bundle(delegations=both)))
    stack.up()
    outputs = stack.outputs()["orders-aws"]
    session = RoleSession(aws_client, outputs["arn"])
    assert (session.sends("made"), session.sends(OTHER_QUEUE), session.sends(QUEUE)) == (True, True, False)
    stack.up("--expect-no-changes")

    stack.write({"__main__.py": program(queue("made"), aws_bundle(delegations=delegating("queue.arn")))})
    stack.up()
    assert (session.sends("made"), session.sends(OTHER_QUEUE)) == (True, False)
    assert statements(aws_client, OTHER_QUEUE) == [theirs]

    stack.write({"__main__.py": program(queue("made"), aws_bundle(delegations=both))})
    stack.up()
    assert session.sends(OTHER_QUEUE)
    stack.destroy()
    assert not session.sends(OTHER_QUEUE)
    assert statements(aws_client, OTHER_QUEUE) == [theirs]
    assert_gone(stack, outputs["lease"])
    rows = [row["link"] for row in evidence(stack, outputs["lease"])["removals"]]
    paths = [link["name"].split("#") for link in rows if link["kind"] == "delegated-path"]
    assert {holder for holder, _ in paths} == {queue_arn("made"), queue_arn(OTHER_QUEUE)}
    assert {lease_of_sid(sid) for _, sid in paths} == {outputs["lease"]}


def test_what_was_added_by_hand_is_in_the_evidence_and_gone(
    project: Callable[..., Project], aws_client: Clients
) -> None:
    make_queues(aws_client)
    stack = project(program(aws_bundle()))
    stack.up()
    outputs = stack.outputs()["orders-aws"]
    add_by_hand(aws_client, QUEUE, outputs["arn"])
    add_by_hand(aws_client, OTHER_QUEUE, STRANGER, outputs["arn"])
    kms = aws_client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    grant = kms.create_grant(KeyId=key, GranteePrincipal=outputs["arn"], Operations=["Decrypt"])["GrantId"]
    session = RoleSession(aws_client, outputs["arn"])
    assert session.sends()
    looked = nhi(stack, "verify", "--lease", outputs["lease"], "--system", "aws", "--output", "json")
    assert looked.code == 1
    alive = {row["name"] for row in json.loads(looked.stdout)["alive"] if row["kind"] != "iam-role"}
    added = {f"{queue_arn()}#ByHand1", f"{queue_arn(OTHER_QUEUE)}#ByHand2", f"{key}#{grant}"}
    assert alive == added

    stack.destroy()
    assert not session.sends()
    assert statements(aws_client) == []
    assert [s["Principal"]["AWS"] for s in statements(aws_client, OTHER_QUEUE)] == [[STRANGER]]
    assert kms.list_grants(KeyId=key)["Grants"] == []
    assert_gone(stack, outputs["lease"])
    told = evidence(stack, outputs["lease"], "cut-off")
    assert {row["link"]["name"] for row in told["rows"] if row["found_out_of_band"]} == added
    assert {row["link"]["name"] for row in evidence(stack, outputs["lease"])["swept"]} >= added


def test_an_up_and_a_destroy_killed_between_two_paths_are_completed_by_the_next(
    project: Callable[..., Project], sandbox: Sandbox, aws_client: Clients
) -> None:
    make_queues(aws_client)
    both = delegating(repr(queue_arn()), repr(queue_arn(OTHER_QUEUE)))
    with Gate(sandbox.aws.endpoint) as gate:
        stack = project(program(aws_bundle(delegations=both)))
        stack.environment |= {"AWS_ENDPOINT_URL": gate.url}
        killed(stack, "up", gate, (operation("SetQueueAttributes"), When.AFTER))
        repair(stack)
        stack.up()
        outputs = stack.outputs()["orders-aws"]
        session = RoleSession(aws_client, outputs["arn"])
        assert (session.sends(), session.sends(OTHER_QUEUE)) == (True, True)
        assert len(statements(aws_client)) == len(statements(aws_client, OTHER_QUEUE)) == 1
        killed(stack, "destroy", gate, (operation("SetQueueAttributes"), When.BEFORE))
        repair(stack)
        stack.destroy()
        assert (session.sends(), session.sends(OTHER_QUEUE)) == (False, False)
        assert statements(aws_client) == statements(aws_client, OTHER_QUEUE) == []
        assert_gone(stack, outputs["lease"])


def test_what_cannot_be_delegated_is_refused_before_anything_is_made(project: Callable[..., Project]) -> None:
    wrong = "[aws.Delegation(resource='arn:aws:lambda:eu-central-1:111111111111:function:x', actions=['sqs:Sned'])]"
    stack = project(program(aws_bundle(delegations=wrong)))
    refused = stack.up(check=False)
    assert refused.code != 0
    for told in ("delegations[0].actions[0]", "sqs:Sned", "delegations[0].resource", "arn:aws:lambda"):
        assert told in refused.text
    assert not [r for r in stack.resources() if r["type"] not in ("pulumi:pulumi:Stack",)]

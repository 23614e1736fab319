"""A publisher that is scaled down loses its identity in the same `up`; the others go on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError

from tests.engine.access import RoleSession
from tests.engine.inventory import in_aws
from tests.engine.programs import assert_confirmed_gone, assert_gone
from tests.engine.stacks.conftest import Stack
from tools.lab.sandbox import Sandbox
from tools.lab.sandbox.aws import ACCOUNT


def publisher(sandbox: Sandbox, role_arn: str, number: int) -> RoleSession:
    """A session of one publisher's role."""
    return RoleSession(sandbox.aws.client, role_arn, f"publisher-{number}")


def publishes(session: RoleSession, topic: str) -> bool:
    return session.may("sns", "publish", TopicArn=topic, Message="trial")


def test_what_is_scaled_down_is_gone_and_the_others_publish_on(stack: Callable[[str], Stack], sandbox: Sandbox) -> None:
    publishers = stack("event_publisher")
    publishers.configure(publishers__account=ACCOUNT, publishers__count="3")
    publishers.up()
    outputs = publishers.outputs()
    topic, leases = outputs["topic_arn"], outputs["leases"]
    sessions = [publisher(sandbox, arn, number) for number, arn in enumerate(outputs["role_arns"])]
    assert [publishes(session, topic) for session in sessions] == [True, True, True]
    assert not any(session.may("sns", "delete_topic", TopicArn=topic) for session in sessions)

    publishers.configure(publishers__count="1")
    publishers.up()
    assert [publishes(session, topic) for session in sessions] == [True, False, False]
    assert len(in_aws(sandbox)["roles"]) == 1
    assert_confirmed_gone(publishers, *leases[1:])
    with pytest.raises(ClientError):
        publisher(sandbox, outputs["role_arns"][2], 2)

    publishers.destroy()
    assert not publishes(sessions[0], topic)
    assert_gone(publishers, *leases)

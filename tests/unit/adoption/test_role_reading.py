"""What IAM is asked for a role that is to be adopted: requests and answers held against botocore's model of the API."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from nhi_components.core.connection import AwsConnection
from nhi_components.core.errors import SystemUnreachable
from nhi_components.lifecycle.adapters.aws.role_reading import TRACKED, RoleReading
from nhi_components.lifecycle.adapters.aws.session import AwsSession
from nhi_components.lifecycle.adoption.usage import NotKnown, ServiceUse, Usage
from tests.unit.adoption.worlds import ARN, NOW, YESTERDAY, role

JOB = "12345678-1234-1234-1234-123456789012"
GENERATE, GET = "generate_service_last_accessed_details", "get_service_last_accessed_details"
ASKED = {"Arn": ARN, "Granularity": "ACTION_LEVEL"}


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    iam = boto3.client("iam", region_name="eu-central-1", aws_access_key_id="x", aws_secret_access_key="x")
    monkeypatch.setattr(AwsSession, "client", lambda *_: iam)
    with Stubber(iam) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def answer(*services: dict[str, Any], status: str = "COMPLETED", **more: Any) -> dict[str, Any]:
    dates = {"JobCreationDate": NOW, "JobCompletionDate": NOW}
    return {"JobStatus": status, "ServicesLastAccessed": list(services), **dates, **more}


def service(prefix: str, at: Any = None, **actions: Any) -> dict[str, Any]:
    tracked = [{"ActionName": name} | ({"LastAccessedTime": on} if on else {}) for name, on in actions.items()]
    told = {"ServiceName": prefix, "ServiceNamespace": prefix, "TrackedActionsLastAccessed": tracked}
    return told | ({"LastAuthenticated": at} if at else {})


def usage(**changes: Any) -> Usage | NotKnown:
    reading = RoleReading("default", AwsConnection(), lambda: NOW, sleep=lambda _: None)
    return reading.usage(role(**changes), ARN)


def test_a_report_is_waited_for_and_read_page_by_page(stub: Stubber) -> None:
    stub.add_response(GENERATE, {"JobId": JOB}, ASKED)
    stub.add_response(GET, answer(status="IN_PROGRESS"), {"JobId": JOB})
    more = {"IsTruncated": True, "Marker": "next"}
    stub.add_response(
        GET, answer(service("SQS", YESTERDAY, SendMessage=YESTERDAY, PurgeQueue=None), **more), {"JobId": JOB}
    )
    stub.add_response(GET, answer(service("sns"), IsTruncated=False), {"JobId": JOB, "Marker": "next"})
    told = usage()
    assert isinstance(told, Usage)
    assert told.since == NOW - TRACKED
    assert told.services == {
        "sqs": ServiceUse(YESTERDAY, {"sendmessage": YESTERDAY, "purgequeue": None}),
        "sns": ServiceUse(None, {}),
    }


def test_uses_are_known_since_the_role_was_made_at_most(stub: Stubber) -> None:
    stub.add_response(GENERATE, {"JobId": JOB}, ASKED)
    stub.add_response(GET, answer(service("sqs")), {"JobId": JOB})
    told = usage(created_at=NOW - timedelta(days=3))
    assert isinstance(told, Usage)
    assert told.since == NOW - timedelta(days=3)


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (answer(), "names no service"),
        (answer(status="FAILED", Error={"Code": "ENTITY_GONE", "Message": "gone"}), "ENTITY_GONE"),
    ],
)
def test_a_report_that_tells_nothing_is_no_knowledge(told: dict[str, Any], reason: str, stub: Stubber) -> None:
    stub.add_response(GENERATE, {"JobId": JOB}, ASKED)
    stub.add_response(GET, told, {"JobId": JOB})
    found = usage()
    assert isinstance(found, NotKnown)
    assert reason in found.reason


def test_a_report_that_is_denied_is_no_knowledge_and_one_that_cannot_be_asked_for_is_an_error(stub: Stubber) -> None:
    stub.add_client_error(GENERATE, "AccessDenied", expected_params=ASKED)
    assert usage() == NotKnown("the connection may not call iam:GenerateServiceLastAccessedDetails")
    stub.add_client_error(GENERATE, "ExpiredToken", expected_params=ASKED)
    with pytest.raises(SystemUnreachable):
        usage()

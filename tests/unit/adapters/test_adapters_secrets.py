"""What the sandbox's Secrets Manager lacks, against botocore's stub: the token of a repeated put, replicas."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from nhi_components.core.links import Link, LinkKind, System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.aws.secrets import LONGEST_RECOVERY, Secrets

NAME = "nhi/dev/orders-aaaaaa"
ARN = f"arn:aws:secretsmanager:eu-central-1:111111111111:secret:{NAME}-AbCdEf"
LINK = Link(System.AWS, LinkKind.SECRETS_MANAGER_SECRET, NAME, attributes={"generate_bytes": "32"})
LEASE = LeaseTags("lease-aaaaaaaaaaaaaaaa", "orders", "dev", "a@example.com", "x", date(2030, 1, 1), "p/s")


@pytest.fixture
def client() -> Any:
    return boto3.client("secretsmanager", region_name="eu-central-1", aws_access_key_id="x", aws_secret_access_key="x")


@pytest.fixture
def aws(client: Any) -> Iterator[Stubber]:
    with Stubber(client) as stub:
        yield stub
        stub.assert_no_pending_responses()


def described(**facts: Any) -> dict[str, Any]:
    tags = [{"Key": key, "Value": value} for key, value in LEASE.to_tags().items()]
    return {"ARN": ARN, "Name": NAME, "Tags": tags, **facts}


def put_tokens(client: Any) -> list[str]:
    tokens: list[str] = []
    note = lambda params, **_: tokens.append(params["ClientRequestToken"])  # noqa: E731
    client.meta.events.register("provide-client-params.secrets-manager.PutSecretValue", note)
    return tokens


def test_a_repeated_first_value_bears_the_same_token_and_changes_nothing(client: Any, aws: Stubber) -> None:
    tokens = put_tokens(client)
    request = {"SecretId": ARN, "SecretString": ANY, "ClientRequestToken": ANY}
    aws.add_response("describe_secret", described(), {"SecretId": NAME})
    aws.add_response("put_secret_value", {}, request)
    aws.add_response("describe_secret", described(), {"SecretId": NAME})
    aws.add_client_error("put_secret_value", "ResourceExistsException", expected_params=request)
    for _ in range(2):
        assert Secrets(client).admit(LEASE, LINK) == ARN
    assert len(tokens) == 2
    assert len(set(tokens)) == 1
    assert 32 <= len(tokens[0]) <= 64


def test_replicas_are_removed_before_the_secret_is_deleted(client: Any, aws: Stubber) -> None:
    status = [{"Region": "eu-west-1", "Status": "InSync"}, {"Region": "us-east-1", "Status": "Failed"}]
    aws.add_response("describe_secret", described(ReplicationStatus=status), {"SecretId": NAME})
    removal = {"SecretId": ARN, "RemoveReplicaRegions": ["eu-west-1", "us-east-1"]}
    aws.add_response("remove_regions_from_replication", {}, removal)
    aws.add_response("delete_secret", {}, {"SecretId": ARN, "ForceDeleteWithoutRecovery": True})
    Secrets(client).delete(LINK)


def test_a_secret_that_went_meanwhile_counts_as_deleted(client: Any, aws: Stubber) -> None:
    aws.add_response("describe_secret", described(), {"SecretId": NAME})
    aws.add_client_error("delete_secret", "ResourceNotFoundException")
    Secrets(client).delete(LINK)


def test_recoverable_until_takes_the_later_reading_of_the_date(client: Any, aws: Stubber) -> None:
    deleted = datetime(2026, 1, 1, tzinfo=UTC)
    aws.add_response("describe_secret", described(DeletedDate=deleted), {"SecretId": NAME})
    secret = Secrets(client).find(NAME)
    assert secret is not None
    assert secret.recoverable_until == deleted + LONGEST_RECOVERY == deleted + timedelta(days=30)


def test_tags_that_only_begin_alike_are_not_ours(client: Any, aws: Stubber) -> None:
    marks = {**LEASE.to_tags(), "nhi:lease": LEASE.lease + "b"}
    listed = {"Name": NAME, "Tags": [{"Key": key, "Value": value} for key, value in marks.items()]}
    aws.add_response(
        "list_secrets", {"SecretList": [listed, described()]}, {"Filters": ANY, "IncludePlannedDeletion": True}
    )
    assert list(Secrets(client).names_of(LEASE.lease)) == [NAME]

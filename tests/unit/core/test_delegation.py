"""A declared delegated path: what is refused, how its statement reads, and how it is named."""

from __future__ import annotations

from typing import Any

import pytest

from nhi_components.core.delegation import (
    Delegation,
    ResourceKind,
    delegated_path_attributes,
    delegated_path_name,
    delegating_resource,
    delegation_problems,
    delegation_sid,
    delegation_statement,
    known_resource_problems,
    lease_of_sid,
    parts_of_path,
)
from nhi_components.core.errors import SpecError
from nhi_components.core.lease_id import new_lease_id

ACCOUNT = "111111111111"
LEASE = new_lease_id(b"delegation")
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/nhi/orders-dev-abc234"
BUCKET = "arn:aws:s3:::orders-in"
QUEUE = f"arn:aws:sqs:eu-central-1:{ACCOUNT}:orders"
KEY = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/1234-ab"
SECRET = f"arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:team/orders-AbCdEf"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/team/reader"


class Unknown:
    """Stands for a Pulumi output."""


@pytest.mark.parametrize(
    ("arn", "kind", "holder", "region", "name"),
    [
        (BUCKET, ResourceKind.BUCKET, BUCKET, "", "orders-in"),
        (f"{BUCKET}/in/*", ResourceKind.BUCKET, BUCKET, "", "orders-in"),
        (QUEUE, ResourceKind.QUEUE, QUEUE, "eu-central-1", "orders"),
        (f"{QUEUE}.fifo", ResourceKind.QUEUE, f"{QUEUE}.fifo", "eu-central-1", "orders.fifo"),
        (KEY, ResourceKind.KEY, KEY, "eu-central-1", "1234-ab"),
        (SECRET, ResourceKind.SECRET, SECRET, "eu-central-1", "team/orders-AbCdEf"),
        (ROLE, ResourceKind.ROLE, ROLE, "", "reader"),
    ],
)
def test_the_holder_of_a_policy_is_read_from_an_arn(
    arn: str, kind: ResourceKind, holder: str, region: str, name: str
) -> None:
    read = delegating_resource(arn)
    assert read is not None
    assert (read.kind, read.holder, read.target, read.region, read.name) == (kind, holder, arn, region, name)


@pytest.mark.parametrize(
    "arn",
    [
        "orders",
        "*",
        f"arn:aws:sqs:eu-central-1:{ACCOUNT}:*",
        f"arn:aws:sns:eu-central-1:{ACCOUNT}:topic:subscription",
        f"arn:aws:kms:eu-central-1:{ACCOUNT}:alias/orders",
        f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:orders",
        f"arn:aws:iam::{ACCOUNT}:user/ada",
    ],
)
def test_what_holds_no_policy_that_is_known_here_is_refused(arn: str) -> None:
    assert delegating_resource(arn) is None
    (problem,) = known_resource_problems("delegations[0].resource", arn, ["sqs:SendMessage"])
    assert (problem.path, problem.got) == ("delegations[0].resource", arn)


class TestProblems:
    def test_all_are_told_at_once(self) -> None:
        delegations = [
            Delegation(resource=QUEUE, actions=("sqs:SendMesage", "sqs:*", "s3:GetObject")),
            Delegation(resource=ROLE, actions=("sts:GetFederationToken",)),
            Delegation(resource=Unknown(), actions=("sqs:SendMessage", "sns:Publish")),
            Delegation(resource=QUEUE, actions=("sqs:SendMessage",) * 8),
        ]
        told = [(problem.path, problem.got) for problem in delegation_problems(delegations)]
        assert told == [
            ("delegations[0].actions[0]", "sqs:SendMesage"),
            ("delegations[0].actions[1]", "sqs:*"),
            ("delegations[0].resource", "s3:GetObject on a queue"),
            ("delegations[1].resource", "sts:GetFederationToken"),
            ("delegations[2].actions", "sqs:SendMessage, sns:Publish"),
            ("delegations[3].resource", "8 actions"),
        ]

    def test_a_sound_one_has_none(self) -> None:
        sound = [
            Delegation(resource=BUCKET, actions=("s3:GetObject", "s3:ListBucket")),
            Delegation(resource=ROLE, actions=("sts:AssumeRole", "sts:TagSession")),
            Delegation(resource=Unknown(), actions=("kms:Decrypt",)),
        ]
        assert delegation_problems(sound) == []

    @pytest.mark.parametrize(
        ("fields", "path"),
        [
            ({"resource": "", "actions": ["sqs:SendMessage"]}, "resource"),
            ({"resource": ["x"], "actions": ["sqs:SendMessage"]}, "resource"),
            ({"resource": QUEUE, "actions": []}, "actions"),
            ({"resource": QUEUE}, "actions"),
            ({"resource": QUEUE, "actions": ["sqs:SendMessage"], "principal": "*"}, "principal"),
            (
                {"resource": QUEUE, "actions": ["sqs:SendMessage"], "conditions": {"Equals": {"a:b": ["c"]}}},
                "conditions",
            ),
        ],
    )
    def test_bad_fields_are_named(self, fields: dict[str, Any], path: str) -> None:
        with pytest.raises(SpecError) as caught:
            Delegation.parse(fields)
        assert caught.value.problems[0].path.startswith(path)


class TestNames:
    def test_the_sid_bears_the_whole_lease_id_and_nothing_but_letters_and_digits(self) -> None:
        for index in (0, 7, 12):
            sid = delegation_sid(LEASE, index)
            assert sid.isalnum()
            assert lease_of_sid(sid) == LEASE
        assert len({delegation_sid(LEASE, index) for index in range(20)}) == 20

    @pytest.mark.parametrize("sid", ["", "Nhi", "NhiCutOff20260101T000000Z", "nhiabcdefghijklmnop0", "Nhiabc0"])
    def test_another_sid_bears_none(self, sid: str) -> None:
        assert lease_of_sid(sid) is None

    def test_a_name_holds_what_the_policy_is_on_and_the_sid(self) -> None:
        assert delegated_path_name(f"{BUCKET}/in/*", "Sid0") == f"{BUCKET}#Sid0"
        assert parts_of_path(f"{SECRET}#with # inside") == (SECRET, "with # inside")


def statement(resource: str, actions: list[str], conditions: Any = None) -> dict[str, Any]:
    attributes = delegated_path_attributes("orders-dev-abc234", ROLE_ARN, resource, actions, conditions)
    return delegation_statement(delegated_path_name(resource, "Sid0"), attributes)


class TestStatement:
    @pytest.mark.parametrize(
        ("resource", "scope"),
        [
            (BUCKET, [BUCKET, f"{BUCKET}/*"]),
            (f"{BUCKET}/in/*", f"{BUCKET}/in/*"),
            (QUEUE, QUEUE),
            (KEY, "*"),
            (SECRET, "*"),
            (ROLE, None),
        ],
    )
    def test_each_resource_is_scoped_as_its_service_wants_it(self, resource: str, scope: Any) -> None:
        made = statement(resource, ["s3:GetObject"])
        assert made.pop("Resource", None) == scope
        assert made == {
            "Sid": "Sid0",
            "Effect": "Allow",
            "Principal": {"AWS": ROLE_ARN},
            "Action": ["s3:GetObject"],
        }

    def test_conditions_are_kept(self) -> None:
        delegation = Delegation(
            resource=QUEUE, actions=("sqs:SendMessage",), conditions={"Bool": {"aws:SecureTransport": ["true"]}}
        )
        made = statement(QUEUE, list(delegation.actions), delegation.conditions)
        assert made["Condition"] == {"Bool": {"aws:SecureTransport": ["true"]}}

    def test_a_resource_without_a_policy_is_no_statement(self) -> None:
        with pytest.raises(ValueError, match="no policy of its own"):
            statement("arn:aws:lambda:eu-central-1:111111111111:function:orders", ["lambda:InvokeFunction"])

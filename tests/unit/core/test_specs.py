"""A spec reports every problem at once, each with path, got, expected, fix."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from nhi_components.aws.workload_identity import AwsWorkloadSpec
from nhi_components.core.connection import AwsConnection, VaultConnection
from nhi_components.core.errors import SpecError
from nhi_components.core.expiry import Expiry, problem_of_new_end
from nhi_components.core.grant import (
    Grant,
    aws_grant_problems,
    aws_target_problems,
    vault_grant_problems,
    vault_path_problems,
)
from nhi_components.core.identity import Identity, Kind
from nhi_components.core.secret import SecretSpec
from nhi_components.core.spec import parse_spec
from nhi_components.core.trust import AccountTrust, ServiceTrust
from nhi_components.vault.workload_identity import VaultWorkloadSpec

IDENTITY: dict[str, Any] = {
    "name": "orders",
    "environment": "prod",
    "owner": {"team": "payments", "email": "payments@example.com"},
    "purpose": "send order events",
    "expires": "2026-12-31",
}
QUEUE = "arn:aws:sqs:eu-central-1:111111111111:orders"


def paths(error: pytest.ExceptionInfo[SpecError]) -> list[str]:
    return [problem.path for problem in error.value.problems]


def test_identity_takes_a_bare_date() -> None:
    identity = Identity.parse(IDENTITY)
    assert identity.expires == Expiry(on=date(2026, 12, 31))
    assert identity.kind is Kind.WORKLOAD


def test_specs_are_frozen() -> None:
    identity = Identity.parse(IDENTITY)
    with pytest.raises(ValidationError):
        identity.name = "other"


@pytest.mark.parametrize("name", ["Orders", "9orders", "orders-", "or--ders", "orders_api", "", "o" * 41, "ордеры"])
def test_names_outside_the_alphabet_are_refused(name: str) -> None:
    with pytest.raises(SpecError) as error:
        Identity.parse(IDENTITY | {"name": name})
    assert paths(error) == ["name"]


def test_all_problems_of_an_identity_at_once() -> None:
    wrong = {"name": "X", "environment": "prod", "owner": {"team": "p"}, "purpose": "x", "expires": {}, "nmae": "typo"}
    with pytest.raises(SpecError) as error:
        Identity.parse(wrong)
    assert paths(error) == ["name", "owner.team", "owner.email", "purpose", "expires", "nmae"]
    assert all(problem.got and problem.expected and problem.fix for problem in error.value.problems)
    assert "identity 'X': 6 problems" in str(error.value)


def test_all_problems_of_a_component_at_once() -> None:
    fields = {
        "identity": IDENTITY | {"owner": None},
        "trusted_by": "lamda",
        "grants": [
            {"actions": ["sqs:SendMesage", "sqs:*", "sqz:Send", "nonsense"], "targets": [QUEUE, "queue", "*"]},
            {"actions": [], "targets": [""]},
        ],
        "secret": {"generate_bytes": 4},
        "session_seconds": 60,
    }
    with pytest.raises(SpecError) as error:
        parse_spec(AwsWorkloadSpec, "orders", fields, aws_grant_problems)
    found = set(paths(error))
    assert {"identity.owner", "trusted_by", "grants[1].actions", "secret.generate_bytes", "session_seconds"} <= found


def test_every_wrong_action_and_target_is_named_with_a_suggestion() -> None:
    grant = Grant(
        actions=["sqs:SendMesage", "sqs:*", "sqz:Send", "nonsense"], targets=[QUEUE, "queue", "arn:aws:s3:::*"]
    )
    problems = {problem.path: problem for problem in aws_grant_problems([grant])}
    assert sorted(problems) == [
        *(f"grants[0].actions[{i}]" for i in range(4)),
        "grants[0].targets[1]",
        "grants[0].targets[2]",
    ]
    assert problems["grants[0].actions[0]"].fix == "did you mean `sqs:SendMessage`?"
    assert problems["grants[0].actions[2]"].fix == "did you mean `sqs`?"


def test_actions_are_compared_without_regard_to_case() -> None:
    assert aws_grant_problems([Grant(actions=["SQS:sendmessage"], targets=[QUEUE])]) == []


def test_a_star_target_is_accepted_only_where_aws_knows_no_other() -> None:
    assert aws_grant_problems([Grant(actions=["ecr:GetAuthorizationToken"], targets=["*"])]) == []
    assert aws_grant_problems([Grant(actions=["ecr:GetAuthorizationToken", "ecr:PutImage"], targets=["*"])])


@pytest.mark.parametrize("target", ["arn:aws:s3:::bucket/*", "arn:aws-cn:iam::111111111111:role/x", QUEUE])
def test_arns_that_name_a_resource_are_accepted(target: str) -> None:
    assert aws_target_problems("t", target) == []


@pytest.mark.parametrize(
    "target", ["arn:aws:sqs:eu-central-1:111111111111:*", "arn:aws:s3:::*/*", "orders", "arn:aws:sqs"]
)
def test_arns_that_name_none_are_refused(target: str) -> None:
    assert len(aws_target_problems("t", target)) == 1


def test_vault_grants_know_neither_sudo_nor_whole_mounts() -> None:
    grant = Grant(
        actions=["read", "sudo"], targets=["*", "+/data/x", "secret", "/secret/x", 'secret/"x', "secret/data/orders/*"]
    )
    found = [problem.path for problem in vault_grant_problems([grant])]
    assert found == ["grants[0].actions[1]", *(f"grants[0].targets[{i}]" for i in range(5))]


@pytest.mark.parametrize(
    "target", [r"s\x79s/policies/acl/x", r"secret/data/\u002a", "a/${b}", "a/{{identity.entity.name}}"]
)
def test_a_vault_path_is_what_it_says(target: str) -> None:
    assert [problem.path for problem in vault_path_problems("t", target, excepted=True)] == ["t"]


def test_targets_that_are_no_text_are_left_for_the_deployment() -> None:
    later = object()
    assert aws_grant_problems([Grant(actions=["sqs:SendMessage"], targets=[later])]) == []


@pytest.mark.parametrize("value", [None, 5, True, "", b"x"])
def test_targets_of_other_kinds_are_refused(value: object) -> None:
    with pytest.raises(SpecError) as error:
        Grant(actions=["read"], targets=[value])
    assert paths(error) == ["targets[0]"]


@pytest.mark.parametrize(
    ("ends", "accepted"), [("2026-01-01", False), ("2026-01-02", True), ("2027-01-02", True), ("2027-01-03", False)]
)
def test_a_new_end_lies_between_tomorrow_and_366_days(ends: str, accepted: bool) -> None:
    problem = problem_of_new_end(date.fromisoformat(ends), date(2026, 1, 1))
    assert (problem is None) is accepted


def test_days_are_resolved_from_the_issue_day() -> None:
    assert Expiry(after_days=30).resolve(date(2026, 1, 1)) == date(2026, 1, 31)
    assert Expiry(on=date(2026, 5, 1)).resolve(date(2026, 1, 1)) == date(2026, 5, 1)


def test_a_trust_is_a_service_or_an_account() -> None:
    spec = AwsWorkloadSpec.parse({"identity": IDENTITY, "trusted_by": "ec2"})
    assert spec.trusted_by == ServiceTrust(service="ec2")
    account = {"account": "111111111111", "external_id": "x1"}
    assert AwsWorkloadSpec.parse({"identity": IDENTITY, "trusted_by": account}).trusted_by == AccountTrust(**account)
    with pytest.raises(SpecError, match="external_id"):
        AwsWorkloadSpec.parse({"identity": IDENTITY, "trusted_by": {"account": "111111111111"}})


def test_a_token_never_outlives_its_own_maximum() -> None:
    with pytest.raises(SpecError, match="token_maximum_ttl_seconds 60"):
        VaultWorkloadSpec.parse({"identity": IDENTITY, "token_maximum_ttl_seconds": 60})


def test_connections_hold_references_only() -> None:
    with pytest.raises(SpecError) as error:
        VaultConnection(address="https://user:hunter2@vault.example.com", token="hvs.x")
    assert paths(error) == ["address", "token"]
    assert "hunter2" not in str(error.value)
    assert "hvs.x" not in str(error.value)
    with pytest.raises(SpecError) as error:
        AwsConnection(role_arn="role", region="Frankfurt", account="12")
    assert paths(error) == ["role_arn", "region", "account"]


def test_a_secret_has_at_least_128_bits() -> None:
    assert SecretSpec().generate_bytes == 32
    with pytest.raises(SpecError, match="generate_bytes"):
        SecretSpec(generate_bytes=15)

"""Whether an AWS account has room, through botocore's stub of IAM."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from nhi_components.core.links import Link, LinkKind, System
from nhi_components.lifecycle.adapters.aws.quotas import Quotas
from nhi_components.lifecycle.ports import Room


class Account:
    """An account whose summary is told once."""

    def __init__(self) -> None:
        iam = boto3.Session("nobody", "nothing", region_name="eu-central-1").client("iam")
        self.stub = Stubber(iam)
        session = SimpleNamespace(iam=iam, name="default", identity=SimpleNamespace(account="111111111111"))
        self.quotas = Quotas(session)  # type: ignore[arg-type] # as much of a session as is used

    def has(self, roles: int, profiles: int) -> None:
        summary = {"Roles": roles, "RolesQuota": 1000, "InstanceProfiles": profiles, "InstanceProfilesQuota": 1000}
        self.stub.add_response("get_account_summary", {"SummaryMap": summary})


@pytest.fixture
def account() -> Iterator[Account]:
    made = Account()
    with made.stub:
        yield made
        made.stub.assert_no_pending_responses()


def role(name: str) -> Link:
    return Link(System.AWS, LinkKind.IAM_ROLE, name)


def test_there_is_room_up_to_the_quota_and_no_further(account: Account) -> None:
    account.has(roles=998, profiles=0)
    assert account.quotas.room_for([role("first")]) == Room()
    assert account.quotas.room_for([role("second")]) == Room()
    (problem,) = account.quotas.room_for([role("third")]).problems
    assert (problem.got, problem.expected) == ("998 of 1,000 Roles, and 3 to be made", "at most 1,000 iam-roles")
    assert "111111111111" in problem.path


def test_all_quotas_are_told_at_once(account: Account) -> None:
    account.has(roles=1000, profiles=1000)
    links = [role("orders"), Link(System.AWS, LinkKind.IAM_INSTANCE_PROFILE, "orders")]
    assert len(account.quotas.room_for(links).problems) == len(links)


def test_users_have_a_quota_of_their_own(account: Account) -> None:
    account.stub.add_response("get_account_summary", {"SummaryMap": {"Users": 5000, "UsersQuota": 5000}})
    (problem,) = account.quotas.room_for([Link(System.AWS, LinkKind.IAM_USER, "orders")]).problems
    assert (problem.got, problem.expected) == ("5,000 of 5,000 Users, and 1 to be made", "at most 5,000 iam-users")


def test_a_bundle_that_is_asked_about_twice_counts_once(account: Account) -> None:
    account.has(roles=999, profiles=0)
    assert account.quotas.room_for([role("orders")]) == account.quotas.room_for([role("orders")]) == Room()


def test_what_has_no_quota_is_not_asked_about(account: Account) -> None:
    assert account.quotas.room_for([Link(System.AWS, LinkKind.SECRETS_MANAGER_SECRET, "orders")]) == Room()


def test_a_connection_that_may_not_ask_is_told_and_not_taken_for_room(account: Account) -> None:
    account.stub.add_client_error("get_account_summary", "AccessDenied", http_status_code=403)
    room = account.quotas.room_for([role("orders")])
    assert room.problems == ()
    assert room.not_checked is not None
    assert "iam:GetAccountSummary" in room.not_checked.reason


def test_another_refusal_is_an_error(account: Account) -> None:
    account.stub.add_client_error("get_account_summary", "ServiceFailure", http_status_code=500)
    with pytest.raises(ClientError, match="ServiceFailure"):
        account.quotas.room_for([role("orders")])

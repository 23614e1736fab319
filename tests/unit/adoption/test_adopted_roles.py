"""What the adapter does with a role that was there before its lease; IAM is a stub that checks each request."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import boto3
import pytest
from botocore.stub import Stubber

from nhi_components.core.adoption import AdoptedRole, superseded_on
from nhi_components.core.connection import AwsConnection
from nhi_components.core.errors import SpecError
from nhi_components.core.lease_id import name_of
from nhi_components.core.links import Link, LinkKind, System
from nhi_components.lifecycle.adapters.aws.adapter import AwsAdapter
from nhi_components.lifecycle.adapters.aws.adopted_roles import is_yet_to_be_adopted, supersede
from nhi_components.lifecycle.adapters.aws.cut_off import PROPAGATION_SECONDS
from nhi_components.lifecycle.adapters.aws.roles import Attached, Role, Roles, extras_of
from nhi_components.lifecycle.adapters.aws.session import AwsSession
from nhi_components.lifecycle.adapters.aws.survey import Survey
from nhi_components.lifecycle.ports import Ownership, Room

ADOPTED = AdoptedRole(
    name="legacy", unique_id="AROALEGACY0000001", policies=["by-hand", "arn:aws:iam::aws:policy/Wide"]
)
LINK = Link(System.AWS, LinkKind.IAM_ROLE, "legacy", attributes=ADOPTED.attributes)
NAMED = {"RoleName": "legacy"}


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    iam = boto3.client("iam", region_name="eu-central-1", aws_access_key_id="x", aws_secret_access_key="x")
    monkeypatch.setattr(AwsSession, "client", lambda *_: iam)
    with Stubber(iam) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def attached(stub: Stubber, managed: list[str], inline: list[str]) -> None:
    stub.add_response(
        "list_attached_role_policies",
        {"AttachedPolicies": [{"PolicyName": "x", "PolicyArn": arn} for arn in managed]},
        NAMED,
    )
    stub.add_response("list_role_policies", {"PolicyNames": inline}, NAMED)
    stub.add_response("list_instance_profiles_for_role", {"InstanceProfiles": []}, NAMED)


def test_only_what_was_listed_leaves_after_iam_had_time_to_see_the_new_policy(stub: Stubber) -> None:
    later = "arn:aws:iam::aws:policy/AttachedLater"
    attached(stub, [later, "arn:aws:iam::aws:policy/Wide"], ["by-hand", "legacy-orders", "added-later"])
    stub.add_response("detach_role_policy", {}, {**NAMED, "PolicyArn": "arn:aws:iam::aws:policy/Wide"})
    stub.add_response("delete_role_policy", {}, {**NAMED, "PolicyName": "by-hand"})
    waited: list[float] = []
    supersede(Roles(stub.client), LINK, waited.append)
    assert waited == [PROPAGATION_SECONDS]


def test_nothing_is_waited_for_once_it_has_left(stub: Stubber) -> None:
    attached(stub, [], ["legacy-orders"])
    waited: list[float] = []
    supersede(Roles(stub.client), LINK, waited.append)
    supersede(Roles(stub.client), Link(System.AWS, LinkKind.IAM_ROLE, "made"), waited.append)
    assert waited == []


def described(unique_id: str) -> dict[str, dict[str, object]]:
    made = datetime(2026, 1, 1, tzinfo=UTC)
    arn = "arn:aws:iam::111122223333:role/legacy"
    named = {"Path": "/", "RoleName": "legacy", "RoleId": unique_id, "Arn": arn, "CreateDate": made}
    return {"Role": {**named, "AssumeRolePolicyDocument": "{}"}}


def test_the_role_that_was_adopted_is_let_through_and_any_other_refused_before_anything_is_changed(
    stub: Stubber,
) -> None:
    adapter = AwsAdapter("default", AwsConnection())
    stub.add_response("get_role", described(ADOPTED.unique_id), NAMED)
    adapter.require([LINK])
    stub.add_response("get_role", described("AROALEGACY0000002"), NAMED)
    with pytest.raises(SpecError, match="AROALEGACY0000002"):
        adapter.require([LINK])
    stub.add_client_error("get_role", "NoSuchEntity", expected_params=NAMED)
    with pytest.raises(SpecError, match="no role of that name"):
        adapter.require([LINK])


LEASE = "lease-aaaaaaaaaaaaaaaa"


NO_USERS = ("list_users", {"Users": []}, {"PathPrefix": "/nhi/"})
NO_ROLES = ("list_roles", {"Roles": []}, {"PathPrefix": "/nhi/"})
EVERY_ROLE = {"Filter": ["Role"]}


def surveyed(monkeypatch: pytest.MonkeyPatch) -> Survey:
    monkeypatch.setattr(Survey, "_profiles", lambda *_: iter(()))
    monkeypatch.setattr(Survey, "_secrets", lambda *_: iter(()))
    return Survey(AwsSession("default", AwsConnection()), LEASE, [])


def test_from_a_lease_id_alone_a_role_is_found_by_its_tags(stub: Stubber, monkeypatch: pytest.MonkeyPatch) -> None:
    tags = [{"Key": "nhi:lease", "Value": LEASE}, {"Key": "nhi:managed-by", "Value": "nhi_components"}]
    role = described(ADOPTED.unique_id)["Role"]
    stub.add_response(*NO_USERS)
    listed = [{"RoleName": "other"}, {"RoleName": "legacy", "Tags": tags}]
    stub.add_response("get_account_authorization_details", {"RoleDetailList": listed}, EVERY_ROLE)
    stub.add_response(*NO_ROLES)
    stub.add_response("get_role", {"Role": {**role, "Tags": tags}}, NAMED)
    attached(stub, [], [])
    survey = surveyed(monkeypatch)
    assert [(each.link.name, each.ownership) for each in survey.run()] == [("legacy", Ownership.OURS)]
    assert survey.blind_spots == []


def test_where_that_is_denied_it_is_told_as_not_looked_for(stub: Stubber, monkeypatch: pytest.MonkeyPatch) -> None:
    stub.add_response(*NO_USERS)
    stub.add_client_error("get_account_authorization_details", "AccessDenied", expected_params=EVERY_ROLE)
    stub.add_response(*NO_ROLES)
    survey = surveyed(monkeypatch)
    assert survey.run() == []
    (spot,) = survey.blind_spots
    assert spot.kind is LinkKind.IAM_ROLE
    assert "iam:GetAccountAuthorizationDetails" in spot.reason.reason


def test_what_is_adopted_takes_no_room(stub: Stubber) -> None:
    assert AwsAdapter("default", AwsConnection()).room_for([LINK]) == Room()


def test_a_policy_by_hand_of_the_roles_own_name_is_no_policy_of_the_lease() -> None:
    hanging = Attached(managed=(), inline=("legacy",), profiles=())
    assert [extra.name for extra in extras_of(LINK, hanging, [LINK])] == ["legacy"]
    assert extras_of(Link(System.AWS, LinkKind.IAM_ROLE, "legacy"), hanging, []) == ()


def test_a_role_is_nobodys_until_it_bears_a_lease_or_a_seal_knows_it() -> None:
    role = Role("legacy", ADOPTED.unique_id, "arn", {}, {})
    tags = {"nhi:lease": "lease-aaaaaaaaaaaaaaaa", "nhi:managed-by": "nhi_components"}
    sealed = Link(System.AWS, LinkKind.IAM_ROLE, "legacy", unique_id=role.unique_id, attributes=ADOPTED.attributes)
    assert is_yet_to_be_adopted(role, LINK)
    assert not is_yet_to_be_adopted(role, sealed)
    assert not is_yet_to_be_adopted(Role("legacy", role.unique_id, "arn", tags, {}), LINK)
    assert not is_yet_to_be_adopted(role, Link(System.AWS, LinkKind.IAM_ROLE, "legacy"))
    assert not is_yet_to_be_adopted(role, None)


def test_an_adopted_role_keeps_its_name_and_its_policy_gets_one_of_the_lease() -> None:
    lease = "lease-abcdefghijklmnop"
    assert name_of(LinkKind.IAM_ROLE, "orders", "prod", lease, ADOPTED.attributes) == "legacy"
    assert name_of(LinkKind.IAM_ROLE_POLICY, "orders", "prod", lease, {"role": "legacy"}) == "orders-prod-abcdef"
    assert superseded_on(LINK) == ADOPTED.policies


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "with space"),
        ("path", "app/"),
        ("path", "/app"),
        ("unique_id", "legacy"),
        ("policies", [""]),
        ("tags", {"nhi:lease": "x"}),
        ("tags", {"aws:cloudformation:stack-name": "x"}),
    ],
)
def test_what_a_role_cannot_be_is_refused(field: str, value: object) -> None:
    fields = {"name": "legacy", "unique_id": "AROALEGACY0000001", field: value}
    with pytest.raises(SpecError) as refused:
        AdoptedRole.parse(fields)
    assert refused.value.problems[0].path.startswith(field)

"""What is AWS's own about a retirement: keys and policies that somebody changes meanwhile, profiles, guards, tags."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from nhi_components.core.connection import AwsConnection
from nhi_components.core.errors import NhiError, SystemUnreachable
from nhi_components.core.links import System
from nhi_components.lifecycle.adapters import discovery_policy
from nhi_components.lifecycle.adapters.aws.marks import CUT_OFF_POLICY, deny_everything
from nhi_components.lifecycle.adapters.aws.retirement import Retirement
from nhi_components.lifecycle.decommission.ports import CannotDisable, Presence, Target
from tests.conformance.aws_world import TRUST, document, exists
from tests.conformance.decommission.aws_world import AwsRetirementWorld
from tests.conformance.decommission.world import Planted
from tests.conformance.world import now
from tools.lab.sandbox import aws as lab

CASE = "dc-0123456789ab"


@pytest.fixture
def world(aws_retirement_world: AwsRetirementWorld) -> AwsRetirementWorld:
    return aws_retirement_world


def disabled(world: AwsRetirementWorld, planted: Planted) -> Any:
    retirement = world.retirement()
    undo = retirement.undo_of(planted.target)
    retirement.mark(planted.target, CASE, "disabled")
    retirement.disable(planted.target, undo)
    return undo


def keys(world: AwsRetirementWorld, name: str) -> dict[str, str]:
    found = world.iam.list_access_keys(UserName=name)["AccessKeyMetadata"]
    return {key["AccessKeyId"]: key["Status"] for key in found}


def presence(world: AwsRetirementWorld, planted: Planted) -> Presence:
    return world.retirement().look(planted.target).presence


def test_a_key_that_somebody_makes_active_again_counts_as_enabled(world: AwsRetirementWorld) -> None:
    planted = world.plant("iam-user")
    disabled(world, planted)
    key = next(iter(keys(world, planted.target.name)))
    world.iam.update_access_key(UserName=planted.target.name, AccessKeyId=key, Status="Active")
    assert presence(world, planted) is Presence.ALIVE
    assert not planted.works()


def test_a_deny_that_somebody_takes_off_or_weakens_counts_as_enabled(world: AwsRetirementWorld) -> None:
    planted = world.plant("iam-role")
    disabled(world, planted)
    weaker = document(Effect="Deny", Action="s3:*", Resource="*", Sid="NhiCutOff20261130T000000Z")
    world.iam.put_role_policy(RoleName=planted.target.name, PolicyName=CUT_OFF_POLICY, PolicyDocument=weaker)
    assert presence(world, planted) is Presence.ALIVE
    world.iam.delete_role_policy(RoleName=planted.target.name, PolicyName=CUT_OFF_POLICY)
    assert presence(world, planted) is Presence.ALIVE


def test_a_restore_brings_back_no_key_that_rested_and_none_that_is_gone(world: AwsRetirementWorld) -> None:
    planted = world.plant("iam-user")
    name = planted.target.name
    before = keys(world, name)
    undo = disabled(world, planted)
    active = next(key for key, status in before.items() if status == "Active")
    world.iam.delete_access_key(UserName=name, AccessKeyId=active)
    world.retirement().restore(planted.target, undo)
    assert keys(world, name) == {key: "Inactive" for key in before if key != active}


def test_changes_by_others_meanwhile_outlast_a_restore(world: AwsRetirementWorld) -> None:
    planted = world.plant("iam-role")
    undo = disabled(world, planted)
    added = document(Action="s3:ListBucket", Resource="*")
    world.iam.put_role_policy(RoleName=planted.target.name, PolicyName="added", PolicyDocument=added)
    world.retirement().restore(planted.target, undo)
    assert set(planted.documents()["inline"]) == {"inline", "added"}


def test_what_was_denied_before_stays_denied_after_a_restore(world: AwsRetirementWorld) -> None:
    planted = world.plant("iam-role")
    ours = deny_everything(datetime(2026, 1, 1, tzinfo=UTC))
    world.iam.put_role_policy(RoleName=planted.target.name, PolicyName=CUT_OFF_POLICY, PolicyDocument=ours)
    before = planted.documents()
    assert presence(world, planted) is Presence.DISABLED
    world.retirement().restore(planted.target, disabled(world, planted))
    world.retirement().mark(planted.target, "", "")
    assert planted.documents() == before


def test_a_policy_of_that_name_that_is_somebody_elses_is_never_overwritten(world: AwsRetirementWorld) -> None:
    planted = world.plant("iam-user")
    theirs = document(Action="s3:ListBucket", Resource="*")
    world.iam.put_user_policy(UserName=planted.target.name, PolicyName=CUT_OFF_POLICY, PolicyDocument=theirs)
    before = planted.documents()
    with pytest.raises(CannotDisable, match=CUT_OFF_POLICY):
        world.retirement().undo_of(planted.target)
    assert planted.documents() == before


def test_the_profile_that_the_console_makes_with_a_role_goes_and_another_is_only_emptied(
    world: AwsRetirementWorld,
) -> None:
    planted = world.plant("iam-role")
    name = planted.target.name
    for profile in (name, f"other-{name}"):
        world.iam.create_instance_profile(InstanceProfileName=profile)
    world.iam.add_role_to_instance_profile(InstanceProfileName=f"other-{name}", RoleName=name)
    world.iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
    removed = world.retirement().delete(planted.target)
    assert not exists(lambda: world.iam.get_instance_profile(InstanceProfileName=name))
    left = world.iam.get_instance_profile(InstanceProfileName=f"other-{name}")["InstanceProfile"]
    assert left["Roles"] == []
    assert {each.kind for each in removed} >= {"iam-instance-profile", "iam-instance-profile-membership"}


def test_functions_and_instances_that_run_as_a_role_are_told(
    world: AwsRetirementWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = world.plant("iam-role")
    profile = world.add_dependent(planted).removeprefix("instance-profile ")
    answers = {
        "ListFunctions": {"Functions": [{"Role": planted.target.key, "FunctionArn": "arn:send"}]},
        "DescribeInstances": {
            "Reservations": [
                {
                    "Instances": [
                        _instance("i-1", profile, "stopped"),
                        _instance("i-2", profile, "terminated"),
                        _instance("i-3", "another", "running"),
                    ]
                }
            ]
        },
    }
    _answering(monkeypatch, answers)
    assert world.retirement().look(planted.target).dependents == (
        f"instance-profile {profile}",
        "function arn:send",
        f"instance {lab.REGION}/i-1",
    )


def _instance(name: str, profile: str, state: str) -> dict[str, Any]:
    arn = f"arn:aws:iam::{lab.ACCOUNT}:instance-profile/app/{profile}"
    return {"InstanceId": name, "IamInstanceProfile": {"Arn": arn}, "State": {"Name": state}}


def _answering(monkeypatch: pytest.MonkeyPatch, answers: dict[str, Any]) -> None:
    """Have some operations answered as AWS documents them, where the emulator knows no such use."""
    call = BaseClient._make_api_call

    def answered(client: BaseClient, operation: str, parameters: object) -> Any:
        return answers[operation] if operation in answers else call(client, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", answered)


def test_the_newest_use_of_keys_and_password_is_told(
    world: AwsRetirementWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = world.plant("iam-user")
    used = datetime(2026, 11, 1, 12, tzinfo=UTC)
    _answering(monkeypatch, {"GetAccessKeyLastUsed": {"AccessKeyLastUsed": {"LastUsedDate": used}}})
    assert world.retirement().look(planted.target).used_at == used


@pytest.mark.parametrize(
    ("path", "told"),
    [("/aws-service-role/ecs.amazonaws.com/", "linked to a service"), ("/aws-reserved/", "AWS itself")],
)
def test_roles_that_aws_has_made_are_guarded(world: AwsRetirementWorld, path: str, told: str) -> None:
    name = f"AWSService-{secrets.token_hex(3)}"
    role = world.iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=TRUST)["Role"]
    planted = world.plant("iam-role").target
    target = replace(planted, key=role["Arn"], unique_id=role["RoleId"], name=name)
    assert told in world.retirement().look(target).guarded


def test_the_root_is_guarded(world: AwsRetirementWorld) -> None:
    planted = world.plant("iam-user").target
    root = replace(planted, key=f"arn:aws:iam::{lab.ACCOUNT}:root", name="root", unique_id=lab.ACCOUNT)
    assert "root" in world.retirement().look(root).guarded


def test_whoever_assumes_the_connections_role_is_guarded_as_the_role_is(world: AwsRetirementWorld) -> None:
    user = world.plant_guarded()
    trust = document(Principal={"AWS": user.key}, Action="sts:AssumeRole")
    name = f"operator-{secrets.token_hex(3)}"
    role = world.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]
    world.iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=document(Action="*", Resource="*"))
    settings = AwsConnection(role_arn=role["Arn"], regions=(lab.REGION,))
    retirement = Retirement("default", settings, now)
    own = Target(role["Arn"], role["RoleId"], user.system, user.place, "iam-role", name)
    assert retirement.look(own).guarded == "it is the connection's own"
    assert retirement.look(user).guarded == "it is the connection's own"


def test_a_full_set_of_tags_is_no_place_for_a_mark(world: AwsRetirementWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    planted = world.plant("iam-role")
    call = BaseClient._make_api_call

    def full(client: BaseClient, operation: str, parameters: object) -> Any:
        if operation == "TagRole":
            raise ClientError({"Error": {"Code": "LimitExceeded", "Message": "TagsPerRole: 50"}}, operation)
        return call(client, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", full)
    assert world.retirement().mark(planted.target, CASE, "disabled") is False


@pytest.mark.parametrize("kind", ["iam-user", "iam-role"])
def test_a_mark_is_one_tag_beside_those_that_are_there(world: AwsRetirementWorld, kind: str) -> None:
    planted = world.plant(kind)
    assert world.retirement().mark(planted.target, CASE, "disabled") is True
    tags: Sequence[dict[str, str]] = planted.documents()["tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {"team": "payments", "nhi:case": f"{CASE}/disabled"}


def test_a_missing_permission_is_told_by_name(world: AwsRetirementWorld) -> None:
    planted = world.plant("iam-role")
    name = f"reader-{secrets.token_hex(3)}"
    world.iam.create_user(UserName=name)
    allowed = document(Action=["iam:Get*", "iam:List*", "lambda:*", "ec2:*"], Resource="*")
    world.iam.put_user_policy(UserName=name, PolicyName="read", PolicyDocument=allowed)
    world._be(*world._key(name))
    retirement = world.retirement()
    with pytest.raises(SystemUnreachable, match="PutRolePolicy"):
        retirement.disable(planted.target, retirement.undo_of(planted.target))
    assert planted.works()


def test_the_permissions_that_the_page_names_are_enough(world: AwsRetirementWorld) -> None:
    page = (Path(__file__).parents[3] / "docs" / "decommission.md").read_text(encoding="utf-8")
    (row,) = re.findall(r"^\| `iam:.*$", page, re.MULTILINE)
    named = re.findall(r"`(iam:\w+)`", row)
    name = f"operator-{secrets.token_hex(3)}"
    world.iam.create_user(UserName=name)
    read = json.loads(discovery_policy(System.AWS))["Statement"][0]["Action"]
    allowed = document(Action=sorted({*named, *read}), Resource="*")
    world.iam.put_user_policy(UserName=name, PolicyName="operate", PolicyDocument=allowed)
    planted = [world.plant("iam-user"), world.plant("iam-role")]
    own = planted[1].target.name
    world.iam.create_instance_profile(InstanceProfileName=own)
    world.iam.add_role_to_instance_profile(InstanceProfileName=own, RoleName=own)
    world._be(*world._key(name))
    for each in planted:
        retirement = world.retirement()
        undo = disabled(world, each)
        assert retirement.look(each.target).presence is Presence.DISABLED
        retirement.restore(each.target, undo)
        retirement.mark(each.target, "", "")
        assert each.works()
        retirement.delete(each.target)
        assert each.left() == []


def test_a_kind_that_is_not_known_is_told(world: AwsRetirementWorld) -> None:
    target = replace(world.plant("iam-role").target, kind="iam-group")
    with pytest.raises(NhiError, match="iam-group"):
        world.retirement().look(target)


def test_an_identity_of_another_account_is_never_said_to_be_gone(world: AwsRetirementWorld) -> None:
    target = replace(world.plant("iam-user").target, place="999999999999")
    retirement = world.retirement()
    for asked in (retirement.look, retirement.undo_of, retirement.delete):
        with pytest.raises(NhiError, match="got an identity of 999999999999"):
            asked(target)


def test_an_undo_holds_ids_alone(world: AwsRetirementWorld) -> None:
    planted = world.plant("iam-user")
    undo = json.loads(json.dumps(world.retirement().undo_of(planted.target)))
    active = [key for key, status in keys(world, planted.target.name).items() if status == "Active"]
    assert undo == {"activeKeys": active, "wasDenied": False}

"""Users of AWS: admitting, finding, cutting off, suspending, sweeping; and a secret that a place has made."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from nhi_components.core.connection import AwsConnection
from nhi_components.core.credential.places import SecretsManagerPlace
from nhi_components.core.errors import NhiError
from nhi_components.core.lease_id import IAM_PATH, name_of, suffix_of
from nhi_components.core.links import Link, LinkKind, NeverCreated, System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters import open_credentials
from nhi_components.lifecycle.adapters.aws.adapter import AwsAdapter
from nhi_components.lifecycle.adapters.aws.marks import CUT_OFF_POLICY, deny_everything
from nhi_components.lifecycle.adapters.aws.user_cut_off import WITHOUT_CANARY
from nhi_components.lifecycle.adapters.aws.users import DEACTIVATED
from nhi_components.lifecycle.credentials.ports import Material
from nhi_components.lifecycle.ports import CutOff, Ownership, Room, Sighting, SystemAdapter
from tests.conformance.aws_world import READ_ONLY, AwsWorld, allowed, document, exists
from tests.conformance.world import new_tags, now, unknown

Key = dict[str, str]


def user_name(tags: LeaseTags) -> str:
    return name_of(LinkKind.IAM_USER, tags.identity, tags.environment, tags.lease)


def create(world: AwsWorld, tags: LeaseTags) -> list[Link]:
    """Make a user with its policy, as the engine does."""
    user = user_name(tags)
    marks = [{"Key": key, "Value": value} for key, value in tags.to_tags().items()]
    world.iam.create_user(UserName=user, Path=IAM_PATH, Tags=marks)
    world.iam.put_user_policy(
        UserName=user, PolicyName=user, PolicyDocument=document(Action="iam:ListUserTags", Resource="*")
    )
    return [
        Link(System.AWS, LinkKind.IAM_USER, user, attributes={"suspended": "false"}),
        Link(System.AWS, LinkKind.IAM_USER_POLICY, user, attributes={"user": user}),
    ]


def issue(world: AwsWorld, tags: LeaseTags) -> Key:
    key: Key = world.iam.create_access_key(UserName=user_name(tags))["AccessKey"]
    return key


def use_of(world: AwsWorld, tags: LeaseTags, key: Key, token: str | None = None) -> Callable[[], bool]:
    given = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    client = world.server.client("iam", **given, **({"aws_session_token": token} if token else {}))
    return lambda: allowed(lambda: client.list_user_tags(UserName=user_name(tags)))


def add_by_hand(world: AwsWorld, tags: LeaseTags) -> None:
    user = user_name(tags)
    world.iam.put_user_policy(UserName=user, PolicyName="by-hand", PolicyDocument=document(Action="s3:*", Resource="*"))
    world.iam.attach_user_policy(UserName=user, PolicyArn=READ_ONLY)
    world.iam.create_group(GroupName=f"group-of-{user}")
    world.iam.add_user_to_group(GroupName=f"group-of-{user}", UserName=user)
    world.iam.create_login_profile(UserName=user, Password="Correct-horse-battery-9")
    serial = world.iam.create_virtual_mfa_device(VirtualMFADeviceName=user)["VirtualMFADevice"]["SerialNumber"]
    codes = {"AuthenticationCode1": "123456", "AuthenticationCode2": "654321"}
    world.iam.enable_mfa_device(UserName=user, SerialNumber=serial, **codes)


def replace_user(world: AwsWorld, tags: LeaseTags) -> None:
    """Delete the user, and make another of the same name that bears no lease and has a key."""
    user = user_name(tags)
    for key in world.iam.list_access_keys(UserName=user)["AccessKeyMetadata"]:
        world.iam.delete_access_key(UserName=user, AccessKeyId=key["AccessKeyId"])
    world.iam.delete_user_policy(UserName=user, PolicyName=user)
    world.iam.delete_user(UserName=user)
    world.iam.create_user(UserName=user, Path=IAM_PATH)
    world.iam.create_access_key(UserName=user)


def is_untouched(world: AwsWorld, tags: LeaseTags) -> bool:
    user = user_name(tags)
    (key,) = world.iam.list_access_keys(UserName=user)["AccessKeyMetadata"]
    return key["Status"] == "Active" and world.iam.list_user_policies(UserName=user)["PolicyNames"] == []


def user_of(sightings: Sequence[Sighting]) -> Sighting:
    return next(sighting for sighting in sightings if sighting.link.kind is LinkKind.IAM_USER)


def keys_of(sightings: Sequence[Sighting]) -> list[str]:
    return [sighting.link.name for sighting in sightings if sighting.link.kind is LinkKind.IAM_ACCESS_KEY]


def cut_off(adapter: SystemAdapter, tags: LeaseTags, links: Sequence[Link], moment: datetime | None = None) -> CutOff:
    (done,) = adapter.cut_off(tags.lease, links, moment or now())
    return done


class TestAdmission:
    def test_the_user_is_marked_and_its_id_learned(self, aws_world: AwsWorld, tags: LeaseTags) -> None:
        links, user = create(aws_world, tags), user_name(tags)
        aws_world.iam.untag_user(UserName=user, TagKeys=list(tags.to_tags()))
        adapter = aws_world.adapter()
        admitted = adapter.admit(tags, links, now())
        described = aws_world.iam.get_user(UserName=user)["User"]
        assert admitted[0].unique_id == described["UserId"]
        assert {tag["Key"]: tag["Value"] for tag in described["Tags"]} == tags.to_tags()
        assert adapter.admit(tags, links, now()) == adapter.admit(tags, admitted, now()) == admitted

    def test_another_lease_s_and_a_namesake_are_refused(self, aws_world: AwsWorld, tags: LeaseTags) -> None:
        adapter, links = aws_world.adapter(), create(aws_world, tags)
        with pytest.raises(NhiError, match=f"it bears {tags.lease}"):
            adapter.admit(new_tags(os.urandom(16)), links[:1], now())
        admitted = adapter.admit(tags, links, now())
        replace_user(aws_world, tags)
        with pytest.raises(NhiError, match="somebody else's of the same name"):
            adapter.admit(tags, admitted, now())

    def test_there_is_room_for_a_user(self, aws_world: AwsWorld, tags: LeaseTags) -> None:
        assert aws_world.adapter().room_for(unknown(create(aws_world, tags))) == Room()


class TestSurvey:
    def test_the_same_is_found_from_the_lease_id_alone(self, aws_world: AwsWorld, tags: LeaseTags) -> None:
        adapter = aws_world.adapter()
        admitted = adapter.admit(tags, create(aws_world, tags), now())
        key = issue(aws_world, tags)
        with_links, without = adapter.survey(tags.lease, admitted), adapter.survey(tags.lease, [])
        assert {sighting.ownership for sighting in [*with_links, *without]} == {Ownership.OURS}
        assert {s.link.key for s in with_links} == {*(link.key for link in admitted), *(s.link.key for s in without)}
        assert user_of(without).link.unique_id == user_of(with_links).link.unique_id == admitted[0].unique_id
        assert keys_of(with_links) == keys_of(without) == [key["AccessKeyId"]]
        assert (user_of(with_links).detail, user_of(with_links).cut_off) == ("", False)

    def test_what_was_added_by_hand_is_told(self, aws_world: AwsWorld, tags: LeaseTags) -> None:
        adapter = aws_world.adapter()
        admitted = adapter.admit(tags, create(aws_world, tags), now())
        add_by_hand(aws_world, tags)
        for links in (admitted, []):
            detail = user_of(adapter.survey(tags.lease, links)).detail
            told = (READ_ONLY, "by-hand", f"group group-of-{user_name(tags)}", "a console password", "1 MFA device")
            assert detail == f"carries what the lease does not list: {', '.join(told)}"

    def test_a_namesake_is_told_and_left_alone(self, aws_world: AwsWorld, tags: LeaseTags) -> None:
        adapter = aws_world.adapter()
        admitted = adapter.admit(tags, create(aws_world, tags), now())
        replace_user(aws_world, tags)
        sightings = adapter.survey(tags.lease, admitted)
        assert user_of(sightings).ownership is Ownership.NAMESAKE
        assert "bears no lease" in user_of(sightings).detail
        assert keys_of(sightings) == []
        with pytest.raises(NhiError, match="refused to delete a namesake"):
            adapter.sweep(user_of(sightings))
        assert adapter.cut_off(tags.lease, admitted, now()) == adapter.revoke_live(tags.lease, admitted, now()) == []
        assert is_untouched(aws_world, tags)

    def test_another_lease_with_the_same_suffix_is_not_even_told(self, aws_world: AwsWorld, tags: LeaseTags) -> None:
        twin = replace(new_tags(os.urandom(16), "twin"), lease=tags.lease[:12] + "aaaaaaaaaa")
        create(aws_world, twin)
        assert suffix_of(twin.lease) == suffix_of(tags.lease)
        assert aws_world.adapter().survey(tags.lease, []) == []

    def test_identities_without_users_do_not_ask_for_users(
        self, aws_world: AwsWorld, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        adapter = aws_world.adapter()
        assert isinstance(adapter, AwsAdapter)
        admitted = adapter.admit(tags, aws_world.create(tags), now())
        calls: list[str] = []
        adapter._session.iam.meta.events.register("before-call.iam", lambda model, **_: calls.append(model.name))
        adapter.survey(tags.lease, admitted)
        assert calls
        assert [call for call in calls if "User" in call] == []


class TestCutOff:
    def test_keys_and_sessions_are_refused(self, aws_world: AwsWorld, tags: LeaseTags) -> None:
        adapter = aws_world.adapter()
        admitted = adapter.admit(tags, create(aws_world, tags), now())
        key = issue(aws_world, tags)
        given = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
        opened = aws_world.server.client("sts", **given).get_session_token()["Credentials"]
        uses = [use_of(aws_world, tags, key), use_of(aws_world, tags, opened, opened["SessionToken"])]
        assert [use() for use in uses] == [True, True]
        start = now()
        done = cut_off(adapter, tags, admitted)
        assert [use() for use in uses] == [False, False]
        assert isinstance(done.disabled_at, datetime)
        assert isinstance(done.sessions_refused_at, datetime)
        assert start <= done.sessions_refused_at <= done.disabled_at <= now()
        assert (done.canary, done.without_canary, done.extras) == (None, WITHOUT_CANARY, ())
        assert done.link.unique_id == admitted[0].unique_id
        assert user_of(adapter.survey(tags.lease, admitted)).cut_off

    def test_again_keeps_its_time(self, aws_world: AwsWorld, tags: LeaseTags) -> None:
        adapter = aws_world.adapter()
        admitted = adapter.admit(tags, create(aws_world, tags), now())
        issue(aws_world, tags)
        first = cut_off(adapter, tags, admitted)
        again = cut_off(adapter, tags, admitted, now() + timedelta(minutes=5))
        assert isinstance(first.disabled_at, datetime)
        assert isinstance(again.disabled_at, datetime)
        assert abs(again.disabled_at - first.disabled_at) < timedelta(seconds=3)

    def test_killed_after_the_deny_it_goes_on_with_the_keys(self, aws_world: AwsWorld, tags: LeaseTags) -> None:
        adapter, user = aws_world.adapter(), user_name(tags)
        admitted = adapter.admit(tags, create(aws_world, tags), now())
        key = issue(aws_world, tags)
        earlier = (now() - timedelta(minutes=3)).replace(microsecond=0)
        deny = deny_everything(earlier)
        aws_world.iam.put_user_policy(UserName=user, PolicyName=CUT_OFF_POLICY, PolicyDocument=deny)
        done = cut_off(adapter, tags, admitted)
        assert done.sessions_refused_at == earlier
        assert isinstance(done.disabled_at, datetime)
        assert done.disabled_at > earlier
        assert key_states(aws_world, tags) == {key["AccessKeyId"]: "Inactive"}

    def test_a_deny_that_was_weakened_by_hand_is_written_anew(self, aws_world: AwsWorld, tags: LeaseTags) -> None:
        adapter, user = aws_world.adapter(), user_name(tags)
        admitted = adapter.admit(tags, create(aws_world, tags), now())
        weak = json.loads(deny_everything(now() - timedelta(minutes=3)))
        weak["Statement"][0]["Action"] = "s3:*"
        aws_world.iam.put_user_policy(UserName=user, PolicyName=CUT_OFF_POLICY, PolicyDocument=json.dumps(weak))
        start = now()
        done = cut_off(adapter, tags, admitted)
        assert isinstance(done.sessions_refused_at, datetime)
        assert done.sessions_refused_at >= start
        policy = aws_world.iam.get_user_policy(UserName=user, PolicyName=CUT_OFF_POLICY)["PolicyDocument"]
        assert policy["Statement"][0]["Action"] == "*"

    def test_policies_that_were_added_by_hand_are_extras(self, aws_world: AwsWorld, tags: LeaseTags) -> None:
        adapter, user = aws_world.adapter(), user_name(tags)
        admitted = adapter.admit(tags, create(aws_world, tags), now())
        add_by_hand(aws_world, tags)
        extras = cut_off(adapter, tags, admitted).extras
        kinds = (LinkKind.IAM_POLICY_ATTACHMENT, LinkKind.IAM_USER_POLICY)
        assert [(extra.kind, extra.name) for extra in extras] == list(zip(kinds, (READ_ONLY, "by-hand"), strict=True))
        for sighting in adapter.survey(tags.lease, extras):
            if sighting.link.key in {extra.key for extra in extras}:
                adapter.sweep(sighting)
        assert aws_world.iam.list_attached_user_policies(UserName=user)["AttachedPolicies"] == []
        assert set(aws_world.iam.list_user_policies(UserName=user)["PolicyNames"]) == {user, CUT_OFF_POLICY}

    def test_what_never_was_is_told(self, aws_world: AwsWorld, tags: LeaseTags) -> None:
        link = Link(System.AWS, LinkKind.IAM_USER, user_name(tags))
        assert cut_off(aws_world.adapter(), tags, [link]).disabled_at == NeverCreated()
        assert aws_world.adapter().cut_off(tags.lease, [replace(link, unique_id="AIDAGONE")], now()) == []

    def test_admission_undoes_it_for_the_keys_that_it_took_and_no_others(
        self, aws_world: AwsWorld, tags: LeaseTags
    ) -> None:
        adapter, user = aws_world.adapter(), user_name(tags)
        admitted = adapter.admit(tags, create(aws_world, tags), now())
        kept, retired = issue(aws_world, tags), issue(aws_world, tags)
        aws_world.iam.update_access_key(UserName=user, AccessKeyId=retired["AccessKeyId"], Status="Inactive")
        for _ in range(2):
            cut_off(adapter, tags, admitted)
        assert set(key_states(aws_world, tags).values()) == {"Inactive"}
        assert adapter.admit(tags, admitted, now()) == admitted
        assert key_states(aws_world, tags) == {kept["AccessKeyId"]: "Active", retired["AccessKeyId"]: "Inactive"}
        assert use_of(aws_world, tags, kept)()
        assert not user_of(adapter.survey(tags.lease, admitted)).cut_off
        assert DEACTIVATED not in {tag["Key"] for tag in aws_world.iam.list_user_tags(UserName=user)["Tags"]}

    def test_admission_of_a_suspended_user_lets_no_key_work(self, aws_world: AwsWorld, tags: LeaseTags) -> None:
        adapter = aws_world.adapter()
        admitted = adapter.admit(tags, create(aws_world, tags), now())
        key = issue(aws_world, tags)
        cut_off(adapter, tags, admitted)
        suspended = [replace(admitted[0], attributes={**admitted[0].attributes, "suspended": "true"}), admitted[1]]
        adapter.admit(tags, suspended, now())
        assert key_states(aws_world, tags) == {key["AccessKeyId"]: "Inactive"}
        adapter.admit(tags, admitted, now())
        assert key_states(aws_world, tags) == {key["AccessKeyId"]: "Active"}

    def test_a_suspended_user_s_keys_are_revoked_and_not_let_in_by_admission(
        self, aws_world: AwsWorld, tags: LeaseTags
    ) -> None:
        adapter = aws_world.adapter()
        admitted = adapter.admit(tags, create(aws_world, tags), now())
        key = issue(aws_world, tags)
        (revoked,) = adapter.revoke_live(tags.lease, admitted, now())
        assert (revoked.kind, revoked.name) == (LinkKind.IAM_ACCESS_KEY, key["AccessKeyId"])
        assert adapter.revoke_live(tags.lease, admitted, now()) == []
        assert not use_of(aws_world, tags, key)()
        adapter.admit(tags, admitted, now())
        assert key_states(aws_world, tags) == {key["AccessKeyId"]: "Inactive"}
        assert not user_of(adapter.survey(tags.lease, admitted)).cut_off


class TestSweep:
    def test_it_leaves_nothing_and_can_be_repeated(self, aws_world: AwsWorld, tags: LeaseTags) -> None:
        adapter, user = aws_world.adapter(), user_name(tags)
        admitted = adapter.admit(tags, create(aws_world, tags), now())
        issue(aws_world, tags)
        add_by_hand(aws_world, tags)
        cut_off(adapter, tags, admitted)
        sightings = adapter.survey(tags.lease, admitted)
        for _ in range(2):
            for sighting in sightings:
                adapter.sweep(sighting)
        assert not exists(lambda: aws_world.iam.get_user(UserName=user))
        devices = aws_world.iam.list_virtual_mfa_devices()["VirtualMFADevices"]
        assert [device for device in devices if device["SerialNumber"].endswith(f"/{user}")] == []
        assert aws_world.iam.get_group(GroupName=f"group-of-{user}")["Users"] == []
        assert adapter.survey(tags.lease, admitted) == adapter.survey(tags.lease, []) == []
        assert adapter.cut_off(tags.lease, admitted, now()) == []

    def test_each_kind_can_be_swept_alone(self, aws_world: AwsWorld, tags: LeaseTags) -> None:
        adapter, user = aws_world.adapter(), user_name(tags)
        admitted = adapter.admit(tags, create(aws_world, tags), now())
        kept, doomed = issue(aws_world, tags), issue(aws_world, tags)
        for sighting in adapter.survey(tags.lease, admitted):
            if sighting.link.kind is LinkKind.IAM_USER_POLICY or sighting.link.name == doomed["AccessKeyId"]:
                adapter.sweep(sighting)
        assert set(key_states(aws_world, tags)) == {kept["AccessKeyId"]}
        assert aws_world.iam.list_user_policies(UserName=user)["PolicyNames"] == []
        assert exists(lambda: aws_world.iam.get_user(UserName=user))

    def test_the_deny_of_the_cut_off_goes_last(self, aws_world: AwsWorld, tags: LeaseTags) -> None:
        adapter = aws_world.adapter()
        assert isinstance(adapter, AwsAdapter)
        admitted = adapter.admit(tags, create(aws_world, tags), now())
        issue(aws_world, tags)
        add_by_hand(aws_world, tags)
        cut_off(adapter, tags, admitted)
        calls: list[tuple[str, str]] = []

        def note(model: Any, params: dict[str, Any], **_: object) -> None:
            if model.name.startswith(("Delete", "Detach", "Remove", "Deactivate")):
                calls.append((model.name, params["body"].get("PolicyName", "")))

        adapter._session.iam.meta.events.register("before-call.iam", note)
        adapter.sweep(user_of(adapter.survey(tags.lease, admitted)))
        assert calls[0] == ("DeleteAccessKey", "")
        assert calls[-2:] == [("DeleteUserPolicy", CUT_OFF_POLICY), ("DeleteUser", "")]

    def test_a_user_made_anew_since_the_survey_is_not_swept(self, aws_world: AwsWorld, tags: LeaseTags) -> None:
        adapter = aws_world.adapter()
        sighting = user_of(adapter.survey(tags.lease, adapter.admit(tags, create(aws_world, tags), now())))
        replace_user(aws_world, tags)
        adapter.sweep(sighting)
        assert is_untouched(aws_world, tags)


def key_states(world: AwsWorld, tags: LeaseTags) -> dict[str, str]:
    listed = world.iam.list_access_keys(UserName=user_name(tags))["AccessKeyMetadata"]
    return {key["AccessKeyId"]: key["Status"] for key in listed}


class TestSecretOfAPlace:
    """A secret that no engine but a place has made is the lease's by its link, and from the lease id alone."""

    def test_it_is_admitted_found_and_swept(self, aws_world: AwsWorld, tags: LeaseTags) -> None:
        place, adapter = SecretsManagerPlace().resolved(tags), aws_world.adapter()
        home = open_credentials(System.AWS, "default", AwsConnection()).place(place)
        home.write(tags, Material("AKIAEXAMPLE", {"secret_access_key": "a-secret"}))
        before = aws_world.secrets.get_secret_value(SecretId=place.address)["VersionId"]
        (admitted,) = adapter.admit(tags, [place.link()], now())
        assert admitted.unique_id == aws_world.secrets.describe_secret(SecretId=place.address)["ARN"]
        assert aws_world.secrets.get_secret_value(SecretId=place.address)["VersionId"] == before
        for links in ([admitted], []):
            (sighting,) = adapter.survey(tags.lease, links)
            assert (sighting.link.name, sighting.ownership) == (place.address, Ownership.OURS)
        adapter.sweep(sighting)
        assert adapter.survey(tags.lease, [admitted]) == []
        with pytest.raises(ClientError):
            aws_world.secrets.describe_secret(SecretId=place.address)

"""What is AWS's own: first values, interrupted cut-offs, sessions that can't be opened, connections."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from nhi_components.core.connection import AwsConnection
from nhi_components.core.errors import NhiError, SystemUnreachable
from nhi_components.core.lease_id import IAM_PATH, suffix_of
from nhi_components.core.links import LinkKind, NotChecked, System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters import open_adapter
from nhi_components.lifecycle.adapters.appearance import APPEARANCE_SECONDS
from nhi_components.lifecycle.adapters.aws import cut_off as cutting
from nhi_components.lifecycle.adapters.aws.adapter import AwsAdapter
from nhi_components.lifecycle.adapters.aws.marks import (
    CANARY_POLICY,
    CUT_OFF_POLICY,
    allow_canary,
    deny_everything,
    is_our_trust,
    trust_canary,
)
from nhi_components.lifecycle.adapters.aws.role_session import RoleSession
from nhi_components.lifecycle.adapters.aws.roles import Roles
from nhi_components.lifecycle.ports import CutOff, Ownership
from tests.conformance.aws_world import READ_ONLY, TRUST, AwsWorld, document, names
from tests.conformance.world import by_kind, new_tags, now
from tools.lab.sandbox import aws as lab


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What never becomes true here is waited for a moment only."""
    monkeypatch.setattr(cutting, "PROPAGATION_SECONDS", 0.3)


def cut_off_role(world: AwsWorld, tags: LeaseTags) -> CutOff:
    adapter = world.adapter()
    admitted = adapter.admit(tags, world.create(tags), now())
    return adapter.cut_off(tags.lease, admitted, now())[0]


def trust_of(world: AwsWorld, tags: LeaseTags) -> dict[str, Any]:
    found: dict[str, Any] = world.iam.get_role(RoleName=names(tags)[0])["Role"]["AssumeRolePolicyDocument"]
    return found


def policies_of(world: AwsWorld, tags: LeaseTags) -> set[str]:
    return set(world.iam.list_role_policies(RoleName=names(tags)[0])["PolicyNames"])


def is_cut_off(world: AwsWorld, tags: LeaseTags) -> bool:
    names_now = policies_of(world, tags)
    denied = trust_of(world, tags)["Statement"][0]["Effect"] == "Deny"
    return denied and CUT_OFF_POLICY in names_now and CANARY_POLICY not in names_now


class TestFirstValue:
    def test_the_identity_can_read_it_and_a_second_admission_keeps_it(
        self, aws_world: AwsWorld, tags: LeaseTags
    ) -> None:
        adapter, links = aws_world.adapter(), aws_world.create(tags)
        admitted = adapter.admit(tags, links, now())
        reader = aws_world.session_client(tags, "secretsmanager")
        first = reader.get_secret_value(SecretId=names(tags)[1])
        assert len(first["SecretString"]) == 43  # 32 bytes in unpadded base64
        assert first["SecretString"] not in repr(admitted)
        adapter.admit(tags, admitted, now())
        assert reader.get_secret_value(SecretId=names(tags)[1])["VersionId"] == first["VersionId"]

    def test_the_owner_s_own_value_is_kept(self, aws_world: AwsWorld, tags: LeaseTags) -> None:
        links = aws_world.create(tags)
        aws_world.secrets.put_secret_value(SecretId=names(tags)[1], SecretString="the owner's")
        aws_world.adapter().admit(tags, links, now())
        assert aws_world.secrets.get_secret_value(SecretId=names(tags)[1])["SecretString"] == "the owner's"

    def test_none_is_made_unless_it_is_asked_for(self, aws_world: AwsWorld, tags: LeaseTags) -> None:
        links = [replace(link, attributes={}) for link in aws_world.create(tags)]
        aws_world.adapter().admit(tags, links, now())
        assert not aws_world.secrets.describe_secret(SecretId=names(tags)[1]).get("VersionIdsToStages")


class TestInterruptedCutOff:
    def test_a_suspended_role_is_never_opened_for_a_canary(
        self, aws_world: AwsWorld, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        links = aws_world.adapter().admit(tags, aws_world.create(tags), now())
        role = names(tags)[0]
        nothing = json.dumps({"Statement": [{"Sid": "Suspended", "Effect": "Deny", "Action": "*", "Resource": "*"}]})
        aws_world.iam.put_role_policy(RoleName=role, PolicyName=role, PolicyDocument=nothing)
        opened: list[str] = []
        monkeypatch.setattr(cutting, "trust_canary", lambda *_: opened.append("trust") or "{}")
        done = next(
            c for c in aws_world.adapter().cut_off(tags.lease, links, now()) if c.link.kind is LinkKind.IAM_ROLE
        )
        assert (done.canary, opened) == (None, [])
        assert done.without_canary.startswith("suspended")
        assert isinstance(done.disabled_at, datetime)

    def test_killed_while_the_canary_was_opened(self, aws_world: AwsWorld, tags: LeaseTags) -> None:
        adapter, role = aws_world.adapter(), names(tags)[0]
        admitted = adapter.admit(tags, aws_world.create(tags), now())
        trust = trust_canary(adapter.caller().principal, "lost", now())
        aws_world.iam.update_assume_role_policy(RoleName=role, PolicyDocument=trust)
        canary = allow_canary(aws_world.role_arn(tags), now())
        aws_world.iam.put_role_policy(RoleName=role, PolicyName=CANARY_POLICY, PolicyDocument=canary)
        done = adapter.cut_off(tags.lease, admitted, now())[0]
        assert done.canary is not None
        assert done.extras == ()
        assert is_cut_off(aws_world, tags)

    def test_killed_between_the_deny_and_the_trust(self, aws_world: AwsWorld, tags: LeaseTags) -> None:
        adapter, role = aws_world.adapter(), names(tags)[0]
        admitted = adapter.admit(tags, aws_world.create(tags), now())
        earlier = (now() - timedelta(minutes=3)).replace(microsecond=0)
        deny = deny_everything(earlier)
        aws_world.iam.put_role_policy(RoleName=role, PolicyName=CUT_OFF_POLICY, PolicyDocument=deny)
        done = adapter.cut_off(tags.lease, admitted, now())[0]
        assert done.sessions_refused_at == earlier
        assert isinstance(done.disabled_at, datetime)
        assert done.disabled_at > earlier
        assert is_cut_off(aws_world, tags)

    def test_a_deny_that_was_weakened_by_hand_is_written_anew(self, aws_world: AwsWorld, tags: LeaseTags) -> None:
        adapter, role = aws_world.adapter(), names(tags)[0]
        admitted = adapter.admit(tags, aws_world.create(tags), now())
        weak = json.loads(deny_everything(now()))
        weak["Statement"][0]["Action"] = "s3:*"
        aws_world.iam.put_role_policy(RoleName=role, PolicyName=CUT_OFF_POLICY, PolicyDocument=json.dumps(weak))
        session = aws_world.open_session(tags)
        assert session()
        adapter.cut_off(tags.lease, admitted, now())
        assert not session()

    def test_admission_without_the_trust_says_where_it_must_come_from(
        self, aws_world: AwsWorld, tags: LeaseTags
    ) -> None:
        adapter = aws_world.adapter()
        admitted = adapter.admit(tags, aws_world.create(tags), now())
        adapter.cut_off(tags.lease, admitted, now())
        bare = [replace(by_kind(admitted, LinkKind.IAM_ROLE), attributes={})]
        with pytest.raises(NhiError, match="expected the attribute 'trust'"):
            adapter.admit(tags, bare, now())

    def test_admission_leaves_a_trust_that_is_not_ours(self, aws_world: AwsWorld, tags: LeaseTags) -> None:
        links = aws_world.create(tags)
        by_hand = document(Principal={"Service": "ec2.amazonaws.com"}, Action="sts:AssumeRole")
        aws_world.iam.update_assume_role_policy(RoleName=names(tags)[0], PolicyDocument=by_hand)
        aws_world.adapter().admit(tags, links, now())
        assert trust_of(aws_world, tags) == json.loads(by_hand)


@pytest.mark.usefixtures("impatient")
class TestWithoutCanary:
    def test_a_boundary_denies_it(self, aws_world: AwsWorld, tags: LeaseTags) -> None:
        adapter, role = aws_world.adapter(), names(tags)[0]
        admitted = adapter.admit(tags, aws_world.create(tags), now())
        boundary = aws_world.iam.create_policy(
            PolicyName=f"boundary-{role}", PolicyDocument=document(Action="sqs:*", Resource="*")
        )["Policy"]["Arn"]
        aws_world.iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=boundary)
        done = adapter.cut_off(tags.lease, admitted, now())[0]
        assert done.canary is None
        assert "boundary" in done.without_canary
        assert is_cut_off(aws_world, tags)
        for sighting in adapter.survey(tags.lease, []):
            adapter.sweep(sighting)
        assert aws_world.alive(tags) == []

    def test_the_caller_may_not_assume_it(
        self, aws_world: AwsWorld, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        links = aws_world.create(tags)
        as_user(aws_world, monkeypatch, deny="sts:AssumeRole")
        adapter = aws_world.adapter()
        done = adapter.cut_off(tags.lease, adapter.admit(tags, links, now()), now())[0]
        assert done.canary is None
        assert done.without_canary == "no session could be opened: AccessDenied from AssumeRole"
        assert isinstance(done.sessions_refused_at, datetime)
        assert is_cut_off(aws_world, tags)


def test_a_canary_that_is_only_told_that_its_role_is_gone_still_works(aws_world: AwsWorld) -> None:
    assert RoleSession("nobody-dev-aaaaaa", now() + timedelta(hours=1), aws_world.iam).works()


class TestEventualConsistency:
    """The emulator is consistent at once, so old answers are given in its place for a while."""

    def test_the_cut_off_waits_until_the_canary_is_refused(
        self, aws_world: AwsWorld, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        answers = old_answers(monkeypatch, 3)
        done = cut_off_role(aws_world, tags)
        assert isinstance(done.disabled_at, datetime)
        assert isinstance(done.sessions_refused_at, datetime)
        assert done.sessions_refused_at - done.disabled_at > timedelta(seconds=0.5)
        assert answers == [True, True, True, False]

    def test_a_canary_that_goes_on_working_is_told(
        self, aws_world: AwsWorld, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch, impatient: None
    ) -> None:
        old_answers(monkeypatch, 1000)
        done = cut_off_role(aws_world, tags)
        assert isinstance(done.sessions_refused_at, NotChecked)
        assert "the canary still worked" in done.sessions_refused_at.reason
        assert done.canary is not None
        assert is_cut_off(aws_world, tags)

    def test_admission_waits_until_a_new_role_is_seen(
        self, aws_world: AwsWorld, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        links = aws_world.create(tags)
        find, unseen = Roles.find, iter([None, None])
        monkeypatch.setattr(Roles, "find", lambda self, name: next(unseen, self) and find(self, name))
        (admitted,) = aws_world.adapter().admit(tags, [by_kind(links, LinkKind.IAM_ROLE)], now())
        assert admitted.unique_id


def old_answers(monkeypatch: pytest.MonkeyPatch, count: int) -> list[bool]:
    """Let a session's use succeed that many times whatever the policies say; the list takes the answers."""
    answers: list[bool] = []
    works = RoleSession.works

    def answer(session: RoleSession) -> bool:
        answers.append(len(answers) < count or works(session))
        return answers[-1]

    monkeypatch.setattr(RoleSession, "works", answer)
    return answers


def as_user(world: AwsWorld, monkeypatch: pytest.MonkeyPatch, deny: str) -> None:
    """Let the ambient credentials be those of a user who may do everything but one action."""
    user = f"operator-{os.urandom(4).hex()}"
    statements = [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": deny, "Resource": "*"},
    ]
    world.iam.create_user(UserName=user)
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    world.iam.put_user_policy(UserName=user, PolicyName="all-but-one", PolicyDocument=policy)
    key = world.iam.create_access_key(UserName=user)["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])


class TestSurvey:
    def test_a_secret_that_is_scheduled_for_deletion_is_found_and_deleted_for_good(
        self, aws_world: AwsWorld, tags: LeaseTags
    ) -> None:
        adapter, secret = aws_world.adapter(), names(tags)[1]
        admitted = adapter.admit(tags, aws_world.create(tags), now())
        aws_world.secrets.delete_secret(SecretId=secret, RecoveryWindowInDays=7)
        for links in (admitted, []):
            sightings = adapter.survey(tags.lease, links)
            sighting = next(s for s in sightings if s.link.kind is LinkKind.SECRETS_MANAGER_SECRET)
            assert sighting.ownership is Ownership.OURS
            assert sighting.recoverable_until is not None
            assert sighting.recoverable_until >= now() + timedelta(days=7)
        adapter.sweep(sighting)
        assert "secret" not in aws_world.alive(tags)
        with pytest.raises(NhiError, match="found nothing of that name"):
            impatiently_admit(adapter, tags, admitted)

    def test_an_unmarked_profile_that_holds_the_role_is_ours_until_admission_marks_it(
        self, aws_world: AwsWorld, tags: LeaseTags
    ) -> None:
        adapter, links = aws_world.adapter(), aws_world.create(tags)
        kind = LinkKind.IAM_INSTANCE_PROFILE
        found = next(s for s in adapter.survey(tags.lease, []) if s.link.kind is kind)
        assert (found.ownership, found.detail) == (Ownership.OURS, "unmarked, but it holds the lease's role")
        adapter.admit(tags, links, now())
        marks = aws_world.iam.get_instance_profile(InstanceProfileName=names(tags)[0])["InstanceProfile"]["Tags"]
        assert {tag["Key"]: tag["Value"] for tag in marks} == tags.to_tags()

    def test_a_role_with_the_suffix_alone_is_told_but_not_taken(self, aws_world: AwsWorld, tags: LeaseTags) -> None:
        look_alike = f"look-alike-{suffix_of(tags.lease)}"
        aws_world.iam.create_role(RoleName=look_alike, Path=IAM_PATH, AssumeRolePolicyDocument=TRUST)
        (sighting,) = aws_world.adapter().survey(tags.lease, [])
        assert (sighting.link.name, sighting.ownership) == (look_alike, Ownership.NAMESAKE)

    def test_another_lease_with_the_same_suffix_is_not_even_told(self, aws_world: AwsWorld, tags: LeaseTags) -> None:
        twin = replace(new_tags(os.urandom(16), "twin"), lease=tags.lease[:12] + "aaaaaaaaaa")
        aws_world.adapter().admit(twin, aws_world.create(twin), now())
        assert aws_world.adapter().survey(tags.lease, []) == []

    def test_a_profile_made_anew_since_the_survey_is_not_swept(self, aws_world: AwsWorld, tags: LeaseTags) -> None:
        adapter, name = aws_world.adapter(), names(tags)[0]
        admitted = adapter.admit(tags, aws_world.create(tags), now())
        kind = LinkKind.IAM_INSTANCE_PROFILE
        sighting = next(s for s in adapter.survey(tags.lease, admitted) if s.link.kind is kind)
        aws_world.iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=name)
        aws_world.iam.delete_instance_profile(InstanceProfileName=name)
        aws_world.iam.create_instance_profile(InstanceProfileName=name, Path=IAM_PATH)
        adapter.sweep(sighting)
        assert "instance profile" in aws_world.alive(tags)
        again = next(s for s in adapter.survey(tags.lease, admitted) if s.link.kind is kind)
        assert again.ownership is Ownership.NAMESAKE

    def test_the_deny_of_the_cut_off_is_the_last_policy_to_go(self, aws_world: AwsWorld, tags: LeaseTags) -> None:
        adapter = aws_world.adapter()
        assert isinstance(adapter, AwsAdapter)
        admitted = adapter.admit(tags, aws_world.create(tags), now())
        aws_world.iam.put_role_policy(RoleName=names(tags)[0], PolicyName="zzz", PolicyDocument=document_of("s3:*"))
        aws_world.iam.attach_role_policy(RoleName=names(tags)[0], PolicyArn=READ_ONLY)
        adapter.cut_off(tags.lease, admitted, now())
        calls: list[tuple[str, str]] = []

        def note(model: Any, params: dict[str, Any], **_: object) -> None:
            calls.append((model.name, params["body"].get("PolicyName", "")))

        adapter._session.iam.meta.events.register("before-call.iam", note)
        sweep(adapter, tags)
        removals = [call for call in calls if call[0] in {"DeleteRolePolicy", "DetachRolePolicy", "DeleteRole"}]
        assert removals[-2:] == [("DeleteRolePolicy", CUT_OFF_POLICY), ("DeleteRole", "")]


def document_of(action: str) -> str:
    return document(Action=action, Resource="*")


def sweep(adapter: Any, tags: LeaseTags) -> None:
    for sighting in adapter.survey(tags.lease, []):
        adapter.sweep(sighting)


def impatiently_admit(adapter: Any, tags: LeaseTags, links: list[Any]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(APPEARANCE_SECONDS, System.AWS, 0.1)
        adapter.admit(tags, links, now())


class TestConnection:
    def test_another_account_is_refused_before_anything_is_touched(self, aws_world: AwsWorld, tags: LeaseTags) -> None:
        links = aws_world.create(tags)
        connection = AwsConnection(account=lab.OTHER_ACCOUNT)
        adapter = open_adapter(System.AWS, "other", connection)
        with pytest.raises(SystemUnreachable, match=f"account {lab.ACCOUNT}[^$]*expected: account {lab.OTHER_ACCOUNT}"):
            adapter.cut_off(tags.lease, links, now())
        assert not is_our_trust(trust_of(aws_world, tags))

    def test_a_destroy_with_other_credentials_does_not_find_everything_gone(
        self, aws_world: AwsWorld, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        admitted = aws_world.adapter().admit(tags, aws_world.create(tags), now())
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", lab.OTHER_ACCOUNT)
        with pytest.raises(SystemUnreachable, match=f"account {lab.ACCOUNT}, where aws iam-role"):
            aws_world.adapter().survey(tags.lease, admitted)

    def test_a_secret_is_not_looked_for_in_another_region(
        self, aws_world: AwsWorld, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        admitted = aws_world.adapter().admit(tags, aws_world.create(tags), now())
        monkeypatch.setenv("AWS_REGION", "us-east-1")
        elsewhere = aws_world.adapter()
        assert elsewhere.survey(tags.lease, [by_kind(admitted, LinkKind.IAM_ROLE)])
        with pytest.raises(SystemUnreachable, match="us-east-1"):
            elsewhere.survey(tags.lease, admitted)

    def test_a_role_is_assumed_with_its_external_id_and_opens_the_canary(
        self, aws_world: AwsWorld, tags: LeaseTags
    ) -> None:
        role = f"deployer-{os.urandom(4).hex()}"
        trust = json.loads(TRUST)
        trust["Statement"][0]["Condition"] = {"StringEquals": {"sts:ExternalId": "agreed"}}
        arn = aws_world.iam.create_role(RoleName=role, Path="/team/", AssumeRolePolicyDocument=json.dumps(trust))[
            "Role"
        ]["Arn"]
        aws_world.iam.put_role_policy(RoleName=role, PolicyName="all", PolicyDocument=document_of("*"))
        adapter = open_adapter(System.AWS, "deployer", AwsConnection(role_arn=arn, external_id="agreed"))
        assert adapter.caller().principal == f"arn:aws:sts::{lab.ACCOUNT}:assumed-role/{role}/nhi-components"
        links = [replace(link, connection="deployer") for link in aws_world.create(tags)]
        done = adapter.cut_off(tags.lease, adapter.admit(tags, links, now()), now())[0]
        assert done.canary is not None
        with pytest.raises(SystemUnreachable, match="AccessDenied"):
            open_adapter(System.AWS, "stranger", AwsConnection(role_arn=arn, external_id="guessed")).caller()

    def test_a_missing_permission_is_named(
        self, aws_world: AwsWorld, tags: LeaseTags, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        aws_world.create(tags)
        as_user(aws_world, monkeypatch, deny="iam:ListRoles")
        with pytest.raises(SystemUnreachable, match="to call ListRoles"):
            aws_world.adapter().survey(tags.lease, [])

    @pytest.mark.parametrize(
        ("connection", "variables", "message"),
        [
            (AwsConnection(profile="nobody"), {}, r"profile \(nobody\) could not be found"),
            (AwsConnection(), {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "no usable credentials"),
            (AwsConnection(), {"AWS_REGION": ""}, "no region"),
            (AwsConnection(endpoint="http://127.0.0.1:9"), {}, r"no answer from http://127\.0\.0\.1:9 \("),
        ],
        ids=["profile", "credentials", "region", "endpoint"],
    )
    def test_what_is_missing_is_named(
        self,
        aws_world: AwsWorld,
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
        connection: AwsConnection,
        variables: dict[str, str],
        message: str,
    ) -> None:
        assert aws_world
        monkeypatch.setenv("HOME", str(tmp_path))
        for name, value in variables.items():
            monkeypatch.setenv(name, value) if value else monkeypatch.delenv(name)
        with pytest.raises(SystemUnreachable, match=message) as caught:
            open_adapter(System.AWS, "default", connection).caller()
        assert caught.value.problem.fix

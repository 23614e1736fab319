"""AWS for the suite of retirements: the emulator, which evaluates IAM."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from typing import Any

import pytest

from nhi_components.core.connection import AwsConnection
from nhi_components.core.links import System
from nhi_components.lifecycle.adapters.aws.retirement import Retirement
from nhi_components.lifecycle.decommission.ports import Target
from tests.conformance.aws_world import READ_ONLY, TRUST, allowed, document, exists
from tests.conformance.decommission.world import Planted
from tests.conformance.discovery.aws_world import ENVIRONMENT
from tests.conformance.world import now
from tools.lab.sandbox import aws as lab

ALLOWED = document(Action="iam:ListRoles", Resource="*")
TAGS = [{"Key": "team", "Value": "payments"}]


class AwsRetirementWorld:
    """The emulator as an account that the suite owns."""

    def __init__(self, server: lab.Aws, monkeypatch: pytest.MonkeyPatch) -> None:
        self.secrets = [server.secret_key]
        self.server, self._environment = server, monkeypatch
        for name, value in {**ENVIRONMENT, "AWS_ENDPOINT_URL": server.endpoint}.items():
            monkeypatch.setenv(name, value)
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION"):
            monkeypatch.delenv(name, raising=False)
        self.iam, self.sts = server.client("iam"), server.client("sts")
        self.be_operator()

    def be_operator(self) -> None:
        self._be(lab.ACCOUNT, self.server.secret_key)

    def plant(self, kind: str) -> Planted:
        name = f"orders-{secrets.token_hex(3)}"
        return self._role(name) if kind == "iam-role" else self._user(name)

    def plant_guarded(self) -> Target:
        """The user whose key the next retirement uses."""
        name = f"operator-{secrets.token_hex(3)}"
        user = self.iam.create_user(UserName=name)["User"]
        self.iam.put_user_policy(UserName=name, PolicyName="all", PolicyDocument=document(Action="*", Resource="*"))
        self._be(*self._key(name))
        return _target(user["Arn"], user["UserId"], "iam-user", name)

    def add_dependent(self, planted: Planted) -> str:
        profile = f"web-{secrets.token_hex(3)}"
        self.iam.create_instance_profile(InstanceProfileName=profile)
        self.iam.add_role_to_instance_profile(InstanceProfileName=profile, RoleName=planted.target.name)
        return f"instance-profile {profile}"

    def replace(self, planted: Planted) -> Callable[[], Any]:
        Retirement("default", AwsConnection(regions=(lab.REGION,))).delete(planted.target)
        name = planted.target.name
        if planted.target.kind == "iam-role":
            self.iam.create_role(RoleName=name, Path="/app/", AssumeRolePolicyDocument=TRUST)
            return lambda: self._role_documents(name)
        self.iam.create_user(UserName=name)
        self._key(name)
        return lambda: self._user_documents(name)

    def retirement(self) -> Retirement:
        return Retirement("default", AwsConnection(regions=(lab.REGION,)), now)

    def retirement_of_nobody(self) -> Retirement:
        self._be("AKIAIOSFODNN7EXAMPLE", "a-secret-of-nobody")
        return self.retirement()

    def _be(self, key_id: str, secret_key: str) -> None:
        self.secrets.append(secret_key)
        self._environment.setenv("AWS_ACCESS_KEY_ID", key_id)
        self._environment.setenv("AWS_SECRET_ACCESS_KEY", secret_key)

    def _key(self, user: str) -> tuple[str, str]:
        key = self.iam.create_access_key(UserName=user)["AccessKey"]
        self.secrets.append(key["SecretAccessKey"])
        return key["AccessKeyId"], key["SecretAccessKey"]

    def _policy(self, name: str) -> str:
        arn: str = self.iam.create_policy(PolicyName=name, PolicyDocument=ALLOWED)["Policy"]["Arn"]
        return arn

    def _role(self, name: str) -> Planted:
        made = self.iam.create_role(
            RoleName=name, Path="/app/", AssumeRolePolicyDocument=TRUST, Tags=TAGS, PermissionsBoundary=READ_ONLY
        )
        role = made["Role"]
        self.iam.put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=ALLOWED)
        self.iam.attach_role_policy(RoleName=name, PolicyArn=self._policy(name))
        opened = self.sts.assume_role(RoleArn=role["Arn"], RoleSessionName="workload")["Credentials"]
        self.secrets += [opened["SecretAccessKey"], opened["SessionToken"]]
        client = self.server.client(
            "iam",
            aws_access_key_id=opened["AccessKeyId"],
            aws_secret_access_key=opened["SecretAccessKey"],
            aws_session_token=opened["SessionToken"],
        )
        return Planted(
            _target(role["Arn"], role["RoleId"], "iam-role", name),
            lambda: allowed(client.list_roles),
            lambda: self._role_documents(name),
            lambda: ["role"] if exists(lambda: self.iam.get_role(RoleName=name)) else [],
        )

    def _user(self, name: str) -> Planted:
        user = self.iam.create_user(UserName=name, Path="/bots/", Tags=TAGS)["User"]
        self.iam.put_user_policy(UserName=name, PolicyName="inline", PolicyDocument=ALLOWED)
        self.iam.attach_user_policy(UserName=name, PolicyArn=self._policy(name))
        self.iam.create_group(GroupName=name)
        self.iam.add_user_to_group(GroupName=name, UserName=name)
        password = secrets.token_urlsafe(16) + "aA1!"
        self.secrets.append(password)
        self.iam.create_login_profile(UserName=name, Password=password)
        key_id, secret_key = self._key(name)
        resting, _ = self._key(name)
        self.iam.update_access_key(UserName=name, AccessKeyId=resting, Status="Inactive")
        client = self.server.client("iam", aws_access_key_id=key_id, aws_secret_access_key=secret_key)
        return Planted(
            _target(user["Arn"], user["UserId"], "iam-user", name),
            lambda: allowed(client.list_roles),
            lambda: self._user_documents(name),
            lambda: self._left_of_user(name),
        )

    def _left_of_user(self, name: str) -> list[str]:
        looks: dict[str, Callable[[], Any]] = {
            "user": lambda: self.iam.get_user(UserName=name),
            "password": lambda: self.iam.get_login_profile(UserName=name),
        }
        left = [what for what, look in looks.items() if exists(look)]
        # Of somebody that is not there the emulator lists no keys, where AWS knows no such user.
        if not left:
            return []
        keys = self.iam.list_access_keys(UserName=name)["AccessKeyMetadata"]
        return [*left, *(f"key {key['AccessKeyId']}" for key in keys)]

    def _role_documents(self, name: str) -> dict[str, Any]:
        role = self.iam.get_role(RoleName=name)["Role"]
        role.pop("RoleLastUsed", None)
        inline = self.iam.list_role_policies(RoleName=name)["PolicyNames"]
        return {
            "role": json.dumps(role, default=str, sort_keys=True),
            "inline": {
                each: self.iam.get_role_policy(RoleName=name, PolicyName=each)["PolicyDocument"] for each in inline
            },
            "managed": self.iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"],
            "tags": self.iam.list_role_tags(RoleName=name)["Tags"],
        }

    def _user_documents(self, name: str) -> dict[str, Any]:
        user = self.iam.get_user(UserName=name)["User"]
        user.pop("PasswordLastUsed", None)
        inline = self.iam.list_user_policies(UserName=name)["PolicyNames"]
        keys = self.iam.list_access_keys(UserName=name)["AccessKeyMetadata"]
        return {
            "user": json.dumps(user, default=str, sort_keys=True),
            "inline": {
                each: self.iam.get_user_policy(UserName=name, PolicyName=each)["PolicyDocument"] for each in inline
            },
            "managed": self.iam.list_attached_user_policies(UserName=name)["AttachedPolicies"],
            "groups": [group["GroupName"] for group in self.iam.list_groups_for_user(UserName=name)["Groups"]],
            "keys": {key["AccessKeyId"]: key["Status"] for key in keys},
            "password": exists(lambda: self.iam.get_login_profile(UserName=name)),
            "tags": self.iam.list_user_tags(UserName=name)["Tags"],
        }


def _target(arn: str, unique_id: str, kind: str, name: str) -> Target:
    return Target(arn, unique_id, System.AWS, lab.ACCOUNT, kind, name)

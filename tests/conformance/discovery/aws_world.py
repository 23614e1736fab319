"""AWS for the suite of discoveries: the emulator, which evaluates IAM."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable

import pytest
from botocore.client import BaseClient

from nhi_components.core.connection import AwsConnection
from nhi_components.core.inventory.records import (
    FoundCarrier,
    FoundDependent,
    FoundGrant,
    FoundStep,
)
from nhi_components.lifecycle.adapters.aws.discovery import Discovery
from tests.conformance.aws_world import document
from tests.conformance.discovery.world import Planted
from tests.conformance.world import now
from tools.lab.sandbox import aws as lab

ENVIRONMENT = {
    "AWS_REGION": lab.REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/nonexistent",
    "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
}


class AwsDiscoveryWorld:
    """The emulator as an account that the suite owns."""

    def __init__(self, server: lab.Aws, monkeypatch: pytest.MonkeyPatch) -> None:
        self.secrets = [server.secret_key]
        self._server, self._environment = server, monkeypatch
        for name, value in {**ENVIRONMENT, "AWS_ENDPOINT_URL": server.endpoint}.items():
            monkeypatch.setenv(name, value)
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION"):
            monkeypatch.delenv(name, raising=False)
        self.iam = server.client("iam")
        self._asked: list[str] = []
        call = BaseClient._make_api_call

        def noted(client: BaseClient, operation: str, parameters: object) -> object:
            self._asked.append(operation)
            return call(client, operation, parameters)

        monkeypatch.setattr(BaseClient, "_make_api_call", noted)

    def plant(self) -> Planted:
        name = f"orders-{secrets.token_hex(3)}"
        tags = [{"Key": "team", "Value": "payments"}]
        account = f"arn:aws:iam::{lab.ACCOUNT}"
        trust = document(Principal={"Service": "ec2.amazonaws.com"}, Action="sts:AssumeRole")
        role = self.iam.create_role(RoleName=name, Path="/app/", AssumeRolePolicyDocument=trust, Tags=tags)["Role"]
        twice = json.loads(document(Action="sqs:SendMessage", Resource="*"))
        twice["Statement"] *= 2
        self.iam.put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=json.dumps(twice))
        policy = self.iam.create_policy(
            PolicyName=name, PolicyDocument=document(Action=["s3:GetObject"], Resource=["arn:aws:s3:::orders/*"])
        )["Policy"]["Arn"]
        self.iam.attach_role_policy(RoleName=name, PolicyArn=policy)
        profile = self.iam.create_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Arn"]
        self.iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
        user = self.iam.create_user(UserName=name, Tags=tags)["User"]
        key = self.iam.create_access_key(UserName=name)["AccessKey"]
        self.secrets.append(key["SecretAccessKey"])
        self.iam.create_group(GroupName=name)
        self.iam.put_group_policy(
            GroupName=name, PolicyName="inline", PolicyDocument=document(Action="sns:Publish", Resource="*")
        )
        self.iam.add_user_to_group(GroupName=name, UserName=name)
        return Planted(
            {role["Arn"]: role["RoleId"], user["Arn"]: user["UserId"]},
            [
                FoundGrant(role["Arn"], "sqs:SendMessage", "*", via="inline"),
                FoundGrant(policy, "s3:GetObject", "arn:aws:s3:::orders/*", via=name),
                FoundGrant(f"{account}:group/{name}", "sns:Publish", "*", via="inline"),
                FoundCarrier(role["Arn"], policy, "managed-policy"),
                FoundCarrier(user["Arn"], f"{account}:group/{name}", "group"),
                FoundStep("ec2.amazonaws.com", role["Arn"], "assume"),
                FoundDependent(role["Arn"], "instance-profile", profile),
            ],
        )

    def changed(self) -> list[str]:
        return [name for name in self._asked if not name.startswith(("Get", "List", "Describe"))]

    def discovery(self, *, everywhere: bool = False) -> Discovery:
        return self._discovery(lab.ACCOUNT, self._server.secret_key, everywhere=everywhere)

    def permissions_in(self, policy: str) -> set[str]:
        (statement,) = json.loads(policy)["Statement"]
        assert (statement["Effect"], statement["Resource"]) == ("Allow", "*")
        return set(statement["Action"])

    def discovery_of(self, permissions: Iterable[str]) -> Discovery:
        name = f"reader-{secrets.token_hex(3)}"
        self.iam.create_user(UserName=name)
        allowed = document(Action=sorted(permissions), Resource="*")
        self.iam.put_user_policy(UserName=name, PolicyName="read", PolicyDocument=allowed)
        key = self.iam.create_access_key(UserName=name)["AccessKey"]
        self.secrets.append(key["SecretAccessKey"])
        return self._discovery(key["AccessKeyId"], key["SecretAccessKey"])

    def discovery_of_nobody(self) -> Discovery:
        return self._discovery("AKIAIOSFODNN7EXAMPLE", "a-secret-of-nobody")

    def _discovery(self, key_id: str, secret_key: str, *, everywhere: bool = False) -> Discovery:
        self.secrets.append(secret_key)
        self._environment.setenv("AWS_ACCESS_KEY_ID", key_id)
        self._environment.setenv("AWS_SECRET_ACCESS_KEY", secret_key)
        return Discovery("default", AwsConnection(regions=() if everywhere else (lab.REGION,)), now)

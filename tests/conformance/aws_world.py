"""AWS for the conformance suite: the emulator, with IAM evaluation."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from nhi_components.core.connection import AwsConnection
from nhi_components.core.lease_id import IAM_PATH, name_of
from nhi_components.core.links import Link, LinkKind, System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters import open_adapter
from nhi_components.lifecycle.adapters.aws.role_session import RoleSession
from nhi_components.lifecycle.ports import Canary, SystemAdapter
from tests.conformance.world import Works, now
from tools.lab.sandbox import aws as lab

REFUSALS = {"AccessDenied", "AccessDeniedException", "AuthorizationError", "InvalidClientTokenId"}
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def document(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


TRUST = document(Principal={"AWS": f"arn:aws:iam::{lab.ACCOUNT}:root"}, Action="sts:AssumeRole")


class AwsWorld:
    """The emulator as an account that the suite owns."""

    system = System.AWS
    principal = LinkKind.IAM_ROLE

    def __init__(self, server: lab.Aws, monkeypatch: pytest.MonkeyPatch) -> None:
        self.server = server
        self.credentials = [server.secret_key]
        self._environment = monkeypatch
        for name, value in {
            "AWS_ACCESS_KEY_ID": lab.ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": server.secret_key,
            "AWS_REGION": lab.REGION,
            "AWS_ENDPOINT_URL": server.endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/nonexistent",
            "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
        }.items():
            monkeypatch.setenv(name, value)
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION"):
            monkeypatch.delenv(name, raising=False)
        self.iam = server.client("iam")
        self.sts = server.client("sts")
        self.secrets = server.client("secretsmanager")

    def adapter(self) -> SystemAdapter:
        return open_adapter(System.AWS, "default", AwsConnection())

    def wrong_adapter(self) -> SystemAdapter:
        self._environment.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        self._environment.setenv("AWS_SECRET_ACCESS_KEY", "a-secret-of-nobody")
        self.credentials.append("a-secret-of-nobody")
        return self.adapter()

    def create(self, tags: LeaseTags) -> list[Link]:
        role, secret = names(tags)
        marks = [{"Key": key, "Value": value} for key, value in tags.to_tags().items()]
        self.iam.create_role(RoleName=role, Path=IAM_PATH, AssumeRolePolicyDocument=TRUST, Tags=marks)
        allowed = document(Action=["iam:ListRoleTags", "secretsmanager:GetSecretValue"], Resource="*")
        self.iam.put_role_policy(RoleName=role, PolicyName=role, PolicyDocument=allowed)
        self.iam.create_instance_profile(InstanceProfileName=role, Path=IAM_PATH)
        self.iam.add_role_to_instance_profile(InstanceProfileName=role, RoleName=role)
        arn = self.secrets.create_secret(Name=secret, Tags=marks)["ARN"]
        readable = document(
            Principal={"AWS": self.role_arn(tags)}, Action="secretsmanager:GetSecretValue", Resource="*"
        )
        self.secrets.put_resource_policy(SecretId=arn, ResourcePolicy=readable)
        return [
            Link(System.AWS, LinkKind.IAM_ROLE, role, attributes={"trust": TRUST}),
            Link(System.AWS, LinkKind.IAM_ROLE_POLICY, role, attributes={"role": role}),
            Link(System.AWS, LinkKind.IAM_INSTANCE_PROFILE, role),
            Link(System.AWS, LinkKind.SECRETS_MANAGER_SECRET, secret, attributes={"generate_bytes": "32"}),
            Link(System.AWS, LinkKind.SECRETS_MANAGER_POLICY, secret),
        ]

    def role_arn(self, tags: LeaseTags) -> str:
        return f"arn:aws:iam::{lab.ACCOUNT}:role{IAM_PATH}{names(tags)[0]}"

    def session_client(self, tags: LeaseTags, service: str = "iam") -> Any:
        """A client that speaks as the identity."""
        opened = self.sts.assume_role(RoleArn=self.role_arn(tags), RoleSessionName="workload")["Credentials"]
        self.credentials += [opened["SecretAccessKey"], opened["SessionToken"]]
        return self.server.client(
            service,
            aws_access_key_id=opened["AccessKeyId"],
            aws_secret_access_key=opened["SecretAccessKey"],
            aws_session_token=opened["SessionToken"],
        )

    def open_session(self, tags: LeaseTags) -> Works:
        client = self.session_client(tags)
        return lambda: allowed(lambda: client.list_role_tags(RoleName=names(tags)[0]))

    def open_canary(self, tags: LeaseTags, link: Link) -> Canary:
        role = names(tags)[0]
        readable = document(Action="iam:GetRole", Resource="*")
        self.iam.put_role_policy(RoleName=role, PolicyName="nhi-canary", PolicyDocument=readable)
        return Canary(link, now(), RoleSession(role, now() + timedelta(hours=1), self.session_client(tags)))

    def add_extras(self, tags: LeaseTags) -> set[LinkKind]:
        role = names(tags)[0]
        self.iam.attach_role_policy(RoleName=role, PolicyArn=READ_ONLY)
        self.iam.put_role_policy(
            RoleName=role, PolicyName="by-hand", PolicyDocument=document(Action="s3:ListBucket", Resource="*")
        )
        self.iam.create_instance_profile(InstanceProfileName=f"by-hand-{role}")
        self.iam.add_role_to_instance_profile(InstanceProfileName=f"by-hand-{role}", RoleName=role)
        return {LinkKind.IAM_POLICY_ATTACHMENT, LinkKind.IAM_ROLE_POLICY, LinkKind.IAM_INSTANCE_PROFILE_MEMBERSHIP}

    def replace_principal(self, tags: LeaseTags) -> None:
        role = names(tags)[0]
        self.iam.remove_role_from_instance_profile(InstanceProfileName=role, RoleName=role)
        self.iam.delete_role_policy(RoleName=role, PolicyName=role)
        self.iam.delete_role(RoleName=role)
        self.iam.create_role(RoleName=role, Path=IAM_PATH, AssumeRolePolicyDocument=TRUST)

    def principal_untouched(self, tags: LeaseTags) -> bool:
        role = names(tags)[0]
        trust = self.iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
        return trust == json.loads(TRUST) and self.iam.list_role_policies(RoleName=role)["PolicyNames"] == []

    def alive(self, tags: LeaseTags) -> list[str]:
        role, secret = names(tags)
        looks = {
            "role": lambda: self.iam.get_role(RoleName=role),
            "instance profile": lambda: self.iam.get_instance_profile(InstanceProfileName=role),
            "secret": lambda: self.secrets.describe_secret(SecretId=secret),
        }
        return [what for what, look in looks.items() if exists(look)]

    def stop(self) -> None:
        self.server.stop()

    def start(self) -> None:
        self.server.start()


def names(tags: LeaseTags) -> tuple[str, str]:
    """The names of a lease's role and secret."""
    kinds = (LinkKind.IAM_ROLE, LinkKind.SECRETS_MANAGER_SECRET)
    role, secret = (name_of(kind, tags.identity, tags.environment, tags.lease) for kind in kinds)
    return role, secret


def allowed(call: Callable[[], Any]) -> bool:
    try:
        call()
    except ClientError as error:
        if error.response["Error"]["Code"] not in REFUSALS:
            raise
        return False
    return True


def exists(call: Callable[[], Any]) -> bool:
    try:
        call()
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"NoSuchEntity", "ResourceNotFoundException"}:
            raise
        return False
    return True

"""AWS for the suite of sources and places: the emulator with IAM evaluation, and moto for what that one lacks."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from nhi_components.core.connection import AwsConnection
from nhi_components.core.credential.places import PlaceSpec, SecretsManagerPlace
from nhi_components.core.credential.sources import AwsAccessKeySource, SourceSpec
from nhi_components.core.lease_id import IAM_PATH
from nhi_components.core.links import System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters import open_credentials
from nhi_components.lifecycle.credentials.ports import CredentialSystem, Material
from tests.conformance.aws_world import exists
from tools.lab.sandbox import aws as lab
from tools.lab.sandbox.moto import Moto

if TYPE_CHECKING:
    from tests.conformance.credentials.conftest import Setting

REFUSED = {"AccessDenied", "InvalidClientTokenId", "SignatureDoesNotMatch"}


class AwsAccount:
    """One emulator, as an account that the suite owns."""

    system = System.AWS

    def __init__(self, server: lab.Aws | Moto, environment: pytest.MonkeyPatch, key: tuple[str, str]) -> None:
        self.server = server
        self.environment = environment
        self.credentials = [key[1]]
        for name, value in {
            "AWS_ACCESS_KEY_ID": key[0],
            "AWS_SECRET_ACCESS_KEY": key[1],
            "AWS_REGION": lab.REGION,
            "AWS_ENDPOINT_URL": server.endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/nonexistent",
            "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
        }.items():
            environment.setenv(name, value)
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION"):
            environment.delenv(name, raising=False)
        self.iam = server.client("iam")
        self.secrets = server.client("secretsmanager")

    def open(self) -> CredentialSystem:
        return open_credentials(System.AWS, "default", AwsConnection())

    def open_wrong(self) -> CredentialSystem:
        self.environment.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        self.environment.setenv("AWS_SECRET_ACCESS_KEY", "a-secret-of-nobody")
        self.credentials.append("a-secret-of-nobody")
        return self.open()

    def stop(self) -> None:
        self.server.stop()

    def start(self) -> None:
        self.server.start()


class AccessKeyWorld(AwsAccount):
    """Access keys of a user."""

    can_disable = True

    def __init__(
        self, server: lab.Aws | Moto, environment: pytest.MonkeyPatch, key: tuple[str, str], *, tells_use: bool
    ) -> None:
        super().__init__(server, environment, key)
        self.tells_use = tells_use

    def source(self, tags: LeaseTags) -> SourceSpec:
        spec = AwsAccessKeySource().resolved(tags)
        self.create_user(spec, tags.to_tags())
        return spec

    def foreign_source(self, tags: LeaseTags) -> SourceSpec | None:
        spec = AwsAccessKeySource().resolved(tags)
        self.create_user(spec, {"team": "somebody else's"})
        self.create_by_hand(spec)
        return spec

    def create_user(self, spec: AwsAccessKeySource, tags: Mapping[str, str]) -> None:
        marks = [{"Key": key, "Value": value} for key, value in tags.items()]
        self.iam.create_user(UserName=spec.user, Path=IAM_PATH, Tags=marks)

    def create_by_hand(self, spec: SourceSpec) -> str:
        made = self.iam.create_access_key(UserName=user_of(spec))["AccessKey"]
        self.credentials.append(made["SecretAccessKey"])
        return str(made["AccessKeyId"])

    def ids(self, spec: SourceSpec) -> list[str]:
        return [key["AccessKeyId"] for key in self.iam.list_access_keys(UserName=user_of(spec))["AccessKeyMetadata"]]

    def accepts(self, spec: SourceSpec, material: Material) -> bool:
        key, secret = material.fields["access_key_id"], material.fields["secret_access_key"]
        client = self.server.client("sts", aws_access_key_id=key, aws_secret_access_key=secret)
        try:
            return bool(client.get_caller_identity()["Arn"].endswith(f"/{user_of(spec)}"))
        except ClientError as error:
            if error.response["Error"]["Code"] not in REFUSED:
                raise
            return False


class SecretWorld(AwsAccount):
    """Secrets of Secrets Manager."""

    keeps_lease = tells_key = compares = keeps_older = True

    def place(self, tags: LeaseTags) -> PlaceSpec:
        return SecretsManagerPlace().resolved(tags)

    def material(self, key_id: str) -> Material:
        secret = f"secret-of-{key_id}-{os.urandom(8).hex()}"
        self.credentials.append(secret)
        return Material(key_id, {"access_key_id": key_id, "secret_access_key": secret})

    def values(self, spec: PlaceSpec) -> Mapping[str, str] | None:
        if not exists(lambda: self.secrets.get_secret_value(SecretId=spec.address)):
            return None
        held: dict[str, str] = json.loads(self.secrets.get_secret_value(SecretId=spec.address)["SecretString"])
        held.pop("key_id", None)
        return held

    def change_by_hand(self, spec: PlaceSpec) -> None:
        self.secrets.put_secret_value(SecretId=spec.address, SecretString='{"password": "by hand"}')

    def put_namesake(self, spec: PlaceSpec) -> None:
        self.secrets.create_secret(Name=spec.address, SecretString='{"password": "theirs"}')

    def everything(self, spec: PlaceSpec) -> list[str]:
        look: Callable[[], Any] = lambda: self.secrets.describe_secret(SecretId=spec.address)  # noqa: E731
        if not exists(look):
            return []
        versions = self.secrets.list_secret_version_ids(SecretId=spec.address, IncludeDeprecated=True)["Versions"]
        tags = [f"tag {tag['Key']}" for tag in look()["Tags"]]
        return ["secret", *tags, *(f"version {version['VersionId']}" for version in versions)]


def user_of(spec: SourceSpec) -> str:
    assert isinstance(spec, AwsAccessKeySource)
    assert spec.user
    return spec.user


def operator_key(server: lab.Aws) -> tuple[str, str]:
    """A key of a user who may do everything but ask when a key was last used, which this emulator never knows."""
    iam, user = server.client("iam"), f"operator-{os.urandom(4).hex()}"
    statements = [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "iam:GetAccessKeyLastUsed", "Resource": "*"},
    ]
    iam.create_user(UserName=user)
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_user_policy(UserName=user, PolicyName="all-but-one", PolicyDocument=policy)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]


def _access_keys(setting: Setting) -> AccessKeyWorld:
    server = setting.servers.aws
    return AccessKeyWorld(server, setting.environment, operator_key(server), tells_use=False)


def _access_keys_of_moto(setting: Setting) -> AccessKeyWorld:
    moto: Moto = setting.request.getfixturevalue("moto")
    return AccessKeyWorld(moto, setting.environment, (moto.access_key, moto.secret_key), tells_use=True)


def _secrets(setting: Setting) -> SecretWorld:
    server = setting.servers.aws
    return SecretWorld(server, setting.environment, (lab.ACCOUNT, server.secret_key))


SOURCES = {"aws_access_key": _access_keys, "aws_access_key_moto": _access_keys_of_moto}
PLACES = {"secrets_manager": _secrets}
HOMES = ["secrets_manager"]

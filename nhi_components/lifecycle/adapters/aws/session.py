"""Reaching one AWS account: credentials afresh from the ambient chain, clients, and who we are there."""

from __future__ import annotations

import logging
import os
from contextvars import ContextVar
from dataclasses import dataclass
from threading import RLock
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.credentials import (
    CredentialProvider,
    CredentialResolver,
    Credentials,
    ReadOnlyCredentials,
    RefreshableCredentials,
)
from botocore.session import Session as BotocoreSession
from botocore.session import get_session

from nhi_components.core.connection import AwsConnection
from nhi_components.core.errors import Problem, SystemUnreachable
from nhi_components.lifecycle.adapters.aws.errors import translated

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sts import STSClient

CONFIG = Config(
    connect_timeout=2,
    read_timeout=15,
    # Adaptive: once AWS throttles one thread's request, all threads of the client slow down, instead of failing.
    retries={"mode": "adaptive", "total_max_attempts": 3},
    # As many as `nhi rotate` may work on at once: a connection that has no place in the pool is made anew each time.
    max_pool_connections=64,
    user_agent_extra="nhi-components",
)
"""Short waits, because the teardown service repeats with pauses of its own."""

SESSION_NAME = "nhi-components"

# At DEBUG these write requests and answers as they are: keys, values of secrets, session tokens.
for _writer in ("botocore.auth", "botocore.endpoint", "botocore.parsers"):
    logging.getLogger(_writer).addFilter(lambda record: record.levelno > logging.DEBUG)


_lent: ContextVar[ReadOnlyCredentials] = ContextVar("the access key that the thread at work uses")


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom the credentials speak for.

    Attributes:
        arn: the caller's ARN.
        account: the account id.
    """

    arn: str
    account: str


class AwsSession:
    """One connection's clients, made on first use; the account is checked before any of them is handed out.

    Every attribute raises `SystemUnreachable` when there are no usable credentials or the account is another.
    """

    def __init__(self, name: str, connection: AwsConnection) -> None:
        self.name = name
        self._connection = connection
        # boto3's clients may be shared by threads, its sessions may not.
        self._lock = RLock()
        self._open: tuple[boto3.Session, Identity] | None = None
        self._clients: dict[str, Any] = {}
        self._lending: STSClient | None = None

    @property
    def identity(self) -> Identity:
        """Whom the credentials speak for."""
        return self._opened()[1]

    @property
    def callers(self) -> tuple[str, ...]:
        """The ARNs that the credentials speak for: the role that is assumed, if one is, and whoever assumes it."""
        if self._connection.role_arn is None:
            return (self.identity.arn,)
        with translated(self.name):
            ambient = boto3.Session(profile_name=self._connection.profile, region_name=self.region)
            return (self.identity.arn, ambient.client("sts", **self._place).get_caller_identity()["Arn"])

    @property
    def region(self) -> str:
        """The region that regional services are asked in."""
        return str(self._opened()[0].region_name)

    @property
    def iam(self) -> IAMClient:
        """IAM."""
        client: IAMClient = self.client("iam")
        return client

    @property
    def secrets(self) -> SecretsManagerClient:
        """Secrets Manager."""
        client: SecretsManagerClient = self.client("secretsmanager")
        return client

    @property
    def sts(self) -> STSClient:
        """STS."""
        client: STSClient = self.client("sts")
        return client

    def client(self, service: str, region: str = "") -> Any:
        """A client of any service, here or in another region.

        Args:
            service: such as `s3`.
            region: empty for the connection's own.
        """
        with self._lock:
            key = service if region in ("", self.region) else f"{service} {region}"
            if key not in self._clients:
                session, place = self._opened()[0], {"region_name": region or None, **self._place}
                self._clients[key] = session.client(service, **place)  # type: ignore[call-overload] # of any service
            return self._clients[key]

    def iam_with(self, access_key: str, secret_key: str, token: str) -> IAMClient:
        """Make a client of IAM at the same place that uses other credentials."""
        client: IAMClient = self._client_with("iam", access_key, secret_key, token)
        return client

    def use(self, access_key: str, secret_key: str) -> None:
        """Ask STS, at the same place, whose an access key is, with that key.

        Raises:
            ClientError: it is refused.
        """
        with self._lock:
            if self._lending is None:
                # One client for all keys: to make one takes longer than to ask.
                lending = _lending_session(self._connection.profile)
                session = boto3.Session(botocore_session=lending, region_name=self.region)
                self._lending = session.client("sts", **self._place)
        lent = _lent.set(ReadOnlyCredentials(access_key, secret_key, None))
        try:
            self._lending.get_caller_identity()
        finally:
            _lent.reset(lent)

    def _client_with(self, service: str, access_key: str, secret_key: str, token: str | None) -> Any:
        with self._lock:
            return self._opened()[0].client(  # type: ignore[call-overload] # of any service
                service,
                aws_access_key_id=access_key,
                aws_secret_access_key=secret_key,
                aws_session_token=token,
                **self._place,
            )

    def _opened(self) -> tuple[boto3.Session, Identity]:
        with self._lock:
            if self._open is None:
                self._open = self._log_in()
            return self._open

    def _log_in(self) -> tuple[boto3.Session, Identity]:
        with translated(self.name):
            session = self._new_session()
            answer = session.client("sts", **self._place).get_caller_identity()
        found, expected = answer["Account"], self._connection.account
        if expected and found != expected:
            fix = "use credentials of that account, or correct the connection's account"
            raise SystemUnreachable("aws", Problem(f"aws.{self.name}", f"account {found}", f"account {expected}", fix))
        return session, Identity(answer["Arn"], found)

    @property
    def _place(self) -> dict[str, Any]:
        return {"endpoint_url": self._connection.endpoint, "config": CONFIG}

    def _new_session(self) -> boto3.Session:
        # botocore knows AWS_DEFAULT_REGION only; Pulumi's AWS provider and the other SDKs read AWS_REGION.
        region = self._connection.region or os.environ.get("AWS_REGION")
        ambient = boto3.Session(profile_name=self._connection.profile, region_name=region)
        if self._connection.role_arn is None:
            return ambient
        request = {"RoleArn": self._connection.role_arn, "RoleSessionName": SESSION_NAME}
        if self._connection.external_id:
            request["ExternalId"] = self._connection.external_id
        assumed = _assuming(ambient.client("sts", **self._place), request)
        return boto3.Session(botocore_session=assumed, region_name=ambient.region_name)


def _assuming(sts: STSClient, request: dict[str, Any]) -> BotocoreSession:
    """Make a session whose credentials come from a role and are renewed before they end."""

    def renewed() -> dict[str, str]:
        answer = sts.assume_role(**request)["Credentials"]
        return {
            "access_key": answer["AccessKeyId"],
            "secret_key": answer["SecretAccessKey"],
            "token": answer["SessionToken"],
            "expiry_time": answer["Expiration"].isoformat(),
        }

    class RoleProvider(CredentialProvider):
        METHOD = "sts-assume-role"

        def load(self) -> RefreshableCredentials:
            return RefreshableCredentials.create_from_metadata(renewed(), renewed, self.METHOD)

    session = get_session()
    session.register_component("credential_provider", CredentialResolver([RoleProvider()]))
    return session


class _Lent(Credentials):
    """Whatever access key the thread at work has been lent."""

    def __init__(self) -> None:
        super().__init__("", "")

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        return _lent.get()


class _Lender(CredentialProvider):
    METHOD = "nhi-lent"

    def load(self) -> Credentials:
        return _Lent()


def _lending_session(profile: str | None) -> BotocoreSession:
    """Make a session that signs each request with the key that is lent for it."""
    session = get_session()
    if profile:
        session.set_config_variable("profile", profile)
    session.register_component("credential_provider", CredentialResolver([_Lender()]))
    return session

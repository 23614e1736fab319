"""Uses an identity as its workload would, and tells whether it works."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tools.lab.sandbox import Sandbox


@dataclass(frozen=True, slots=True)
class AwsSession:
    """A session of a role."""

    sandbox: Sandbox
    credentials: dict[str, str]
    queue_urls: list[str]

    @classmethod
    def open(cls, sandbox: Sandbox, role_arn: str, external_id: str) -> AwsSession:
        """Assume the role as its account does, with the agreed external id."""
        assumed = sandbox.aws.client("sts").assume_role(
            RoleArn=role_arn, RoleSessionName="demo", ExternalId=external_id
        )
        keys = assumed["Credentials"]
        credentials = {
            "aws_access_key_id": keys["AccessKeyId"],
            "aws_secret_access_key": keys["SecretAccessKey"],
            "aws_session_token": keys["SessionToken"],
        }
        return cls(sandbox, credentials, [])

    def sends_to(self, queue_url: str) -> bool:
        """Whether it may send to a queue."""
        if queue_url not in self.queue_urls:
            self.queue_urls.append(queue_url)
        return self._allowed("sqs", "send_message", QueueUrl=queue_url, MessageBody="an order")

    def reads(self, secret_arn: str) -> bool:
        """Whether it may read a secret."""
        return self._allowed("secretsmanager", "get_secret_value", SecretId=secret_arn)

    def works(self) -> bool:
        """Whether anything that it was tried for is still allowed."""
        return any(self.sends_to(url) for url in list(self.queue_urls))

    def _allowed(self, service: str, call: str, **arguments: Any) -> bool:
        from botocore.exceptions import ClientError

        client = self.sandbox.aws.client(service, **self.credentials)
        try:
            getattr(client, call)(**arguments)
        except ClientError as error:
            if error.response["Error"]["Code"] in _REFUSALS:
                return False
            raise
        return True


_REFUSALS = frozenset({"AccessDenied", "AccessDeniedException", "InvalidClientTokenId", "ExpiredToken"})


@dataclass(frozen=True, slots=True)
class VaultLogin:
    """A token of an AppRole."""

    client: Any

    @classmethod
    def open(cls, sandbox: Sandbox, role_name: str) -> VaultLogin:
        """Log in as the workload does: with its role id and a fresh secret id."""
        root = sandbox.vault.client()
        role_id = root.auth.approle.read_role_id(role_name)["data"]["role_id"]
        secret_id = root.auth.approle.generate_secret_id(role_name)["data"]["secret_id"]
        client = sandbox.vault.client("")
        client.auth.approle.login(role_id, secret_id)
        return cls(client)

    def reads(self, path: str) -> bool:
        """Whether it may read a KV v2 entry, given as mount and path."""
        from hvac.exceptions import Forbidden

        mount, _, rest = path.partition("/")
        try:
            self.client.secrets.kv.v2.read_secret_version(rest, mount_point=mount, raise_on_deleted_version=True)
        except Forbidden:
            return False
        return True

    def works(self) -> bool:
        """Whether the token is still good for anything."""
        from hvac.exceptions import Forbidden

        try:
            self.client.auth.token.lookup_self()
        except Forbidden:
            return False
        return True

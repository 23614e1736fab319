"""Real use of what a bundle grants: sessions of its role, tokens of its AppRole, and whether they are let through."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import hvac.exceptions
from botocore.exceptions import ClientError

from tests.engine.programs import EXTERNAL_ID
from tools.lab.sandbox.aws import ACCOUNT, REGION

Clients = Callable[..., Any]

QUEUE = "orders"
OTHER_QUEUE = "invoices"
_REFUSED = {
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
}


def queue_arn(name: str = QUEUE) -> str:
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"


def granting(*actions: str, target: str = "") -> str:
    """Source of grants on one ARN, the usual queue's by default."""
    return f"[nhi.Grant(actions={list(actions)!r}, targets=[{target or queue_arn()!r}])]"


def make_queues(aws_client: Clients) -> None:
    """Make the queue that is granted on, and another."""
    for name in (QUEUE, OTHER_QUEUE):
        aws_client("sqs").create_queue(QueueName=name)


class RoleSession:
    """A session of a role, opened with the external id.

    Attributes:
        keys: its three credential values, as boto3 takes them.
    """

    def __init__(self, aws_client: Clients, role_arn: str, external_id: str = EXTERNAL_ID) -> None:
        answer = aws_client("sts").assume_role(RoleArn=role_arn, RoleSessionName="trial", ExternalId=external_id)
        made = answer["Credentials"]
        self.keys = {
            "aws_access_key_id": made["AccessKeyId"],
            "aws_secret_access_key": made["SecretAccessKey"],
            "aws_session_token": made["SessionToken"],
        }
        self._aws_client = aws_client

    def sends(self, name: str = QUEUE) -> bool:
        url = self._aws_client("sqs").get_queue_url(QueueName=name)["QueueUrl"]
        return self.may("sqs", "send_message", QueueUrl=url, MessageBody="trial")

    def receives(self, name: str = QUEUE) -> bool:
        url = self._aws_client("sqs").get_queue_url(QueueName=name)["QueueUrl"]
        return self.may("sqs", "receive_message", QueueUrl=url)

    def reads(self, secret: str) -> bool:
        return self.may("secretsmanager", "get_secret_value", SecretId=secret)

    def may(self, service: str, operation: str, **arguments: Any) -> bool:
        """Tell whether AWS lets it through; any error but a refusal is raised."""
        return allowed(getattr(self._aws_client(service, **self.keys), operation), **arguments)


def allowed(call: Callable[..., Any], **arguments: Any) -> bool:
    """Tell whether AWS lets a call through; any error but a refusal is raised."""
    try:
        call(**arguments)
    except ClientError as error:
        if error.response["Error"]["Code"] not in _REFUSED:
            raise
        return False
    return True


def log_in(vault_client: Clients, outputs: Mapping[str, Any]) -> Any:
    """An `hvac.Client` that has logged in through a bundle's AppRole, with a secret id that root made for it."""
    made = vault_client().auth.approle.generate_secret_id(outputs["role"])["data"]
    client = vault_client("")
    client.auth.approle.login(outputs["role_id"], made["secret_id"])
    return client


def reads(client: Any, entry: str) -> bool:
    """Tell whether Vault lets a client read a KV v2 entry, given as `mount/path`; errors but a refusal are raised."""
    mount, path = entry.split("/", 1)
    try:
        client.secrets.kv.v2.read_secret_version(path, mount_point=mount, raise_on_deleted_version=True)
    except hvac.exceptions.Forbidden:
        return False
    return True


def value_in(vault_client: Clients, entry: str) -> str:
    """The newest value of a bundle's KV entry, as root reads it."""
    mount, path = entry.split("/", 1)
    answer = vault_client().secrets.kv.v2.read_secret_version(path, mount_point=mount, raise_on_deleted_version=True)
    return str(answer["data"]["data"]["value"])

"""Programs with credentials, and what is asked of the systems themselves about them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from nhi_components.core.lease_id import CLAIM
from tests.engine.programs import IDENTITY, program
from tools.lab.project import Project
from tools.lab.sandbox import Sandbox
from tools.lab.sandbox.aws import ACCOUNT

WHY = "the label printer's firmware takes an access key and nothing else"
USER_IDENTITY: Mapping[str, Any] = {**IDENTITY, "name": "printer", "kind": "service-account"}

HOME = "{'kind': 'vault-kv'}"
COPY = "{'kind': 'secrets-manager'}"
REFUSED = {"InvalidClientTokenId", "AccessDenied", "AccessDeniedException", "InvalidAccessKeyId"}


def service_user(
    name: str = "printer",
    *,
    identity: Mapping[str, Any] = USER_IDENTITY,
    places: str = f"[{HOME}, {COPY}]",
    grants: str = "[nhi.Grant(actions=['sqs:SendMessage'], targets=['arn:aws:sqs:eu-central-1:111111111111:orders'])]",
    **arguments: str,
) -> str:
    """An `aws.ServiceUser` that exports lease, user, key and version under its own name."""
    given = "".join(f", {argument}={source}" for argument, source in arguments.items())
    return (
        f"{name} = aws.ServiceUser({name!r}, identity={dict(identity)!r}, why_not_federated={WHY!r}, "
        f"grants={grants}, places={places}{given})\n"
        f"pulumi.export({name!r}, {{'lease': {name}.lease_id, 'user': {name}.user_name, 'arn': {name}.user_arn, "
        f"'key': {name}.key_id, 'version': {name}.credential_version}})"
    )


def user_program(**arguments: Any) -> str:
    return program(service_user(**arguments))


class UserSeen:
    """What the systems themselves tell about one service user's credential."""

    def __init__(self, sandbox: Sandbox, outputs: Mapping[str, Any], name: str = USER_IDENTITY["name"]) -> None:
        self.sandbox, self.user, self.lease, self.name = sandbox, outputs["user"], outputs["lease"], name
        self.iam = sandbox.aws.client("iam")
        self.secrets = sandbox.aws.client("secretsmanager")
        self.vault = sandbox.vault.client()

    def keys(self) -> dict[str, str]:
        """Its access keys with their status."""
        try:
            found = self.iam.list_access_keys(UserName=self.user)["AccessKeyMetadata"]
        except ClientError:
            return {}
        return {key["AccessKeyId"]: key["Status"] for key in found}

    def active(self) -> set[str]:
        return {key for key, status in self.keys().items() if status == "Active"}

    @property
    def entry(self) -> str:
        """The path of its own entry in Vault."""
        return f"nhi/test/{self.name}/{self.lease}"

    @property
    def secret(self) -> str:
        """The name of its own secret in Secrets Manager."""
        return f"nhi/test/{self.name}-{self.lease.removeprefix('lease-')[:6]}"

    def in_vault(self, path: str | None = None) -> dict[str, str] | None:
        read = self.vault.read(f"secret/data/{path or self.entry}")
        return read["data"]["data"] if read else None

    def in_secrets_manager(self) -> dict[str, str] | None:
        try:
            text = self.secrets.get_secret_value(SecretId=self.secret)["SecretString"]
        except ClientError:
            return None
        found: dict[str, str] = json.loads(text)
        return found

    def signs(self, held: Mapping[str, str]) -> bool:
        """Tell whether a key itself is let in, whatever its user may do: STS answers every key that works."""
        sts = self.sandbox.aws.client("sts", **_as_boto(held))
        try:
            sts.get_caller_identity()
        except ClientError as error:
            if error.response["Error"]["Code"] not in REFUSED:
                raise
            return False
        return True

    def works(self, held: Mapping[str, str] | None) -> bool:
        """Use a delivered key as the workload would: send to its queue."""
        if held is None:
            return False
        sqs = self.sandbox.aws.client("sqs", **_as_boto(held))
        try:
            sqs.send_message(QueueUrl=f"{self.sandbox.aws.endpoint}/{ACCOUNT}/orders", MessageBody="label")
        except ClientError as error:
            if error.response["Error"]["Code"] not in REFUSED:
                raise
            return False
        return True


def in_file(path: Path) -> dict[str, str] | None:
    """What a delivered file holds, as the other places do: without the lease, which they keep beside the content."""
    if not path.exists():
        return None
    found: dict[str, str] = json.loads(path.read_text())
    return {name: value for name, value in found.items() if name != "nhi_lease"}


def _as_boto(held: Mapping[str, str]) -> dict[str, str]:
    return {"aws_access_key_id": held["access_key_id"], "aws_secret_access_key": held["secret_access_key"]}


def _entry(lease: str) -> str:
    return f"nhi/test/{USER_IDENTITY['name']}/{lease}"


def forget_claim(sandbox: Sandbox, lease: str) -> None:
    """Give up the claim of a run that was killed, so that no test waits for the minute in which it lapses."""
    sandbox.vault.client().delete(f"secret/metadata/{_entry(lease)}{CLAIM}")


def make_queue(aws_client: Callable[..., Any]) -> None:
    aws_client("sqs").create_queue(QueueName="orders")


def seen(stack: Project, sandbox: Sandbox, name: str = "printer") -> UserSeen:
    return UserSeen(sandbox, stack.outputs()[name], name)

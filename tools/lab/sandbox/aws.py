"""The sandbox's AWS: the emulator ministack, with IAM evaluation."""

from __future__ import annotations

import http.client
import secrets
from http import HTTPStatus
from pathlib import Path
from typing import Any

from tools.lab.errors import LabError
from tools.lab.sandbox.keeper import Keeper, Server
from tools.lab.sandbox.ports import LOOPBACK, answers, wait_until

NAME = "aws"
ACCOUNT = "111111111111"
"""The account of the sandbox. The emulator takes an access key id of twelve digits for the root key of that account."""

OTHER_ACCOUNT = "222222222222"
"""A second account; every other number would do as well."""

REGION = "eu-central-1"
_HEALTH = "/_ministack/health"
_EMULATOR = Path(__file__).with_name("emulator.py")


def prepare(programs: Path, directory: Path, port: int, secret_key: str) -> Server:
    """Describe the server; its state is saved when it stops and read when it starts."""
    folder = directory / NAME
    folder.mkdir(mode=0o700)
    environment = {
        "AUTH": "true",
        "BIND_HOST": LOOPBACK,
        "GATEWAY_PORT": str(port),
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": secret_key,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": REGION,
        "PERSIST_STATE": "1",
        "STATE_DIR": str(folder / "state"),
        "TMPDIR": str(folder),
        "HOME": str(folder),
        "PATH": str(programs),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LOG_LEVEL": "WARNING",
    }
    return Server([str(programs / "python"), "-I", str(_EMULATOR)], environment, str(folder / "server.log"))


class Aws:
    """A running emulator.

    Args:
        keeper: starts and stops it.
        directory: the sandbox's folder.
        port: its port on loopback.
        secret_key: the secret of every account's root key.

    Attributes:
        endpoint: its URL, for all services.
        secret_key: as given.
    """

    def __init__(self, keeper: Keeper, directory: Path, port: int, secret_key: str) -> None:
        self._keeper = keeper
        self._port = port
        self._log = directory / NAME / "server.log"
        self.endpoint = f"http://{LOOPBACK}:{port}"
        self.secret_key = secret_key
        self.start()

    def start(self) -> None:
        """Start it; everything is as it was when it stopped."""
        self._keeper.start(NAME)
        wait_until(lambda: answers(self._port, _HEALTH), lambda: self._keeper.alive(NAME), self._log)

    def stop(self) -> None:
        """Take it away: connections are refused, the data stay."""
        self._keeper.stop(NAME)

    def reset(self) -> None:
        """Empty all accounts and regions; start it if it was stopped.

        Raises:
            LabError: it didn't.
        """
        if not self._keeper.alive(NAME):
            self.start()
        connection = http.client.HTTPConnection(LOOPBACK, self._port, timeout=30)
        try:
            connection.request("POST", "/_ministack/reset")
            status = connection.getresponse().status
        finally:
            connection.close()
        if status != HTTPStatus.OK:
            raise LabError("ministack", got=f"HTTP {status} to a reset", expected="200", fix=f"see {self._log}")

    def client(self, service: str, *, account: str = ACCOUNT, region: str = REGION, **credentials: str) -> Any:
        """A boto3 client.

        Args:
            service: such as `iam`.
            account: the account whose root key is used.
            region: the region.
            credentials: `aws_access_key_id`, `aws_secret_access_key`, `aws_session_token` of another principal.
        """
        import boto3
        from botocore.config import Config

        root = {"aws_access_key_id": account, "aws_secret_access_key": self.secret_key}
        return boto3.client(  # type: ignore[call-overload]  # the service is only known at run time
            service, endpoint_url=self.endpoint, region_name=region, config=Config(proxies={}), **(credentials or root)
        )


def new_secret_key() -> str:
    """A secret access key for the root keys of one sandbox."""
    return secrets.token_urlsafe(30)

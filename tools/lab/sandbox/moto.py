"""A second emulator of AWS, moto: it knows when an access key was last used, and takes no third one.

Only tests that need that start it; it keeps nothing when it stops.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from tools.lab.sandbox import aws, programs
from tools.lab.sandbox.keeper import Keeper, Server
from tools.lab.sandbox.ports import LOOPBACK, answers, free_ports, wait_until

NAME = "moto"
ACCOUNT, REGION = aws.ACCOUNT, aws.REGION
_HEALTH = "/moto-api/data.json"
_LAUNCHER = Path(__file__).with_name("moto_launcher.py")


def prepare(binaries: Path, directory: Path, port: int, secret_key: str) -> Server:
    """Describe the server; every request has to be signed, the administrator's key is in a file of its folder."""
    folder = directory / NAME
    folder.mkdir(mode=0o700)
    environment = {
        "NHI_MOTO_PORT": str(port),
        "NHI_MOTO_KEY_FILE": str(folder / "administrator"),
        "NHI_MOTO_SECRET_KEY": secret_key,
        "MOTO_ACCOUNT_ID": ACCOUNT,
        "INITIAL_NO_AUTH_ACTION_COUNT": "0",
        "TMPDIR": str(folder),
        "HOME": str(folder),
        "PATH": str(binaries),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return Server([str(binaries / "python"), "-I", str(_LAUNCHER)], environment, str(folder / "server.log"))


class Moto:
    """A running emulator, in a folder of its own.

    Attributes:
        endpoint: its URL, for all services.
        secret_key: the secret of its administrator's key.
    """

    def __init__(self) -> None:
        binaries = programs.ensure()
        self._directory = Path(tempfile.mkdtemp(prefix="nhi-moto-"))
        (self._port,) = free_ports(1)
        self.secret_key = aws.new_secret_key()
        self.endpoint = f"http://{LOOPBACK}:{self._port}"
        server = prepare(binaries, self._directory, self._port, self.secret_key)
        self._keeper = Keeper(self._directory, {NAME: server})
        try:
            self.start()
        except BaseException:
            self.close()
            raise

    @property
    def access_key(self) -> str:
        """The id of its administrator's key."""
        return (self._directory / NAME / "administrator").read_text()

    def start(self) -> None:
        """Start it, empty."""
        self._keeper.start(NAME)
        log = self._directory / NAME / "server.log"
        wait_until(lambda: answers(self._port, _HEALTH), lambda: self._keeper.alive(NAME), log)

    def stop(self) -> None:
        """Take it away with all that it has: connections are refused."""
        self._keeper.stop(NAME)

    def close(self) -> None:
        """End it for good."""
        self._keeper.close()
        shutil.rmtree(self._directory, ignore_errors=True)

    def client(self, service: str, **credentials: str) -> Any:
        """A boto3 client: the administrator's, or with `aws_access_key_id` and `aws_secret_access_key` of another."""
        import boto3
        from botocore.config import Config

        own = {"aws_access_key_id": self.access_key, "aws_secret_access_key": self.secret_key}
        return boto3.client(  # type: ignore[call-overload]  # the service is only known at run time
            service, endpoint_url=self.endpoint, region_name=REGION, config=Config(proxies={}), **(credentials or own)
        )

"""The sandbox's Vault: OpenBao with storage that outlives its process, so that it can be stopped, sealed and reset."""

from __future__ import annotations

import json
import shutil
import time
from http import HTTPStatus
from pathlib import Path
from typing import Any

from tools.lab.errors import LabError
from tools.lab.sandbox.keeper import Keeper, Server
from tools.lab.sandbox.ports import LOOPBACK, answers, wait_until

NAME = "vault"
_STARTED = "OpenBao server started"
_READY_SECONDS = 30
_POLL_SECONDS = 0.02
_SETTLING_SECONDS = 0.5
"""What it writes by itself after a start, it has written by then: measured are 0.2 s."""


def prepare(programs: Path, directory: Path, ports: tuple[int, int]) -> Server:
    """Write the server's configuration.

    Args:
        programs: the folder with its executable.
        directory: the sandbox's folder.
        ports: one for the API and one for the cluster of a single node, which the storage asks for.
    """
    folder = directory / NAME
    folder.mkdir(mode=0o700)
    api, cluster = (f"{LOOPBACK}:{port}" for port in ports)
    storage = {"path": str(folder / "data"), "node_id": "sandbox", "performance_multiplier": 1}
    config = {
        "storage": {"raft": storage},
        "listener": [{"tcp": {"address": api, "cluster_address": cluster, "tls_disable": True}}],
        "api_addr": f"http://{api}",
        "cluster_addr": f"http://{cluster}",
        "ui": False,
        "log_level": "warn",
    }
    (folder / "config.json").write_text(json.dumps(config))
    command = [str(programs / "bao"), "server", f"-config={folder / 'config.json'}"]
    return Server(command, {"HOME": str(folder)}, str(folder / "server.log"))


class Vault:
    """A running server with KV version 2 at `secret/` and AppRole at `approle/`.

    Args:
        keeper: starts and stops it.
        directory: the sandbox's folder.
        port: its port on loopback.

    Attributes:
        address: its URL.
        token: its root token; the same after every `reset`.
    """

    def __init__(self, keeper: Keeper, directory: Path, port: int) -> None:
        self._keeper = keeper
        self._port = port
        self._data = directory / NAME / "data"
        self._pristine = directory / NAME / "pristine"
        self._log = directory / NAME / "server.log"
        self.address = f"http://{LOOPBACK}:{port}"
        self._data.mkdir()
        self._run()
        initialised = self.client("").sys.initialize(secret_shares=1, secret_threshold=1)
        self.token: str = initialised["root_token"]
        self._unseal_key: str = initialised["keys_base64"][0]
        self.unseal()
        self.client().sys.enable_secrets_engine("kv", path="secret", options={"version": "2"})
        self.client().sys.enable_auth_method("approle")
        self.stop()
        shutil.copytree(self._data, self._pristine)
        self.start()
        self._untouched = self._settled()

    def start(self) -> None:
        """Start it, unsealed; everything is as it was when it stopped."""
        self._run()
        self.unseal()
        self._started = time.monotonic()

    def stop(self) -> None:
        """Take it away as a crash would: connections are refused, the data stay."""
        self._keeper.kill(NAME)

    def reset(self) -> None:
        """Set it back to what it was when the sandbox came up; nothing when nothing was written since."""
        if self._is_untouched():
            return
        self.stop()
        shutil.rmtree(self._data)
        shutil.copytree(self._pristine, self._data)
        self.start()

    def seal(self) -> None:
        """Seal it: it answers 503 until it is unsealed."""
        self.client().sys.seal()

    def unseal(self) -> None:
        """Unseal it and wait until it serves requests.

        Raises:
            LabError: it doesn't in time.
        """
        client = self.client("")
        client.sys.submit_unseal_key(self._unseal_key)
        deadline = time.monotonic() + _READY_SECONDS
        while client.sys.read_health_status().status_code != HTTPStatus.OK:
            if time.monotonic() > deadline:
                raise LabError("OpenBao", got="not ready", expected="active after unsealing", fix=f"see {self._log}")
            time.sleep(_POLL_SECONDS)

    def client(self, token: str | None = None) -> Any:
        """An `hvac.Client`: as root, or with the token given; an empty one for none."""
        import hvac

        client = hvac.Client(url=self.address, token=self.token if token is None else token)
        client.session.trust_env = False  # no proxy on the way to loopback
        return client

    def _is_untouched(self) -> bool:
        """Tell whether its storage, a log of all that was ever written, is as long as after a start."""
        if not self._keeper.alive(NAME) or time.monotonic() < self._started + 2 * _SETTLING_SECONDS:
            return False
        serves: bool = self.client("").sys.read_health_status().status_code == HTTPStatus.OK
        return serves and self._written() == self._untouched

    def _settled(self) -> int:
        written, since = self._written(), time.monotonic()
        while time.monotonic() < since + _SETTLING_SECONDS:
            time.sleep(_POLL_SECONDS)
            if (now := self._written()) != written:
                written, since = now, time.monotonic()
        return written

    def _written(self) -> int:
        return int(self.client("").sys.read_leader_status()["raft_committed_index"])

    def _run(self) -> None:
        before = self._starts()
        self._keeper.start(NAME)
        # Its own word first: what answers on its port might be another process.
        wait_until(lambda: self._starts() > before, lambda: self._keeper.alive(NAME), self._log)
        wait_until(lambda: answers(self._port, "/v1/sys/health"), lambda: self._keeper.alive(NAME), self._log)

    def _starts(self) -> int:
        return self._log.read_text(errors="replace").count(_STARTED) if self._log.exists() else 0

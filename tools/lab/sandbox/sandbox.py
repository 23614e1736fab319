"""A sandbox as a whole: its folder, its two servers, and a PULUMI_HOME and state backend of its own."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from nhi_components.provider import installation
from tools.lab.engine import Engine
from tools.lab.errors import LabError
from tools.lab.sandbox import aws, interpreter, programs, vault
from tools.lab.sandbox.keeper import Keeper
from tools.lab.sandbox.ports import ServerDiedError, free_ports
from tools.lab.sandbox.record import FOREIGN, Record, interpreter_folder
from tools.plugins.furnishing import furnish

_ATTEMPTS = 3


class Sandbox:
    """An AWS emulator and a Vault on free ports of loopback; any number of them can be up side by side.

    It ends with its owner, however that one ends, and takes its folder with it. Use it as a context manager.

    Args:
        engine: the engine whose plugins its PULUMI_HOME gets, beside this project's own provider and the test plugins.
        directory: its folder, which must not exist; a new temporary one by default.

    Raises:
        LabError: a server doesn't start.
    """

    def __init__(self, engine: Engine, directory: Path | None = None) -> None:
        self._engine = engine
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                self._start(_new_directory(directory))
            except ServerDiedError as error:
                # Another process may have taken a port between its choice and its use.
                if attempt == _ATTEMPTS:
                    raise LabError(
                        "sandbox", got=f"a server ended: {error}", expected="it serves", fix="see what its log says"
                    ) from error
            else:
                return

    def _start(self, directory: Path) -> None:
        binaries = programs.ensure()
        vault_port, cluster_port, aws_port = free_ports(3)
        secret_key = aws.new_secret_key()
        servers = {
            vault.NAME: vault.prepare(binaries, directory, (vault_port, cluster_port)),
            aws.NAME: aws.prepare(binaries, directory, aws_port, secret_key),
        }
        self.keeper = Keeper(directory, servers)
        try:
            self.aws = aws.Aws(self.keeper, directory, aws_port, secret_key)
            self.vault = vault.Vault(self.keeper, directory, vault_port)
            # What answered on its port may have been another process.
            self.keeper.require(aws.NAME, vault.NAME)
        except BaseException:
            self.keeper.close()
            raise
        self.record = Record(
            directory=str(directory),
            aws_endpoint=self.aws.endpoint,
            aws_secret_key=secret_key,
            vault_address=self.vault.address,
            vault_token=self.vault.token,
            passphrase=secrets.token_urlsafe(16),
            path=(*map(str, self._engine.path_entries), interpreter_folder()),
            warden=self.keeper.pid,
        )
        self._engine.furnish(self.record.home)
        installation.install(self.record.home)
        furnish(self.record.home)
        self._python = interpreter.write_launcher(directory / "python")
        self.record.state.mkdir()

    def environment(self, base: Mapping[str, str] | None = None) -> dict[str, str]:
        """A whole environment for a process: that of `base` (by default this process's) with the sandbox's over it."""
        base = os.environ if base is None else base
        kept = {name: value for name, value in base.items() if name not in FOREIGN}
        path = os.pathsep.join([*self.record.path, base.get("PATH", os.defpath)])
        return {**kept, **self.record.environment(), interpreter.VARIABLE: str(self._python), "PATH": path}

    def reset(self) -> None:
        """Empty the systems, the state backend and the evidence; addresses, credentials and plugins stay."""
        self.aws.reset()
        self.vault.reset()
        for folder in (self.record.state, self.record.evidence):
            shutil.rmtree(folder, ignore_errors=True)
        self.record.state.mkdir()

    def close(self) -> None:
        """Stop the servers and remove the folder."""
        self.keeper.close()

    def __enter__(self) -> Sandbox:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()


def _new_directory(directory: Path | None) -> Path:
    if directory is None:
        return Path(tempfile.mkdtemp(prefix="nhi-sandbox-"))
    directory.mkdir(mode=0o700, parents=True)
    return directory

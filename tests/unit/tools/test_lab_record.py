"""What a sandbox tells a shell."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tools.lab.engine import Engine
from tools.lab.sandbox.record import FOREIGN, Record
from tools.lab.sandbox.shell import exports

SECRETS = ("aws secret", "vault's token", "a pass$phrase")


@pytest.fixture
def record(tmp_path: Path) -> Record:
    return Record(
        directory=str(tmp_path),
        aws_endpoint="http://127.0.0.1:1",
        aws_secret_key=SECRETS[0],
        vault_address="http://127.0.0.1:2",
        vault_token=SECRETS[1],
        passphrase=SECRETS[2],
        path=("/lab/bin", "/with space/bin"),
        warden=1,
    )


def test_a_shell_takes_the_lines_as_they_are(record: Record) -> None:
    script = exports(record.environment(), record.path) + '\nprintf "%s\\n" "$PATH"; env -0'
    shell = subprocess.run(
        ["sh", "-c", script],
        env={"PATH": "/usr/bin:/bin", "AWS_PROFILE": "production", "VAULT_NAMESPACE": "team"},
        capture_output=True,
        text=True,
        check=True,
    )
    path, _, rest = shell.stdout.partition("\n")
    assert path == "/lab/bin:/with space/bin:/usr/bin:/bin"
    seen = dict(line.split("=", 1) for line in rest.split("\0") if line)
    assert record.environment().items() <= seen.items()
    assert not seen.keys() & set(FOREIGN)


def test_the_environment_stays_on_loopback_and_out_of_the_users_files(record: Record, tmp_path: Path) -> None:
    environment = record.environment()
    for name in ("AWS_ENDPOINT_URL", "VAULT_ADDR"):
        assert environment[name].startswith("http://127.0.0.1:")
    for name in ("PULUMI_HOME", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        assert Path(environment[name]).is_relative_to(tmp_path)
    assert environment["PULUMI_BACKEND_URL"].startswith(tmp_path.as_uri())


def test_a_record_survives_its_file_which_nobody_else_can_read(record: Record, tmp_path: Path) -> None:
    assert Record.read(tmp_path) is None
    record.write()
    assert Record.read(tmp_path) == record
    assert [file.stat().st_mode & 0o777 for file in tmp_path.iterdir()] == [0o600]


def test_no_secret_in_its_repr(record: Record) -> None:
    assert not any(secret in repr(record) for secret in SECRETS)


def test_a_home_gets_links_to_the_plugins_and_keeps_the_rest(tmp_path: Path) -> None:
    plugin = tmp_path / "pulumi-resource-x"
    plugin.touch()
    engine = Engine(tmp_path / "pulumi", "3.220.0", "a test", True, {"resource-x-v1.0.0": plugin})
    home = tmp_path / "home"
    (home / "plugins" / "resource-own-v0.1.0").mkdir(parents=True)
    for _ in range(2):
        engine.furnish(home)
    link = home / "plugins" / "resource-x-v1.0.0" / "pulumi-resource-x"
    assert link.resolve() == plugin.resolve()
    assert not link.parent.is_symlink()
    assert (home / "plugins" / "resource-own-v0.1.0").is_dir()

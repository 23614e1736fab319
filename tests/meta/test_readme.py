"""The README stays true: every command that it shows is run here, or named as run by something else."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nhi_components.cli.app import app
from tools.demo.clouds.__main__ import CLOUDS
from tools.lab.engine import Engine

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
BY_HAND = next(block for block in BLOCKS if "sandbox-up" in block)
LINT = next(block for block in BLOCKS if "nhi lint" in block)
NEW = [block for block in BLOCKS if "nhi new" in block]
INSTALL = "pip install 'nhi-components[aws,gcp,azure,kubernetes,vault,policy]'"
RUN_ELSEWHERE = {
    "make demo": "test_make_demo_tells_everything_as_it_is",
    "make demo-clouds": "test_make_demo_clouds_tells_the_same_of_every_system",
    "make test": "the command that runs these tests",
    INSTALL: "test_the_wheel_has_what_the_readme_installs",
    "nhi plugin install": "the sandbox of every engine test, and tests/unit/provider",
}


def test_every_command_block_is_run() -> None:
    commands = {line for block in BLOCKS if block not in (BY_HAND, LINT, *NEW) for line in block.splitlines()}
    assert commands == set(RUN_ELSEWHERE)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the checkout's files, with the environment that is there."""
    copy = tmp_path / "checkout"
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    for name in filter(None, files.split("\0")):
        if (ROOT / name).is_file():
            target = copy / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target)
    (copy / ".venv").symlink_to(ROOT / ".venv")
    (ROOT / ".venv/.ready").touch()
    return copy


def test_the_commands_by_hand_work_as_shown(checkout: Path, engine: Engine) -> None:
    environment = {**os.environ, "PULUMI_SKIP_CONFIRMATIONS": "true"}
    done = subprocess.run(
        ["bash", "-e", "-c", BY_HAND], cwd=checkout, env=environment, capture_output=True, text=True, check=False
    )
    subprocess.run(["make", "sandbox-down"], cwd=checkout, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing is alive" in done.stdout
    assert "verified" in done.stdout
    assert not (checkout / ".sandbox").exists()


def test_the_commands_of_the_linter_work_as_shown() -> None:
    environment = {**os.environ, "PATH": f"{ROOT / '.venv/bin'}{os.pathsep}{os.environ['PATH']}"}
    said = [
        subprocess.run(["bash", "-c", line], env=environment, capture_output=True, text=True, check=False)
        for line in LINT.splitlines()
    ]
    assert [done.returncode for done in said] == [1, 1, 0, 0]
    assert not any(done.stderr for done in said)
    of_file, of_line, listed, shown = (done.stdout for done in said)
    assert "aws.wildcard-action" in of_file
    assert json.loads(of_line)["id"] == 1
    assert "aws.escalation" in listed
    assert shown.startswith("# aws.wildcard-action")


@pytest.mark.parametrize(
    ("block", "written"),
    [
        (NEW[0], ("orders", "aws.intents.sqs.send(")),
        (NEW[1], ("invoices", "gcp.GkeTrust(")),
        (NEW[2], ("labels", "azure.AksWorkloadIdentity(")),
        (NEW[3], ("rates", 'kubernetes.intents.configmaps.read("shop", "rates")')),
    ],
    ids=["aws", "gcp", "azure", "kubernetes"],
)
def test_the_commands_that_begin_write_a_program(block: str, written: tuple[str, str], tmp_path: Path) -> None:
    environment = {**os.environ, "PATH": f"{ROOT / '.venv/bin'}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-e", "-c", block], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "pulumi preview --policy-pack policy" in done.stdout
    folder, part = written
    assert part in (tmp_path / folder / "__main__.py").read_text()


def test_each_command_that_begins_is_run() -> None:
    assert len(NEW) == 4


def test_make_demo_tells_everything_as_it_is(engine: Engine) -> None:
    (ROOT / ".venv/.ready").touch()
    done = subprocess.run(["make", "demo"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Everything went as told." in done.stdout
    assert "NO " not in done.stdout
    for told in (
        "aws.wildcard-action",
        "its role sends to its queue",
        "that was open before is refused",
        "nothing is alive",
    ):
        assert told in done.stdout


def test_make_demo_clouds_tells_the_same_of_every_system(engine: Engine) -> None:
    (ROOT / ".venv/.ready").touch()
    done = subprocess.run(["make", "demo-clouds"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Everything went as told." in done.stdout
    assert "NO " not in done.stdout
    for cloud in CLOUDS:
        assert f"{cloud.name}: {cloud.stand_in}." in done.stdout
        assert f"{cloud.name}: the session that was open before is refused" in done.stdout
    assert done.stdout.count("nothing is alive") == len(CLOUDS)


def test_the_wheel_has_what_the_readme_installs(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", tmp_path]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = archive.read(next(name for name in names if name.endswith("METADATA"))).decode()
        scripts = archive.read(next(name for name in names if name.endswith("entry_points.txt"))).decode()
    assert "nhi_components/py.typed" in names
    assert "nhi_components/core/data/aws_actions.json" in names
    assert not [name for name in names if name.startswith(("tools/", "tests/", "bench/", "stacks/"))]
    extras = set(re.findall(r"^Provides-Extra: (\w+)", metadata, re.MULTILINE))
    shown = INSTALL.partition("[")[2].partition("]")[0]
    assert {*shown.split(","), "entra"} <= extras
    assert "nhi = " in scripts
    assert "pulumi-resource-nhi = " in scripts


def test_the_readme_shows_only_commands_that_exist() -> None:
    shown = set(re.findall(r"`nhi ([a-z]+)(?: ([a-z]+))?", README))
    for command, subcommand in shown:
        arguments = [part for part in (command, subcommand) if part]
        assert CliRunner().invoke(app, [*arguments, "--help"]).exit_code == 0, arguments


def test_the_version_is_told_once() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["dynamic"] == ["version"]

"""Stacks as sources of a scan on the real engine: its folder read directly, and the same backend asked by `pulumi`."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from nhi_components.core.errors import SystemUnreachable
from nhi_components.core.inventory.records import Declaration, Manager
from nhi_components.core.links import System
from nhi_components.lifecycle.declared.stacks import stacks_of_folder
from nhi_components.lifecycle.discovery.ports import Source
from nhi_components.provider.stacks_of_backend import BackendStacks
from tools.lab.engine import Engine

ARN = "arn:aws:iam::111111111111:role/orders"
URN = "urn:pulumi:dev::shop::aws:iam/role:Role::orders"


def run(folder: Path, *command: str, given: str | None = None) -> str:
    return subprocess.run(command, cwd=folder, input=given, check=True, capture_output=True, text=True).stdout


def declared_by(source: Source) -> list[tuple[str, list[object]]]:
    (beginning,) = source.beginnings()
    opened = source.section(beginning).read(None).opens
    return [(name, list(source.section(name).read(None).records)) for name in opened]


def test_what_the_engine_keeps_is_told_alike_by_its_folder_and_by_its_commands(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend, project = tmp_path / "backend", tmp_path / "project"
    backend.mkdir()
    project.mkdir()
    path = os.pathsep.join([*map(str, engine.path_entries), os.environ["PATH"]])
    for name, value in {
        "PATH": path,
        "PULUMI_HOME": str(tmp_path / "home"),
        "PULUMI_BACKEND_URL": f"file://{backend}",
        "PULUMI_CONFIG_PASSPHRASE": "of the test",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }.items():
        monkeypatch.setenv(name, value)
    (project / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    run(project, "git", "init", "-q")
    run(project, "git", "remote", "add", "origin", "https://github.com/acme/shop.git")
    run(project, "git", "add", "-A")
    run(project, "git", "-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-qm", "first")
    commit = run(project, "git", "rev-parse", "HEAD").strip()
    run(project, "pulumi", "stack", "init", "dev")
    # An update of a stack without resources runs no program, and notes where it was run.
    run(project, "pulumi", "refresh", "--yes", "--skip-preview", "--non-interactive", "--stack", "dev")
    state = json.loads(run(project, "pulumi", "stack", "export", "--stack", "dev"))
    outputs = {"arn": ARN, "uniqueId": "AROA1"}
    made = {"urn": URN, "type": "aws:iam/role:Role", "custom": True, "id": "orders", "outputs": outputs}
    state["deployment"]["resources"] = [made]
    run(project, "pulumi", "stack", "import", "--stack", "dev", given=json.dumps(state))
    monkeypatch.setenv("PULUMI_BACKEND_URL", "file:///nonexistent")

    origin = ("github.com/acme/shop", commit)
    one = (ARN, "AROA1", System.AWS, "iam-role", Manager.PULUMI)
    folder, asked = stacks_of_folder(backend), BackendStacks(f"file://{backend}")
    assert declared_by(folder) == [("file/shop/dev.json", [Declaration(*one, "shop/dev", URN, *origin)])]
    assert asked.place() == f"file://{backend}"
    told = [("stack/organization/shop/dev", [Declaration(*one, "organization/shop/dev", URN, *origin)])]
    assert declared_by(asked) == told
    with pytest.raises(SystemUnreachable, match="pulumi login"):
        BackendStacks(f"file://{tmp_path}/nowhere").place()

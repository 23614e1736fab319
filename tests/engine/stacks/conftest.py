"""The stacks that people deploy or copy, each with the strict pack on."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.lab.project import Project, Run
from tools.lab.sandbox import Sandbox

ROOT = Path(__file__).parents[3]
PACK = str(ROOT / "policies" / "strict")


class Stack(Project):
    """A stack of `stacks/`, as it stands there, with the strict pack on whatever is done to it."""

    def up(self, *arguments: str, check: bool = True, **environment: str) -> Run:
        """Run `pulumi up` with the pack."""
        return super().up("--policy-pack", PACK, *arguments, check=check, **environment)

    def configure(self, **values: str) -> None:
        """Set configuration: `publishers__count="3"` is the key `publishers:count`."""
        for key, value in values.items():
            self.pulumi("config", "set", key.replace("__", ":"), value)


@pytest.fixture
def stack(sandbox: Sandbox, tmp_path: Path) -> Callable[[str], Stack]:
    """`stack("microservice")`: a copy of that stack against the sandbox."""

    def make(name: str) -> Stack:
        folder = tmp_path / name
        shutil.copytree(ROOT / "stacks" / name, folder, ignore=shutil.ignore_patterns("__pycache__"))
        description = (folder / "Pulumi.yaml").read_text()
        environment = {**sandbox.environment(), "NHI_EVIDENCE_DIR": str(tmp_path / "evidence")}
        made = Stack(folder, environment, name=name.replace("_", "-"))
        (folder / "Pulumi.yaml").write_text(description)
        return made

    return make

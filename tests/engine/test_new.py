"""What `nhi new` writes passes its own policy pack on the real engine and analyzer, at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from nhi_components.core.identity import Kind
from nhi_components.core.links import System
from nhi_components.scaffold.blueprint import BLUEPRINTS
from tests.engine.programs import nhi
from tests.unit.scaffold.test_new import arguments
from tools.lab.project import Project
from tools.lab.sandbox import Sandbox


@pytest.mark.parametrize(("kind", "system"), list(BLUEPRINTS), ids=str)
def test_a_new_project_passes_its_own_pack(kind: Kind, system: System, sandbox: Sandbox, tmp_path: Path) -> None:
    caller = Project(tmp_path / "caller", sandbox.environment())
    folder = tmp_path / "project"
    sandbox.vault.client().sys.enable_auth_method("jwt")
    written = nhi(caller, *arguments(kind, system, folder))
    assert written.code == 0, written.text
    program, description = (folder / "__main__.py").read_text(), (folder / "Pulumi.yaml").read_text()

    stack = Project(folder, sandbox.environment(), name="orders")
    assert (folder / "__main__.py").read_text() == program
    (folder / "Pulumi.yaml").write_text(description)
    stack.pulumi("config", "set", "aws:region", "eu-central-1")
    looked = stack.preview("--policy-pack", "policy")
    assert "orders-seal" in looked.text
    assert "[mandatory]" not in looked.text

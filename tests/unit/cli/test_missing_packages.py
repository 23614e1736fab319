"""A command whose package is not installed says which extra brings it along; anything else is not hidden."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from nhi_components.core.errors import NhiError
from nhi_components.lifecycle.verdicts.estate import spark_estate


def run_without(package: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = f"import sys; sys.modules[{package!r}] = None; from nhi_components.cli.main import run; run()"
    return subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("package", "extra", "arguments"),
    [
        ("sqlalchemy", "inventory", ("inventory",)),
        ("alembic", "inventory", ("inventory",)),
        ("pyarrow", "verdicts", ("verdicts",)),
    ],
)
def test_the_extra_that_is_missing_is_told(
    package: str, extra: str, arguments: tuple[str, ...], tmp_path: Path
) -> None:
    file = tmp_path / "inventory.db"
    file.touch()
    told = run_without(package, *arguments, "--inventory", str(file))
    assert told.returncode == 2
    assert f"fix: pip install 'nhi-components[{extra}]'" in told.stderr
    assert "Traceback" not in told.stderr


def test_a_module_of_our_own_that_is_missing_is_a_defect() -> None:
    told = run_without("nhi_components.cli.app", "--help")
    assert told.returncode == 1
    assert "Traceback" in told.stderr


def test_spark_without_java_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NhiError, match="got no Java"), spark_estate(tmp_path):
        pass

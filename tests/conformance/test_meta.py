"""No adapter skips the suite, and the suite leaves out no part of the port."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

from nhi_components.core.connection import AwsConnection, VaultConnection
from nhi_components.core.links import System
from nhi_components.lifecycle import adapters
from nhi_components.lifecycle.ports import SystemAdapter
from tests.conformance import test_adapters
from tests.conformance.conftest import WORLDS

CONNECTIONS = {System.AWS: AwsConnection(), System.VAULT: VaultConnection()}
PORT = [name for name in vars(SystemAdapter) if not name.startswith("_")]


def test_every_adapter_is_run_through_the_suite() -> None:
    folders = {f.name for f in Path(adapters.__file__).parent.iterdir() if f.is_dir() and f.name != "__pycache__"}
    assert folders == {str(system) for system in System} == {str(world.system) for world in WORLDS.values()}


def test_every_test_of_the_suite_runs_against_every_system() -> None:
    tests = [function for name, function in vars(test_adapters).items() if name.startswith("test_")]
    assert len(tests) > 20
    assert [t.__name__ for t in tests if "world" not in inspect.signature(t).parameters] == []
    marks = [mark.name for test in tests for mark in getattr(test, "pytestmark", [])]
    assert not {"skip", "skipif", "xfail"}.intersection(marks)


def test_the_suite_uses_every_method_of_the_port() -> None:
    tree = ast.parse(Path(test_adapters.__file__).read_text())
    used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert {"admit", "survey", "blind_spots", "cut_off", "try_canary", "sweep", "caller"} < set(PORT)
    assert set(PORT) - {"system", "connection"} <= used


@pytest.mark.parametrize("system", list(System), ids=str)
def test_every_adapter_has_exactly_the_port_s_methods(system: System) -> None:
    adapter = adapters.open_adapter(system, "named", CONNECTIONS[system])
    assert (adapter.system, adapter.connection) == (system, "named")
    assert {name for name in dir(adapter) if not name.startswith("_")} == set(PORT)
    for name in set(PORT) - {"system", "connection"}:
        declared = inspect.signature(getattr(SystemAdapter, name)).parameters
        assert list(inspect.signature(getattr(type(adapter), name)).parameters) == list(declared)

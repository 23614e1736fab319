"""No adapter skips the suite, and the suite leaves out no part of the port."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

from nhi_components.core.connection import ActiveDirectoryConnection, ScimConnection
from nhi_components.core.credential.places import PlaceKind, PlaceSpec
from nhi_components.core.credential.rotation import SourceKind
from nhi_components.core.links import System
from nhi_components.lifecycle import adapters
from nhi_components.lifecycle.credentials.ports import CredentialSystem, Home, Place, Source
from nhi_components.lifecycle.ports import SystemAdapter
from nhi_components.provider.settings import Settings
from tests.conformance import test_adapters, test_scim
from tests.conformance.conftest import WORLDS
from tests.conformance.credentials import test_places, test_sources
from tests.conformance.credentials.conftest import HOMES, PLACES, SOURCES

HOME_KINDS = [
    place.model_fields["kind"].default.replace("-", "_") for place in PlaceSpec.__subclasses__() if place.can_be_home
]
PORT = [name for name in vars(SystemAdapter) if not name.startswith("_")]


def test_every_adapter_is_run_through_the_suite() -> None:
    folders = {f.name for f in Path(adapters.__file__).parent.iterdir() if f.is_dir() and f.name != "__pycache__"}
    assert folders == {str(system) for system in System}
    assert {str(world.system) for world in WORLDS.values()} == set(adapters.IDENTITY_SYSTEMS)


def test_every_system_that_holds_credentials_or_accounts_is_run_through_its_suite() -> None:
    kinds = {str(kind).replace("-", "_") for kind in (*PlaceKind, *SourceKind)}
    worlds = " ".join([*PLACES, *SOURCES]).replace("-", "_")
    names = {"command": "hook_command", "http": "hook_http"}
    assert [kind for kind in kinds if names.get(kind, kind) not in worlds] == []
    assert {name for name in PLACES if any(home in name for home in HOME_KINDS)} == set(HOMES)
    assert [name for name in vars(test_scim) if name.startswith("test_")]


def test_the_suites_of_credentials_use_every_method_of_their_ports() -> None:
    for port, suites in (
        (Source, [test_sources]),
        (Place, [test_places]),
        (Home, [test_places]),
        (CredentialSystem, [test_places, test_sources]),
    ):
        used = {
            node.attr
            for suite in suites
            for node in ast.walk(ast.parse(Path(suite.__file__).read_text()))
            if isinstance(node, ast.Attribute)
        }
        assert [name for name in vars(port) if not name.startswith("_") and name not in used] == []


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
    scim = {"named": ScimConnection(endpoint="https://idp.example.com/scim/v2")}
    directory = {"named": ActiveDirectoryConnection(servers=("ldaps://dc1.example.com",), user="nhi@example.com")}
    settings = Settings(scim=scim, activedirectory=directory)
    name = "named" if system in (System.SCIM, System.ACTIVE_DIRECTORY) else "default"
    adapter = adapters.open_adapter(system, "named", settings.connection(system, name))
    assert (adapter.system, adapter.connection) == (system, "named")
    assert {name for name in dir(adapter) if not name.startswith("_")} == set(PORT)
    for name in set(PORT) - {"system", "connection"}:
        declared = inspect.signature(getattr(SystemAdapter, name)).parameters
        assert list(inspect.signature(getattr(type(adapter), name)).parameters) == list(declared)

"""Every source and every place in turn. A world is a class in a file `<something>_world.py` of this folder.

`PLACES` and `SOURCES` of such a file map a name to a function that takes a `Setting` and gives a world; what the world
has to put away is given to `setting.closing`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.conftest import Servers
from tests.conformance.credentials.world import PlaceWorld, SourceWorld

_FILES = sorted(file.stem for file in Path(__file__).parent.glob("*_world.py"))
_MODULES = [import_module(f"tests.conformance.credentials.{name}") for name in _FILES]


@dataclass(frozen=True)
class Setting:
    """What worlds are made with.

    Attributes:
        request: gives the servers when a world needs them: `setting.servers`.
        environment: to set variables for the test.
        folder: a folder of the test's own.
        closing: puts away what the world has opened.
    """

    request: pytest.FixtureRequest
    environment: pytest.MonkeyPatch
    folder: Path
    closing: ExitStack

    @property
    def servers(self) -> Servers:
        found: Servers = self.request.getfixturevalue("servers")
        return found


PLACES: dict[str, Callable[[Setting], PlaceWorld]] = {}
SOURCES: dict[str, Callable[[Setting], SourceWorld]] = {}
for _module in _MODULES:
    PLACES |= getattr(_module, "PLACES", {})
    SOURCES |= getattr(_module, "SOURCES", {})
HOMES: list[str] = [name for _module in _MODULES for name in getattr(_module, "HOMES", ())]


@pytest.fixture
def setting(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Setting]:
    with ExitStack() as closing:
        yield Setting(request, monkeypatch, tmp_path, closing)


@pytest.fixture(params=sorted(PLACES))
def place_world(request: Any, setting: Setting) -> PlaceWorld:
    return PLACES[request.param](setting)


@pytest.fixture(params=sorted(HOMES))
def home_world(request: Any, setting: Setting) -> PlaceWorld:
    return PLACES[request.param](setting)


@pytest.fixture(params=sorted(SOURCES))
def source_world(request: Any, setting: Setting) -> SourceWorld:
    return SOURCES[request.param](setting)

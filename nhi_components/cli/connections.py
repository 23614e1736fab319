"""How a command reaches the systems: as `nhi.Provider` is configured, from a file or from the ambient chain."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from nhi_components.core.links import System
    from nhi_components.lifecycle.bracket import OpenAdapter
    from nhi_components.lifecycle.ports import SystemAdapter
    from nhi_components.provider.settings import Settings


class Output(StrEnum):
    """How a command answers."""

    TABLE = "table"
    JSON = "json"


OutputOption = Annotated[Output, typer.Option("--output", "-o", help="A table for people, JSON for programs.")]
ConnectionsOption = Annotated[
    Path | None,
    typer.Option(
        "--connections",
        exists=True,
        dir_okay=False,
        help="JSON file with the connections by system and name, as nhi.Provider takes them.",
        show_default="the ambient credentials of each system",
    ),
]


def read_connections(file: Path | None) -> Settings:
    """Read the connections; without a file, each system has its ambient one."""
    from nhi_components.core.errors import Problem, SpecError
    from nhi_components.provider.settings import Settings

    if file is None:
        return Settings()
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        problem = Problem(str(file), str(error), 'a JSON object like {"aws": {"default": {…}}}', "correct the file")
        raise SpecError("connections", [problem]) from None
    return Settings.parse(content)


def systems_to_look_at(named: Sequence[str] | None, settings: Settings) -> list[System]:
    """Choose where a lease is looked for: where it is said, else where identities live, and where connections lead.

    Where identities may live, but where nothing on this machine shows that any do, is left out.
    """
    from nhi_components.core.links import System
    from nhi_components.lifecycle.adapters import IDENTITY_SYSTEMS
    from nhi_components.lifecycle.adapters.ambient import is_set_up

    if named:
        return [System(name) for name in named]
    likely = [system for system in IDENTITY_SYSTEMS if is_set_up(system)]
    return [system for system in System if system in likely or getattr(settings, system)]


def adapter_opener(settings: Settings) -> OpenAdapter:
    """Make what binds an adapter to a system and a connection's name; each is opened once."""
    from functools import cache

    from nhi_components.lifecycle.adapters import open_adapter

    @cache
    def opener(system: System, connection: str) -> SystemAdapter:
        return open_adapter(system, connection, settings.connection(system, connection))

    return opener


def systems_named(command: str, named: Sequence[str], among: Collection[System] | None = None) -> tuple[System, ...]:
    """Read the names of systems that a command is given.

    Args:
        command: which.
        named: what it is given.
        among: the systems that it can be given; None for all.

    Raises:
        SpecError: one of them is the name of none.
    """
    from nhi_components.core.errors import Problem, SpecError
    from nhi_components.core.links import System

    known = System if among is None else among
    if unknown := sorted(set(named) - set(known)):
        problem = Problem("--system", ", ".join(unknown), "one of " + ", ".join(known), "correct the name")
        raise SpecError(command, [problem])
    return tuple(System(each) for each in dict.fromkeys(named))

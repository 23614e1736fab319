"""What the laboratory hands out when an engine is ready."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.lab.console import say


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine that is ready for use.

    Attributes:
        pulumi: the executable.
        version: its version, without a leading `v`.
        origin: where it comes from, in words.
        own: whether it is the laboratory's own and not one that the user has on PATH.
        plugins: executables of provider plugins by their folder's name in Pulumi's plugin cache.
    """

    pulumi: Path
    version: str
    origin: str
    own: bool
    plugins: Mapping[str, Path]

    @property
    def path_entries(self) -> tuple[Path, ...]:
        """What a shell needs in front of its PATH: nothing when the engine is the user's own."""
        return (self.pulumi.parent,) if self.own else ()

    def furnish(self, home: Path) -> Path:
        """Make a folder a PULUMI_HOME that has the plugins, by links; what else is in it stays.

        Pulumi passes over a plugin's folder that is itself a link, so only the executable is one.
        """
        for folder, executable in self.plugins.items():
            link = home / "plugins" / folder / executable.name
            link.parent.mkdir(parents=True, exist_ok=True)
            link.unlink(missing_ok=True)
            link.symlink_to(executable)
        return home


def describe(engine: Engine) -> None:
    """Tell people which engine and plugins are used, and where they lie."""
    say(f"Engine: pulumi {engine.version}, {engine.origin}: {engine.pulumi}")
    for folder, executable in engine.plugins.items():
        say(f"Plugin: {folder}: {executable}")

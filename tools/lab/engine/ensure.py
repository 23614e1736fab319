"""Have an engine: the user's, else the official one, else one built from Go modules.

What is in the cache is used without asking the network again. Nothing is put on the user's PATH and nothing into
~/.pulumi: the laboratory's engine is used by those who ask for it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from tools.lab import cache
from tools.lab.console import say
from tools.lab.engine import gobuild, official, pins, verify
from tools.lab.engine.model import Engine
from tools.lab.engine.parts import ENGINE_PARTS, PLUGIN_PARTS, GoPart
from tools.lab.errors import LabError


def ensure(root: Path | None = None) -> Engine:
    """Return an engine with its plugins; build or install what is missing.

    Args:
        root: the laboratory's cache; the user's by default.

    Raises:
        LabError: it can't be had; the message says what is missing and how to get it.
    """
    workshop = _Workshop((root or cache.root()).resolve())
    if (found := workshop.find()) is not None:
        return found
    with cache.exclusive(workshop.root / "engine.lock", "engine"):
        return workshop.make()


class _Workshop:
    """The engine's places in one cache directory, and how each is filled."""

    def __init__(self, root: Path) -> None:
        self.root = root
        parts = root / "parts"
        self.official = parts / f"pulumi-official-{pins.ENGINE}-{pins.platform_key()}"
        self.built = parts / ("engine-" + "-".join(part.key.rpartition("-")[2] for part in ENGINE_PARTS))

    @cached_property
    def _users(self) -> tuple[Path, str] | None:
        return official.on_path(os.environ.get("PATH", ""), self.root)

    def find(self) -> Engine | None:
        """The engine, when nothing has to be made for it."""
        cli = self._find_cli()
        plugins = {pin.folder: self._find_plugin(pin) for pin in pins.PLUGINS}
        present = {folder: path for folder, path in plugins.items() if path is not None}
        return Engine(*cli, present) if cli and len(present) == len(plugins) else None

    def make(self) -> Engine:
        """The engine, with what is missing made."""
        cli = self._find_cli() or self._make_cli()
        plugins = {pin.folder: self._find_plugin(pin) or self._make_plugin(pin, cli[0]) for pin in pins.PLUGINS}
        return Engine(*cli, plugins)

    def _find_cli(self) -> tuple[Path, str, str, bool] | None:
        if self._users is not None:
            return (*self._users, "found on PATH", False)
        if cache.intact(self.official):
            return self.official / "bin" / "pulumi", pins.ENGINE, "official release", True
        if cache.intact(self.built):
            return self.built / "pulumi", pins.ENGINE, "built from Go modules", True
        return None

    def _make_cli(self) -> tuple[Path, str, str, bool]:
        pulumi = self.official / "bin" / "pulumi"
        if reason := _try(self.official, official.install_engine):
            say(f"The official engine can't be had ({reason}), so it is built from Go modules")
        else:
            return _agree(pulumi, verify.cli_version(pulumi), pins.ENGINE), pins.ENGINE, "official release", True
        folders = [self._build(part) for part in ENGINE_PARTS]
        cache.publish(self.built, lambda target: _link_all(folders, target))
        pulumi, host = (self.built / part.program for part in ENGINE_PARTS)
        _agree(host, verify.language_host_version(host), pins.LANGUAGE_HOST)
        return _agree(pulumi, verify.cli_version(pulumi), pins.ENGINE), pins.ENGINE, "built from Go modules", True

    def _find_plugin(self, pin: pins.PluginPin) -> Path | None:
        if users := official.in_users_cache(pin, self.root):
            return users
        folders = (self._official_plugin(pin), self.root / "parts" / PLUGIN_PARTS[pin].key)
        return next((folder / pin.executable for folder in folders if cache.intact(folder)), None)

    def _make_plugin(self, pin: pins.PluginPin, pulumi: Path) -> Path:
        folder = self._official_plugin(pin)
        if reason := _try(folder, lambda target: official.install_plugin(pulumi, pin, target)):
            say(f"The official plugin {pin.name} can't be had ({reason}), so it is built from Go modules")
            folder = self._build(PLUGIN_PARTS[pin])
        executable = folder / pin.executable
        return _agree(executable, verify.provider_version(executable), pin.version)

    def _official_plugin(self, pin: pins.PluginPin) -> Path:
        return self.root / "parts" / f"{pin.executable}-official-{pin.version}-{pins.platform_key()}"

    def _build(self, part: GoPart) -> Path:
        log = self.root / "logs" / f"{part.key}.log"
        return cache.publish(self.root / "parts" / part.key, lambda target: gobuild.build(part, target, log))


class _CannotBeHadError(Exception):
    """An official release can't be downloaded; the message says why."""


def _try(target: Path, install: Callable[[Path], str | None]) -> str | None:
    """Publish a folder that an installer fills, or say why it couldn't."""

    def fill(draft: Path) -> None:
        if reason := install(draft):
            raise _CannotBeHadError(reason)

    try:
        cache.publish(target, fill)
    except _CannotBeHadError as error:
        return str(error)
    return None


def _link_all(folders: list[Path], target: Path) -> None:
    """Bring programs together in one folder, where the engine looks for its host; hard links take no room."""
    for folder in folders:
        for file in folder.iterdir():
            if file.name != cache.MANIFEST:
                (target / file.name).hardlink_to(file)


def _agree(program: Path, version: str, expected: str) -> Path:
    """Return the program, when it reports the version that was asked for.

    Raises:
        LabError: it reports another; its folder is removed, so that the next run makes it anew.
    """
    if version == expected:
        return program
    shutil.rmtree(program.parent, ignore_errors=True)
    raise LabError(str(program), got=f"version {version or 'unknown'}", expected=expected, fix="run it again")

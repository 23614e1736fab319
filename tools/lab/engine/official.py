"""Pulumi's own releases: a `pulumi` that the user has, the official installer, official plugins."""

from __future__ import annotations

import os
import shutil
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

from tools.lab.console import say, step
from tools.lab.engine import pins, verify
from tools.lab.errors import LabError

PROBE_SECONDS = 5
DOWNLOAD_SECONDS = 900
_INSTALLER = "https://get.pulumi.com/install.sh"
_PLUGIN = "https://get.pulumi.com/releases/plugins/pulumi-resource-{name}-v{version}-{system}-{machine}.tar.gz"
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}
_BESIDE_IT = ("pulumi-language-python", "pulumi-language-python-exec")


def on_path(search: str, own: Path) -> tuple[Path, str] | None:
    """Find the user's `pulumi`, if it is one that the project can be used with.

    Args:
        search: the PATH to search.
        own: the laboratory's cache; an engine in it is not the user's, even when a shell of the sandbox has it on PATH.

    Returns:
        The executable and its version, or None; the reason for refusing one is told.
    """
    entries = [entry for entry in search.split(os.pathsep) if entry and not Path(entry).is_relative_to(own)]
    found = shutil.which("pulumi", path=os.pathsep.join(entries))
    if found is None:
        return None
    pulumi = Path(found)
    try:
        version = verify.cli_version(pulumi)
    except LabError as error:
        say(f"{pulumi} is not used: {error.problem.got}")
        return None
    if reason := unsuitable(pulumi, version):
        say(f"{pulumi} is not used: {reason}")
        return None
    return pulumi, version


def unsuitable(pulumi: Path, version: str) -> str | None:
    """Say why a `pulumi` is not suitable, or None when it is."""
    parts = version.split(".")
    if len(parts) != 3 or not all(part.isdecimal() for part in parts):
        return f"version {version} is not a release"
    release = tuple(int(part) for part in parts)
    if not pins.OLDEST_ENGINE <= release < pins.NEWEST_ENGINE:
        oldest, newest = (".".join(map(str, bound)) for bound in (pins.OLDEST_ENGINE, pins.NEWEST_ENGINE))
        return f"its version is {version}, expected at least {oldest} and below {newest}"
    folders = {pulumi.parent, pulumi.resolve().parent}
    missing = [name for name in _BESIDE_IT if not any((folder / name).exists() for folder in folders)]
    return f"{' and '.join(missing)} not found beside it" if missing else None


def unreachable(url: str) -> str | None:
    """Ask for the head of a page; say in one line why it can't be had, or None when it can."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=PROBE_SECONDS):  # noqa: S310 - https
            return None
    except (urllib.error.URLError, OSError) as error:
        return str(getattr(error, "reason", error))


def install_engine(target: Path) -> str | None:
    """Install the pinned CLI with the official installer.

    Args:
        target: an empty folder; receives `bin/pulumi` and its companions.

    Returns:
        None, or why it could not be installed.
    """
    if reason := unreachable(_INSTALLER):
        return f"{_INSTALLER}: {reason}"
    from pulumi.automation import PulumiCommand
    from semver import VersionInfo

    try:
        with step(f"Installing pulumi {pins.ENGINE} with the official installer"):
            PulumiCommand.install(root=str(target), version=VersionInfo.parse(pins.ENGINE))
    except (OSError, subprocess.SubprocessError, RuntimeError) as error:
        return f"the official installer failed: {error}"
    return None


def install_plugin(pulumi: Path, pin: pins.PluginPin, target: Path) -> str | None:
    """Download an official provider plugin.

    Args:
        pulumi: the CLI that downloads it.
        pin: which one.
        target: an empty folder; receives the executable.

    Returns:
        None, or why it could not be had.
    """
    system = os.uname()
    machine = _MACHINES.get(system.machine, system.machine)
    url = _PLUGIN.format(name=pin.name, version=pin.version, system=system.sysname.lower(), machine=machine)
    if reason := unreachable(url):
        return f"{url}: {reason}"
    home = target / "home"
    command = [str(pulumi), "plugin", "install", "resource", pin.name, pin.version]
    environment = {**os.environ, "PULUMI_HOME": str(home), "PULUMI_SKIP_UPDATE_CHECK": "1"}
    try:
        with step(f"Installing the official plugin {pin.name} {pin.version}"):
            subprocess.run(
                command, env=environment, check=True, capture_output=True, text=True, timeout=DOWNLOAD_SECONDS
            )
    except (OSError, subprocess.SubprocessError) as error:
        return f"pulumi plugin install failed: {error}"
    shutil.move(home / "plugins" / pin.folder / pin.executable, target / pin.executable)
    shutil.rmtree(home)
    return None


def in_users_cache(pin: pins.PluginPin, own: Path) -> Path | None:
    """The plugin in the user's own Pulumi cache, unless that is a link to the laboratory's."""
    home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
    plugin = home / "plugins" / pin.folder / pin.executable
    return plugin if plugin.exists() and not plugin.resolve().is_relative_to(own) else None

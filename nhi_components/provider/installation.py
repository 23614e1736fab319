"""Registers the provider plugin in Pulumi's cache, so that a destroy finds it from any shell and any project."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nhi_components.version import VERSION

RELEASES = (VERSION,)
"""The releases whose states this one can destroy, itself last. At a destroy the engine asks for exactly the version
that the state names, so the plugin is registered under each."""

_UNIX = '#!/bin/sh\nexec {python} -m nhi_components.provider.main "$@"\n'
_WINDOWS = '@"{python}" -m nhi_components.provider.main %*\r\n'


@dataclass(frozen=True, slots=True)
class Installation:
    """Where the plugin stands.

    Attributes:
        launcher: the file that Pulumi runs.
        changed: whether this installation wrote it, or that of an earlier release, anew.
    """

    launcher: Path
    changed: bool


def pulumi_home() -> Path:
    """Tell where Pulumi keeps its plugins: PULUMI_HOME, or `.pulumi` in the home directory."""
    return Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")


def install(
    home: Path,
    python: Path = Path(sys.executable),
    *,
    windows: bool = os.name == "nt",
    releases: Sequence[str] = RELEASES,
) -> Installation:
    """Write launchers with the absolute path of this interpreter; safe to repeat and to run twice at once.

    Args:
        home: Pulumi's home.
        python: the interpreter that has this library.
        windows: whether Pulumi looks for a `.cmd` file there.
        releases: the versions to register it under.

    Returns:
        What became of the last one.
    """
    content = _content(python.absolute(), windows).encode()
    name = "pulumi-resource-nhi.cmd" if windows else "pulumi-resource-nhi"
    launchers = [home / "plugins" / f"resource-nhi-v{release}" / name for release in releases]
    changed = [_write(launcher, content) for launcher in launchers]
    return Installation(launchers[-1], any(changed))


def _content(python: Path, windows: bool) -> str:
    if windows:
        return _WINDOWS.format(python=str(python).replace("%", "%%"))
    return _UNIX.format(python=shlex.quote(str(python)))


def _write(launcher: Path, content: bytes) -> bool:
    """Write a launcher unless it is as it should be; tell whether it was written."""
    if launcher.is_file() and launcher.read_bytes() == content:
        return False
    launcher.parent.mkdir(parents=True, exist_ok=True)
    draft = launcher.with_name(f".{launcher.name}.{os.getpid()}")
    draft.write_bytes(content)
    draft.chmod(0o755)
    draft.replace(launcher)
    return True

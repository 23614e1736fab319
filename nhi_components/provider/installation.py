"""Registers the provider plugin in Pulumi's cache, so that a destroy finds it from any shell and any project."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from nhi_components.version import VERSION

_UNIX = '#!/bin/sh\nexec "{python}" -m nhi_components.provider.main "$@"\n'
_WINDOWS = '@"{python}" -m nhi_components.provider.main %*\r\n'


@dataclass(frozen=True, slots=True)
class Installation:
    """Where the plugin stands.

    Attributes:
        launcher: the file that Pulumi runs.
        changed: whether this installation wrote it anew.
    """

    launcher: Path
    changed: bool


def pulumi_home() -> Path:
    """Tell where Pulumi keeps its plugins: PULUMI_HOME, or `.pulumi` in the home directory."""
    return Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")


def install(home: Path, python: Path = Path(sys.executable), *, windows: bool = os.name == "nt") -> Installation:
    """Write a launcher with the absolute path of this interpreter; safe to repeat and to run twice at once.

    Args:
        home: Pulumi's home.
        python: the interpreter that has this library.
        windows: whether Pulumi looks for a `.cmd` file there.
    """
    folder = home / "plugins" / f"resource-nhi-v{VERSION}"
    launcher = folder / ("pulumi-resource-nhi.cmd" if windows else "pulumi-resource-nhi")
    content = (_WINDOWS if windows else _UNIX).format(python=python.absolute())
    if launcher.is_file() and launcher.read_text(encoding="utf-8") == content:
        return Installation(launcher, changed=False)
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".{launcher.name}.{os.getpid()}"
    draft.write_text(content, encoding="utf-8", newline="")
    draft.chmod(0o755)
    draft.replace(launcher)
    return Installation(launcher, changed=True)

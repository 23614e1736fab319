"""Puts the test plugins into a sandbox's own PULUMI_HOME, and nowhere else: no user's engine may ever find one."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import MappingProxyType

from tools.lab.errors import LabError

PLUGINS: Mapping[str, str] = MappingProxyType(
    {
        "azure-native": "tools.plugins.azure.main",
        "azuread": "tools.plugins.azuread.main",
        "gcp": "tools.plugins.gcp.main",
        "kubernetes": "tools.plugins.kubernetes.main",
    }
)
"""By package, the module that serves it."""

_ROOT = Path(__file__).resolve().parents[2]
_LAUNCHER = '#!/bin/sh\nPYTHONPATH={root} exec {python} -P -m {module} "$@"\n'
_MARK = "servers.json"
"""What a sandbox's folder has from its first moment on."""


def furnish(home: Path, python: Path = Path(sys.executable)) -> list[Path]:
    """Write a launcher for each plugin whose SDK is installed, under the version of that SDK.

    Args:
        home: a sandbox's PULUMI_HOME.
        python: the interpreter that has this project's packages.

    Returns:
        The launchers.

    Raises:
        LabError: the folder is no sandbox's.
    """
    if home.name != "pulumi" or not (home.parent / _MARK).is_file():
        raise LabError(
            "the test plugins",
            got=f"{home}, which is no sandbox's PULUMI_HOME",
            expected="the folder `pulumi` of a sandbox that is up",
            fix="use tools.lab.sandbox.Sandbox; for a cloud of your own, install Pulumi's own plugin",
        )
    return [
        _write(home / "plugins" / f"resource-{package}-v{installed}" / f"pulumi-resource-{package}", module, python)
        for package, module in PLUGINS.items()
        if (installed := _installed(package))
    ]


def _installed(package: str) -> str | None:
    try:
        return version(f"pulumi-{package}")
    except PackageNotFoundError:
        return None


def _write(launcher: Path, module: str, python: Path) -> Path:
    places = {"root": shlex.quote(str(_ROOT)), "python": shlex.quote(str(python.absolute())), "module": module}
    launcher.parent.mkdir(parents=True, exist_ok=True)
    draft = launcher.with_name(f".{launcher.name}.{os.getpid()}")
    draft.write_text(_LAUNCHER.format(**places))
    draft.chmod(0o755)
    draft.replace(launcher)
    return launcher

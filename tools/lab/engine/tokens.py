"""The type tokens that a Python SDK uses, which the plugins built here serve; embedded as tokens.txt.

`python -m tools.lab.engine.tokens` takes them anew from the installed SDKs.
"""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

from tools.lab.engine import pins
from tools.lab.engine.parts import SOURCES

_TOKEN = re.compile(r"'([a-z]+:[A-Za-z0-9]+/[A-Za-z0-9]+:[A-Za-z0-9]+)'")
"""In single quotes, as the SDK's generator writes a resource's own token; aliases and enumerations have double ones."""


def collect(package: str) -> list[str]:
    """The tokens of a package's resources and functions, sorted; the SDK is read and not imported, which takes long.

    Raises:
        ModuleNotFoundError: the SDK is not installed.
    """
    module = importlib.util.find_spec(f"pulumi_{package}")
    if module is None or module.origin is None:
        raise ModuleNotFoundError(f"pulumi_{package} is not installed")
    found: set[str] = set()
    for source in Path(module.origin).parent.rglob("*.py"):
        found.update(token for token in _TOKEN.findall(source.read_text()) if token.startswith(f"{package}:"))
    return sorted(found)


def main() -> None:
    """Write the tokens of every plugin."""
    for pin in pins.PLUGINS:
        (SOURCES / pin.name / "tokens.txt").write_text("\n".join(collect(pin.name)) + "\n")


if __name__ == "__main__":
    main()

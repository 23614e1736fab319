"""Fuzzes one target in this process: `python -m tools.fuzz.target NAME [libFuzzer options] FOLDER`."""

from __future__ import annotations

import sys

import atheris  # type: ignore[import-untyped]  # without types, and installed for fuzzing only

with atheris.instrument_imports(include=["nhi_components"]):
    from tests.fuzz.targets import TARGETS


def main() -> None:
    name = sys.argv.pop(1)
    atheris.Setup(sys.argv, TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()

"""Command line of the laboratory: `python -m tools.lab engine | sandbox-up | sandbox-down | sandbox-env | ...`."""

from __future__ import annotations

import argparse
import sys

from tools.lab.errors import LabError

_COMMANDS = {
    "engine": "have a Pulumi engine: the user's, the official one, or one built from Go modules",
    "sandbox-install": "have the sandbox's servers, in a virtual environment of their own, and a browser",
    "sandbox-up": "bring up an AWS emulator and a Vault on loopback, for shells",
    "sandbox-down": "take them down and leave nothing behind",
    "sandbox-env": "print what a shell needs to run plain pulumi commands against them",
}


def main(arguments: list[str] | None = None) -> int:
    """Run one command.

    Returns:
        The exit status: 0, or 1 after an error that was told on standard error.
    """
    parser = argparse.ArgumentParser(prog="python -m tools.lab", description="The project's laboratory.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, help_text in _COMMANDS.items():
        commands.add_parser(name, help=help_text)
    try:
        _run(parser.parse_args(arguments).command)
    except LabError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _run(command: str) -> None:
    from tools.lab import browser, engine
    from tools.lab.sandbox import programs, shell

    match command:
        case "engine":
            engine.describe(engine.ensure())
        case "sandbox-install":
            programs.ensure()
            browser.ensure()
        case "sandbox-up":
            shell.up()
        case "sandbox-down":
            shell.down()
        case "sandbox-env":
            shell.env()


if __name__ == "__main__":
    sys.exit(main())

"""The `nhi` command: starts as little as the command at hand needs."""

from __future__ import annotations

import os
import sys

_INTERRUPTED, _PIPE_CLOSED = 130, 141
"""As a shell tells of a command that ended by SIGINT or SIGPIPE."""
_EXTRAS = {
    "sqlalchemy": "inventory",
    "alembic": "inventory",
    "duckdb": "verdicts",
    "ibis": "verdicts",
    "pyarrow": "verdicts",
    "pyspark": "spark",
}
"""The extra that brings along what a command has not found."""


def run() -> None:
    """Run the command; an error of our own is shown as its message, and the exit code is 2.

    `nhi lint` runs in editors and before commits, thousands of times a day, so it starts without the framework of the
    other commands, that alone takes longer than a verdict.
    """
    from nhi_components.garbage import collect_rarely

    collect_rarely()
    from nhi_components.core.errors import NhiError

    try:
        if sys.argv[1:2] == ["lint"]:
            from nhi_components.cli.lint import main

            sys.exit(main(sys.argv[2:]))
        from nhi_components.cli.app import app

        app()
    except NhiError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(2)
    except ModuleNotFoundError as missing:
        extra = _EXTRAS.get((missing.name or "").partition(".")[0])
        if extra is None:
            raise
        fix = f"pip install 'nhi-components[{extra}]'"
        sys.stderr.write(f"error: the package {missing.name} is not installed, which this command needs; fix: {fix}\n")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(_PIPE_CLOSED)


if __name__ == "__main__":
    run()

"""Plant the estate, scan it, change it, scan it again, judge it, and print recall and precision of every verdict.

`python -m tools.estate` exits with 0 when all are 1.0, and with 1 otherwise.
"""

from __future__ import annotations

import sys

from rich.console import Console

from tools.estate.product import discover, judge, keys
from tools.estate.running import planted
from tools.estate.score import compare, show

_WIDE = 120
"""Columns of the table where there is no terminal."""


def main() -> int:
    console = Console(width=None if sys.stdout.isatty() else _WIDE)
    with planted() as estate:
        discover(estate, before=True)
        estate.change()
        discover(estate, before=False)
        score = compare(estate.ledger, judge(estate), keys(estate))
        show(score, estate.ledger.left_out, console)
    return 0 if score.is_perfect else 1


if __name__ == "__main__":
    sys.exit(main())

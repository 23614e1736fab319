"""Runs `nhi` as it will run some days later: `python later.py DAYS ARGUMENTS`; no option of its own does that."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta

from nhi_components.lifecycle import clock

if __name__ == "__main__":
    later = timedelta(days=int(sys.argv.pop(1)))
    clock.system_clock = lambda: datetime.now(UTC) + later
    from nhi_components.cli.main import run

    run()

"""Progress of long steps on standard error; standard output stays free for what a command prints."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

HEARTBEAT_SECONDS = 30
"""Between two lines about the same step where there is no terminal: CI services end a job that is silent for long."""


def say(line: str) -> None:
    """Print one line."""
    from rich.console import Console

    Console(stderr=True, highlight=False, soft_wrap=True).print(line, markup=False)


@contextmanager
def step(title: str) -> Iterator[None]:
    """Show that a step is under way and for how long, and at its end how long it took."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True, highlight=False, soft_wrap=True)
    started = time.monotonic()
    if console.is_terminal:
        columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
        with Progress(*columns, console=console, transient=True) as progress:
            progress.add_task(title, total=None)
            yield
    else:
        say(f"{title} ...")
        with _heartbeat(title, started):
            yield
    say(f"{title}: done in {elapsed(time.monotonic() - started)}")


@contextmanager
def _heartbeat(title: str, started: float) -> Iterator[None]:
    done = threading.Event()

    def beat() -> None:
        while not done.wait(HEARTBEAT_SECONDS):
            say(f"{title} ... {elapsed(time.monotonic() - started)}")

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def elapsed(seconds: float) -> str:
    """A duration for people: `7 s`, `3 min 05 s`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"

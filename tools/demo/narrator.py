"""Tells what happens, shows what is run, and remembers whether everything went as told."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping

from rich.console import Console
from rich.rule import Rule

from tools.lab.project import Run

_SHOWN_LINES = 24


class Narrator:
    """Tells a story in numbered chapters.

    Args:
        titles: the chapters' titles, in order.
    """

    def __init__(self, titles: tuple[str, ...]) -> None:
        self._console = Console(highlight=False, soft_wrap=True)
        self._titles: Iterator[tuple[int, str]] = iter(enumerate(titles, start=1))
        self._chapters = len(titles)
        self._failures = 0

    def chapter(self) -> None:
        """Begin the next chapter."""
        number, title = next(self._titles)
        self._console.print()
        self._console.print(Rule(f"[bold]{number}/{self._chapters}  {title}", align="left"))

    def say(self, text: str) -> None:
        """Say something in plain words."""
        self._console.print(text, markup=False)

    def check(self, claim: str, held: bool) -> None:
        """State a claim and whether it held."""
        self._failures += not held
        self._console.print("[green]  yes[/] " if held else "[red]  NO[/]  ", claim, sep="")

    def ran(self, run: Run, *, only: tuple[str, ...]) -> None:
        """Show a command that was run, and those lines of what it printed that contain one of the texts."""
        words = [word for word in run.command if word not in ("--non-interactive", "--color", "never")]
        self._show(" ".join(words), run.seconds)
        lines = [line.rstrip() for line in run.stdout.splitlines() if any(text in line for text in only)]
        for line in lines[:_SHOWN_LINES]:
            self._console.print(f"    {line}", markup=False)
        if len(lines) > _SHOWN_LINES:
            self._console.print(f"    … {len(lines) - _SHOWN_LINES} more lines", markup=False)

    def command(self, command: tuple[str, ...], environment: Mapping[str, str]) -> None:
        """Run a command and show all that it prints; it must succeed."""
        self._show(" ".join(command), None)
        done = subprocess.run(command, env=dict(environment), capture_output=True, text=True, check=False)
        for line in (done.stdout + done.stderr).splitlines():
            self._console.print(f"    {line}", markup=False)
        if done.returncode:
            self.check(f"`{' '.join(command)}` succeeds", held=False)

    def fail(self, why: str) -> None:
        """End the story early."""
        self._console.print("[red]The demo stopped:[/] ", end="")
        self._console.print(why, markup=False)

    def conclude(self, next_steps: str) -> int:
        """Say how it went, and what to look at next; the exit status."""
        self._console.print()
        if self._failures:
            self._console.print(f"[red]{self._failures} of the claims above did not hold.[/]")
            return 1
        self._console.print(f"[green]Everything went as told.[/] {next_steps}")
        return 0

    def _show(self, command: str, seconds: float | None) -> None:
        took = f"  [dim]({seconds:.1f} s)[/]" if seconds is not None else ""
        self._console.print("  [bold cyan]$[/] ", end="")
        self._console.print(command, markup=False, style="bold", end="")
        self._console.print(took)

"""What the commands have in common that decide about an identity: where, who, why, until when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from nhi_components.core.errors import Problem

StackOption = Annotated[str | None, typer.Option("--stack", "-s", show_default="the selected one")]
DirectoryOption = Annotated[Path, typer.Option("--cwd", help="The project's folder.", exists=True, file_okay=False)]
ApproverOption = Annotated[str, typer.Option("--approver", envvar="NHI_APPROVER", help="Who decides.")]
ReasonOption = Annotated[str, typer.Option("--reason", envvar="NHI_REASON", help="Why, such as a ticket's number.")]


def approval(command: str, approver: str, reason: str, found: Sequence[Problem] = ()) -> tuple[str, str]:
    """Check who decides and why, before anything is done: a kill that can't be decided would not last.

    Args:
        command: who asks.
        approver: who decides.
        reason: why.
        found: what else is wrong, to be told with it.

    Raises:
        SpecError: either is not stated, too short or too long.
    """
    from nhi_components.core.errors import Problem, SpecError
    from nhi_components.core.life import Decision

    problems = []
    if not approver.strip():
        problems.append(Problem("--approver", "nothing", "who decides", "give it, or set NHI_APPROVER"))
    if not reason.strip():
        problems.append(Problem("--reason", "nothing", "why", "give it, or set NHI_REASON"))
    if problems:
        raise SpecError(command, [*found, *problems])
    try:
        decision = Decision.parse({"approver": approver, "reason": reason, "on": date.min})
    except SpecError as error:
        own = [replace(each, path=f"--{each.path}") for each in error.problems]
        raise SpecError(command, [*found, *own]) from None
    return decision.approver, decision.reason


def refuse(command: str, problems: Sequence[Problem]) -> None:
    """Refuse what is wrong with a command.

    Raises:
        SpecError: with every problem, if there is any.
    """
    from nhi_components.core.errors import SpecError

    if problems:
        raise SpecError(command, problems)


def until_day(command: str, text: str | None, today: date) -> date | None:
    """Read an end date: a day such as `2027-06-30`, or days from today such as `90d`.

    Raises:
        SpecError: it is neither.
    """
    import re
    from datetime import timedelta

    from nhi_components.core.errors import Problem, SpecError

    if text is None:
        return None
    if re.fullmatch(r"[0-9]{1,5}d", text):
        return today + timedelta(days=int(text[:-1]))
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    problem = Problem("--until", text[:40], "a day as YYYY-MM-DD, or a number of days", "write 2027-06-30, or 90d")
    raise SpecError(command, [problem])

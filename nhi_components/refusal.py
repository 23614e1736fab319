"""How a Pulumi program that asks for something wrong is told so: by the problems alone, without a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pulumi

from nhi_components.core.errors import SpecError


class ProgramRefused(SpecError, pulumi.RunError):
    """A `SpecError` whose text is all that Pulumi prints before it ends the program."""


@contextmanager
def refusing_plainly() -> Iterator[None]:
    """Let a `SpecError` end the program without a traceback; also a decorator, for what is applied to an output.

    Raises:
        ProgramRefused: with the same subject and problems.
    """
    try:
        yield
    except SpecError as error:
        raise ProgramRefused(error.subject, error.problems) from None

"""The laboratory's one error."""

from __future__ import annotations

from nhi_components.core.errors import Problem


class LabError(Exception):
    """Something that the laboratory needs is missing or broken; its text is meant for people.

    Args:
        place: where it is: a program, a part, a file.
        got: what was found there.
        expected: what would do.
        fix: how to get it.
    """

    def __init__(self, place: str, *, got: str, expected: str, fix: str) -> None:
        self.problem = Problem(place, got, expected, fix)
        super().__init__(str(self.problem))

"""Asking again whoever is busy: as long as it says, not for ever, and nobody who wants to be left alone for long."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from nhi_components.lifecycle.discovery.ports import Busy, NotSeen
from nhi_components.lifecycle.events.patience import LONGEST_SECONDS, patiently


def raising(*errors: Exception) -> Callable[[], str]:
    left = list(errors)

    def ask() -> str:
        if left:
            raise left.pop(0)
        return "answer"

    return ask


def test_it_waits_for_as_long_as_it_is_told() -> None:
    waits: list[float] = []
    assert patiently(raising(Busy("busy", 7), Busy("busy"), Busy("busy", 0)), waits.append) == "answer"
    assert (waits[0], waits[2], waits[1] >= 1) == (7, 0, True)


@pytest.mark.parametrize(
    ("errors", "waited"),
    [([Busy("busy", 1)] * 9, 4), ([Busy("busy", LONGEST_SECONDS + 1)], 0), ([NotSeen("denied")], 0)],
)
def test_it_gives_up(errors: list[Exception], waited: int) -> None:
    waits: list[float] = []
    with pytest.raises(type(errors[0])):
        patiently(raising(*errors), waits.append)
    assert len(waits) == waited

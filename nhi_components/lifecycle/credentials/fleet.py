"""Many credentials at once: each is brought about for itself, and what fails keeps no other from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import TypeVar

from nhi_components.core.errors import NhiError
from nhi_components.lifecycle.credentials.outcome import DeliveryIncomplete, NotRecorded, Outcome

AT_ONCE = 16
"""Our own figure: credentials that are worked on at the same time; their places multiply it."""

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one credential.

    Attributes:
        index: its place among those that were asked for.
        outcome: what was done; None where nothing is known to have been.
        failure: why it was not done, or not wholly; empty when it was.
    """

    index: int
    outcome: Outcome | None
    failure: str = ""

    @property
    def is_complete(self) -> bool:
        """Whether everything was done."""
        return not self.failure and self.outcome is not None and not self.outcome.failures


def run_all(items: Sequence[_Item], work: Callable[[_Item], Outcome], at_once: int = AT_ONCE) -> Iterator[Result]:
    """Work on each item, and give what came of it as soon as it is done.

    Args:
        items: the credentials.
        work: what is done about one of them.
        at_once: how many are worked on at the same time.
    """

    def attempt(index: int, item: _Item) -> Result:
        try:
            return Result(index, work(item))
        except (DeliveryIncomplete, NotRecorded) as incomplete:
            return Result(index, incomplete.outcome, str(incomplete))
        except NhiError as failure:
            return Result(index, None, str(failure))

    if not items:
        return
    with ThreadPoolExecutor(min(at_once, len(items))) as threads:
        running = [threads.submit(attempt, index, item) for index, item in enumerate(items)]
        for done in as_completed(running):
            yield done.result()

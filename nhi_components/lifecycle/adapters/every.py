"""Taking every step, also after one that failed: what one link can't be done must keep no other from being done."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from nhi_components.core.errors import NhiError

_T = TypeVar("_T")


def every(steps: Iterable[Callable[[], _T]]) -> list[_T]:
    """Take every step, and give what came of each.

    Raises:
        NhiError: the one that there was, or all of them in one.
    """
    done, failures = list[_T](), list[NhiError]()
    for step in steps:
        try:
            done.append(step())
        except NhiError as failure:
            failures.append(failure)
    if len(failures) > 1:
        raise NhiError("\n".join(str(failure) for failure in failures))
    if failures:
        raise failures[0]
    return done

"""Finding those of many texts that a pattern may match, without looking at all of them."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

_WILD: Final = re.compile(r"[*?]|\$\{[^}]*\}?")
_LAST: Final = chr(0x10FFFF)


class Texts:
    """Texts in order, and in order from their ends.

    Args:
        texts: any number; the same one counts once.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        known = set(texts)
        self._known = known
        self._forwards = sorted(known)
        self._backwards = sorted(text[::-1] for text in known)

    def __contains__(self, text: str) -> bool:
        """Tell whether a text is among them."""
        return text in self._known

    def __iter__(self) -> Iterator[str]:
        """Yield them in order."""
        return iter(self._forwards)

    def matching(self, pattern: str) -> Sequence[str]:
        """Give, in order, the texts that a pattern with `*` and `?` may match: each that it matches, and some others.

        Of what stands before its first wildcard and after its last, that counts which fewer texts share.
        """
        first = _WILD.search(pattern)
        if first is None:
            return (pattern,) if pattern in self._known else ()
        *_, last = _WILD.finditer(pattern)
        head, tail = pattern[: first.start()], pattern[last.end() :][::-1]
        start, end = _range(self._forwards, head)
        from_end, to_end = _range(self._backwards, tail)
        if to_end - from_end < end - start:
            found = (text[::-1] for text in self._backwards[from_end:to_end])
            return sorted(text for text in found if text.startswith(head))
        return [text for text in self._forwards[start:end] if text.endswith(tail[::-1])]


def _range(ordered: Sequence[str], beginning: str) -> tuple[int, int]:
    return bisect_left(ordered, beginning), bisect_left(ordered, beginning + _LAST)

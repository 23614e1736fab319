"""Which handler answers which request: patterns such as `/v1/projects/{project}/secrets/{secret}:addVersion`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import unquote

from tools.doubles.messages import Handler

_PLACEHOLDER = re.compile(r"\{(\w+)(\*?)\}")
_MARK = "_double_routes"
_Method = TypeVar("_Method", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Route:
    """One route.

    Attributes:
        method: in capitals.
        pattern: the path, from its slash on; `{name}` stands for one segment, or a part of one, `{name*}` for several.
        needs: the permission that the caller must have; empty for none.
        public: whether it is answered without a token.
        handler: what answers.
    """

    method: str
    pattern: str
    needs: str
    public: bool
    handler: Handler

    @property
    def weight(self) -> int:
        """How much of it is literal: of two routes that match, the more literal one answers."""
        return len(_PLACEHOLDER.sub("", self.pattern))

    def match(self, path: str) -> dict[str, str] | None:
        """Tell what the placeholders stand for in a path; None when it is another."""
        found = re.fullmatch(_expression(self.pattern), path)
        return {name: unquote(value) for name, value in found.groupdict().items()} if found else None


def route(method: str, pattern: str, *, needs: str = "", public: bool = False) -> Callable[[_Method], _Method]:
    """Mark a method of a service as the handler of a route; one method may have several."""

    def marked(handler: _Method) -> _Method:
        setattr(handler, _MARK, [*getattr(handler, _MARK, ()), (method, pattern, needs, public)])
        return handler

    return marked


def routes_of(service: object) -> Iterator[Route]:
    """Find the marked methods of a service."""
    for name in dir(type(service)):
        for method, pattern, needs, public in getattr(getattr(type(service), name), _MARK, ()):
            yield Route(method, pattern, needs, public, getattr(service, name))


def _expression(pattern: str) -> str:
    parts, end = [], 0
    for found in _PLACEHOLDER.finditer(pattern):
        name, several = found.groups()
        parts += [re.escape(pattern[end : found.start()]), f"(?P<{name}>{'.+' if several else '[^/]+'})"]
        end = found.end()
    return "".join([*parts, re.escape(pattern[end:])])

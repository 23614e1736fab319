"""Finds the lines on which the parts of a document stand, for those documents in which something was found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

_LONGEST: Final = 1_000_000
"""Characters of a text whose lines are looked up; in a longer one, findings have the line of their document."""

_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
_HCL_PATH: Final = re.compile(r'path "[^"\n]*"')
_LAST_PART: Final = re.compile(r"(\.[^.\[]*|\[[^\]]*\]|^[^.\[]+)$")


class Places:
    """The lines of one text's parts, found when first asked for."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lines: dict[str, int] | None = None

    def line(self, path: str) -> int | None:
        """Give the line, from 1, of a path such as `Statement[0].Action`, or of the nearest part around it."""
        if len(self._text) > _LONGEST:
            return None
        if found := _HCL_PATH.search(path):
            at = self._text.find(found[0])
            return self._text.count("\n", 0, at) + 1 if at >= 0 else None
        if self._lines is None:
            is_json = self._text.lstrip("\ufeff \t\r\n").startswith(("{", "["))
            self._lines = dict(_json_lines(self._text) if is_json else _yaml_lines(self._text))
        while path and path not in self._lines:
            path = _LAST_PART.sub("", path)
        return self._lines.get(path)


def _json_lines(text: str) -> Iterator[tuple[str, int]]:
    """Yield each value's path and line, as far as the text is JSON."""
    stack: list[list[Any]] = []
    line, at, value_may_begin = 1, 0, True
    for token in _TOKEN.finditer(text):
        line, at = line + text.count("\n", at, token.start()), token.start()
        mark = token[0]
        if mark in "}]":
            if not stack:
                return
            stack.pop()
        elif mark == ",":
            value_may_begin = bool(stack) and stack[-1][0] == "["
            if value_may_begin:
                stack[-1][1] += 1
        elif mark == ":":
            value_may_begin = True
        elif value_may_begin:
            path = _path(stack)
            yield path, line
            if mark in "{[":
                stack.append([mark, 0 if mark == "[" else "", path])
            value_may_begin = mark == "["
        elif stack:
            stack[-1][1] = mark[1:-1]


def _path(stack: list[list[Any]]) -> str:
    if not stack:
        return ""
    mark, key, around = stack[-1]
    if mark == "[":
        return f"{around}[{key}]"
    return f"{around}.{key}" if around else str(key)


def _yaml_lines(text: str) -> Iterator[tuple[str, int]]:
    """Yield each value's path and line in the first document; each further one's begin with its index."""
    import yaml

    stack: list[list[Any]] = []
    document = -1
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        for event in yaml.parse(text, Loader=loader):
            if isinstance(event, yaml.DocumentStartEvent):
                document += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                stack.pop()
                _next(stack)
            elif isinstance(event, yaml.NodeEvent):
                mark: Any = event.start_mark
                if stack and stack[-1][0] == "{" and stack[-1][1] is None:
                    stack[-1][1] = str(getattr(event, "value", ""))
                    continue
                if not stack and isinstance(event, yaml.ScalarEvent) and not event.value:
                    document -= 1
                    continue
                path = _path(stack) if stack else f"[{document}]" if document else ""
                yield path, mark.line + 1
                if isinstance(event, yaml.CollectionStartEvent):
                    is_list = isinstance(event, yaml.SequenceStartEvent)
                    stack.append(["[", 0, path] if is_list else ["{", None, path])
                else:
                    _next(stack)
    except yaml.YAMLError:
        return


def _next(stack: list[list[Any]]) -> None:
    if stack:
        stack[-1][1] = stack[-1][1] + 1 if stack[-1][0] == "[" else None

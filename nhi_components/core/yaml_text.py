"""Parses YAML strictly and in linear time: twin keys, exploding aliases, deep nesting and objects are refused.

The parser's events are put together here, because the usual composers recurse: the C one crashes on deep nesting.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import yaml

DEEPEST: Final = 200
"""Levels of nesting that are read."""

LARGEST: Final = 2_000_000
"""Values that one text may hold once its aliases are followed; 1 MB without aliases holds fewer."""

_TAG: Final = "tag:yaml.org,2002:"
_CONSTRUCT: Any = yaml.constructor.SafeConstructor()
_RESOLVE: Any = yaml.resolver.Resolver().resolve
_SPECIAL_FIRST: Final = frozenset(yaml.SafeLoader.yaml_implicit_resolvers)
_SCALARS: Final[dict[str, Callable[[yaml.ScalarNode], Any]]] = {
    f"{_TAG}bool": _CONSTRUCT.construct_yaml_bool,
    f"{_TAG}float": _CONSTRUCT.construct_yaml_float,
    f"{_TAG}int": _CONSTRUCT.construct_yaml_int,
    f"{_TAG}null": _CONSTRUCT.construct_yaml_null,
}
_TEXTS: Final = frozenset({"!", f"{_TAG}str", f"{_TAG}timestamp", f"{_TAG}merge", f"{_TAG}value"})
_CONTAINERS: Final = frozenset({None, "!", f"{_TAG}map", f"{_TAG}seq"})
_MERGE: Final = "<<"


class MalformedYaml(ValueError):
    """Text is not YAML, or not unambiguous plain data; the message tells where and never quotes the text."""


class YamlDocument(NamedTuple):
    """One document of a YAML text, and the line, from 1, on which it begins."""

    value: Any
    line: int


def parse_yaml(text: str) -> list[YamlDocument]:
    """Parse every document of a text; those that hold nothing are left out.

    Days and moments stay texts, and keys become texts, as in JSON.

    Raises:
        MalformedYaml: with the position in the text, where there is one.
    """
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    events: Iterator[Any] = iter(yaml.parse(text, Loader=loader))
    try:
        return [document for document in _documents(events) if document.value is not None]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise MalformedYaml(f"{error.problem or error.context or 'it is not YAML'}{place}") from None
    except UnicodeEncodeError as error:
        raise MalformedYaml(f"half a character{_place(text, error.start)}") from None
    except yaml.YAMLError:
        raise MalformedYaml("it holds characters that YAML does not allow") from None


def _place(text: str, offset: int) -> str:
    line, column = text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)
    return f" at line {line}, column {column}"


def _documents(events: Iterator[Any]) -> Iterator[YamlDocument]:
    weight = 0
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            composer = _Composer(weight)
            value = composer.compose(events)
            weight = composer.weight
            mark: Any = event.start_mark
            yield YamlDocument(value, mark.line + 1)


@dataclass(slots=True)
class _Open:
    """A container whose end has not come yet; `before` is the weight of all that stands before it."""

    value: Any
    anchor: str | None
    before: int
    key: str | None = None
    merged: list[Any] = field(default_factory=list)


class _Composer:
    """Puts together the value of one document."""

    def __init__(self, weight: int) -> None:
        self.weight = weight
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._open: list[_Open] = []
        self._root: Any = None

    def compose(self, events: Iterator[Any]) -> Any:
        """Take the events up to the end of the document, and give its value."""
        for event in events:
            if isinstance(event, yaml.ScalarEvent):
                value = event.value if self._awaits_key() else _scalar(event)
                self._add(event, value, 1)
                if event.anchor:
                    self._anchors[event.anchor] = value, 1
            elif isinstance(event, yaml.AliasEvent):
                if event.anchor not in self._anchors:
                    raise _refused(event, "an alias of nothing that is complete")
                self._add(event, *self._anchors[event.anchor])
            elif isinstance(event, yaml.CollectionStartEvent):
                self._begin(event)
            elif isinstance(event, yaml.CollectionEndEvent):
                self._end(event)
            else:
                break
        return self._root

    def _awaits_key(self) -> bool:
        return bool(self._open) and isinstance(self._open[-1].value, dict) and self._open[-1].key is None

    def _begin(self, event: Any) -> None:
        if len(self._open) >= DEEPEST:
            raise _refused(event, "it is nested too deeply to be read")
        if event.tag not in _CONTAINERS:
            raise _refused(event, "a tag that is not of plain data")
        value: Any = [] if isinstance(event, yaml.SequenceStartEvent) else {}
        self._open.append(_Open(value, event.anchor, self.weight))

    def _end(self, event: Any) -> None:
        done = self._open.pop()
        for other in done.merged:
            for each in other if isinstance(other, list) else [other]:
                if not isinstance(each, dict):
                    raise _refused(event, "a merge of what is no object")
                done.value.update({key: value for key, value in each.items() if key not in done.value})
        self._add(event, done.value, 1)
        if done.anchor:
            self._anchors[done.anchor] = done.value, self.weight - done.before

    def _add(self, event: Any, value: Any, weight: int) -> None:
        self.weight += weight
        if self.weight > LARGEST:
            raise _refused(event, "its aliases make it too large to be read")
        if not self._open:
            self._root = value
            return
        top = self._open[-1]
        if isinstance(top.value, list):
            top.value.append(value)
        elif top.key is None:
            if not isinstance(value, str):
                raise _refused(event, "a key that is not a text")
            if value in top.value and value != _MERGE:
                raise _refused(event, "a key stands twice in one object")
            top.key = value
        else:
            if top.key == _MERGE:
                top.merged.append(value)
            else:
                top.value[top.key] = value
            top.key = None


def _scalar(event: Any) -> Any:
    tag, text = event.tag, event.value
    if tag is None:
        if not event.implicit[0] or (text and text[0] not in _SPECIAL_FIRST):
            return text
        tag = _RESOLVE(yaml.ScalarNode, text, (True, False))
    if tag in _TEXTS:
        return text
    if tag not in _SCALARS:
        raise _refused(event, "a tag that is not of plain data")
    try:
        return _SCALARS[tag](yaml.ScalarNode(tag, text))
    except (ValueError, KeyError, IndexError):
        raise _refused(event, "a value that its tag does not allow") from None


def _refused(event: Any, what: str) -> MalformedYaml:
    mark = event.start_mark
    return MalformedYaml(f"{what} at line {mark.line + 1}, column {mark.column + 1}")

"""Reads YAML text into plain data, from the events of libyaml: in linear time, whatever the text.

What a manifest may not leave open is refused rather than guessed: a key that stands twice, a tag of another language,
aliases that unfold beyond measure. Source: YAML 1.2.2, chapters 3 and 10; merge keys as in the YAML 1.1 type
repository, which Kubernetes' own parser takes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import yaml
from yaml.events import AliasEvent, MappingStartEvent, NodeEvent, ScalarEvent, SequenceStartEvent

_Loader: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEEPEST: Final = 100
_MOST_NODES: Final = 1_000_000
"""Values of one text, aliases unfolded; a manifest of 1 MB, the most that an API server takes, has fewer."""

_WORDS: Final[dict[str, bool | None]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"), True),
    **dict.fromkeys(("false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"), False),
}
_INTEGER: Final = re.compile(r"[-+]?[0-9]{1,18}")
_KNOWN_TAGS: Final = frozenset({None, "!", *(f"tag:yaml.org,2002:{name}" for name in ("str", "seq", "map"))})
_TEXT_TAGS: Final = frozenset({"!", "tag:yaml.org,2002:str"})


class MalformedYaml(ValueError):
    """Text is not YAML, or not unambiguous YAML; the message tells where and never quotes the text."""


def parse_yaml(text: str) -> list[Any]:
    """Parse the documents of a text; those without content are left out.

    Raises:
        MalformedYaml: with the line at which the text ceases to be readable.
    """
    documents: list[Any] = []
    loader = None
    try:
        loader = _Loader(text)
        while loader.check_event():
            if isinstance(loader.peek_event(), NodeEvent):
                value = _Builder(loader).document()
                if value is not None:
                    documents.append(value)
            else:
                loader.get_event()
    except yaml.MarkedYAMLError as error:
        line = f" at line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise MalformedYaml(f"{error.problem or 'no YAML'}{line}") from None
    except (yaml.YAMLError, UnicodeError):
        raise MalformedYaml("it has a character that YAML does not allow") from None
    finally:
        if loader is not None:
            loader.dispose()
    return documents


class _Open:
    """A list or mapping whose end has not been read yet."""

    __slots__ = ("anchor", "key", "merged", "nodes", "value")

    def __init__(self, value: list[Any] | dict[str, Any], anchor: str | None) -> None:
        self.value = value
        self.anchor = anchor
        self.key: str | None = None
        self.merged: list[dict[str, Any]] = []
        self.nodes = 1


class _Builder:
    """Builds the value of one document."""

    def __init__(self, loader: Any) -> None:
        self._loader = loader
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._nodes = 0

    def document(self) -> Any:
        while True:
            event = self._loader.get_event()
            match event:
                case ScalarEvent():
                    if self._awaits_key():
                        self._take_key(event)
                        continue
                    value, nodes = self._anchored(event, _scalar(event), 1)
                case AliasEvent():
                    value, nodes = self._alias(event)
                case SequenceStartEvent() | MappingStartEvent():
                    self._begin(event)
                    continue
                case _:
                    value, nodes = self._end()
            if not self._open:
                return value
            self._put(event, value, nodes)

    def _awaits_key(self) -> bool:
        return bool(self._open) and isinstance(self._open[-1].value, dict) and self._open[-1].key is None

    def _take_key(self, event: ScalarEvent) -> None:
        container, key = self._open[-1], str(event.value)
        if key in container.value:
            raise _malformed(event, f"the key {key[:40]!r} stands twice in one mapping")
        container.key = key

    def _begin(self, event: Any) -> None:
        if self._awaits_key():
            raise _malformed(event, "a key that is not text")
        if len(self._open) >= _DEEPEST:
            raise _malformed(event, f"more than {_DEEPEST} levels of nesting")
        _refuse_foreign_tag(event)
        self._open.append(_Open([] if isinstance(event, SequenceStartEvent) else {}, event.anchor))

    def _end(self) -> tuple[Any, int]:
        container = self._open.pop()
        value = container.value
        if isinstance(value, dict):
            for merged in container.merged:
                for key, member in merged.items():
                    value.setdefault(key, member)
        if container.anchor:
            self._anchors[container.anchor] = (value, container.nodes)
        return value, container.nodes

    def _anchored(self, event: ScalarEvent, value: Any, nodes: int) -> tuple[Any, int]:
        if event.anchor:
            self._anchors[event.anchor] = (value, nodes)
        return value, nodes

    def _alias(self, event: AliasEvent) -> tuple[Any, int]:
        if event.anchor not in self._anchors:
            raise _malformed(event, "an alias of what has not been written yet")
        if self._awaits_key():
            raise _malformed(event, "an alias for a key")
        value, nodes = self._anchors[event.anchor]
        self._nodes += nodes
        return value, nodes

    def _put(self, event: Any, value: Any, nodes: int) -> None:
        container = self._open[-1]
        container.nodes += nodes
        self._nodes += 1
        if self._nodes > _MOST_NODES:
            raise _malformed(event, f"more than {_MOST_NODES} values, aliases unfolded")
        if isinstance(container.value, list):
            container.value.append(value)
            return
        key, container.key = container.key or "", None
        if key == "<<":
            container.merged.extend(_mergeable(event, value))
        else:
            container.value[key] = value


def _mergeable(event: Any, value: Any) -> Iterator[dict[str, Any]]:
    for member in value if isinstance(value, list) else [value]:
        if not isinstance(member, dict):
            raise _malformed(event, "a merge of what is not a mapping")
        yield member


def _scalar(event: ScalarEvent) -> Any:
    _refuse_foreign_tag(event)
    text = str(event.value)
    if not event.implicit[0] or event.tag in _TEXT_TAGS:
        return text
    if text in _WORDS:
        return _WORDS[text]
    return int(text) if _INTEGER.fullmatch(text) else text


def _refuse_foreign_tag(event: Any) -> None:
    if event.tag not in _KNOWN_TAGS:
        raise _malformed(event, "a tag that no manifest has")


def _malformed(event: Any, what: str) -> MalformedYaml:
    return MalformedYaml(f"{what} at line {event.start_mark.line + 1}")

"""A parser of the HCL in which Vault policies are written: HCL 1, in one pass and linear time.

It takes what Vault takes of it: blocks, assignments, strings, numbers, booleans, lists, objects, here-documents, and
`#`, `//` and `/* */` comments. General HCL 2 parsers refuse some of HCL 1 and silently let the last of two equal keys
win; a judge must see both.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, NamedTuple

DEEPEST = 32
"""Levels of nesting that are read; a policy needs five."""

_TOKEN = re.compile(
    r"""(?P<blank>[\s\ufeff]+|\#[^\n]*|//[^\n]*|/\*(?:[^*]|\*(?!/))*\*/)
    |(?P<string>"(?:[^"\\\n]|\\[^\n])*")
    |(?P<heredoc><<-?(?P<tag>\w+)\r?\n)
    |(?P<number>-?(?:0[xX][0-9a-fA-F]+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.-]))
    |(?P<word>[^\W\d][\w.-]*)
    |(?P<mark>[{}\[\]=,])""",
    re.VERBOSE,
)


class MalformedHcl(ValueError):
    """Text is not HCL; the message tells where and never quotes the text."""


@dataclass(frozen=True, slots=True)
class Item:
    """One block or assignment: `path "a" { … }` has the keys `path` and `a`.

    Attributes:
        keys: its keys, at least one.
        value: a string, number, boolean, list, or for an object a list of items in a `Body`.
        line: the line on which it begins, from 1.
    """

    keys: tuple[str, ...]
    value: Any
    line: int


class Body(tuple[Item, ...]):
    """The items of an object."""

    __slots__ = ()


class _Token(NamedTuple):
    kind: str
    text: str
    offset: int


def parse_hcl(text: str) -> Body:
    """Parse a document.

    Raises:
        MalformedHcl: with the line and column at which it ceases to be HCL.
    """
    return _Parser(text).body()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = self._scan()
        self._next = 0
        self._depth = 0
        self._counted, self._lines = 0, 1

    def body(self) -> Body:
        items = []
        while self._peek().kind != "end":
            items.append(self._item())
            self._skip(",")
        return Body(items)

    def _scan(self) -> list[_Token]:
        tokens: list[_Token] = []
        offset, text = 0, self._text
        while offset < len(text):
            match = _TOKEN.match(text, offset)
            if match is None:
                raise self._error(offset, "a character that has no meaning here, or a string or comment without end")
            kind, end = match.lastgroup or "", match.end()
            if match["heredoc"]:
                kind = "heredoc"
                content, end = self._heredoc(match["tag"], end)
                tokens.append(_Token(kind, content, offset))
            elif kind != "blank":
                tokens.append(_Token(kind, match[0], offset))
            offset = end
        tokens.append(_Token("end", "", offset))
        return tokens

    def _heredoc(self, tag: str, start: int) -> tuple[str, int]:
        offset = start
        while offset < len(self._text):
            end = self._text.find("\n", offset)
            end = len(self._text) if end < 0 else end
            if self._text[offset:end].strip() == tag:
                return self._text[start:offset], end
            offset = end + 1
        raise self._error(start, "a here-document without end")

    def _item(self) -> Item:
        first = self._peek()
        line = self._line(first)
        keys: list[str] = []
        while self._peek().kind in ("word", "string"):
            keys.append(self._key(self._take()))
        if not keys:
            raise self._error(first.offset, "something that is not a key")
        if self._skip("="):
            return Item(tuple(keys), self._value(), line)
        if self._peek().text != "{" or self._peek().kind != "mark":
            raise self._error(self._peek().offset, "a key without `=` or `{`")
        return Item(tuple(keys), self._object(self._take()), line)

    def _value(self) -> Any:
        token = self._take()
        match token.kind, token.text:
            case "string", _:
                return self._string(token)
            case "heredoc", text:
                return text
            case "number", text:
                return text
            case "word", "true" | "false":
                return token.text == "true"
            case "mark", "[":
                return self._list(token)
            case "mark", "{":
                return self._object(token)
            case _:
                raise self._error(token.offset, "something that is not a value")

    def _list(self, opening: _Token) -> list[Any]:
        self._enter(opening)
        values: list[Any] = []
        while not self._skip("]"):
            values.append(self._value())
            if not self._skip(",") and self._peek().text != "]":
                raise self._error(self._peek().offset, "a list without `,` or `]`")
        self._depth -= 1
        return values

    def _object(self, opening: _Token) -> Body:
        self._enter(opening)
        items: list[Item] = []
        while not self._skip("}"):
            items.append(self._item())
            self._skip(",")
        self._depth -= 1
        return Body(items)

    def _enter(self, opening: _Token) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._error(opening.offset, f"more than {DEEPEST} levels of nesting")

    def _key(self, token: _Token) -> str:
        return self._string(token) if token.kind == "string" else token.text

    def _string(self, token: _Token) -> str:
        if "\\" not in token.text:
            return token.text[1:-1]
        try:
            return str(json.loads(token.text))
        except ValueError:
            raise self._error(token.offset, "a string with an escape that has no meaning") from None

    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> _Token:
        token = self._tokens[self._next]
        self._next += token.kind != "end"
        return token

    def _skip(self, mark: str) -> bool:
        token = self._tokens[self._next]
        if token.kind == "mark" and token.text == mark:
            self._next += 1
            return True
        return False

    def _line(self, token: _Token) -> int:
        self._lines += self._text.count("\n", self._counted, token.offset)
        self._counted = token.offset
        return self._lines

    def _error(self, offset: int, what: str) -> MalformedHcl:
        line = self._text.count("\n", 0, offset) + 1
        column = offset - self._text.rfind("\n", 0, offset)
        return MalformedHcl(f"{what} at line {line}, column {column}")

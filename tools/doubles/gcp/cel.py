"""The Common Expression Language, read into a tree.

What IAM conditions and the attribute mappings of workload identity federation are written in. Macros over lists, maps
and bytes are refused: the double does not support them, and says so.
Source: CEL specification, 'Syntax'.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

_DEEPEST = 64
_TOKEN = re.compile(
    r"""[ \t\r\n]*(?:
      (?P<text>[rR]?(?:'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"))
    | (?P<number>\d+\.\d+(?:[eE][+-]?\d+)?|0x[0-9a-fA-F]+|\d+)
    | (?P<name>[A-Za-z_]\w*)
    | (?P<mark>\|\||&&|[=!<>]=|[-+*/%!<>()\[\],?:.])
    )""",
    re.VERBOSE | re.ASCII,
)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))")
_PLAIN_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"', "`": "`", "?": "?"}
_WORDS = {"true": True, "false": False, "null": None}
_LEVELS: tuple[tuple[str, ...], ...] = (
    ("||",),
    ("&&",),
    ("==", "!=", "<", "<=", ">", ">=", "in"),
    ("+", "-"),
    ("*", "/", "%"),
)
"""Binary operators, those that bind least first."""


class CelError(ValueError):
    """What is wrong with an expression, as CEL's own compiler words it."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A value that stands in the expression."""

    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Name:
    """A variable."""

    name: str


@dataclass(frozen=True, slots=True)
class Field:
    """A field of something: `of.name` or `of["name"]`."""

    of: Node
    key: Node


@dataclass(frozen=True, slots=True)
class Call:
    """A function, or a method of a target; operators are functions that are named like themselves."""

    name: str
    arguments: tuple[Node, ...]
    target: Node | None = None


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple[Node, ...]


Node: TypeAlias = Literal | Name | Field | Call | Items


class _Token(NamedTuple):
    kind: str
    text: str
    column: int


def parse(expression: str) -> Node:
    """Read an expression.

    Raises:
        CelError: it is no CEL, or more than the double supports.
    """
    reader = _Reader(_tokens(expression))
    node = reader.conditional()
    reader.expect_end()
    return node


def _tokens(expression: str) -> list[_Token]:
    tokens, offset, end = [], 0, len(expression.rstrip())
    while offset < end:
        found = _TOKEN.match(expression, offset)
        if found is None or found.lastgroup is None:
            rest = expression[offset:].lstrip()
            raise _syntax(offset + 1, f"token recognition error at: '{rest[:20]}'")
        tokens.append(_Token(found.lastgroup, found[found.lastgroup], found.start(found.lastgroup) + 1))
        offset = found.end()
    return [*tokens, _Token("end", "<EOF>", end + 1)]


def _syntax(column: int, what: str) -> CelError:
    return CelError(f"ERROR: <input>:1:{column}: Syntax error: {what}")


class _Reader:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens, self._at, self._depth = tokens, 0, 0

    def conditional(self) -> Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _syntax(self._now.column, "expression recursion limit exceeded")
        node = self._binary(0)
        if self._take("?"):
            yes = self._binary(0)
            self._need(":")
            node = Call("?:", (node, yes, self.conditional()))
        self._depth -= 1
        return node

    def expect_end(self) -> None:
        if self._now.kind != "end":
            raise _syntax(self._now.column, f"extraneous input '{self._now.text}' expecting <EOF>")

    @property
    def _now(self) -> _Token:
        return self._tokens[self._at]

    def _take(self, *texts: str) -> str:
        token = self._now
        if token.kind in ("mark", "name") and token.text in texts:
            self._at += 1
            return token.text
        return ""

    def _need(self, text: str) -> None:
        if not self._take(text):
            raise _syntax(self._now.column, f"mismatched input '{self._now.text}' expecting '{text}'")

    def _binary(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._unary()
        node = self._binary(level + 1)
        while operator := self._take(*_LEVELS[level]):
            node = Call(operator, (node, self._binary(level + 1)))
        return node

    def _unary(self) -> Node:
        if operator := self._take("!", "-"):
            return Call("!" if operator == "!" else "neg", (self._unary(),))
        node = self._primary()
        while mark := self._take(".", "["):
            if mark == "[":
                node = Field(node, self.conditional())
                self._need("]")
                continue
            name = self._identifier()
            node = Call(name, self._arguments(")"), node) if self._take("(") else Field(node, Literal(name))
        return node

    def _primary(self) -> Node:
        token = self._now
        if token.kind == "end" or (token.kind == "mark" and token.text not in ("(", "[")):
            raise _syntax(token.column, f"mismatched input '{token.text}' expecting an expression")
        self._at += 1
        match token.kind:
            case "text":
                return Literal(_content(token))
            case "number":
                return Literal(float(token.text) if "." in token.text else int(token.text, 0))
            case "name" if token.text in _WORDS:
                return Literal(_WORDS[token.text])
            case "name":
                return Call(token.text, self._arguments(")")) if self._take("(") else Name(token.text)
        if token.text == "[":
            return Items(self._arguments("]"))
        node = self.conditional()
        self._need(")")
        return node

    def _identifier(self) -> str:
        token = self._now
        if token.kind != "name":
            raise _syntax(token.column, f"no viable alternative at input '.{token.text}'")
        self._at += 1
        return token.text

    def _arguments(self, closing: str) -> tuple[Node, ...]:
        if self._take(closing):
            return ()
        arguments = [self.conditional()]
        while self._take(","):
            arguments.append(self.conditional())
        self._need(closing)
        return tuple(arguments)


def _content(token: _Token) -> str:
    if token.text[0] in "rR":
        return token.text[2:-1]

    def plain(found: re.Match[str]) -> str:
        code = found[1] or found[2]
        if code is None and found[3] not in _PLAIN_ESCAPES:
            raise _syntax(token.column, f"token recognition error at: '{token.text[:20]}'")
        return chr(int(code, 16)) if code else _PLAIN_ESCAPES[found[3]]

    return _ESCAPE.sub(plain, token.text[1:-1])

"""Conditions in the Common Expression Language, as far as a judge needs them: which comparisons must hold.

An expression becomes a tree of `and`, `or` and comparisons. A part that this module does not understand, or that is
negated, is a comparison that narrows nothing: doubt never excuses a grant.
Sources: CEL specification, 'Syntax'; IAM documentation, 'Attribute reference for IAM Conditions'.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

_DEEPEST = 32
_LONGEST = 20_000
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<text>[rR]?(?:'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"))
    | (?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)
    | (?P<member>\.[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)
    | (?P<number>\d+(?:\.\d+)?)
    | (?P<mark>\|\||&&|[=!<>]=|[-+*/%!<>()\[\]{},?:.])
    )""",
    re.VERBOSE,
)
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")


class Comparison(NamedTuple):
    """One comparison that must hold.

    Attributes:
        subject: what is compared, such as `assertion.repository`; empty when it was not understood.
        operator: `==`, `!=`, `<`, …, `in`, `startsWith`, `matches`, another method's name; `derived` for a part of
            the subject that must equal something; empty when it was not understood.
        values: the texts it is compared with.
    """

    subject: str
    operator: str
    values: tuple[str, ...]


class Either(NamedTuple):
    """One of several must hold."""

    parts: tuple[Node, ...]


class Both(NamedTuple):
    """All of several must hold."""

    parts: tuple[Node, ...]


Node = Comparison | Either | Both
NOT_UNDERSTOOD = Comparison("", "", ())


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition.

    Attributes:
        path: where its expression stands.
        expression: the expression; None while it is not known.
    """

    path: str
    expression: str | None

    def requires(self, narrow: Callable[[Comparison], bool]) -> bool:
        """Tell whether no request passes unless a comparison of the wanted kind holds.

        Args:
            narrow: whether one comparison is of the wanted kind.

        Returns:
            Also True while the expression is not known: the reader has reported that.
        """
        return self.expression is None or _requires(parse(self.expression), narrow)


@lru_cache(4096)
def parse(expression: str) -> Node:
    """Parse an expression; one that is not CEL, or too deep or too long, is one comparison that narrows nothing."""
    tokens = _tokens(expression) if len(expression) <= _LONGEST else None
    return _parsed(tokens, 0) if tokens else NOT_UNDERSTOOD


def _requires(node: Node, narrow: Callable[[Comparison], bool]) -> bool:
    match node:
        case Either(parts):
            return all(_requires(part, narrow) for part in parts)
        case Both(parts):
            return any(_requires(part, narrow) for part in parts)
        case _:
            return narrow(node)


class _Token(NamedTuple):
    kind: str
    text: str


def _tokens(expression: str) -> list[_Token] | None:
    tokens, offset, end = [], 0, len(expression.rstrip())
    while offset < end:
        match = _TOKEN.match(expression, offset)
        if match is None or match.lastgroup is None:
            return None
        tokens.append(_Token(match.lastgroup, match[match.lastgroup]))
        offset = match.end()
    return tokens


def _parsed(tokens: list[_Token], depth: int) -> Node:
    tokens = _without_parentheses(tokens)
    if depth > _DEEPEST or not tokens or _outside(tokens, "?"):
        return NOT_UNDERSTOOD
    for mark, made in (("||", Either), ("&&", Both)):
        parts = _split(tokens, mark)
        if len(parts) > 1:
            return made(tuple(_parsed(part, depth + 1) for part in parts))
    return NOT_UNDERSTOOD if tokens[0].text == "!" else _comparison(tokens)


def _levels(tokens: list[_Token]) -> list[int]:
    levels, level = [], 0
    for token in tokens:
        if token.kind == "mark" and token.text in _CLOSING:
            level -= 1
        levels.append(level)
        if token.kind == "mark" and token.text in _OPENING:
            level += 1
    return levels


def _outside(tokens: list[_Token], mark: str) -> list[int]:
    """Give the places at which a mark stands outside all brackets."""
    if all(token.text != mark for token in tokens):
        return []
    levels = _levels(tokens)
    return [i for i, token in enumerate(tokens) if token.kind == "mark" and token.text == mark and levels[i] == 0]


def _split(tokens: list[_Token], mark: str) -> list[list[_Token]]:
    places = [-1, *_outside(tokens, mark), len(tokens)]
    return [tokens[start + 1 : end] for start, end in pairwise(places)]


def _without_parentheses(tokens: list[_Token]) -> list[_Token]:
    closes: dict[int, int] = {}
    opened: list[int] = []
    for i, token in enumerate(tokens):
        if token.kind == "mark" and token.text in _OPENING:
            opened.append(i)
        elif token.kind == "mark" and token.text in _CLOSING and opened:
            closes[opened.pop()] = i
    start, end = 0, len(tokens)
    while start < end and tokens[start].text == "(" and closes.get(start) == end - 1:
        start, end = start + 1, end - 1
    return tokens[start:end]


def _comparison(tokens: list[_Token]) -> Comparison:
    for operator in ("==", "!=", "<=", ">=", "<", ">"):
        places = _outside(tokens, operator)
        if len(places) == 1:
            return _of_two_sides(tokens[: places[0]], operator, tokens[places[0] + 1 :])
    words = [i for i, token in enumerate(tokens) if token == ("name", "in")]
    if len(words) == 1:
        subject, _, texts = _side(tokens[: words[0]])
        values = _texts(tokens[words[0] + 1 :])
        return Comparison(subject, "in", values) if subject and not texts and values else NOT_UNDERSTOOD
    subject, method, arguments = _side(tokens)
    return Comparison(subject, method, arguments)


def _of_two_sides(left: list[_Token], operator: str, right: list[_Token]) -> Comparison:
    if left and left[0].kind == "text":
        left, right = right, left
    subject, method, _ = _side(left)
    values = _texts(right)
    if not values:
        other = _side(right)[0]
        return Comparison(subject, operator, ()) if subject and other != subject else NOT_UNDERSTOOD
    if method:
        return Comparison(subject, "derived" if operator == "==" else operator, values)
    return Comparison(subject, operator, values)


def _side(tokens: list[_Token]) -> tuple[str, str, tuple[str, ...]]:
    """Read `a.b`, `a['b']` or `a.b.method(…)…` into a subject, a method and the method's texts."""
    if not tokens or tokens[0].kind != "name":
        return "", "", ()
    name, place = tokens[0].text, 1
    while len(tokens) > place + 2 and tokens[place].text == "[" and tokens[place + 1].kind == "text":
        name, place = f"{name}.{_content(tokens[place + 1].text)}", place + 3
        if len(tokens) > place and tokens[place].kind == "member":
            name, place = name + tokens[place].text, place + 1
    if place == len(tokens):
        return name, "", ()
    if tokens[place].text != "(":
        return name, "derived", ()
    subject, _, method = name.rpartition(".")
    return subject, method, _texts(tokens[place:])


def _texts(tokens: list[_Token]) -> tuple[str, ...]:
    return tuple(_content(token.text) for token in tokens if token.kind == "text")


def _content(text: str) -> str:
    raw = text[0] in "rR"
    inner = text[2:-1] if raw else text[1:-1]
    return inner if raw or "\\" not in inner else re.sub(r"\\(.)", r"\1", inner)

"""Conditions of role assignments (ABAC), as far as blob storage takes them: texts of resources compared with literals.

Source: Azure RBAC documentation, 'Azure role assignment condition format and syntax'. What the double cannot judge is
refused when the assignment is made, so that no condition counts for more or less than it says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from nhi_components.facts.azure.patterns import matches

_TOKENS = re.compile(
    r"\s*(?:(?P<action>ActionMatches|SubOperationMatches)\s*\{'(?P<pattern>[^']*)'\}"
    r"|@(?:Resource|Request)\[(?P<attribute>[^\]]+)\]\s*(?P<operator>\w+)\s*'(?P<literal>[^']*)'"
    r"|(?P<word>\(|\)|&&|\|\||!|AND\b|OR\b|NOT\b))",
    re.IGNORECASE,
)
_COMPARED: Mapping[str, Callable[[str, str], bool]] = {
    "stringequals": lambda value, literal: value == literal,
    "stringnotequals": lambda value, literal: value != literal,
    "stringequalsignorecase": lambda value, literal: value.lower() == literal.lower(),
    "stringstartswith": lambda value, literal: value.startswith(literal),
    "stringnotstartswith": lambda value, literal: not value.startswith(literal),
    "stringlike": lambda value, literal: _is_like(value, literal),
    "stringnotlike": lambda value, literal: not _is_like(value, literal),
}
_WORDS = {"&&": "and", "||": "or", "!": "not"}
_VERSION = "2.0"

_Judge = Callable[[str, Mapping[str, str]], bool]


class _Malformed(ValueError):
    """Not a condition that the double can judge."""


def condition_problem(condition: Any, version: Any) -> str:
    """Tell what is wrong with a condition; empty for nothing, and for none."""
    if not condition:
        return "A condition version needs a condition." if version else ""
    if version != _VERSION:
        return f"The condition version must be {_VERSION}."
    try:
        _compiled(str(condition))
    except _Malformed as error:
        return f"The condition is not valid: {error}."
    return ""


def condition_holds(condition: str, operation: str, about: Mapping[str, str]) -> bool:
    """Tell whether a condition holds for an operation, given in small letters; none always does.

    Args:
        condition: one without a problem.
        operation: what is asked for.
        about: the resource's attributes, by the last part of their name: `containers:name`, `blobs:path`.
    """
    return not condition or _compiled(condition)(operation, about)


@lru_cache(maxsize=256)
def _compiled(condition: str) -> _Judge:
    tokens, end = [], 0
    while condition[end:].strip():
        found = _TOKENS.match(condition, end)
        if found is None:
            raise _Malformed(f"the double cannot read it from '{condition[end : end + 40]}' on")
        tokens.append(found)
        end = found.end()
    reader = _Reader(tokens)
    judge = reader.either()
    if reader.rest:
        raise _Malformed("it does not end where it should")
    return judge


class _Reader:
    """Reads tokens by recursive descent: or, and, not, parentheses, comparisons."""

    def __init__(self, tokens: list[re.Match[str]]) -> None:
        self.rest = tokens

    def either(self) -> _Judge:
        judges = [self._both()]
        while self._takes("or"):
            judges.append(self._both())
        return lambda operation, about: any(each(operation, about) for each in judges)

    def _both(self) -> _Judge:
        judges = [self._one()]
        while self._takes("and"):
            judges.append(self._one())
        return lambda operation, about: all(each(operation, about) for each in judges)

    def _one(self) -> _Judge:
        if self._takes("not"):
            inner = self._one()
            return lambda operation, about: not inner(operation, about)
        if self._takes("("):
            inner = self.either()
            if not self._takes(")"):
                raise _Malformed("a parenthesis is not closed")
            return inner
        if not self.rest:
            raise _Malformed("it ends too early")
        return _judge_of(self.rest.pop(0))

    def _takes(self, word: str) -> bool:
        told = str(self.rest[0]["word"] or "").lower() if self.rest else ""
        if not told or _WORDS.get(told, told) != word:
            return False
        self.rest.pop(0)
        return True


def _judge_of(token: re.Match[str]) -> _Judge:
    if token["action"]:
        if token["action"].lower() == "suboperationmatches":
            wanted = token["pattern"].lower()
            return lambda _, about: about.get("suboperation", "").lower() == wanted
        pattern = token["pattern"]
        return lambda operation, _: matches(pattern, operation)
    compare = _COMPARED.get(str(token["operator"]).lower())
    if compare is None:
        raise _Malformed(f"the double knows no operator '{token['operator'] or token[0].strip()}'")
    attribute, literal = token["attribute"].rpartition("/")[2], token["literal"]
    return lambda _, about: attribute in about and compare(about[attribute], literal)


def _is_like(value: str, pattern: str) -> bool:
    parts = [{"*": ".*", "?": "."}.get(each, re.escape(each)) for each in pattern]
    return re.fullmatch("".join(parts), value, re.DOTALL) is not None

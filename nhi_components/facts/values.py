"""Plain values as readers meet them: JSON data, with a mark where a value is not known yet."""

from __future__ import annotations

import json
from enum import Enum
from typing import Any, Final, NamedTuple


class Unknown(Enum):
    """The type of `UNKNOWN`: a value that exists only once its resource does."""

    UNKNOWN = "not known yet"

    def __repr__(self) -> str:
        return self.value


UNKNOWN: Final = Unknown.UNKNOWN


class Located(NamedTuple):
    """A text and the place where it stands, such as `policy.Statement[0].Action[1]`."""

    text: str
    path: str


class MalformedJson(ValueError):
    """Text is not JSON, or not unambiguous JSON; the message tells where and never quotes the text."""


def parse_json(text: str) -> Any:
    """Parse JSON strictly: a key that stands twice, `NaN` and `Infinity` are refused.

    Raises:
        MalformedJson: with the position in the text, where there is one.
    """
    try:
        return _STRICT.decode(text)
    except MalformedJson:
        raise
    except json.JSONDecodeError as error:
        raise MalformedJson(f"{error.msg.lower()} at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise MalformedJson("it is nested too deeply to be read") from None
    except ValueError:
        raise MalformedJson("it has a number with more digits than can be read") from None


def kind_of(value: object) -> str:
    """Name the JSON type of a value, for a message that must not quote the value."""
    match value:
        case Unknown():
            return "a value that is not known yet"
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a string" if value else "an empty string"
        case list() | tuple():
            return "a list" if value else "an empty list"
        case dict():
            return "an object"
        case _:
            return f"a value of type {type(value).__name__}"


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise MalformedJson(f"the key {twice[:40]!r} stands twice in one object")
    return members


def _refuse_constant(name: str) -> None:
    raise MalformedJson(f"{name} is not JSON")


_STRICT = json.JSONDecoder(object_pairs_hook=_without_duplicates, parse_constant=_refuse_constant)

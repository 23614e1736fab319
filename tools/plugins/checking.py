"""Judges a resource's inputs by the types of the installed SDK: nothing unknown, missing or of another type passes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from nhi_components.core.errors import Problem
from nhi_components.provider.known import UNKNOWN
from tools.plugins.sdk_types import Anything, Choice, Field, ListOf, MapOf, OneOf, Record, ResourceType, Scalar, Shape

_KINDS = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}
_SHOWN_CHOICES = 12


def input_problems(kind: ResourceType, inputs: Mapping[str, Any]) -> list[Problem]:
    """Find all that is wrong with a resource's inputs.

    Args:
        kind: the resource's type.
        inputs: as plain values; what is unknown until deployment is `UNKNOWN` and fits everywhere.

    Returns:
        Every problem with its path; values are never shown, only what kind of value was found.
    """
    return list(_record_problems("", kind.inputs, inputs))


def _record_problems(path: str, fields: Mapping[str, Field], value: Mapping[str, Any]) -> Iterator[Problem]:
    for name, item in value.items():
        if name not in fields:
            yield _unknown(_below(path, name), name, fields)
        elif item is not None:
            yield from _problems(_below(path, name), fields[name].shape, item)
    for name, field in fields.items():
        if field.required and value.get(name) is None:
            expected = described(field.shape)
            yield Problem(_below(path, name), "nothing", f"{expected}; it is required", "give it")


def _problems(path: str, shape: Shape, value: Any) -> Iterator[Problem]:
    if value is UNKNOWN or isinstance(shape, Anything):
        return
    match shape, value:
        case Record(), Mapping():
            yield from _record_problems(path, shape.fields, value)
        case ListOf(item), list():
            for index, each in enumerate(value):
                yield from _problems(f"{path}[{index}]", item, each)
        case MapOf(item), Mapping():
            for name, each in value.items():
                yield from _problems(_below(path, name), item, each)
        case OneOf(options), _:
            if all(any(_problems(path, option, value)) for option in options):
                yield _wrong(path, shape, value)
        case _:
            if not _fits(shape, value):
                yield _wrong(path, shape, value)


def _fits(shape: Shape, value: Any) -> bool:
    match shape:
        case Choice(values):
            return value in values
        case Scalar(kind) if kind in (int, float):
            return not isinstance(value, bool) and isinstance(value, kind if kind is int else (int, float))
        case Scalar(kind):
            return isinstance(value, kind)
        case _:
            return False


def described(shape: Shape) -> str:
    """Say for people what is expected."""
    match shape:
        case Scalar(kind):
            return _KINDS[kind]
        case Choice(values):
            return "one of " + ", ".join(repr(each) for each in values[:_SHOWN_CHOICES])
        case ListOf(item):
            return f"a list, each item {described(item)}"
        case MapOf(item):
            return f"a map, each value {described(item)}"
        case OneOf(options):
            return " or ".join(described(each) for each in options)
        case Record():
            return f"an object with {', '.join(list(shape.fields)[:_SHOWN_CHOICES])}"
        case _:
            return "any value"


def _found(value: Any) -> str:
    match value:
        case Mapping():
            return "an object"
        case list():
            return "a list"
        case _:
            return _KINDS.get(type(value), type(value).__name__)


def _unknown(path: str, name: str, fields: Mapping[str, Field]) -> Problem:
    near = get_close_matches(name, fields, 1)
    fix = f"write {near[0]}" if near else "remove it"
    return Problem(path, "a property that the installed SDK does not have", f"one of {', '.join(fields)}", fix)


def _wrong(path: str, shape: Shape, value: Any) -> Problem:
    return Problem(path, _found(value), described(shape), "give a value of that type")


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name

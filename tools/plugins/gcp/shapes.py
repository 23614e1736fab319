"""Between the SDK's properties and Google's JSON: the SDK has plurals for lists, and objects for lists of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from tools.plugins.sdk_types import ListOf, MapOf, Record, Scalar, Shape


@dataclass(frozen=True, slots=True)
class Spelling:
    """What is written in another way.

    Attributes:
        names: by the SDK's name, that of the JSON; at any depth.
        listed: SDK names of objects that are lists of one in JSON.
    """

    names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    listed: frozenset[str] = frozenset()

    def api(self, name: str) -> str:
        """The name in JSON."""
        return self.names.get(name, name)


def to_api(value: Any, shape: Shape, spelling: Spelling) -> Any:
    """Write a property as JSON."""
    match shape, value:
        case Record(), Mapping():
            return {
                spelling.api(name): _listed(name, to_api(item, shape.fields[name].shape, spelling), spelling)
                for name, item in value.items()
                if item is not None
            }
        case ListOf(item), list():
            return [to_api(each, item, spelling) for each in value]
        case _:
            return value


def from_api(value: Any, shape: Shape, spelling: Spelling) -> Any:
    """Read a property from JSON; what the SDK does not know is left out, and numbers and texts are what it takes."""
    match shape, value:
        case Record(), Mapping():
            return {
                name: from_api(_unlisted(name, value[spelling.api(name)], spelling), item.shape, spelling)
                for name, item in shape.fields.items()
                if spelling.api(name) in value
            }
        case ListOf(item), list():
            return [from_api(each, item, spelling) for each in value]
        case MapOf(item), Mapping():
            return {name: from_api(each, item, spelling) for name, each in value.items()}
        case Scalar(kind), str() if kind is int and value.lstrip("-").isdigit():
            return int(value)
        case Scalar(kind), int() if kind is str and not isinstance(value, bool):
            return str(value)
        case _:
            return value


def _listed(name: str, value: Any, spelling: Spelling) -> Any:
    return [value] if name in spelling.listed else value


def _unlisted(name: str, value: Any, spelling: Spelling) -> Any:
    return value[0] if name in spelling.listed and value else value

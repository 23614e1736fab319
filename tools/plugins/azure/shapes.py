"""Between the SDK's properties and the JSON of Azure Resource Manager.

The SDK flattens `properties`: a resource's inputs say nothing of them, and neither do outputs of objects within it.
Some names differ, and a map from ids to empty objects is a list of ids in the SDK's inputs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tools.plugins.sdk_types import ListOf, MapOf, Record, Scalar, Shape

PROPERTIES = "properties"
SETS = frozenset({"userAssignedIdentities"})
"""Maps from ids that are lists in the SDK's inputs."""

Names = Mapping[str, str]
"""By the SDK's name, that of the JSON; at any depth."""


def to_api(value: Any, shape: Shape, names: Names, name: str = "") -> Any:
    """Write a property as JSON."""
    match shape, value:
        case ListOf(), list() if name in SETS:
            return {each: {} for each in value}
        case Record(), Mapping():
            return {
                names.get(each, each): to_api(item, shape.fields[each].shape, names, each)
                for each, item in value.items()
                if item is not None
            }
        case ListOf(item), list():
            return [to_api(each, item, names) for each in value]
        case _:
            return value


def from_api(value: Any, shape: Shape, names: Names) -> Any:
    """Read a property from JSON; what the SDK does not know is left out, and so is what is null."""
    match shape, value:
        case Record(), Mapping():
            inner = value.get(PROPERTIES)
            told = {**(inner if isinstance(inner, Mapping) else {}), **value}
            return {
                name: from_api(told[names.get(name, name)], field.shape, names)
                for name, field in shape.fields.items()
                if told.get(names.get(name, name)) is not None
            }
        case ListOf(item), list():
            return [from_api(each, item, names) for each in value]
        case MapOf(item), Mapping():
            return {name: from_api(each, item, names) for name, each in value.items()}
        case Scalar(kind), int() if kind is str and not isinstance(value, bool):
            return str(value)
        case _:
            return value

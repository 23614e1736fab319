"""What people call resources and values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from nhi_components.facts.model import Resource
from nhi_components.facts.values import UNKNOWN

_URN = "urn:pulumi:"


def called(resource: Resource) -> str:
    """Give the name of a resource for people: the last part of a URN with its type, or an address as it is."""
    if _URN not in resource.name:
        return resource.name
    kind = resource.type.rpartition(":")[2]
    return f"{kind} {resource.name.rpartition('::')[2]}"


def logical_name(resource: Resource) -> str:
    """Give the name that a program or configuration has for a resource."""
    if _URN in resource.name:
        return resource.name.rpartition("::")[2]
    head, bracket, index = resource.name.partition("[")
    return head.rpartition(".")[2] + bracket + index


def value_at(inputs: Mapping[str, Any], path: str) -> Any:
    """Give the value at a dotted path; a block that is a list of one counts as its member, None for nothing there."""
    value: Any = inputs
    for name in path.split("."):
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if value is UNKNOWN or not isinstance(value, Mapping):
            return UNKNOWN if value is UNKNOWN else None
        value = value.get(name)
    return value


def members(value: Any) -> Iterator[Any]:
    """Yield the members of a list, or a value that stands alone; nothing for None and empty texts."""
    for member in value if isinstance(value, list) else (value,):
        if member not in (None, ""):
            yield member


def every_reference(references: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """Give everything from which any input takes its value."""
    return frozenset(name for names in references.values() for name in names)

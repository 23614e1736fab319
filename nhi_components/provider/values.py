"""Between the engine's property values and plain Python values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pulumi.provider.experimental.property_value import Computed, PropertyValue
from pulumi.runtime import rpc

from nhi_components.provider.known import UNKNOWN, Unknown

_UNKNOWN_BY_TYPE = frozenset(
    {
        rpc.UNKNOWN,  # a text
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # a boolean
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # a number
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # a list
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # an object
    }
)
"""What the engine writes for an unknown value of each type; the SDK reads only that of a text (pulumi/pulumi v3.220.0,
sdk/go/common/resource/plugin/rpc.go)."""


def plain(value: PropertyValue) -> Any:
    """Turn a property value into plain Python; an unknown one into `UNKNOWN`; secrecy is dropped."""
    match value.value:
        case Computed():
            return UNKNOWN
        case str() as text if text in _UNKNOWN_BY_TYPE:
            return UNKNOWN
        case str() | bool() | None as simple:
            return simple
        case float() | int() as number:
            return int(number) if float(number).is_integer() else number
        case Mapping() as mapping:
            return {key: plain(item) for key, item in mapping.items()}
        case Sequence() as items:
            return [plain(item) for item in items]
        case other:
            return other


def plain_map(values: Mapping[str, PropertyValue]) -> dict[str, Any]:
    """Turn a resource's properties into plain Python, without the engine's own keys."""
    return {key: plain(value) for key, value in values.items() if not key.startswith("__")}


def property_value(value: Any) -> PropertyValue:
    """Turn plain Python into a property value."""
    match value:
        case Unknown():
            # The SDK reads its own `Computed`, and can't write it (seen in pulumi 3.272).
            return PropertyValue(rpc.UNKNOWN)
        case bool() | str() | None:
            return PropertyValue(value)
        case int() | float():
            return PropertyValue(float(value))
        case Mapping():
            return PropertyValue({str(key): property_value(item) for key, item in value.items()})
        case _:
            return PropertyValue([property_value(item) for item in value])


def property_map(values: Mapping[str, Any]) -> dict[str, PropertyValue]:
    """Turn plain Python into a resource's properties; what is None is left out."""
    return {key: property_value(value) for key, value in values.items() if value is not None}

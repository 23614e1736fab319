"""Turns what the policy SDK hands over into plain data that readers can touch anywhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pulumi_policy import proxy

from nhi_components.facts import UNKNOWN

_UNKNOWN_MARKS = frozenset(
    {
        proxy.UNKNOWN_ARCHIVE_VALUE,
        proxy.UNKNOWN_ARRAY_VALUE,
        proxy.UNKNOWN_ASSET_VALUE,
        proxy.UNKNOWN_BOOLEAN_VALUE,
        proxy.UNKNOWN_NUMBER_VALUE,
        proxy.UNKNOWN_OBJECT_VALUE,
        proxy.UNKNOWN_STRING_VALUE,
    }
)
"""What stands for an unknown value where the SDK does not guard it: in what it hands to a remediation."""


def plain(value: Any) -> Any:
    """Turn what the SDK hands over into plain data, with `UNKNOWN` where touching a value would raise."""
    if isinstance(value, str):
        return UNKNOWN if value in _UNKNOWN_MARKS else value
    if isinstance(value, Mapping):
        return {str(key): _member(value, key) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [_member(value, index) for index in range(len(value))]
    return value


def known(value: Any, names: Iterable[str]) -> dict[str, Any]:
    """Give some properties of what the SDK hands over as plain data; those that are not known yet are left out."""
    present = set(value)
    given = {name: _member(value, name) for name in names if name in present}
    return {name: member for name, member in given.items() if member is not UNKNOWN}


def _member(container: Any, key: Any) -> Any:
    try:
        return plain(container[key])
    except proxy.UnknownValueError:
        return UNKNOWN

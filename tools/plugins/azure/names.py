"""How resources of Azure are named: in their ids, and by the plugin where the program gives none."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import UUID

from tools.plugins.resource import AutoName, PluginError

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_SCOPE = "scope"
_DIGITS = 8


@dataclass(frozen=True, slots=True)
class RandomName(AutoName):
    """The name in the program, and eight random digits."""

    def make(self, name: str, seed: bytes) -> str:
        """Make one of the engine's seed."""
        return name + _hex(seed, _DIGITS)


@dataclass(frozen=True, slots=True)
class RandomGuid(AutoName):
    """A GUID."""

    def make(self, name: str, seed: bytes) -> str:
        """Make one of the engine's seed."""
        return str(UUID(_hex(seed, 32)))


def placeholders(template: str) -> list[str]:
    """Name what an id holds a place for."""
    return _PLACEHOLDER.findall(template)


def filled(template: str, values: Mapping[str, Any]) -> str:
    """Fill an id in; a scope goes in as it is, without slashes at its ends.

    Raises:
        PluginError: something is missing.
    """
    missing = [name for name in placeholders(template) if not values.get(name)]
    if missing:
        raise PluginError(f"missing required property '{missing[0]}'")

    def written(found: re.Match[str]) -> str:
        value = str(values[found[1]])
        return value.strip("/") if found[1] == _SCOPE else quote(value, safe="")

    return _PLACEHOLDER.sub(written, template)


def parts_of(template: str, id_: str) -> dict[str, str]:
    """Read what is in an id, whose fixed parts come in letters of any case; nothing when it is of another form."""
    parts, end = [], 0
    for found in _PLACEHOLDER.finditer(template):
        place = f"(?P<{found[1]}>{'.*' if found[1] == _SCOPE else '[^/]+'})"
        parts += [re.escape(template[end : found.start()]), place]
        end = found.end()
    read = re.fullmatch("".join([*parts, re.escape(template[end:])]), id_, re.IGNORECASE)
    if read is None:
        return {}
    return {name: f"/{value}" if name == _SCOPE else value for name, value in read.groupdict().items()}


def _hex(seed: bytes, digits: int) -> str:
    return random.Random(seed or None).randbytes(digits).hex()[:digits]  # noqa: S311 - a name

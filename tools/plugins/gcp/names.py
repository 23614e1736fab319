"""Names of Google's resources: templates such as `projects/{project}/topics/{topic}`, filled in and read back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from nhi_components.provider.known import UNKNOWN
from tools.plugins.gcp.settings import Settings
from tools.plugins.resource import PluginError, Properties

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_WITH_SLASHES = ("parent", "keyRing")
_FROM_SETTINGS = {"project": "project", "location": "region"}


def placeholders(template: str) -> list[str]:
    """Name what a template holds a place for."""
    return _PLACEHOLDER.findall(template)


def filled(template: str, values: Mapping[str, Any]) -> str:
    """Fill a template in.

    Raises:
        PluginError: something is missing.
    """
    missing = [name for name in placeholders(template) if not values.get(name)]
    if missing:
        raise PluginError(f"{missing[0]}: required field is not set, neither on the resource nor on the provider")
    return _PLACEHOLDER.sub(lambda found: str(values[found[1]]), template)


def parts_of(template: str, name: str) -> dict[str, str] | None:
    """Read a name back; None when it is of another form."""
    found = re.fullmatch(_expression(template), name)
    return found.groupdict() if found else None


def with_settings(template: str, inputs: Properties, settings: Settings) -> dict[str, Any]:
    """What a template's places hold: the inputs, and the provider's project and region where they say nothing."""
    told = {name: inputs.get(name) for name in placeholders(template)}
    given = {name: getattr(settings, attribute) for name, attribute in _FROM_SETTINGS.items() if name in told}
    return {name: value or given.get(name) for name, value in told.items()}


def known(values: Mapping[str, Any]) -> bool:
    """Tell whether nothing of it is unknown."""
    return not any(value is UNKNOWN for value in values.values())


def last(name: str) -> str:
    """The last part of a name."""
    return name.rsplit("/", 1)[-1]


def _expression(template: str) -> str:
    parts, end = [], 0
    for found in _PLACEHOLDER.finditer(template):
        parts += [re.escape(template[end : found.start()]), _place(found[1])]
        end = found.end()
    return "".join([*parts, re.escape(template[end:])])


def _place(name: str) -> str:
    return f"(?P<{name}>{'.+' if name in _WITH_SLASHES else '[^/]+'})"

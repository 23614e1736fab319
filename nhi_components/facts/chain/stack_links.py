"""What a stack export or a preview tells of its resources besides their inputs: outputs, and where values come from.

Source: Pulumi's checkpoint format, version 3 (`propertyDependencies`, `dependencies`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

NAMING_OUTPUTS: Final = ("arn", "id", "name", "path", "email", "uniqueId", "principalId", "clientId")
"""Outputs by which resources are named elsewhere; none of them is a secret."""

_NOTHING: Final[Mapping[str, Any]] = {}


class Told(NamedTuple):
    """What is told of one resource, as in `chain.model.Part`."""

    outputs: Mapping[str, Any] = _NOTHING
    references: Mapping[str, tuple[str, ...]] = _NOTHING


NOTHING_TOLD: Final = Told()


def told_by(value: Mapping[str, Any]) -> dict[str, Told]:
    """Give what a stack export or a preview tells, by URN; nothing for what is out of shape.

    Args:
        value: the export, or the preview, as data.
    """
    deployment = value.get("deployment")
    given = deployment.get("resources") if isinstance(deployment, Mapping) else None
    steps = value.get("steps")
    if isinstance(steps, list):
        given = [step.get("newState") for step in steps if isinstance(step, Mapping)]
    told = {}
    for entry in given if isinstance(given, list) else ():
        if isinstance(entry, Mapping) and isinstance(entry.get("urn"), str) and entry.get("delete") is not True:
            told[entry["urn"]] = _told(entry)
    return told


def _told(entry: Mapping[str, Any]) -> Told:
    from nhi_components.facts.stack_export import plain
    from nhi_components.facts.values import UNKNOWN

    given = entry.get("outputs")
    outputs = {
        name: known
        for name in NAMING_OUTPUTS
        if isinstance(given, Mapping) and name in given and (known := plain(given[name])) is not UNKNOWN
    }
    if isinstance(entry.get("id"), str):
        outputs.setdefault("id", entry["id"])
    by_property = entry.get("propertyDependencies")
    references = {
        str(name): tuple(urn for urn in urns if isinstance(urn, str))
        for name, urns in (by_property.items() if isinstance(by_property, Mapping) else ())
        if isinstance(urns, list)
    }
    return Told(outputs, references)

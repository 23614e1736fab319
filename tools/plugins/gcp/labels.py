"""Labels as Pulumi's provider keeps them: a resource's own, those that it adds to them, and all that there are.

Source: pulumi-gcp 10, 'Labels' of every resource that has some: `labels` is not authoritative, `pulumiLabels` are those
of the program and the provider, `effectiveLabels` all that are on the resource.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tools.plugins.gcp.settings import Settings
from tools.plugins.resource import Properties


def labels_for(settings: Settings, inputs: Properties, olds: Properties | None = None) -> dict[str, str]:
    """All the labels that a resource is to have: others' stay, those that left the program go."""
    wanted = {**settings.labels, **(inputs.get("labels") or {})}
    if olds is None:
        return wanted
    ours = set(olds.get("pulumiLabels") or {})
    others = {name: value for name, value in (olds.get("effectiveLabels") or {}).items() if name not in ours}
    return {**others, **wanted}


def labels_of(settings: Settings, found: Mapping[str, str], state: Properties) -> dict[str, Any]:
    """The three outputs: of those on the resource, which the program gave, and which the provider added."""
    own = state.get("labels") or {}
    ours = {**settings.labels, **own}
    return {
        "labels": {name: found[name] for name in own if name in found},
        "pulumiLabels": {name: found[name] for name in ours if name in found},
        "effectiveLabels": dict(found),
    }

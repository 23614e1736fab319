"""Gathers what a reader could not understand, beside what it could."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nhi_components.core.text import shown
from nhi_components.facts.model import Fact, NotYetKnown, Resource, Unjudged
from nhi_components.facts.values import UNKNOWN, kind_of

_GUIDE = "write it as the Kubernetes documentation, 'Using RBAC Authorization', shows"
_EMPTY: Mapping[str, Any] = {}


class Notes:
    """The facts about one resource that tell of a gap.

    Attributes:
        resource: what is being read.
        facts: the gaps found so far.
    """

    def __init__(self, resource: Resource) -> None:
        self.resource = resource
        self.facts: list[Fact] = []

    def note(self, path: str, value: object, expected: str) -> None:
        """Note a value of the wrong type, or one that is not known yet."""
        if value is UNKNOWN:
            self.facts.append(NotYetKnown(self.resource, path, "part of a manifest"))
        else:
            self.wrong(path, kind_of(value), expected)

    def wrong(self, path: str, got: str, expected: str, fix: str = _GUIDE) -> None:
        """Note something that was not understood."""
        self.facts.append(Unjudged(self.resource, path, shown(got), expected, fix))

    def members(self, path: str, value: object) -> list[tuple[str, object]]:
        """Give the members of a list with their places; a single value counts as a list of one, nothing as none."""
        if value is None:
            return []
        if isinstance(value, list | tuple):
            return [(f"{path}[{index}]", member) for index, member in enumerate(value)]
        return [(path, value)]

    def mapping(self, path: str, value: object, expected: str) -> Mapping[str, Any]:
        """Give a mapping, or the only one of a list, as Terraform writes blocks; else note what stands there."""
        if isinstance(value, Mapping):
            return value
        if isinstance(value, list) and len(value) == 1 and isinstance(value[0], Mapping):
            return value[0]
        if value is not None:
            self.note(path, value, expected)
        return _EMPTY

    def text(self, path: str, value: object, expected: str) -> str:
        """Give a text; empty, and noted, where there is none."""
        if isinstance(value, str):
            return value
        if value is not None:
            self.note(path, value, expected)
        return ""

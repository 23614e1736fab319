"""Reads Pulumi resources, as the policy analyzer or a stack export shows them, into facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from nhi_components.facts.declared import read_declared_grants
from nhi_components.facts.governed import is_component, read_ownership
from nhi_components.facts.model import Fact, Resource

_READER_OF_PACKAGE = {
    "aws": "aws",
    "azure": "azure",
    "azure-native": "azure",
    "azuread": "azure",
    "gcp": "gcp",
    "github": "github",
    "kubernetes": "kubernetes",
    "vault": "vault",
}
"""The folder beside this module whose `pulumi.read_resource` reads the resources of a Pulumi package."""

_ResourceReader = Callable[[Resource, Mapping[str, Any]], Iterable[Fact]]


@dataclass(frozen=True, slots=True)
class PulumiResource:
    """One resource of a Pulumi program or stack.

    Attributes:
        urn: its URN.
        type: its type token, such as `aws:iam/role:Role`.
        inputs: its inputs as plain JSON data, secrets unwrapped, `UNKNOWN` for what is not known yet.
        parent: the URN of the resource that encloses it.
    """

    urn: str
    type: str
    inputs: Mapping[str, Any]
    parent: str | None = None

    @property
    def identity(self) -> Resource:
        """How facts refer to it."""
        return Resource(self.urn, self.type, self.parent)


def read_pulumi_resource(given: PulumiResource) -> tuple[Fact, ...]:
    """Read one resource; which system it belongs to follows from its type token."""
    return tuple(_read(given.identity, given.inputs))


def _read(resource: Resource, inputs: Mapping[str, Any]) -> Iterator[Fact]:
    yield from read_ownership(resource, inputs)
    folder = _READER_OF_PACKAGE.get(resource.type.partition(":")[0])
    if folder is not None:
        yield from _reader_in(folder)(resource, inputs)
    elif is_component(resource.type):
        yield from read_declared_grants(resource, inputs.get("grants"))


@cache
def _reader_in(folder: str) -> _ResourceReader:
    reader: _ResourceReader = import_module(f"{__package__}.{folder}.pulumi").read_resource
    return reader

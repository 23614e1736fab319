"""Reads Pulumi resources, as the policy analyzer or a stack export shows them, into facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nhi_components.facts.aws.pulumi import read_aws_resource
from nhi_components.facts.declared import read_declared_grants
from nhi_components.facts.governed import is_component, read_ownership
from nhi_components.facts.model import Fact, Resource
from nhi_components.facts.vault.pulumi import read_vault_resource


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
    package, _, _ = resource.type.partition(":")
    if package == "aws":
        yield from read_aws_resource(resource, inputs)
    elif package == "vault":
        yield from read_vault_resource(resource, inputs)
    elif is_component(resource.type):
        yield from read_declared_grants(resource, inputs.get("grants"))

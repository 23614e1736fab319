"""Makes the graph of identities from resources: of a program, a stack, a plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import Any, Final

from nhi_components.facts.chain.model import IdentityGraph, IdentitySystem, Part
from nhi_components.facts.model import Fact, Resource
from nhi_components.facts.pulumi_reader import PulumiResource

_FOLDERS: Final[Mapping[str, str]] = {
    "aws": "aws",
    "azure": "azure",
    "azure-native": "azure",
    "azuread": "azure",
    "azurerm": "azure",
    "gcp": "gcp",
    "google": "gcp",
    "kubernetes": "kubernetes",
}
"""The folder beside this one whose `identities` knows the identities of a Pulumi package or Terraform prefix."""

_NOTHING: Final[Mapping[str, Any]] = {}
THE_STACK: Final = Resource("the stack", "stack")


def part_of(
    given: PulumiResource,
    facts: Iterable[Fact],
    outputs: Mapping[str, Any] = _NOTHING,
    references: Mapping[str, Sequence[str]] = _NOTHING,
) -> Part | None:
    """Give what a resource is to identities; None when it has to do with none.

    Args:
        given: the resource.
        facts: what its reader learned.
        outputs: what the system has told of it.
        references: the names of the resources from which each input takes its value.
    """
    folder = _FOLDERS.get(given.type.partition(":")[0])
    if folder is None or given.type not in _module(folder).TYPES:
        return None
    known = {name: tuple(names) for name, names in references.items()}
    return Part(given.identity, given.inputs, tuple(facts), outputs, known)


def graph_of(parts: Iterable[Part], whole: Resource = THE_STACK) -> IdentityGraph:
    """Make the graph of the identities of one stack.

    Args:
        parts: its resources.
        whole: how findings about all of it call it.
    """
    by_folder: dict[str, list[Part]] = {}
    for part in parts:
        folder = _FOLDERS.get(part.resource.type.partition(":")[0])
        if folder is not None:
            by_folder.setdefault(folder, []).append(part)
    systems = tuple(_maker(folder)(of_folder) for folder, of_folder in sorted(by_folder.items()))
    return IdentityGraph(whole, systems)


@cache
def terraform_tables(prefix: str) -> tuple[Mapping[str, str], Mapping[str, Mapping[str, str]]]:
    """Give the Pulumi type of each Terraform type that is a part of identities, and names of its attributes.

    Args:
        prefix: of the types, such as `aws`.
    """
    folder = _FOLDERS.get(prefix)
    if folder is None:
        return {}, {}
    tables = import_module(f"nhi_components.facts.{folder}.terraform")
    identities = _module(folder)
    known = {name: token for name, token in tables.TYPES.items() if token in identities.TYPES}
    return {**known, **identities.TERRAFORM}, getattr(tables, "NAMES", {})


def _maker(folder: str) -> Callable[[Sequence[Part]], IdentitySystem]:
    made: Callable[[Sequence[Part]], IdentitySystem] = _module(folder).system_of
    return made


@cache
def _module(folder: str) -> Any:
    return import_module(f"nhi_components.facts.{folder}.identities")

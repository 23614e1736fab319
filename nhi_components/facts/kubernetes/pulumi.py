"""Reads Pulumi's Kubernetes resources: RBAC, accounts, workloads, secrets, and manifests given as text.

Source: the input properties of pulumi-kubernetes 4.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from nhi_components.facts.kubernetes.manifests import read_manifests, read_object
from nhi_components.facts.model import Fact, Resource

_TEXTS: Final = ("yaml", "objs")
"""The inputs of `ConfigGroup` that hold manifests; files are read by the engine, which shows what they make."""


def read_resource(resource: Resource, inputs: Mapping[str, Any]) -> Iterator[Fact]:
    """Yield what one resource grants; its type tells the kind of object, also where it is a patch or a list."""
    _, package, kind = _parts(resource.type)
    if package.startswith("yaml"):
        for name in _TEXTS:
            if inputs.get(name) is not None:
                yield from _texts(resource, name, inputs[name])
    elif kind.endswith("List"):
        yield from read_manifests(resource, "items", {"kind": kind, "items": inputs.get("items")})
    else:
        yield from read_object(resource, kind.removesuffix("Patch"), "inputs", inputs)


def _parts(token: str) -> tuple[str, str, str]:
    package, _, rest = token.partition(":")
    module, _, kind = rest.rpartition(":")
    return package, module, kind


def _texts(resource: Resource, name: str, value: object) -> Iterator[Fact]:
    for index, member in enumerate(value if isinstance(value, list) else [value]):
        yield from read_manifests(resource, f"{name}[{index}]" if isinstance(value, list) else name, member)

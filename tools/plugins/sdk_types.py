"""What a resource takes and gives, read from the Python SDK itself that is installed.

Nothing is listed here: properties, nesting, enumerations and what is required all come from the classes of
`pulumi_gcp`, `pulumi_azure_native` and the like, as their generator writes them (`pulumi.input_type`, `pulumi.getter`,
`pulumi.type_token`). Only the module of the resource that is asked for is imported.
"""

from __future__ import annotations

import collections.abc
import enum
import importlib
import inspect
import sys
import types
import typing
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import pulumi
from pulumi import _types as sdk


class Shape:
    """What a value has to look like."""


@dataclass(frozen=True, slots=True)
class Scalar(Shape):
    """A text, a number, a whole number, or true or false.

    Attributes:
        kind: the Python type.
    """

    kind: type


@dataclass(frozen=True, slots=True)
class Choice(Shape):
    """One of an enumeration's values."""

    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class ListOf(Shape):
    """Any number of items of one shape."""

    item: Shape


@dataclass(frozen=True, slots=True)
class MapOf(Shape):
    """Any names, with values of one shape."""

    item: Shape


@dataclass(frozen=True, slots=True)
class OneOf(Shape):
    """Any of several shapes."""

    options: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class Anything(Shape):
    """Whatever it is."""


@dataclass(frozen=True)
class Record(Shape):
    """Named fields. They are read when they are asked for, as types may hold themselves.

    Attributes:
        cls: the SDK's class.
    """

    cls: type

    @cached_property
    def fields(self) -> Mapping[str, Field]:
        """By the name that goes over the wire."""
        return _fields_of(self.cls)


@dataclass(frozen=True, slots=True)
class Field:
    """One field.

    Attributes:
        shape: of its value.
        required: whether it has to be there.
    """

    shape: Shape
    required: bool


@dataclass(frozen=True, slots=True)
class ResourceType:
    """A type of resource, by its token.

    Attributes:
        token: such as `gcp:pubsub/topic:Topic`.
        inputs: what it takes.
        outputs: what it gives, its inputs among it.
    """

    token: str
    inputs: Mapping[str, Field]
    outputs: Mapping[str, Field]


class UnknownType(Exception):
    """The installed SDK has no such type."""


@cache
def resource_type(token: str) -> ResourceType:
    """Read a type of resource.

    Args:
        token: as in a URN; `pulumi:providers:gcp` is the provider itself.

    Raises:
        UnknownType: the installed SDK does not have it.
    """
    package, module, name = token.split(":")
    if (package, module) == ("pulumi", "providers"):
        found = _class_in(f"pulumi_{name.replace('-', '_')}.provider", "Provider", token)
    else:
        found = _class_in(_place_of(package, module), name, token)
    if getattr(found, "pulumi_type", None) != token:
        raise UnknownType(token)
    beside = sys.modules[found.__module__]
    # Kubernetes' SDK has `Args` for an object within another one.
    arguments = getattr(beside, f"{found.__name__}InitArgs", None) or getattr(beside, f"{found.__name__}Args")
    return ResourceType(token, _fields_of(arguments), _fields_of(found))


def _place_of(package: str, module: str) -> str:
    """Tell where an SDK has a module.

    Kubernetes' has a folder for each version of a group, named by its first word; `index` is the SDK itself.
    """
    root, folder = f"pulumi_{package.replace('-', '_')}", module.split("/")[0].lower()
    if package == "kubernetes":
        group, _, version = module.partition("/")
        folder = f"{group.split('.')[0]}.{version}"
    return root if folder == "index" else f"{root}.{folder}"


def _class_in(module: str, name: str, token: str) -> type:
    try:
        # Modules warn of what is deprecated beside what is asked for.
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            found: type = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError):
        raise UnknownType(token) from None
    return found


_INPUT_NAMES = {"Output": pulumi.Output, "T": Any}
"""What `pulumi.Input` names without importing it."""


def _fields_of(cls: type) -> dict[str, Field]:
    required = _required(cls) if sdk.is_input_type(cls) else frozenset()
    return {
        wire: Field(shape_of(typing.get_type_hints(prop.fget, localns=_INPUT_NAMES)["return"]), python in required)
        for python, wire, prop in sdk._py_properties(cls)
        if wire not in ("id", "urn") or sdk.is_input_type(cls) or sdk.is_output_type(cls)
    }


def _required(cls: type) -> frozenset[str]:
    parameters = list(inspect.signature(cls).parameters.values())
    return frozenset(each.name for each in parameters if each.default is inspect.Parameter.empty)


def shape_of(hint: Any) -> Shape:
    """Turn an annotation into a shape: without `Input`, `Output`, `Optional` and objects' dictionary forms."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _any_of(arguments)
    if origin is pulumi.Output:
        return shape_of(arguments[0])
    if origin in (list, collections.abc.Sequence):
        return ListOf(shape_of(arguments[0]))
    if origin in (dict, collections.abc.Mapping):
        return MapOf(shape_of(arguments[1]))
    if origin is typing.Literal:
        return Choice(arguments)
    if hint in (str, int, float, bool):
        return Scalar(hint)
    if inspect.isclass(hint) and issubclass(hint, enum.Enum):
        return Choice(tuple(each.value for each in hint))
    if inspect.isclass(hint) and (sdk.is_input_type(hint) or sdk.is_output_type(hint)):
        return Record(hint)
    return Anything()


def _any_of(hints: tuple[Any, ...]) -> Shape:
    kept = [each for each in hints if each is not type(None) and not _is_plumbing(each)]
    if any(inspect.isclass(each) and sdk.is_input_type(each) for each in kept):
        # An object may be written as a dictionary: the same thing in another spelling.
        kept = [each for each in kept if not _is_dictionary(each)]
    shapes = tuple(dict.fromkeys(shape_of(each) for each in kept))
    return shapes[0] if len(shapes) == 1 else OneOf(shapes)


def _is_plumbing(hint: Any) -> bool:
    return typing.get_origin(hint) in (collections.abc.Awaitable, pulumi.Output)


def _is_dictionary(hint: Any) -> bool:
    return typing.get_origin(hint) in (dict, collections.abc.Mapping) or hint is dict or typing.is_typeddict(hint)

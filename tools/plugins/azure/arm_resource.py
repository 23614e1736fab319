"""Resources of Azure Resource Manager: each is looked for, put, read and deleted at its id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from nhi_components.core.errors import Problem
from nhi_components.provider.known import UNKNOWN
from tools.plugins.azure.arm import Arm, ArmError
from tools.plugins.azure.names import filled, parts_of, placeholders
from tools.plugins.azure.shapes import PROPERTIES, SETS, Names, from_api, to_api
from tools.plugins.diffing import is_empty
from tools.plugins.resource import PluginError, Properties, Resource
from tools.plugins.sdk_types import resource_type

_SUBSCRIPTION = "subscriptionId"
_GROUP = "resourceGroupName"
LOCATION = "location"
_VERSION = "azureApiVersion"
OUTERMOST = frozenset({"name", "type", "systemData", "etag", LOCATION, "tags", "sku", "kind", "identity", "managedBy"})
"""What stands beside `properties` in a resource of Azure Resource Manager; all else stands in them."""


@dataclass(frozen=True, kw_only=True)
class ArmResource(Resource[Arm]):
    """One type of resource.

    Attributes:
        path: its id, with places for inputs and for the subscription.
        version: the api-version that the SDK's type stands for.
        outermost: what stands beside `properties`, by the SDK's names.
        names: what is written in another way in JSON.
        puts_long: whether its making and changing is a long-running operation.
        deletes_long: whether its deletion is.
        withheld: inputs that are not passed on, as they would have to be written in ways of their own.
        replaced_by: inputs in its body whose change makes a new resource; those in its id do as well.
        lengths: how many characters a text has, at least and at most.
        alike: inputs that outputs can't be compared with.
        shared: a list within `properties` that other resources add to; what the program does not say of it stays.
    """

    path: str
    version: str
    outermost: frozenset[str] = OUTERMOST
    names: Names = field(default_factory=lambda: MappingProxyType({}))
    puts_long: bool = False
    deletes_long: bool = False
    withheld: frozenset[str] = frozenset()
    replaced_by: frozenset[str] = frozenset()
    lengths: Mapping[str, tuple[int, int]] = field(default_factory=lambda: MappingProxyType({}))
    alike: frozenset[str] = frozenset()
    shared: str = ""

    def __post_init__(self) -> None:
        """What is in the id makes a new resource; the rest follows from that."""
        places = frozenset(self.places)
        object.__setattr__(self, "replaces", self.replaced_by | places)

    @property
    def places(self) -> list[str]:
        """The inputs in its id."""
        return [name for name in placeholders(self.path) if name != _SUBSCRIPTION]

    @property
    def served(self) -> frozenset[str]:
        """All that the SDK has but what is withheld."""
        return frozenset(resource_type(self.token).inputs) - self.withheld

    def problems(self, inputs: Properties) -> list[Problem]:
        """A name is needed where none is made, and its length is right."""
        missing = [
            Problem(name, "nothing", "a name", "name it: the test plugin does not")
            for name in self.places
            if name not in inputs and (self.auto_name is None or self.auto_name.property != name)
        ]
        wrong = [
            Problem(name, f"{len(inputs[name])} characters", f"{least} to {most}", "give another name")
            for name, (least, most) in self.lengths.items()
            if isinstance(inputs.get(name), str) and not least <= len(inputs[name]) <= most
        ]
        return [*super().problems(inputs), *missing, *wrong]

    def told_by(self, resource_id: str) -> Properties:
        """The inputs in its id."""
        return {name: value for name, value in parts_of(self.path, resource_id).items() if name != _SUBSCRIPTION}

    def defaults_for(self, client: Arm | None, inputs: Properties, olds: Properties) -> Properties:
        """The location: the one before, else the provider's, else that of the resource group."""
        if LOCATION not in self.served or inputs.get(LOCATION) or client is None:
            return self.defaults
        place: Any = olds.get(LOCATION) or client.settings.location
        if not place and inputs.get(_GROUP) is UNKNOWN:
            place = UNKNOWN
        elif not place and _GROUP in inputs:
            place = client.location_of_group(str(inputs[_GROUP]))
        return {**self.defaults, LOCATION: place} if place else self.defaults

    def says_nothing(self, value: Any) -> bool:
        """False and zero say something: what they turn off would be on."""
        return is_empty(value)

    def same(self, name: str, old: Any, new: Any, client: Arm) -> bool:
        """A location's letters and spaces mean nothing, nor do the letters of what is in an id."""
        if name in self.alike:
            return True
        if name == LOCATION:
            return _squeezed(old) == _squeezed(new)
        if isinstance(new, Mapping) and SETS & new.keys():
            return _listed(old) == _listed(new)
        return name in self.places and str(old).strip("/").lower() == str(new).strip("/").lower()

    def foreseen(self, client: Arm, inputs: Properties) -> Properties:
        """Nothing but the api-version: of all that Azure may fill in nothing is known, its name included."""
        unknown = {name: UNKNOWN for name in resource_type(self.token).outputs if name not in inputs}
        return {**unknown, **self._versioned()}

    def stable(self, olds: Properties) -> Properties:
        """Name and location; the real provider takes nothing else for certain."""
        unknown = dict.fromkeys(resource_type(self.token).outputs, UNKNOWN)
        kept = {name: olds[name] for name in ("name", LOCATION) if name in olds}
        return {**unknown, **kept, **self._versioned()}

    def create(self, client: Arm, inputs: Properties) -> tuple[str, Properties]:
        """See that it is not there, make it, and read it."""
        id_ = self._id(client, inputs)
        self._refuse_existing(client, id_)
        body = self.body(inputs)
        if self.shared:
            body[PROPERTIES].setdefault(self.shared, [])
        made = client.put(id_, self.version, body, long_running=self.puts_long)
        told = str(made.get("id") or id_)
        return told, self._found(client, told)

    def read(self, client: Arm, resource_id: str, state: Properties) -> Properties | None:
        """Read it."""
        found = client.find(resource_id, self.version)
        return None if found is None else self.outputs(found)

    def update(self, client: Arm, resource_id: str, olds: Properties, news: Properties) -> Properties:
        """Put all of it, with what is shared as it is there, and read it."""
        id_, body = self._id(client, news), self.body(news)
        if self.shared and self.shared not in body[PROPERTIES]:
            there = client.get(id_, self.version).get(PROPERTIES) or {}
            body[PROPERTIES] |= {name: value for name, value in there.items() if name == self.shared}
        client.put(id_, self.version, body, long_running=self.puts_long)
        return self._found(client, id_)

    def delete(self, client: Arm, resource_id: str, state: Properties) -> None:
        """Delete it."""
        client.delete(resource_id, self.version, long_running=self.deletes_long)

    def body(self, inputs: Properties) -> dict[str, Any]:
        """Write its inputs as a body; `properties` is there even when it is empty, where anything can stand in it."""
        types = resource_type(self.token).inputs
        inner: dict[str, Any] = {}
        outer: dict[str, Any] = {}
        for name, value in inputs.items():
            if name in types and value is not None and not self._is_place(name):
                where = outer if name in self.outermost else inner
                where[self.names.get(name, name)] = to_api(value, types[name].shape, self.names, name)
        return outer | ({PROPERTIES: inner} if inner or not outer else {})

    def outputs(self, found: Mapping[str, Any]) -> dict[str, Any]:
        """Read an answer as outputs."""
        inner = found.get(PROPERTIES) or {}
        told: dict[str, Any] = {}
        for name, item in resource_type(self.token).outputs.items():
            where = found if name in self.outermost else inner
            value = where.get(self.names.get(name, name))
            if value is not None:
                told[name] = from_api(value, item.shape, self.names)
        return {**told, **self._versioned()}

    def _is_place(self, name: str) -> bool:
        return name in self.places

    def _versioned(self) -> dict[str, Any]:
        return {_VERSION: self.version} if _VERSION in resource_type(self.token).outputs else {}

    def _id(self, client: Arm, inputs: Properties) -> str:
        return filled(self.path, {**inputs, _SUBSCRIPTION: client.settings.subscription})

    def _refuse_existing(self, client: Arm, id_: str) -> None:
        try:
            found = client.get(id_, self.version)
        except ArmError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return
            raise PluginError(f"cannot check existence of resource '{id_}': {error}") from None
        if found:
            raise PluginError(f"cannot create already existing resource '{id_}'")

    def _found(self, client: Arm, id_: str) -> Properties:
        found = self.read(client, id_, {})
        if found is None:
            raise PluginError(f"{id_} is not there, although Azure has just made or changed it")
        return found


def _listed(identity: Mapping[str, Any]) -> dict[str, Any]:
    """Show an object whose sets come as lists or as maps; what only Azure tells of it is left out."""
    return {name: sorted(each.lower() for each in value) for name, value in identity.items() if name in SETS} | {
        "type": identity.get("type")
    }


def _squeezed(location: Any) -> str:
    return str(location).replace(" ", "").lower()

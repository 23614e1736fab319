"""The provider of a test plugin: what the engine asks, answered by the resources that the plugin has."""

from __future__ import annotations

import asyncio
import json
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, Generic

from pulumi.provider.experimental import provider as rpc
from pulumi.provider.experimental.property_value import PropertyValue

from nhi_components.core.errors import Problem
from nhi_components.provider.known import UNKNOWN
from nhi_components.provider.values import plain, plain_map, property_map, property_value
from tools.plugins.checking import input_problems
from tools.plugins.diffing import changed_inputs
from tools.plugins.resource import Client, PluginError, Properties, Resource
from tools.plugins.sdk_types import ResourceType, UnknownType, resource_type

DEFAULTS = "__defaults"
"""Where bridged providers keep which inputs the program did not give; so does this one."""


class PluginProvider(rpc.Provider, Generic[Client]):
    """Answers for one package. Secrecy is left to the engine, which marks outputs as their inputs are marked.

    Args:
        package: such as `gcp`.
        version: that of the SDK it stands in for.
        resources: by token.
    """

    def __init__(self, package: str, version: str, resources: Mapping[str, Resource[Client]]) -> None:
        self._package, self._version, self._resources = package, version, resources
        self._client: Client | None = None

    @abstractmethod
    def connect(self, settings: Properties) -> Client:
        """Make the client of the provider's configuration.

        Raises:
            PluginError: it can't be used.
        """

    async def get_schema(self, request: rpc.GetSchemaRequest) -> rpc.GetSchemaResponse:
        """Tell the resources that are served."""
        served: dict[str, dict[str, Any]] = {token: {} for token in self._resources}
        schema = {"name": self._package, "version": self._version, "resources": served}
        return rpc.GetSchemaResponse(json.dumps(schema))

    async def check_config(self, request: rpc.CheckRequest) -> rpc.CheckResponse:
        """Hold the provider's configuration to the SDK."""
        known = resource_type(f"pulumi:providers:{self._package}").inputs
        settings = {name: _decoded(value) for name, value in plain_map(request.new_inputs).items() if name != "version"}
        kind = ResourceType(self._package, known, known)
        return _checked(request.new_inputs, input_problems(kind, settings))

    async def diff_config(self, request: rpc.DiffRequest) -> rpc.DiffResponse:
        """A change of the configuration never replaces what was made under it.

        Whether there is one the engine finds out: the SDK hands `changes` on as the protocol's number, by which `True`
        means that nothing has changed.
        """
        return rpc.DiffResponse()

    async def configure(self, request: rpc.ConfigureRequest) -> rpc.ConfigureResponse:
        """Connect; what is not known yet is not connected with."""
        settings = {name: _decoded(value) for name, value in plain_map(request.args).items()}
        if not any(value is UNKNOWN for value in settings.values()):
            self._client = self.connect(settings)
        return rpc.ConfigureResponse(supports_preview=True)

    async def check(self, request: rpc.CheckRequest) -> rpc.CheckResponse:
        """Refuse what the SDK does not have; add what the real provider takes when nothing is given."""
        resource, kind = self._known(request.urn)
        given = _given(request.new_inputs)
        problems = input_problems(kind, given) or resource.problems(given)
        if problems:
            return _checked(request.new_inputs, problems)
        olds = plain_map(request.old_inputs or {})
        before = plain((request.old_inputs or {}).get(DEFAULTS, PropertyValue([])))
        inputs = {name: value for name, value in request.new_inputs.items() if value.value is not None}
        defaults = await asyncio.to_thread(resource.defaults_for, self._client, given, olds)
        added = {name: value for name, value in defaults.items() if name not in inputs}
        auto = resource.auto_name
        if auto and auto.property not in inputs:
            kept = olds.get(auto.property) if auto.property in before else None
            added[auto.property] = kept or auto.make(request.name, request.random_seed)
        if added:
            marked = property_map(added) | {DEFAULTS: property_value(sorted(added))}
            inputs = {**inputs, **marked}
        return rpc.CheckResponse(inputs=inputs)

    async def diff(self, request: rpc.DiffRequest) -> rpc.DiffResponse:
        """Name what changed, and what of it makes a new resource."""
        resource, kind = self._known(request.urn)
        olds = {**resource.told_by(request.resource_id), **plain_map(request.old_state)}
        news = plain_map(request.new_inputs)
        changed = self._changed(resource, kind, olds, news)
        replaced = [name for name in changed if name in resource.replaces]
        kinds = rpc.PropertyDiffKind
        detailed = {
            name: rpc.PropertyDiff(kinds.UPDATE_REPLACE if name in replaced else kinds.UPDATE, input_diff=False)
            for name in changed
        }
        first = bool(replaced) and _keeps_its_name(resource, olds, request.new_inputs)
        return rpc.DiffResponse(
            changes=bool(changed), replaces=replaced, diffs=changed, detailed_diff=detailed, delete_before_replace=first
        )

    async def create(self, request: rpc.CreateRequest) -> rpc.CreateResponse:
        """Create a resource, or tell at preview what is known of it."""
        resource, kind = self._known(request.urn)
        inputs = plain_map(request.properties)
        if request.preview:
            return rpc.CreateResponse("", _sent(kind, self._foreseen(resource, kind, inputs)))
        client = self._connected()
        made, outputs = await asyncio.to_thread(resource.create, client, inputs)
        return rpc.CreateResponse(made, _sent(kind, outputs))

    async def read(self, request: rpc.ReadRequest) -> rpc.ReadResponse:
        """Read a resource; one that is gone has no id any more."""
        resource, kind = self._known(request.urn)
        state = plain_map(request.properties)
        outputs = await asyncio.to_thread(resource.read, self._connected(), request.resource_id, state)
        if outputs is None:
            return rpc.ReadResponse(resource_id="")
        shown = {**resource.told_by(request.resource_id), **outputs}
        if not request.inputs:
            imported = {name: value for name, value in shown.items() if name in kind.inputs}
            return rpc.ReadResponse(request.resource_id, _sent(kind, outputs), property_map(imported))
        changed = self._changed(resource, kind, shown, plain_map(request.inputs))
        drifted = {name: shown.get(name) for name in changed if name in request.inputs}
        kept = {name: value for name, value in request.inputs.items() if name not in drifted}
        return rpc.ReadResponse(request.resource_id, _sent(kind, outputs), kept | property_map(drifted))

    async def update(self, request: rpc.UpdateRequest) -> rpc.UpdateResponse:
        """Change a resource, or tell at preview what it will be."""
        resource, kind = self._known(request.urn)
        olds, news = plain_map(request.olds), plain_map(request.news)
        if request.preview:
            foreseen = {**resource.stable(olds), **news}
            return rpc.UpdateResponse(_sent(kind, _outputs_of(kind, foreseen)))
        outputs = await asyncio.to_thread(resource.update, self._connected(), request.resource_id, olds, news)
        return rpc.UpdateResponse(_sent(kind, outputs))

    async def delete(self, request: rpc.DeleteRequest) -> None:
        """Delete a resource."""
        resource, _ = self._known(request.urn)
        state = plain_map(request.properties)
        await asyncio.to_thread(resource.delete, self._connected(), request.resource_id, state)

    def _known(self, urn: str) -> tuple[Resource[Client], ResourceType]:
        token = urn.split("::")[2].rsplit("$", 1)[-1]
        if token not in self._resources:
            raise PluginError(f"{token} is not served by the test plugin of {self._package}: add it to tools/plugins")
        try:
            return self._resources[token], resource_type(token)
        except UnknownType:
            raise PluginError(f"{token} is not in the SDK of {self._package} that is installed") from None

    def _connected(self) -> Client:
        if self._client is None:
            raise PluginError(f"the provider of {self._package} has no configuration")
        return self._client

    def _changed(self, resource: Resource[Client], kind: ResourceType, olds: Properties, news: Properties) -> list[str]:
        changed = changed_inputs(kind.inputs, olds, news, resource.filled_in, resource.says_nothing)
        return [name for name in changed if not self._is_same(resource, name, olds.get(name), news.get(name))]

    def _is_same(self, resource: Resource[Client], name: str, old: Any, new: Any) -> bool:
        if self._client is None or old is None or new is None or UNKNOWN in (old, new):
            return False
        return bool(resource.same(name, old, new, self._client))

    def _foreseen(self, resource: Resource[Client], kind: ResourceType, inputs: Properties) -> Properties:
        unknown = dict.fromkeys(kind.outputs, UNKNOWN)
        not_given = {name: None for name in kind.inputs if name not in resource.filled_in}
        told = resource.foreseen(self._client, inputs) if self._client is not None else {}
        return _outputs_of(kind, {**unknown, **not_given, **told, **inputs})


def _outputs_of(kind: ResourceType, properties: Properties) -> Properties:
    """Leave out the inputs that are no outputs."""
    return {name: value for name, value in properties.items() if name in kind.outputs}


def _keeps_its_name(resource: Resource[Any], olds: Properties, news: Mapping[str, PropertyValue]) -> bool:
    """Tell whether old and new would bear one name, which the program gave: then the old one has to go first."""
    auto = resource.auto_name
    if auto is None or auto.property in plain(news.get(DEFAULTS, PropertyValue([]))):
        return False
    return bool(plain(news.get(auto.property, PropertyValue(None))) == olds.get(auto.property))


def _given(inputs: Mapping[str, PropertyValue]) -> dict[str, Any]:
    return {name: value for name, value in plain_map(inputs).items() if value is not None}


def _decoded(value: Any) -> Any:
    """Read a setting of a provider: all but texts come as JSON in a text."""
    if not isinstance(value, str) or not (value[:1] in "[{" or value in ("true", "false")):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _checked(inputs: dict[str, PropertyValue], problems: list[Problem]) -> rpc.CheckResponse:
    # No property is named: the engine would show its raw value beside the problem, which tells the path itself.
    failures = [rpc.CheckFailure("", str(problem)) for problem in problems]
    return rpc.CheckResponse(inputs=inputs, failures=failures)


def _sent(kind: ResourceType, outputs: Properties) -> dict[str, PropertyValue]:
    """Turn outputs into what is sent; they are held to the SDK as inputs are."""
    unknown = sorted(name for name in outputs if name not in kind.outputs)
    if unknown:
        raise PluginError(f"the test plugin is wrong: {kind.token} has no output {', '.join(unknown)}")
    return property_map(outputs)

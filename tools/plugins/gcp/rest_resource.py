"""Resources that are made, read, patched and deleted at one path, as most of Google's are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from tools.plugins.diffing import changed_inputs
from tools.plugins.gcp.google import Google, GoogleError
from tools.plugins.gcp.labels import labels_for, labels_of
from tools.plugins.gcp.names import filled, known, last, parts_of, placeholders, with_settings
from tools.plugins.gcp.shapes import Spelling, from_api, to_api
from tools.plugins.resource import PluginError, Properties, Resource
from tools.plugins.sdk_types import Field, resource_type

DELETION_POLICY = "deletionPolicy"
_LABEL_OUTPUTS = frozenset({"effectiveLabels", "pulumiLabels"})


@dataclass(frozen=True, kw_only=True)
class RestResource(Resource[Google]):
    """One type of resource.

    Attributes:
        noun: what it is called in errors.
        service: a name of `settings.SERVICES`.
        path: below the service's address; also its id.
        made_at: the path that it is created at; empty: its own.
        made_by: the method of the creation.
        made_with: query fields of the creation, each of an input.
        made_and: further query fields of the creation and of a whole update.
        fields: the inputs that are sent in the body.
        local: the inputs that only steer what is called.
        polls: how often it is looked for after the creation, before it is read.
        masks: what `updateMask` says for an input that is not named as it is.
        wrapped: the body's field that holds the resource in a patch; empty: the body is it.
        whole: the method of an update that sends everything and no mask; empty: a patch of what changed.
        operations: whether changes answer long-running operations.
        labelled: whether it takes labels.
        spelling: fields that are written in another way in JSON.
        alike: for inputs that mean the same in several spellings, what tells so.
    """

    noun: str
    service: str
    path: str
    made_at: str = ""
    made_by: str = "POST"
    made_with: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    made_and: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    fields: tuple[str, ...] = ()
    local: frozenset[str] = frozenset()
    polls: int = 0
    masks: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    wrapped: str = ""
    whole: str = ""
    operations: bool = False
    labelled: bool = False
    spelling: Spelling = field(default_factory=Spelling)
    alike: Mapping[str, Callable[[Any, Any], bool]] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def served(self) -> frozenset[str]:
        """What its path and its body say."""
        labels = {"labels"} if self.labelled else set()
        return frozenset({*placeholders(self.path), *self.fields, *self.local, DELETION_POLICY, *labels})

    def same(self, name: str, old: Any, new: Any, client: Google) -> bool:
        """As declared."""
        alike = self.alike.get(name)
        return alike is not None and alike(old, new)

    def foreseen(self, client: Google, inputs: Properties) -> Properties:
        """Project, labels, and that a deletion deletes."""
        values = with_settings(self.path, inputs, client.settings)
        told: dict[str, Any] = {name: value for name, value in values.items() if value}
        if self.labelled and known(inputs.get("labels") or {}):
            told["pulumiLabels"] = told["effectiveLabels"] = labels_for(client.settings, inputs)
        return {**told, **_policy_of(resource_type(self.token).inputs, inputs)}

    def create(self, client: Google, inputs: Properties) -> tuple[str, Properties]:
        """Create it, and read it."""
        values = self.values(client, inputs)
        path = filled(self.path, values)
        query = {name: filled(template, values) for name, template in self.made_with.items()}
        where = filled(self.made_at, values) if self.made_at else path
        sent = {"query": {**query, **self.made_and}, "body": self.body(client, inputs, values)}
        try:
            answer = client.call(self.service, self.made_by, where, **sent)
            if self.operations:
                client.finish(self.service, answer)
        except GoogleError as error:
            raise error.during(f"Error creating {self.noun}") from None
        for _ in range(self.polls):
            client.call(self.service, "GET", path)
        resource_id = self.id_of(path)
        return resource_id, self._found(client, resource_id, {**inputs, **values})

    def read(self, client: Google, resource_id: str, state: Properties) -> Properties | None:
        """Read it."""
        path = self.path_of(resource_id)
        found = client.find(self.service, path)
        if found is None or self.is_gone(found):
            return None
        return self.outputs(client, path, found, state)

    def update(self, client: Google, resource_id: str, olds: Properties, news: Properties) -> Properties:
        """Send what changed, and read it."""
        path, kind = self.path_of(resource_id), resource_type(self.token)
        inputs = {
            name: item
            for name, item in kind.inputs.items()
            if name in self.served and name not in (*self.local, DELETION_POLICY)
        }
        changed = [
            name
            for name in changed_inputs(inputs, olds, news, self.filled_in)
            if not self.same(name, olds.get(name), news.get(name), client)
        ]
        if changed:
            self.send(client, path, olds, news, changed)
        return self._found(client, resource_id, news)

    def delete(self, client: Google, resource_id: str, state: Properties) -> None:
        """Delete it; that it is gone already is as good."""
        if state.get(DELETION_POLICY) == "ABANDON":
            return
        if state.get(DELETION_POLICY) == "PREVENT":
            raise PluginError(f'cannot destroy {self.noun} without setting deletion_policy="DELETE"')
        if state.get("deletionProtection"):
            raise PluginError(f"cannot destroy {self.noun} without setting deletion_protection=false")
        self.remove(client, self.path_of(resource_id), state)

    def remove(self, client: Google, path: str, state: Properties) -> None:
        """Make the calls of a deletion."""
        try:
            answer = client.call(self.service, "DELETE", path, query=self.removed_with(state))
            if self.operations:
                client.finish(self.service, answer)
        except GoogleError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise error.during(f"Error when reading or editing {self.noun}") from None

    def removed_with(self, state: Properties) -> Mapping[str, str]:
        """Query fields of the deletion."""
        return {}

    def id_of(self, path: str) -> str:
        """The engine's id of what lies at a path."""
        return path

    def path_of(self, resource_id: str) -> str:
        """The path of what has an id."""
        return resource_id

    def is_gone(self, found: Mapping[str, Any]) -> bool:
        """Tell whether what is shown is deleted, and can only be restored."""
        return found.get("state") == "DELETED"

    def values(self, client: Google, inputs: Properties) -> dict[str, Any]:
        """What the path's places hold."""
        return with_settings(self.path, inputs, client.settings)

    def body(self, client: Google, inputs: Properties, values: Mapping[str, Any]) -> dict[str, Any]:
        """The body of a creation, and of an update."""
        types = resource_type(self.token).inputs
        sent = {
            self.spelling.api(name): to_api(inputs[name], types[name].shape, self.spelling)
            for name in self.fields
            if inputs.get(name) is not None
        }
        return sent | ({"labels": labels_for(client.settings, inputs)} if self.labelled else {})

    def outputs(self, client: Google, path: str, found: Mapping[str, Any], state: Properties) -> dict[str, Any]:
        """The outputs that an answer makes; what it does not tell comes from the state."""
        types = resource_type(self.token).outputs
        local = {name: state[name] for name in self.local if name in state}
        places = parts_of(self.path, path) or {}
        told = self._told(types, found) | {name: value for name, value in places.items() if name in types}
        labels = labels_of(client.settings, found.get("labels") or {}, state) if self.labelled else {}
        return {**told, **labels, **local, **_policy_of(types, state)}

    def _told(self, types: Mapping[str, Field], found: Mapping[str, Any]) -> dict[str, Any]:
        apart = _LABEL_OUTPUTS | {"labels", DELETION_POLICY} | self.local
        return {
            name: from_api(found[self.spelling.api(name)], item.shape, self.spelling)
            for name, item in types.items()
            if self.spelling.api(name) in found and name not in apart
        }

    def _found(self, client: Google, resource_id: str, state: Properties) -> Properties:
        found = self.read(client, resource_id, state)
        if found is None:
            raise PluginError(f"{self.noun} {resource_id} is not there, although Google has just made or changed it")
        return found

    def send(self, client: Google, path: str, olds: Properties, news: Properties, changed: list[str]) -> None:
        """Make the call of an update."""
        values = {**self.values(client, news), **(parts_of(self.path, path) or {})}
        body = self.body(client, news, values)
        if self.labelled:
            body["labels"] = labels_for(client.settings, news, olds)
        if self.whole:
            query: Mapping[str, str] = self.made_and
        else:
            named = [each for name in changed for each in self.masks.get(name, (self.spelling.api(name),))]
            query = {"updateMask": ",".join(named)}
        sent = {self.wrapped: body} if self.wrapped else body
        try:
            answer = client.call(self.service, self.whole or "PATCH", path, query=query, body=sent)
            if self.operations:
                client.finish(self.service, answer)
        except GoogleError as error:
            raise error.during(f'Error updating {self.noun} "{path}"') from None


def _policy_of(types: Mapping[str, Field], told: Properties) -> dict[str, Any]:
    """What a deletion does, for a type that can be told."""
    return {DELETION_POLICY: told.get(DELETION_POLICY) or "DELETE"} if DELETION_POLICY in types else {}


def same_name(old: Any, new: Any) -> bool:
    """A resource may be named in short or by its whole path."""
    return last(str(old)) == last(str(new))


def same_letters(old: Any, new: Any) -> bool:
    """Large and small letters are alike."""
    return str(old).lower() == str(new).lower()

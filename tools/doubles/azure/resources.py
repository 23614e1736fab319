"""Resources of Azure Resource Manager that grants are about: made, looked at, changed and deleted, each in its way.

Sources: Azure Resource Manager documentation, 'Track asynchronous Azure operations', 'Resolve errors for resource not
found' (`ResourceNotFound`, `ParentResourceNotFound`), 'Resolve errors for resource conflict'; see `shapes`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tools.doubles.azure.arm import ArmType, page
from tools.doubles.azure.calls import Call
from tools.doubles.azure.errors import arm
from tools.doubles.azure.operations import Operations
from tools.doubles.azure.scopes import is_within, normalised
from tools.doubles.azure.shapes import SHAPES, Shape, Way
from tools.doubles.azure.subscriptions import GROUP, LOCATION, SUBSCRIPTION
from tools.doubles.azure.tags import judge_tags
from tools.doubles.messages import Answer

_SHOWN = ("kind", "sku", "identity", "zones")


class Resources:
    """Every resource.

    Attributes:
        by_id: each by its resource id in small letters, as the API shows it.
        page_size: how many of them an answer has at most.
        url: where links to pages lead.
    """

    def __init__(self, operations: Operations, url: str) -> None:
        self.by_id: dict[str, dict[str, Any]] = {}
        self.url, self.page_size = url, 100
        self._operations = operations
        self._on_delete: list[Callable[[str], None]] = []

    def make(self, type_: str, *names: str, group: str = GROUP, **properties: Any) -> str:
        """Make a resource, and what it is in, as a person would; its resource id."""
        namespace, *types = type_.split("/")
        id_ = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}/providers/{namespace}"
        for depth, (kind, name) in enumerate(zip(types, names, strict=True), 1):
            id_ = f"{id_}/{kind}/{name}"
            if normalised(id_) not in self.by_id:
                shape = next(each for each in SHAPES if each.type == "/".join((namespace, *types[:depth])))
                self._keep(shape, id_, name, {"location": LOCATION, "properties": properties})
        return id_

    def named(self, type_: str, name: str) -> dict[str, Any] | None:
        """A resource whose name is taken in all of Azure, by its name."""
        wanted = (type_.lower(), name.lower())
        found = (each for each in self.by_id.values() if (each["type"].lower(), each["name"].lower()) == wanted)
        return next(found, None)

    def find(self, id_: str) -> dict[str, Any] | None:
        """A resource by its resource id."""
        return self.by_id.get(normalised(id_))

    def when_deleted(self, told: Callable[[str], None]) -> None:
        """Have somebody told the id of each resource that is deleted."""
        self._on_delete.append(told)

    def remove_within(self, scope: str) -> None:
        """Delete a resource with what is in it, or what is in a resource group."""
        for key in [each for each in self.by_id if is_within(each, scope)]:
            del self.by_id[key]
        for told in self._on_delete:
            told(scope)

    def types(self) -> Iterator[ArmType]:
        """The types that this is about."""
        for shape in SHAPES:
            yield ArmType(shape.type, _Handlers(self, self._operations, shape).verbs())

    def keep(self, shape: Shape, call: Call, asked: dict[str, Any]) -> dict[str, Any]:
        """Make a resource of what was asked for, or change it."""
        return self._keep(shape, call.id, call.name, asked)

    def _keep(self, shape: Shape, id_: str, name: str, asked: dict[str, Any]) -> dict[str, Any]:
        properties = {**shape.defaults, **(asked.get("properties") or {}), "provisioningState": "Succeeded"}
        told, address = shape.endpoint
        if told:
            outer, _, inner = told.partition(".")
            url = self.url + address.format(name=name)
            properties[outer] = {inner: url} if inner else url
        shown: dict[str, Any] = {"id": id_, "name": name, "type": shape.type, "properties": properties}
        if shape.is_tracked:
            shown |= {"location": _place(asked), "tags": asked.get("tags") or {}}
        shown |= {each: asked[each] for each in _SHOWN if each in asked}
        self.by_id[normalised(id_)] = shown
        return shown


class _Handlers:
    """The calls about one type."""

    def __init__(self, resources: Resources, operations: Operations, shape: Shape) -> None:
        self._resources, self._operations, self._shape = resources, operations, shape

    def verbs(self) -> dict[str, Callable[[Call], Any]]:
        verbs = {"GET": self._get, "LIST": self._list, "PUT": self._put, "DELETE": self._delete}
        return verbs | {"HEAD": self._head, "PATCH": self._patch}

    def _get(self, call: Call) -> Any:
        return self._of(call)

    def _head(self, call: Call) -> Any:
        return Answer(204 if self._resources.find(call.id) else 404)

    def _list(self, call: Call) -> Any:
        kind = self._shape.type
        found = [
            each
            for each in self._resources.by_id.values()
            if each["type"] == kind and is_within(str(each["id"]), call.id)
        ]
        return page(found, call.request, self._resources.url, self._resources.page_size)

    def _put(self, call: Call) -> Any:
        asked, present = call.json(), self._resources.find(call.id)
        self._judge(call, asked, present)
        made = self._resources.keep(self._shape, call, asked)
        if self._shape.put is Way.AT_ONCE:
            return Answer(200 if present else 201, made)
        properties = made["properties"]
        properties["provisioningState"] = "Updating" if present else "Creating"

        def finish() -> None:
            properties["provisioningState"] = "Succeeded"

        is_accepted = self._shape.put is Way.ACCEPTED
        status = 202 if is_accepted else 200 if present else 201
        answer = self._operations.begin(call, finish=finish, result=lambda: made, status=status)
        return answer if is_accepted else Answer(status, made, answer.headers)

    def _patch(self, call: Call) -> Any:
        found, asked = self._of(call), call.json()
        judge_tags(asked.get("tags"))
        if self._shape.is_tracked and "tags" in asked:
            found["tags"] = asked["tags"] or {}
        found["properties"] |= asked.get("properties") or {}
        return found

    def _delete(self, call: Call) -> Any:
        if (found := self._resources.find(call.id)) is None:
            return Answer(204)
        self._refuse_while_busy(found)
        if self._shape.delete is Way.AT_ONCE:
            self._resources.remove_within(call.id)
            return Answer(200)
        found["properties"]["provisioningState"] = "Deleting"
        return self._operations.begin(call, finish=lambda: self._resources.remove_within(call.id))

    def _judge(self, call: Call, asked: dict[str, Any], present: dict[str, Any] | None) -> None:
        shape = self._shape
        if shape.names.fullmatch(call.name) is None:
            text = f"The resource name '{call.name}' is not valid for type '{shape.type}'."
            raise arm(400, "InvalidResourceName", text)
        if shape.is_tracked:
            judge_tags(asked.get("tags"))
        for path in shape.needs:
            if not _reach(asked, path):
                code = "LocationRequired" if path == "location" else "InvalidRequestContent"
                raise arm(400, code, f"The {path} property is required for this definition.")
        # A storage account has its blob service by itself.
        parent = call.parent.removesuffix("/blobServices/default")
        if shape.depth > 1 and self._resources.find(parent) is None:
            text = (
                f"Failed to perform 'write' on resource(s) of type '{shape.type.partition('/')[2]}', because the parent"
            )
            raise arm(404, "ParentResourceNotFound", f"{text} resource '{call.parent}' could not be found.")
        namesake = self._resources.named(shape.type, call.name) if shape.is_unique else None
        if namesake is not None and normalised(namesake["id"]) != normalised(call.id):
            raise arm(409, shape.taken[0], shape.taken[1].format(name=call.name))
        if present is not None:
            self._refuse_while_busy(present)
            if shape.is_tracked and present["location"] != _place(asked):
                text = (
                    f"The resource '{call.name}' already exists in location '{present['location']}' in resource group"
                )
                raise arm(409, "InvalidResourceLocation", f"{text} '{call.group}'.")

    def _refuse_while_busy(self, found: dict[str, Any]) -> None:
        if found["properties"].get("provisioningState") != "Succeeded":
            text = f"Another operation on '{found['name']}' is in progress."
            raise arm(409, "AnotherOperationInProgress", text)

    def _of(self, call: Call) -> dict[str, Any]:
        found = self._resources.find(call.id)
        if found is None and self._shape.type.endswith("/blobServices") and self._resources.find(call.parent):
            return self._resources.keep(self._shape, call, {})
        if found is None:
            where = f"'{self._shape.type}/{'/'.join(call.names)}' under resource group '{call.group}'"
            more = "For more details please go to https://aka.ms/ARMResourceNotFoundFix"
            raise arm(404, "ResourceNotFound", f"The Resource {where} was not found. {more}")
        return found


def _reach(body: Any, path: str) -> Any:
    for part in path.split("."):
        body = body.get(part) if isinstance(body, dict) else None
    return body


def _place(asked: dict[str, Any]) -> str:
    return str(asked.get("location") or LOCATION).replace(" ", "").lower()

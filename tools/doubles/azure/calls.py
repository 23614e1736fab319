"""What a request to Azure Resource Manager is about: `/{scope}/providers/{namespace}/{type}/{name}…`, verb by verb.

Source: Azure Resource Manager documentation, 'Resource provider operations', 'Azure RBAC permissions' for the names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from tools.doubles.messages import Answer, Request

_VERBS = {"GET": "read", "HEAD": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete"}
_RESOURCES = "Microsoft.Resources"


@dataclass(frozen=True, slots=True)
class Call:
    """One call.

    Attributes:
        request: as it came.
        scope: the id of what the first type is in: a subscription, a resource group, any resource for an extension.
        namespace: the resource provider, as it was written.
        types: the types from the outermost on; of a collection the last one has no name.
        names: their names.
        action: what a POST asks for; empty for other verbs.
    """

    request: Request
    scope: str
    namespace: str
    types: tuple[str, ...]
    names: tuple[str, ...]
    action: str = ""

    @property
    def method(self) -> str:
        """The verb; LIST for a GET of a collection."""
        return "LIST" if self.request.method == "GET" and self.is_collection else self.request.method

    @property
    def is_collection(self) -> bool:
        return len(self.types) > len(self.names)

    @property
    def type(self) -> str:
        """The resource type with its namespace, as it was written."""
        return "/".join((self.namespace, *self.types))

    @property
    def id(self) -> str:
        """The resource's id, or for a collection the id of what it is in."""
        if self.namespace == _RESOURCES:
            return self.scope
        pairs = [text for pair in zip(self.types, self.names, strict=False) for text in pair]
        if not pairs:
            return self.scope or "/"
        return "/".join((self.scope.rstrip("/"), "providers", self.namespace, *pairs))

    @property
    def name(self) -> str:
        return self.names[-1]

    @property
    def parent(self) -> str:
        """The id of the resource that it is in; of an outermost one its scope."""
        above = Call(self.request, self.scope, self.namespace, self.types[:-1], self.names[: len(self.types) - 1])
        return above.id

    @property
    def group(self) -> str:
        """The name of the resource group; empty for none."""
        parts = self.scope.split("/")
        return parts[4] if len(parts) > 4 and parts[3].lower() == "resourcegroups" else ""

    @property
    def subscription(self) -> str:
        """The subscription's id; empty for none."""
        parts = self.request.path.split("/")
        return parts[2] if len(parts) > 2 and parts[1].lower() == "subscriptions" else ""

    def json(self) -> dict[str, Any]:
        """The body, which must be an object."""
        body = self.request.json()
        return body if isinstance(body, dict) else {}

    def operation(self, type_: str) -> str:
        """The operation's name, for a type as Azure writes it."""
        if self.action:
            return f"{type_}/{self.action}/action"
        return f"{type_}/{_VERBS[self.request.method]}"


ArmAnswer = Answer | dict[str, Any]


def call_of(request: Request) -> Call | None:
    """Read what a request is about; None when its path is none of Azure Resource Manager's."""
    # A name may be written with escapes; a slash in one can't be.
    parts = [unquote(each) for each in request.path.strip("/").split("/")]
    at = max((number for number, each in enumerate(parts[:-1]) if each.lower() == "providers"), default=-1)
    if at < 0 or parts[at + 2 :] == []:
        return _above_resources(request, parts)
    below = parts[at + 2 :]
    action = below.pop() if request.method == "POST" and len(below) % 2 else ""
    return Call(request, _joined(parts[:at]), parts[at + 1], tuple(below[::2]), tuple(below[1::2]), action)


def _above_resources(request: Request, parts: list[str]) -> Call | None:
    """Subscriptions, resource groups and providers are types of Microsoft.Resources without saying so."""
    if parts[0].lower() != "subscriptions" or len(parts) > 5:
        return None
    types, names = tuple(parts[::2]), tuple(parts[1::2])
    return Call(request, _joined(parts if len(parts) % 2 == 0 else parts[:-1]), _RESOURCES, types, names)


def _joined(parts: list[str]) -> str:
    return f"/{'/'.join(parts)}" if parts else ""

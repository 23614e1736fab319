"""Azure Resource Manager: takes each call to the type that it is about, after the checks that come before every type.

In its order: subscription, api-version, type, permission, registration of the provider, resource group, location.
Sources: Azure Resource Manager documentation, 'Resolve common Azure deployment errors' (`MissingApiVersionParameter`,
`NoRegisteredProviderFound`, `InvalidResourceType`, `MissingSubscriptionRegistration`, `ResourceGroupNotFound`,
`SubscriptionNotFound`, `AuthorizationFailed`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from tools.doubles.azure.calls import Call, call_of
from tools.doubles.azure.errors import arm
from tools.doubles.azure.scopes import normalised
from tools.doubles.azure.versions import versions_of
from tools.doubles.messages import Answer, Request
from tools.doubles.routes import route

Handler = Callable[[Call], Any]
_WRITES = ("PUT", "PATCH", "DELETE", "POST")


@dataclass(frozen=True)
class ArmType:
    """A resource type that the double knows.

    Attributes:
        name: as Azure writes it, with its namespace.
        handlers: by verb (LIST for a GET of a collection, `POST action` for an action).
        is_extension: whether it can be of any resource, so that there need be no resource group.
        is_open: whether whoever has a token may call it: what tells how a begun operation stands.
    """

    name: str
    handlers: Mapping[str, Handler] = field(repr=False)
    is_extension: bool = False
    is_open: bool = False


class Subscriptions(Protocol):
    """What the dispatcher asks about subscriptions."""

    def judge(self, subscription: str) -> None:
        """Refuse one that there is none of."""

    def judge_registered(self, subscription: str, namespace: str) -> None:
        """Refuse a provider that is not registered."""

    def judge_group(self, subscription: str, group: str) -> None:
        """Refuse a group that there is none of."""

    def judge_location(self, type_: str, name: str, location: str) -> None:
        """Refuse a region that there is none of, or that is not allowed."""


class Arm:
    """Every call to Azure Resource Manager."""

    def __init__(
        self,
        subscriptions: Subscriptions,
        may: Callable[[Request, str, str], bool],
        denied: Callable[[Request, str, str], Exception],
    ) -> None:
        self._subscriptions, self._may, self._denied = subscriptions, may, denied
        self._types: dict[str, ArmType] = {}

    def register(self, types: Iterable[ArmType]) -> None:
        """Add types."""
        for each in types:
            self._types[each.name.lower()] = each

    def namespaces(self) -> set[str]:
        """The resource providers, as Azure writes them."""
        return {each.name.partition("/")[0] for each in self._types.values()}

    def kinds(self, namespace: str) -> list[str]:
        """The types of a resource provider, as Azure writes them, without its namespace."""
        parts = (each.name.partition("/") for each in self._types.values())
        return [kind for owner, _, kind in parts if kind and owner.lower() == namespace.lower()]

    def type_of(self, name: str) -> ArmType | None:
        """Find a type by its name, whatever its letter case."""
        return self._types.get(name.lower())

    @route("GET", "/subscriptions")
    @route("GET", "/subscriptions/{rest*}")
    @route("PUT", "/subscriptions/{rest*}")
    @route("PATCH", "/subscriptions/{rest*}")
    @route("POST", "/subscriptions/{rest*}")
    @route("DELETE", "/subscriptions/{rest*}")
    @route("HEAD", "/subscriptions/{rest*}")
    @route("GET", "/providers/{rest*}")
    @route("PUT", "/providers/{rest*}")
    @route("DELETE", "/providers/{rest*}")
    def handle(self, request: Request) -> Any:
        call = call_of(request)
        if call is None:
            raise arm(404, "InvalidResourceType", f"The resource type could not be found at '{request.path}'.")
        if call.subscription:
            self._subscriptions.judge(call.subscription)
        known = self._known(call)
        operation = call.operation(known.name)
        # Everybody may list the subscriptions.
        if call.id and not known.is_open and not self._may(request, operation, call.id):
            raise self._denied(request, operation, call.id)
        if request.method in ("PUT", "POST") and call.subscription and not known.is_extension:
            self._subscriptions.judge_registered(call.subscription, known.name.partition("/")[0])
        if call.group and not known.name.startswith("Microsoft.Resources"):
            self._subscriptions.judge_group(call.subscription, call.group)
        if request.method == "PUT" and (location := call.json().get("location")):
            self._subscriptions.judge_location(known.name, call.name, str(location))
        return self._handler(call, known)(call)

    def _known(self, call: Call) -> ArmType:
        known, version = self.type_of(call.type), call.request.query.get("api-version", "")
        if not version:
            text = "The api-version query parameter (?api-version=) is required for all requests."
            raise arm(400, "MissingApiVersionParameter", text)
        if known is None:
            if call.namespace.lower() not in {each.lower() for each in self.namespaces()}:
                text = f"The resource namespace '{call.namespace}' is invalid."
                raise arm(404, "InvalidResourceNamespace", text)
            kind = "/".join(call.types)
            text = f"The resource type '{kind}' could not be found in the namespace '{call.namespace}' for api version"
            raise arm(404, "InvalidResourceType", f"{text} '{version}'.")
        self._judge_version(call, known, version)
        return known

    def _judge_version(self, call: Call, known: ArmType, version: str) -> None:
        supported = versions_of(known.name)
        if version in supported:
            return
        namespace, _, kind = known.name.partition("/")
        location = call.json().get("location") if call.request.method == "PUT" else None
        if location:
            text = (
                f"No registered resource provider found for location '{location}' and API version '{version}' for type "
                f"'{kind}'. The supported api-versions are '{', '.join(supported)}'. The supported locations are "
                f"'{location}'."
            )
            raise arm(400, "NoRegisteredProviderFound", text)
        text = (
            f"The resource type '{kind}' could not be found in the namespace '{namespace}' for api version "
            f"'{version}'. The supported api-versions are '{','.join(supported)}'."
        )
        raise arm(400, "InvalidResourceType", text)

    def _handler(self, call: Call, known: ArmType) -> Handler:
        verb = f"POST {call.action.lower()}" if call.action else call.method
        found = known.handlers.get(verb)
        if found is None:
            text = f"The requested resource does not support http method '{call.request.method}'."
            raise arm(405, "MethodNotAllowed", text)
        return found


def page(values: Iterable[Any], request: Request, url: str, size: int) -> dict[str, Any]:
    """A list as Azure gives it out, with a link to what follows."""
    shown, token = list(values), request.query.get("$skiptoken", "0")
    if not token.isdigit():
        raise arm(400, "InvalidSkipToken", f"The provided skip token '{token}' is not valid.")
    start = int(token)
    answer: dict[str, Any] = {"value": shown[start : start + size]}
    if start + size < len(shown):
        kept = "&".join(f"{name}={value}" for name, value in request.fields if name != "$skiptoken")
        answer["nextLink"] = f"{url}{request.path}?{kept}&$skiptoken={start + size}".replace(" ", "%20")
    return answer


def answered(body: Any, *, is_new: bool) -> Answer:
    """201 for what is new, else 200."""
    return Answer(201 if is_new else 200, body)


def same(one: str, other: str) -> bool:
    """Tell whether two ids name the same resource."""
    return normalised(one) == normalised(other)

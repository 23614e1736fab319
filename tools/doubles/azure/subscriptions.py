"""Subscriptions, their resource groups, and which resource providers they are registered for.

Sources: REST reference `Subscriptions`, `Resource Groups`, `Resources` (list, by tag), `Providers`; Azure Resource
Manager documentation, 'Azure resource providers and types'.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from tools.doubles.azure.arm import ArmType, answered, page
from tools.doubles.azure.calls import Call
from tools.doubles.azure.directory import TENANT
from tools.doubles.azure.errors import arm
from tools.doubles.azure.operations import Operations
from tools.doubles.azure.role_definitions import GUID
from tools.doubles.azure.scopes import is_within
from tools.doubles.azure.tags import judge_tags
from tools.doubles.messages import Answer, Request

SUBSCRIPTION: Final = "0b1f6e5a-3c1d-4b8e-9f57-5a0f5a6b7c01"
GROUP: Final = "nhi-tests"
LOCATION: Final = "westeurope"
REGIONS: Final = ("West Europe", "North Europe", "Germany West Central", "Sweden Central", "East US", "East US 2")
"""Where everything is offered, as Azure shows regions to people; there are more of them."""

_ALWAYS = {"microsoft.authorization", "microsoft.resources"}
_CLAUSE = re.compile(r"(tagName|tagValue|resourceType|name|location) eq '([^']*)'")
_NAME = re.compile(r"[-\w().]{0,89}[-\w()]")


class Subscriptions:
    """Every subscription of the tenant.

    Attributes:
        page_size: how many of them an answer has at most.
        groups: the resource groups, by subscription and name in small letters.
        unregistered: providers that are not registered, by subscription and namespace in small letters.
        elsewhere: the ids, in small letters, of subscriptions that are of another tenant.
        allowed_regions: by their short names, the regions that a policy allows; None where there is no policy.
    """

    def __init__(self, operations: Operations) -> None:
        self.groups: dict[tuple[str, str], dict[str, Any]] = {}
        self.unregistered: set[tuple[str, str]] = set()
        self.elsewhere: set[str] = set()
        self.allowed_regions: set[str] | None = None
        self.page_size = 100
        self._names: dict[str, str] = {}
        self._operations = operations
        self._on_delete: list[Callable[[str], None]] = []
        self.make(SUBSCRIPTION, "nhi tests")
        self.make_group(SUBSCRIPTION, GROUP)

    def make(self, subscription: str, name: str) -> str:
        """Make a subscription, and return its id."""
        self._names[subscription.lower()] = name
        return subscription

    def make_group(self, subscription: str, name: str, location: str = LOCATION, **facts: Any) -> dict[str, Any]:
        """Make a resource group."""
        shown = {
            "id": f"/subscriptions/{subscription}/resourceGroups/{name}",
            "name": name,
            "type": "Microsoft.Resources/resourceGroups",
            "location": location,
            "properties": {"provisioningState": "Succeeded"},
        }
        self.groups[subscription.lower(), name.lower()] = shown | facts
        return self.groups[subscription.lower(), name.lower()]

    def unregister(self, namespace: str, subscription: str = SUBSCRIPTION) -> None:
        """Take a provider's registration away."""
        self.unregistered.add((subscription.lower(), namespace.lower()))

    def when_deleted(self, told: Callable[[str], None]) -> None:
        """Have somebody told the id of each group that is deleted."""
        self._on_delete.append(told)

    def judge(self, subscription: str) -> None:
        """Refuse a subscription that there is none of, or that is of another tenant."""
        if GUID.fullmatch(subscription.lower()) is None:
            text = f"The provided subscription identifier '{subscription}' is malformed or invalid."
            raise arm(400, "InvalidSubscriptionId", text)
        if subscription.lower() in self.elsewhere:
            text = (
                "The access token is from the wrong issuer. It must match the tenant associated with this subscription."
            )
            raise arm(401, "InvalidAuthenticationTokenTenant", text)
        if subscription.lower() not in self._names:
            raise arm(404, "SubscriptionNotFound", f"The subscription '{subscription}' could not be found.")

    def judge_registered(self, subscription: str, namespace: str) -> None:
        """Refuse a provider that is not registered."""
        if (subscription.lower(), namespace.lower()) in self.unregistered:
            text = f"The subscription is not registered to use namespace '{namespace}'."
            more = "See https://aka.ms/rps-not-found for how to register subscriptions."
            raise arm(409, "MissingSubscriptionRegistration", f"{text} {more}")

    def judge_location(self, type_: str, name: str, location: str) -> None:
        """Refuse a region that there is none of, or that the policy 'Allowed locations' rules out."""
        if short(location) not in _SHORT:
            text = f"The provided location '{location}' is not available for resource type '{type_}'."
            more = f"List of available regions for the resource type is '{','.join(_SHORT)}'."
            raise arm(400, "LocationNotAvailableForResourceType", f"{text} {more}")
        if self.allowed_regions is not None and short(location) not in self.allowed_regions:
            policy = '[{"policyAssignment":{"name":"Allowed locations"}}]'
            text = f"Resource '{name}' was disallowed by policy. Policy identifiers: '{policy}'."
            raise arm(403, "RequestDisallowedByPolicy", text)

    def judge_group(self, subscription: str, group: str) -> None:
        """Refuse a group that there is none of."""
        if (subscription.lower(), group.lower()) not in self.groups:
            raise arm(404, "ResourceGroupNotFound", f"Resource group '{group}' could not be found.")

    def list_those(self, may: Callable[[Request, str, str], bool], url: str) -> None:
        """Say whether the caller of a request may do something at a scope, and where links to pages lead."""
        self._may, self._url = may, url

    def list_resources(self, listed: Callable[[Request], Iterable[dict[str, Any]]]) -> None:
        """Say what resources there are that the caller of a request may read."""
        self._listed = listed

    def types(self, namespaces: Callable[[], set[str]], kinds: Callable[[str], list[str]]) -> Iterator[ArmType]:
        """The types that this is about, of which there are these namespaces beside, each with these types."""
        own = "Microsoft.Resources/subscriptions"
        self._namespaces, self._kinds = namespaces, kinds
        yield ArmType(own, {"LIST": self._list, "GET": self._get})
        verbs = {"LIST": self._list_groups, "GET": self._get_group, "HEAD": self._head, "PUT": self._put}
        verbs |= {"DELETE": self._delete, "PATCH": self._put}
        yield ArmType(f"{own}/resourceGroups", verbs)
        yield ArmType(f"{own}/resources", {"LIST": self._resources}, is_open=True)
        yield ArmType(f"{own}/resourceGroups/resources", {"LIST": self._resources}, is_open=True)
        yield ArmType(f"{own}/providers", {"LIST": self._providers, "GET": self._provider})

    def registrations(self, namespace: str) -> ArmType:
        """The actions by which a provider is registered."""
        return ArmType(
            namespace,
            {"POST register": self._register, "POST unregister": self._unregister},
            is_extension=True,
        )

    def _list(self, call: Call) -> Any:
        needed = "Microsoft.Resources/subscriptions/read"
        seen = [self._shown(each) for each in self._names if self._may(call.request, needed, f"/subscriptions/{each}")]
        return page(seen, call.request, self._url, self.page_size) | {"count": {"value": len(seen)}}

    def _get(self, call: Call) -> Any:
        return self._shown(call.name.lower())

    def _shown(self, subscription: str) -> dict[str, Any]:
        name, ids = self._names[subscription], {"subscriptionId": subscription, "tenantId": TENANT}
        return {"id": f"/subscriptions/{subscription}", **ids, "displayName": name, "state": "Enabled"}

    def _list_groups(self, call: Call) -> Any:
        return {"value": [each for (owner, _), each in self.groups.items() if owner == call.subscription.lower()]}

    def _get_group(self, call: Call) -> Any:
        self.judge_group(call.subscription, call.name)
        return self.groups[call.subscription.lower(), call.name.lower()]

    def _head(self, call: Call) -> Any:
        return Answer(204 if (call.subscription.lower(), call.name.lower()) in self.groups else 404)

    def _put(self, call: Call) -> Any:
        key, asked = (call.subscription.lower(), call.name.lower()), call.json()
        present = self.groups.get(key)
        judge_tags(asked.get("tags"))
        if call.method == "PATCH":
            group = self._get_group(call)
            group |= {name: asked[name] for name in ("tags",) if name in asked}
            return group
        if not asked.get("location"):
            raise arm(400, "LocationRequired", "The location property is required for this definition.")
        if _NAME.fullmatch(call.name) is None:
            raise arm(400, "InvalidResourceGroup", f"The provided resource group name '{call.name}' is invalid.")
        if present and present["location"] != asked["location"]:
            text = (
                f"Invalid resource group location '{asked['location']}'. The Resource group already exists in location"
            )
            raise arm(409, "InvalidResourceGroupLocation", f"{text} '{present['location']}'.")
        made = self.make_group(call.subscription, call.name, asked["location"], tags=asked.get("tags") or {})
        return answered(made, is_new=present is None)

    def _delete(self, call: Call) -> Any:
        group, key = self._get_group(call), (call.subscription.lower(), call.name.lower())
        group["properties"] = {"provisioningState": "Deleting"}

        def finish() -> None:
            self.groups.pop(key, None)
            for told in self._on_delete:
                told(group["id"])

        return self._operations.begin(call, finish=finish)

    def _resources(self, call: Call) -> Any:
        """Resources by tag and type, as deployments and inventories look for them."""
        wanted = call.request.query.get("$filter", "")
        if call.group:
            self.judge_group(call.subscription, call.group)
        told = {}
        for clause in filter(None, wanted.split(" and ")):
            found = _CLAUSE.fullmatch(clause.strip())
            if found is None:
                raise arm(
                    400, "InvalidFilterInQueryString", f"Invalid $filter '{wanted}' specified in the query string."
                )
            told[found[1].lower()] = found[2]
        # No properties: a list shows less than a look at each.
        shown = ("id", "name", "type", "location", "tags", "kind", "sku", "identity")
        return {
            "value": [
                {name: each[name] for name in shown if name in each}
                for each in self._listed(call.request)
                if is_within(str(each["id"]), call.scope) and _is_wanted(each, told)
            ]
        }

    def _providers(self, call: Call) -> Any:
        return {"value": [self._told(call, each) for each in sorted(self._namespaces())]}

    def _provider(self, call: Call) -> Any:
        known = {each.lower(): each for each in self._namespaces()}
        if call.name.lower() not in known:
            raise arm(404, "InvalidResourceNamespace", f"The resource namespace '{call.name}' is invalid.")
        return self._told(call, known[call.name.lower()])

    def _told(self, call: Call, namespace: str) -> dict[str, Any]:
        missing = (call.subscription.lower(), namespace.lower()) in self.unregistered
        state = "NotRegistered" if missing and namespace.lower() not in _ALWAYS else "Registered"
        id_ = f"/subscriptions/{call.subscription}/providers/{namespace}"
        types = [{"resourceType": each, "locations": list(REGIONS)} for each in self._kinds(namespace)]
        return {"id": id_, "namespace": namespace, "registrationState": state, "resourceTypes": types}

    def _register(self, call: Call) -> Any:
        self.unregistered.discard((call.subscription.lower(), call.namespace.lower()))
        return self._told(call, call.namespace)

    def _unregister(self, call: Call) -> Any:
        self.unregister(call.namespace, call.subscription)
        return self._told(call, call.namespace)


def short(region: str) -> str:
    """The short name of a region."""
    return region.replace(" ", "").lower()


_SHORT: Final = tuple(map(short, REGIONS))


def _is_wanted(resource: dict[str, Any], told: dict[str, str]) -> bool:
    tags = {name.lower(): value for name, value in (resource.get("tags") or {}).items()}
    name, value = told.get("tagname"), told.get("tagvalue")
    if name is not None and (name.lower() not in tags or value not in (None, tags[name.lower()])):
        return False
    return all(
        str(resource[field]).lower() == told[asked].lower()
        for asked, field in (("resourcetype", "type"), ("name", "name"), ("location", "location"))
        if asked in told
    )

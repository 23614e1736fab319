"""One intent on trial: calls that its grants must allow, and calls that they must refuse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from nhi_components.core.gcp_catalogue import permissions_of
from nhi_components.core.gcp_grant import BindingNeeded, bindings_needed
from nhi_components.core.gcp_intents import INTENTS, GcpIntent
from nhi_components.core.gcp_resource import Target
from nhi_components.core.grant import Grant
from nhi_components.core.intents import grants_of
from tests.conformance.gcp_intents.world import PROJECT


@dataclass(frozen=True)
class Call:
    """One call, as IAM sees it and as the REST API takes it.

    Attributes:
        permission: what IAM asks for; of several, the one that a refusal names.
        resource: on which resource, by its relative name.
        method: the HTTP method.
        path: below the endpoint, with the query.
        body: bytes as they are, anything else as JSON.
        also: what else IAM asks for, each permission with its resource.
        double_lacks: why the double is not asked; empty when it is.
        says_why: whether a refusal names the permission, as most do.
    """

    permission: str
    resource: str
    method: str
    path: str
    body: Any = None
    also: tuple[tuple[str, str], ...] = ()
    double_lacks: str = ""
    says_why: bool = True

    def __str__(self) -> str:
        return f"{self.permission} on {self.resource} by {self.method} {self.path}"

    def needing(self, *also: tuple[str, str]) -> Call:
        """The same, with what IAM asks for besides."""
        return replace(self, also=also)

    def wordless(self) -> Call:
        """The same, whose refusal has no words."""
        return replace(self, says_why=False)

    def judged(self, double_lacks: str) -> Call:
        """The same, about which the double is not asked."""
        return replace(self, double_lacks=double_lacks)


@dataclass(frozen=True)
class Trial:
    """An intent with one set of parameters.

    Attributes:
        intent: its id.
        target: what is granted on.
        may: calls that must be allowed, in the order in which they are made.
        may_not: calls that must be refused.
        parameters: the intent's.
        beside: what is granted besides: intents without parameters, each with its target.
    """

    intent: str
    target: str
    may: tuple[Call, ...]
    may_not: tuple[Call, ...]
    parameters: Mapping[str, object] = field(default_factory=dict)
    beside: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        given = ", ".join(f"{key}={value}" for key, value in self.parameters.items())
        return "+".join([f"{self.intent}({given})" if given else self.intent, *(intent for intent, _ in self.beside)])

    @property
    def described(self) -> GcpIntent:
        return INTENTS[self.intent]

    @property
    def calls(self) -> tuple[Call, ...]:
        return (*self.may, *self.may_not)

    def grants(self) -> tuple[Grant, ...]:
        more = (grant for intent, target in self.beside for grant in grants_of(INTENTS[intent], target))
        return (*grants_of(self.described, self.target, self.parameters), *more)

    def bindings(self) -> list[BindingNeeded]:
        """What an identity of `PROJECT` would be bound to."""
        return bindings_needed(self.grants(), PROJECT)

    def allows(self, call: Call) -> bool:
        """Judge a call by the grants alone, without any system."""
        return all(self._holds(*asked) for asked in ((call.permission, call.resource), *call.also))

    def _holds(self, permission: str, resource: str) -> bool:
        return any(permission in permissions and _reaches(each, resource) for each, permissions in self._held())

    def _held(self) -> Iterator[tuple[BindingNeeded, frozenset[str]]]:
        for each in self.bindings():
            yield each, permissions_of(each.role.predefined) or frozenset(each.role.permissions)


def _reaches(bound: BindingNeeded, resource: str) -> bool:
    assert isinstance(bound.target, Target)
    on = bound.target.resource
    if not bound.prefixes:
        return resource == on or resource.startswith(f"{on}/")
    return any(resource.startswith(f"{on}/objects/{prefix}") for prefix in bound.prefixes)


def policy_calls(resource: str, permissions: str, *, read: str = "GET", version: str = "v1") -> tuple[Call, ...]:
    """Reading and setting the allow policy of a resource.

    Args:
        resource: by its relative name.
        permissions: what the permissions begin with, such as `pubsub.topics`.
        read: the HTTP method by which the API reads it.
        version: of the API.
    """
    policy = {"policy": {"bindings": [{"role": "roles/owner", "members": ["allUsers"]}]}}
    return (
        Call(f"{permissions}.getIamPolicy", resource, read, f"/{version}/{resource}:getIamPolicy"),
        Call(f"{permissions}.setIamPolicy", resource, "POST", f"/{version}/{resource}:setIamPolicy", policy),
    )

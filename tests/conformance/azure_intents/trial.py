"""One intent on trial: calls that its grants must allow, and calls that they must refuse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from nhi_components.core.azure_grant import AssignmentNeeded, RoleNeeded, assignments_needed
from nhi_components.core.azure_intents import INTENTS, AzureIntent
from nhi_components.core.azure_intents.model import operations_in
from nhi_components.core.azure_operation import contained, planes_of
from nhi_components.core.azure_resource import Target
from nhi_components.core.grant import Grant
from nhi_components.core.intents import grants_of
from tests.conformance.azure_intents.world import GROUP, SUBSCRIPTION

_ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"
_OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
_SOMEBODY = "3f1c2b7e-0d55-4a57-8f4e-6b1f0a9d2c11"


@dataclass(frozen=True)
class Call:
    """One call, as Azure judges it and as the service takes it.

    Attributes:
        operation: what it takes.
        scope: on what: a resource id; in Cosmos DB as its own roles name it.
        method: the HTTP method; empty for what the double is not asked by a call.
        path: below the double, with the query.
        body: bytes as they are, anything else as JSON; a function gives it when the call is made.
        headers: beside the usual ones.
        instead: another operation that suffices as well.
        wants: of a registry, what its token is asked for.
        double_lacks: why the double is not asked by a call; empty when it is.
    """

    operation: str
    scope: str
    method: str = ""
    path: str = ""
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    instead: str = ""
    wants: str = ""
    double_lacks: str = ""

    def __str__(self) -> str:
        return f"{self.operation} on {self.scope} by {self.method} {self.path}"

    @property
    def operations(self) -> tuple[str, ...]:
        """Each operation that suffices, in lower case."""
        return tuple(each.lower() for each in (self.operation, self.instead) if each)

    @property
    def plane(self) -> str:
        """`control`, `data` or `cosmos`; the data plane for what is of both."""
        planes = planes_of(self.operation)
        return next(each for each in ("cosmos", "data", "control") if each in planes)

    @property
    def refusal(self) -> tuple[int, str]:
        """The status and a text of the answer to whoever lacks the operation."""
        service = self.path.split("/")[1]
        if service == "blob":
            return 403, "AuthorizationPermissionMismatch"
        if service in ("servicebus", "eventhubs"):
            claim = "Send" if self.operation.endswith("/send/action") else "Listen"
            return 401, f"40100: Unauthorized access. '{claim}' claim"
        if service == "registry":
            return 401, "no access of repository:"
        return 403, f"[{self.operation}]" if self.plane == "cosmos" else f"'{self.operation}'"


def lacking(operation: str, scope: str, why: str) -> Call:
    """A call that the double knows not of; its roles are asked alone."""
    return Call(operation, scope, double_lacks=why)


@dataclass(frozen=True)
class Trial:
    """An intent on one target.

    Attributes:
        intent: its id.
        target: what is granted on.
        may: calls that must be allowed, in the order in which they are made.
        may_not: calls that must be refused.
        variant: tells it from another trial of the same intent.
    """

    intent: str
    target: str
    may: tuple[Call, ...]
    may_not: tuple[Call, ...]
    variant: str = ""

    @property
    def name(self) -> str:
        return f"{self.intent}({self.variant})" if self.variant else self.intent

    @property
    def described(self) -> AzureIntent:
        return INTENTS[self.intent]

    @property
    def calls(self) -> tuple[Call, ...]:
        return (*self.may, *self.may_not)

    def grants(self) -> tuple[Grant, ...]:
        return grants_of(self.described, self.target)

    def assignments(self) -> list[AssignmentNeeded]:
        """What an identity in `GROUP` would be assigned."""
        return assignments_needed(self.grants(), SUBSCRIPTION, GROUP)

    def granted(self) -> frozenset[str]:
        """Every operation that it grants, in lower case."""
        return frozenset().union(*(operations_in(action) for action in self.described.actions))

    def allows(self, call: Call) -> bool:
        """Judge a call by the grants alone, without any system."""
        return any(
            _is_within(call.scope, _scope_of(each))
            and any((operation, call.plane) in _held(each.role) for operation in call.operations)
            for each in self.assignments()
        )


def _held(role: RoleNeeded) -> frozenset[tuple[str, str]]:
    """The operations of a role in lower case, each with its plane."""
    if role.built_in:
        return frozenset((name, "data" if data else "control") for name, data in contained(role.built_in) or ())
    on_data = "cosmos" if role.is_cosmos else "data"
    return frozenset(
        [
            *((each.lower(), "control") for each in role.actions),
            *((each.lower(), on_data) for each in role.data_actions),
        ]
    )


def _scope_of(needed: AssignmentNeeded) -> str:
    assert isinstance(needed.target, Target)
    return needed.target.cosmos.scope if needed.role.is_cosmos and needed.target.cosmos else needed.target.scope


def _is_within(scope: str, encloser: str) -> bool:
    return f"{scope}/".lower().startswith(f"{encloser}/".lower())


def arm(operation: str, method: str, id_: str, version: str, body: Any = None, *, below: str = "") -> Call:
    """A call to Azure Resource Manager.

    Args:
        operation: what it takes.
        method: the HTTP method.
        id_: the resource that it is about.
        version: the API's.
        body: as JSON.
        below: what follows the id in the path: an action, or a collection.
    """
    return Call(operation, id_, method, f"{id_}{below}?api-version={version}", body)


def ruling(kind: str, id_: str, version: str) -> Iterator[Call]:
    """Reading, changing and deleting a resource, and handing out access to it.

    Args:
        kind: its type, with its namespace.
        id_: its id.
        version: the API's.
    """
    yield arm(f"{kind}/read", "GET", id_, version)
    yield arm(f"{kind}/write", "PUT", id_, version, {"properties": {}})
    yield arm(f"{kind}/delete", "DELETE", id_, version)
    yield from sharing(id_)


def sharing(id_: str) -> Iterator[Call]:
    """Reading who has access to a resource, and handing it out."""
    guid, version = "5c0c9d0f-1a3f-4b8e-8f0e-0c9d5c0c9d0f", "2022-04-01"
    one = f"{id_}/providers/{_ASSIGNMENTS}/{guid}"
    owner = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{_OWNER}"
    body = {"properties": {"roleDefinitionId": owner, "principalId": _SOMEBODY}}
    yield arm(f"{_ASSIGNMENTS}/read", "GET", one, version)
    yield arm(f"{_ASSIGNMENTS}/write", "PUT", one, version, body)
    yield arm(f"{_ASSIGNMENTS}/delete", "DELETE", one, version)

"""Roles and their assignments, as rules look at them: what is granted, how far it reaches, how to speak of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from nhi_components.facts import Facts
from nhi_components.facts.azure.model import RoleAssignment, RoleDefinition, ScopeLevel
from nhi_components.facts.values import Located
from nhi_components.rules.azure.conditions import narrows_role_assignments
from nhi_components.rules.azure.effective import Effective, effective

_SHOWN = 3
_NARROW = (ScopeLevel.RESOURCE, ScopeLevel.RESOURCE_GROUP)
_ROLE_ASSIGNMENTS = "microsoft.authorization/roleassignments/"
_LEVEL_NAMES = {
    ScopeLevel.UNSTATED: "a scope that is not stated",
    ScopeLevel.RESOURCE: "a resource",
    ScopeLevel.RESOURCE_GROUP: "a resource group",
    ScopeLevel.SUBSCRIPTION: "a subscription",
    ScopeLevel.MANAGEMENT_GROUP: "a management group",
    ScopeLevel.TENANT: "the whole tenant",
}


@dataclass(frozen=True, slots=True)
class Granted:
    """A role, or its assignment.

    Attributes:
        fact: which.
        effective: what it grants.
        conditions: of the assignment and of the role.
    """

    fact: RoleDefinition | RoleAssignment
    effective: Effective
    conditions: tuple[str, ...]

    @property
    def assigned(self) -> bool:
        """It is an assignment."""
        return isinstance(self.fact, RoleAssignment)

    @property
    def level(self) -> ScopeLevel:
        """How much the scope of an assignment encloses; `UNSTATED` for a role."""
        return self.fact.scope.level if isinstance(self.fact, RoleAssignment) else ScopeLevel.UNSTATED

    @property
    def is_broad(self) -> bool:
        """An assignment to a subscription or more, or a role: what it grants is not narrowed to something named."""
        return not self.assigned or self.level >= ScopeLevel.SUBSCRIPTION

    @property
    def is_unnarrowed(self) -> bool:
        """It is broad, and if a role, it may be assigned to more than resource groups and single resources."""
        if isinstance(self.fact, RoleAssignment):
            return self.is_broad
        return self.fact.built_in or not self.fact.scopes or any(s.level not in _NARROW for s in self.fact.scopes)

    def holds(self, operation: str) -> bool:
        """Tell whether it grants an operation, given in lower case, without a condition that makes it harmless."""
        if operation not in self.effective.granted:
            return False
        return not operation.startswith(_ROLE_ASSIGNMENTS) or not any(map(narrows_role_assignments, self.conditions))

    def place(self, actions: Iterable[Located]) -> str:
        """Where a finding about some actions stands."""
        first = next(iter(actions), None)
        return self.fact.path if self.assigned or first is None else first.path

    def words(self, actions: Iterable[Located]) -> str:
        """How a finding names some actions."""
        texts = listed(action.text for action in actions)
        if isinstance(self.fact, RoleAssignment):
            return f"{self.fact.role} on {_LEVEL_NAMES[self.level]} ({texts})"
        return texts


def granted(facts: Facts) -> Iterator[Granted]:
    """Yield every role, and every assignment of a role whose permissions are known."""
    for definition in facts.of(RoleDefinition):
        conditions = tuple(p.condition for p in definition.permissions if p.condition)
        yield Granted(definition, effective(definition.permissions), conditions)
    for assignment in facts.of(RoleAssignment):
        if assignment.permissions:
            conditions = (assignment.condition, *(p.condition for p in assignment.permissions))
            yield Granted(assignment, effective(assignment.permissions), tuple(filter(None, conditions)))


def listed(texts: Iterable[str]) -> str:
    """List texts once each: the first three, and how many more there are."""
    every = list(dict.fromkeys(texts))
    shown = ", ".join(every[:_SHOWN])
    return f"{shown} and {len(every) - _SHOWN} more" if len(every) > _SHOWN else shown

"""What the statements of a document allow in effect: on which resources, after Deny and boundary.

Source: IAM user guide, 'Policy evaluation logic'. A Deny takes away only what it denies whatever the circumstances: one
with a condition takes away nothing here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from nhi_components.core.aws_action import arn_services, arn_types, matching_actions
from nhi_components.core.glob import glob_matches
from nhi_components.facts.aws.conditions import narrows_resources
from nhi_components.facts.aws.patterns import Reach, is_own_principal, reach_of
from nhi_components.facts.aws.traits import all_but, traits_of, traits_of_all, traits_of_all_but

if TYPE_CHECKING:
    from nhi_components.facts.aws.model import GrantDocument, Statement

ALL_BUT = "everything but what NotAction lists"


class Held(NamedTuple):
    """One action or pattern of a statement, as far as it is effective.

    Attributes:
        text: as it stands in the document.
        traits: bits of `aws.traits`.
    """

    text: str
    traits: int


class Permission(NamedTuple):
    """What one statement allows in effect.

    Attributes:
        statement: the statement.
        actions: its actions that are effective at all.
        traits: of all of them together.
        wide: its resource patterns that name no resource of their own; empty when a condition chooses resources.
        wide_actions: those of the actions that are allowed on the wide patterns.
        wide_traits: of the wide actions together.
        own_traits: of the actions that are allowed on the caller's own principal.
    """

    statement: Statement
    actions: tuple[Held, ...]
    traits: int
    wide: tuple[str, ...]
    wide_actions: tuple[Held, ...]
    wide_traits: int
    own_traits: int


class Permissions(NamedTuple):
    """What a document allows in effect.

    Attributes:
        each: one entry a statement that allows something, in the order of the document.
        traits: of everything together.
        wide_traits: of everything that is allowed on resources not named.
        own_traits: of everything that is allowed on the caller's own principal.
    """

    each: tuple[Permission, ...]
    traits: int
    wide_traits: int
    own_traits: int


def permissions_of(document: GrantDocument) -> Permissions:
    """Work out what a document allows, after its own Deny statements and its boundary."""
    statements = document.statements
    caps = _Caps(statements, document.boundary)
    each = tuple(
        permission
        for statement in statements
        if statement.allows and (permission := _permission(statement, caps)) is not None
    )
    traits = wide = own = 0
    for permission in each:
        traits |= permission.traits
        wide |= permission.wide_traits
        own |= permission.own_traits
    return Permissions(each, traits, wide, own)


def _permission(statement: Statement, caps: _Caps) -> Permission | None:
    resources = statement.resources
    if caps.any:
        resources = tuple(caps.resources_left(statement))
        if not resources and statement.not_resources is None and statement.resources:
            return None
    held = caps.actions_left(statement) if caps.any else _actions(statement)
    traits = _union(held)
    if statement.conditions and narrows_resources(statement.conditions):
        return Permission(statement, held, traits, (), (), 0, 0)
    wide, wide_actions = _wide(statement, resources, held)
    own = 0
    if any("${" in resource for resource in resources):
        own = traits if any(is_own_principal(resource) for resource in resources) else 0
    wide_traits = traits if wide_actions is held else _union(wide_actions)
    return Permission(statement, held, traits, wide, wide_actions, wide_traits, own)


def _union(actions: Iterable[Held]) -> int:
    traits = 0
    for _, found in actions:
        traits |= found
    return traits


def _actions(statement: Statement) -> tuple[Held, ...]:
    if statement.not_actions is not None:
        return (Held(ALL_BUT, traits_of_all_but(statement.not_actions)),)
    return tuple([Held(text, traits_of(text)) for text in statement.actions])


def _wide(
    statement: Statement, resources: tuple[str, ...], held: tuple[Held, ...]
) -> tuple[tuple[str, ...], tuple[Held, ...]]:
    if statement.not_resources is not None:
        return ("everything but what NotResource lists",), held
    if resources == ("*",):
        return resources, held
    reaches = [(resource, reach) for resource in resources if (reach := reach_of(resource)) is not None]
    if not reaches:
        return (), ()
    wide = tuple(resource for resource, _ in reaches)
    if any(not reach.service for _, reach in reaches):
        return wide, held
    covered = tuple(action for action in held if any(_reaches(reach, action.text) for _, reach in reaches))
    return (wide, covered) if covered else ((), ())


def _reaches(reach: Reach, action: str) -> bool:
    service, _, name = action.lower().partition(":")
    if reach.service not in arn_services(service) and not ("*" in service or "?" in service or action == ALL_BUT):
        return False
    types = arn_types(service) if reach.type else None
    if types is None or "*" in name or "?" in name:
        return True
    taken = types.get(name)
    return not taken or reach.type in taken


class _Caps:
    """What Deny statements and a boundary take away from every Allow."""

    def __init__(self, statements: Iterable[Statement], boundary: tuple[Statement, ...] | None) -> None:
        self._denials = [s for s in statements if not s.allows and not s.conditions]
        self._boundary = None if boundary is None else [s for s in boundary if s.allows]
        if boundary is not None:
            self._denials += [s for s in boundary if not s.allows and not s.conditions]
        self.any = bool(self._denials) or boundary is not None

    def resources_left(self, statement: Statement) -> Iterator[str]:
        """Yield the statement's resources, without those on which everything it allows is denied."""
        for resource in statement.resources:
            exempt = [d for d in self._denials if d.not_resources is not None and self._denies_all_of(d, statement)]
            if exempt and reach_of(resource) is not None:
                yield from exempt[0].not_resources or ()
            else:
                yield resource

    def actions_left(self, statement: Statement) -> tuple[Held, ...]:
        """Give the statement's actions, each with the traits of what is left of it."""
        if statement.not_actions is not None:
            allowed = {ALL_BUT: all_but(statement.not_actions)}
        else:
            allowed = {text: matching_actions(text) for text in statement.actions}
        denied = self._denied_on(statement.resources if statement.not_resources is None else ("*",))
        held = []
        for text, actions in allowed.items():
            left = self._within_boundary(actions - denied)
            if left == actions:
                held.append(Held(text, traits_of(text) if text != ALL_BUT else traits_of_all(left)))
            elif left:
                held.append(Held(text, traits_of_all(left)))
        return tuple(held)

    def _denied_on(self, resources: tuple[str, ...]) -> frozenset[str]:
        denied: frozenset[str] = frozenset()
        for denial in self._denials:
            if denial.not_resources is None and all(_covers(denial.resources, resource) for resource in resources):
                denied |= _named(denial)
        return denied

    def _within_boundary(self, actions: frozenset[str]) -> frozenset[str]:
        if self._boundary is None or not actions:
            return actions
        capped: frozenset[str] = frozenset()
        for statement in self._boundary:
            capped |= _named(statement)
        return actions & capped

    def _denies_all_of(self, denial: Statement, statement: Statement) -> bool:
        if statement.not_actions is not None:
            return all_but(statement.not_actions) <= _named(denial)
        return all(matching_actions(text) <= _named(denial) for text in statement.actions)


def _named(statement: Statement) -> frozenset[str]:
    if statement.not_actions is not None:
        return all_but(statement.not_actions)
    named: frozenset[str] = frozenset()
    return named.union(*(matching_actions(text) for text in statement.actions))


def _covers(patterns: Iterable[str], resource: str) -> bool:
    """Tell whether one of the patterns matches at least what a resource pattern matches.

    An asterisk of the resource is matched as itself, which only another asterisk does; `?` in a pattern is not trusted
    with it.
    """
    return any("?" not in pattern and glob_matches(pattern, resource) for pattern in patterns)

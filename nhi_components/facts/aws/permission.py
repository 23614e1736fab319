"""What the statements of a document allow in effect: on which resources, after Deny and boundary.

Source: IAM user guide, 'Policy evaluation logic'.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, NamedTuple

from nhi_components.core.aws_action import arn_services, arn_types
from nhi_components.facts.aws.caps import ALL_RESOURCES, Caps, Left, named
from nhi_components.facts.aws.conditions import narrows_resources
from nhi_components.facts.aws.patterns import Reach, is_own_principal, reach_of
from nhi_components.facts.aws.traits import (
    NOT_ACTION,
    NOT_RESOURCE,
    UNKNOWN_TO_AWS,
    Named,
    traits_left,
    traits_of,
    traits_of_all_but,
    union_of,
)

if TYPE_CHECKING:
    from nhi_components.facts.aws.model import GrantDocument, Statement

ALL_BUT = "everything but what NotAction lists"
_NO_LIMIT = -1
_ALL_BUT_RESOURCES = ("everything but what NotResource lists",)


class Permission(NamedTuple):
    """What one statement allows in effect.

    Attributes:
        statement: the statement.
        actions: its actions as they are written, or `ALL_BUT`; those of which nothing is left are gone.
        left: the traits of what Deny and boundary leave of each action; None when they leave everything.
        traits: of all actions together.
        wide: its resource patterns that name no resource of their own; empty when a condition chooses resources.
        wide_actions: those of the actions that are allowed on the wide patterns.
        wide_traits: of the wide actions together.
        own_traits: of the actions that are allowed on the caller's own principal.
        left_widely: the traits of what is left of each wide action on the wide patterns; None like `left`.
    """

    statement: Statement
    actions: tuple[str, ...]
    left: Mapping[str, int] | None
    traits: int
    wide: tuple[str, ...]
    wide_actions: tuple[str, ...]
    wide_traits: int
    own_traits: int
    left_widely: Mapping[str, int] | None = None

    def traits_of(self, action: str) -> int:
        """Give the traits of what is left of one of its actions."""
        if self.left is not None:
            return self.left[action]
        return self.traits if action is ALL_BUT else traits_of(action)

    def held(self, traits: int) -> list[str]:
        """Give the actions that have one of the traits."""
        return [action for action in self.actions if self.traits_of(action) & traits]

    def held_widely(self, traits: int, most: int = _NO_LIMIT) -> list[str]:
        """Give the actions that have one of the traits and are allowed on resources not named.

        Args:
            traits: bits, of which one must be there.
            most: how many to look for.
        """
        actions = self.wide_actions
        if self.left_widely is not None:
            each: Iterable[int] = map(self.left_widely.__getitem__, actions)
        elif actions is self.statement.actions:
            each = self.statement.each_traits
        else:
            each = map(self.traits_of, actions)
        held = []
        for action, its in zip(actions, each, strict=True):
            if its & traits:
                held.append(action)
                if len(held) == most:
                    break
        return held


class Permissions(NamedTuple):
    """What a document allows in effect.

    Attributes:
        each: one entry a statement that allows something, in the order of the document.
        traits: of everything together.
        written: whether NotAction, NotResource or an undocumented action is used, as bits of `aws.traits`.
        dated: a condition of a statement that allows names a moment.
        wide_traits: of everything that is allowed on resources not named.
        own_traits: of everything that is allowed on the caller's own principal.
    """

    each: list[Permission]
    traits: int
    written: int
    dated: bool
    wide_traits: int
    own_traits: int


def permissions_of(document: GrantDocument) -> Permissions:
    """Work out what a document allows, after its own Deny statements and its boundary."""
    caps = Caps.of(document)
    each: list[Permission] = []
    traits = written = wide = own = 0
    dated = False
    for statement in document.statements:
        written |= statement.traits & UNKNOWN_TO_AWS
        if statement.not_actions is not None:
            written |= union_of(statement.not_actions) & UNKNOWN_TO_AWS
        if not statement.allows:
            continue
        permission = _plain(statement) if caps is None else _capped(statement, caps)
        if permission is not None:
            each.append(permission)
            traits |= permission.traits
            wide |= permission.wide_traits
            own |= permission.own_traits
            if statement.conditions:
                dated = dated or any(condition.operator.startswith("date") for condition in statement.conditions)
            if statement.not_actions is not None:
                written |= NOT_ACTION
            if statement.not_resources is not None:
                written |= NOT_RESOURCE
    return Permissions(each, traits, written, dated, wide, own)


def _plain(statement: Statement) -> Permission:
    if statement.not_actions is not None:
        return _placed(statement, statement.resources, (ALL_BUT,), None, traits_of_all_but(statement.not_actions))
    actions, traits = statement.actions, statement.traits
    if statement.resources == ALL_RESOURCES and not statement.conditions:
        return Permission(statement, actions, None, traits, ALL_RESOURCES, actions, traits, 0)
    return _placed(statement, statement.resources, actions, None, traits)


def _capped(statement: Statement, caps: Caps) -> Permission | None:
    """Put together what is left of a statement on each of its resources."""
    left: dict[str, int] = {}
    widely: dict[str, int] = {}
    wide: list[str] = []
    own = 0
    for part in caps.left_of(statement):
        held = _actions_left(statement, part)
        if held:
            placed = _placed(statement, part.resources, tuple(held), held, _union(held))
            own |= placed.own_traits
            wide += placed.wide
            _add(left, held, held)
            _add(widely, held, placed.wide_actions)
    if not left:
        return None
    actions, everywhere = tuple(left), tuple(widely)
    return Permission(statement, actions, left, _union(left), tuple(wide), everywhere, _union(widely), own, widely)


def _actions_left(statement: Statement, part: Left) -> dict[str, int]:
    if statement.not_actions is not None:
        each = {ALL_BUT: named(statement)}
    else:
        each = {text: Named((text,), all_but=False) for text in statement.actions}
    traits = ((text, traits_left(member, part.denied, part.allowed)) for text, member in each.items())
    return {text: found for text, found in traits if found is not None}


def _add(to: dict[str, int], held: Mapping[str, int], actions: Iterable[str]) -> None:
    for action in actions:
        to[action] = to.get(action, 0) | held[action]


def _union(held: Mapping[str, int]) -> int:
    return reduce(or_, held.values(), 0)


def _placed(
    statement: Statement,
    resources: tuple[str, ...],
    actions: tuple[str, ...],
    left: Mapping[str, int] | None,
    traits: int,
) -> Permission:
    if statement.conditions and narrows_resources(statement.conditions):
        return Permission(statement, actions, left, traits, (), (), 0, 0)
    if statement.not_resources is not None and (left is None or "*" in resources):
        return Permission(statement, actions, left, traits, _ALL_BUT_RESOURCES, actions, traits, 0)
    if resources == ALL_RESOURCES:
        return Permission(statement, actions, left, traits, ALL_RESOURCES, actions, traits, 0)
    own, everything = 0, False
    wide: list[str] = []
    reaches: list[Reach] = []
    for resource in resources:
        reach = reach_of(resource)
        if reach is not None:
            wide.append(resource)
            reaches.append(reach)
            everything = everything or not reach.service
        elif "${" in resource and is_own_principal(resource):
            own = traits
    if not wide:
        return Permission(statement, actions, left, traits, (), (), 0, own)
    if everything:
        return Permission(statement, actions, left, traits, tuple(wide), actions, traits, own)
    covered = tuple(action for action in actions if any(_reaches(reach, action) for reach in reaches))
    if left is not None:
        wide_traits = 0
        for action in covered:
            wide_traits |= left[action]
    else:
        wide_traits = traits if ALL_BUT in covered else union_of(covered)
    return Permission(statement, actions, left, traits, tuple(wide) if covered else (), covered, wide_traits, own)


def _reaches(reach: Reach, action: str) -> bool:
    service, _, name = action.lower().partition(":")
    if action is ALL_BUT or "*" in service or "?" in service:
        return True
    if reach.service not in arn_services(service):
        return False
    types = arn_types(service) if reach.type else None
    if types is None or "*" in name or "?" in name:
        return True
    taken = types.get(name)
    return not taken or reach.type in taken

"""What the statements of a document allow in effect: on which resources, after Deny and boundary.

Source: IAM user guide, 'Policy evaluation logic'. A Deny takes away only what it denies whatever the circumstances: one
with a condition takes away nothing here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from nhi_components.core.aws_action import arn_services, arn_types
from nhi_components.core.glob import glob_matches
from nhi_components.facts.aws.conditions import narrows_resources
from nhi_components.facts.aws.patterns import Reach, is_own_principal, reach_of
from nhi_components.facts.aws.traits import Named, traits_left, traits_of, traits_of_all_but, union_of

if TYPE_CHECKING:
    from nhi_components.facts.aws.model import GrantDocument, Statement

ALL_BUT = "everything but what NotAction lists"
_ALL_RESOURCES = ("*",)
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
    """

    statement: Statement
    actions: tuple[str, ...]
    left: Mapping[str, int] | None
    traits: int
    wide: tuple[str, ...]
    wide_actions: tuple[str, ...]
    wide_traits: int
    own_traits: int

    def traits_of(self, action: str) -> int:
        """Give the traits of what is left of one of its actions."""
        if self.left is not None:
            return self.left[action]
        return self.traits if action is ALL_BUT else traits_of(action)

    def held(self, traits: int) -> list[str]:
        """Give the actions that have one of the traits."""
        return [action for action in self.actions if self.traits_of(action) & traits]

    def held_widely(self, traits: int) -> list[str]:
        """Give the actions that have one of the traits and are allowed on resources not named."""
        if self.left is None and self.statement.not_actions is None:
            actions = self.wide_actions
            return [action for action, its in zip(actions, map(traits_of, actions), strict=True) if its & traits]
        return [action for action in self.wide_actions if self.traits_of(action) & traits]


class Permissions(NamedTuple):
    """What a document allows in effect.

    Attributes:
        each: one entry a statement that allows something, in the order of the document.
        traits: of everything together.
        wide_traits: of everything that is allowed on resources not named.
        own_traits: of everything that is allowed on the caller's own principal.
    """

    each: list[Permission]
    traits: int
    wide_traits: int
    own_traits: int


def permissions_of(document: GrantDocument) -> Permissions:
    """Work out what a document allows, after its own Deny statements and its boundary."""
    caps = _Caps.of(document)
    each: list[Permission] = []
    traits = wide = own = 0
    for statement in document.statements:
        if not statement.allows:
            continue
        permission = _plain(statement) if caps is None else _capped(statement, caps)
        if permission is not None:
            each.append(permission)
            traits |= permission.traits
            wide |= permission.wide_traits
            own |= permission.own_traits
    return Permissions(each, traits, wide, own)


def _plain(statement: Statement) -> Permission:
    if statement.not_actions is None:
        actions, traits = statement.actions, statement.traits
    else:
        actions, traits = (ALL_BUT,), traits_of_all_but(statement.not_actions)
    return _placed(statement, statement.resources, actions, None, traits)


def _capped(statement: Statement, caps: _Caps) -> Permission | None:
    resources = tuple(caps.resources_left(statement))
    left = caps.actions_left(statement)
    if not left and statement.actions:
        return None
    traits = 0
    for found in left.values():
        traits |= found
    return _placed(statement, resources, tuple(left), left, traits)


def _placed(
    statement: Statement,
    resources: tuple[str, ...],
    actions: tuple[str, ...],
    left: Mapping[str, int] | None,
    traits: int,
) -> Permission:
    if statement.conditions and narrows_resources(statement.conditions):
        return Permission(statement, actions, left, traits, (), (), 0, 0)
    if statement.not_resources is not None:
        return Permission(statement, actions, left, traits, _ALL_BUT_RESOURCES, actions, traits, 0)
    if resources == _ALL_RESOURCES:
        return Permission(statement, actions, left, traits, _ALL_RESOURCES, actions, traits, 0)
    own = traits if any("${" in resource and is_own_principal(resource) for resource in resources) else 0
    wide = [resource for resource in resources if reach_of(resource) is not None]
    if not wide:
        return Permission(statement, actions, left, traits, (), (), 0, own)
    reaches = [reach for resource in wide if (reach := reach_of(resource)) is not None]
    if not all(reach.service for reach in reaches):
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


class _Caps(NamedTuple):
    """What Deny statements and a boundary take away from every Allow.

    Attributes:
        denials: the Deny statements without conditions, those of the boundary included.
        boundary: the actions that the boundary allows; None without a boundary.
    """

    denials: list[Statement]
    boundary: frozenset[Named] | None

    @classmethod
    def of(cls, document: GrantDocument) -> _Caps | None:
        """Gather the caps of a document; None when there are none."""
        denials = [s for s in document.statements if not s.allows and not s.conditions]
        if document.boundary is None:
            return cls(denials, None) if denials else None
        denials += [s for s in document.boundary if not s.allows and not s.conditions]
        return cls(denials, frozenset(_named(s) for s in document.boundary if s.allows))

    def resources_left(self, statement: Statement) -> Iterator[str]:
        """Yield the statement's resources; one on which all is denied but on some gives way to those."""
        for resource in statement.resources:
            sparing = (d.not_resources for d in self.denials if d.not_resources is not None and _denies(d, statement))
            spared = next(sparing, None) if reach_of(resource) is not None else None
            yield from (resource,) if spared is None else spared

    def actions_left(self, statement: Statement) -> Mapping[str, int]:
        """Give the traits of what is left of each of the statement's actions, if anything is."""
        resources = statement.resources if statement.not_resources is None else _ALL_RESOURCES
        covering = (d for d in self.denials if d.not_resources is None and _cover(d.resources, resources))
        denied = frozenset(map(_named, covering))
        if statement.not_actions is not None:
            named = {ALL_BUT: _named(statement)}
        else:
            named = {text: Named((text,), all_but=False) for text in statement.actions}
        each = ((text, traits_left(member, denied, self.boundary)) for text, member in named.items())
        return {text: left for text, left in each if left}


def _named(statement: Statement) -> Named:
    if statement.not_actions is not None:
        return Named(statement.not_actions, all_but=True)
    return Named(statement.actions, all_but=False)


def _denies(denial: Statement, statement: Statement) -> bool:
    return not traits_left(_named(statement), frozenset((_named(denial),)), None)


def _cover(patterns: Iterable[str], resources: Iterable[str]) -> bool:
    """Tell whether each resource pattern matches no more than one of the patterns.

    An asterisk of the resource is matched as itself, which only another asterisk does; `?` in a pattern is not trusted
    with it.
    """
    trusted = [pattern for pattern in patterns if "?" not in pattern]
    return all(any(glob_matches(pattern, resource) for pattern in trusted) for resource in resources)

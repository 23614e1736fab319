"""May one identity call one action on one target? Over all documents of the identity, its boundary and Deny included.

Source: IAM user guide, 'Policy evaluation logic for requests within a single account'.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from nhi_components.core.glob import glob_matches
from nhi_components.facts.aws.circumstances import Situation, hold, undecided
from nhi_components.facts.aws.model import Statement
from nhi_components.facts.values import UNKNOWN, Unknown

_ARN_PARTS: Final = 6
_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_CHOOSES_WHAT: Final = frozenset({"iam:permissionsboundary", "iam:policyarn"})
"""Keys by which a statement lets nothing be written but what somebody has chosen."""
_ADMINISTRATOR: Final = "arn:aws:iam::aws:policy/AdministratorAccess"


class Target(NamedTuple):
    """What is acted on, as far as its ARN is known.

    Attributes:
        service: of its ARN.
        account: empty when not known.
        resource: the end of its ARN, such as `role/orders`; empty when its name is not known.
        key: of the identity that it is or runs as.
    """

    service: str
    account: str
    resource: str
    key: str


class Held(NamedTuple):
    """One statement that an identity holds.

    Attributes:
        statement: the statement.
        label: the document in which it stands, for people.
        references: keys of what its document takes values from.
    """

    statement: Statement
    label: str
    references: frozenset[str] = frozenset()

    def place(self, action: str) -> str:
        """Tell where it grants an action."""
        written = next((text for text in self.statement.actions if glob_matches(text.lower(), action)), None)
        at = f"{self.statement.path}.NotAction" if written is None else self.statement.place("Action", written)
        return f"{self.label} {at}" if self.label else at


class Leave(NamedTuple):
    """An action is allowed.

    Attributes:
        held: by this statement.
        under: the condition keys of which the stack does not tell whether they hold.
    """

    held: Held
    under: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Holdings:
    """What one identity holds.

    Attributes:
        allowing: its Allow statements.
        denying: its Deny statements, those of its boundary included.
        boundary: the Allow statements of its boundary; None without one.
    """

    allowing: tuple[Held, ...]
    denying: tuple[Held, ...] = ()
    boundary: tuple[Held, ...] | None = None

    def leave(self, action: str, target: Target, situation: Situation) -> Leave | None:
        """Tell by what an action on a target is allowed; None when it is not.

        Args:
            action: in lower case.
            target: what it is called on.
            situation: who calls, and when.
        """
        found = next(_covering(self.allowing, action, target, situation), None)
        if found is None or self.denies(action, target, situation):
            return None
        if self.boundary is not None and next(_covering(self.boundary, action, target, situation), None) is None:
            return None
        return found

    def denies(self, action: str, target: Target, situation: Situation) -> bool:
        """Tell whether an action on a target is denied for certain."""
        return any(
            covers_action(held.statement, action)
            and _covers_target(held, target, situation)
            and hold(held.statement.conditions, situation) is True
            for held in self.denying
        )


def _covering(each: Iterable[Held], action: str, target: Target, situation: Situation) -> Iterator[Leave]:
    for held in each:
        statement = held.statement
        if not covers_action(statement, action) or not _covers_target(held, target, situation):
            continue
        if statement.conditions:
            if hold(statement.conditions, situation) is False or _only_what_was_chosen(statement):
                continue
            yield Leave(held, tuple(undecided(statement.conditions, situation)))
        else:
            yield Leave(held, ())


def _only_what_was_chosen(statement: Statement) -> bool:
    return any(
        condition.key in _CHOOSES_WHAT
        and not any(isinstance(text, str) and glob_matches(text, _ADMINISTRATOR) for text in condition.values)
        for condition in statement.conditions
    )


def covers_action(statement: Statement, action: str) -> bool:
    """Tell whether a statement names an action, given in lower case."""
    if statement.not_actions is not None:
        return not any(glob_matches(pattern.lower(), action) for pattern in statement.not_actions)
    return any(glob_matches(pattern.lower(), action) for pattern in statement.actions)


def _covers_target(held: Held, target: Target, situation: Situation) -> bool:
    statement = held.statement
    if statement.not_resources is not None:
        if not target.resource:
            return statement.allows
        return not any(names(_filled(text, situation), target) for text in statement.not_resources)
    if any(names(_filled(text, situation), target) for text in statement.resources):
        return True
    return target.key in held.references and has_unknown_resource(statement)


def has_unknown_resource(statement: Statement) -> bool:
    """Tell whether a statement names a resource that is not known yet."""
    given = statement.given.get("Resource")
    return isinstance(given, Unknown) or (isinstance(given, list) and UNKNOWN in given)


def names(pattern: str, target: Target) -> bool:
    """Tell whether a resource pattern matches a target; what is not known of the target is taken to match."""
    if pattern == "*":
        return True
    parts = pattern.split(":", _ARN_PARTS - 1)
    parts += ["*"] * (_ARN_PARTS - len(parts))
    _, _, service, _, account, resource = parts
    if not glob_matches(service.lower(), target.service) or not target.resource:
        return False
    if target.account and account and not glob_matches(account, target.account):
        return False
    return glob_matches(resource, target.resource)


def _filled(pattern: str, situation: Situation) -> str:
    """Put the caller's name and tags in place of policy variables; one that is not known matches nothing."""
    if "${" not in pattern:
        return pattern

    def value(match: re.Match[str]) -> str:
        name, _, default = match[1].partition(",")
        key = name.strip().lower()
        if key == "aws:username":
            return situation.user or "\0"
        if key.startswith("aws:principaltag/") and not isinstance(situation.tags, Unknown):
            tags = {tag.lower(): text for tag, text in situation.tags.items()}
            found = tags.get(key.partition("/")[2], default.strip().strip("'") or "\0")
            return found if isinstance(found, str) else "\0"
        return match[1] if match[1] in ("*", "?", "$") else "\0"

    return _VARIABLE.sub(value, pattern)


def at_moment(each: Iterable[Held], situation: Situation) -> Iterator[Held]:
    """Yield the statements that apply at a moment; one that depends on the time alone loses its conditions."""
    for held in each:
        if not held.statement.conditions:
            yield held
            continue
        match hold(held.statement.conditions, Situation(situation.now)):
            case True:
                yield _without_conditions(held)
            case None:
                yield held


def _without_conditions(held: Held) -> Held:
    """Give the same statement without conditions."""
    s = held.statement
    bare = Statement(
        s.path,
        None,
        s.given,
        s.allows,
        s.actions,
        s.resources,
        s.not_actions,
        s.not_resources,
        s.principals,
        s.not_principals,
    )
    return held._replace(statement=bare)

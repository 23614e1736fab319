"""Reducing what a principal on AWS may do to what it has used, where its use is known; pure functions.

An action is dropped only on knowledge: its use is tracked and there was none, or its whole service was not used, for as
long as is asked for. Whatever is not known stays granted and is told, for people to decide. What remains never exceeds
what was granted, and everything that was used remains.

Sources: IAM user guide, 'Refine permissions in AWS using last accessed information' (tried requests count as uses, also
refused ones; the report holds every service that the policies name; which actions report their own use; iam:PassRole is
not included); IAM API, GetServiceLastAccessedDetails.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from nhi_components.core.aws_action import actions_of, every_action, find_action, matching_actions
from nhi_components.core.glob import glob_matches
from nhi_components.facts.aws.model import Statement
from nhi_components.facts.aws.patterns import has_wildcard
from nhi_components.lifecycle.adoption.usage import NotKnown, Usage

NEVER_TRACKED: Final = frozenset({"iam:passrole"})
"""Actions whose use no report includes, not even that of their service."""

MOST_WRITTEN_OUT: Final = 25
"""Actions up to which a pattern of which nothing can be dropped is written out: with more it stays a pattern."""

_ALL_BUT: Final = "it allows actions on everything but some resources (NotResource), which no grant says"


class Reason(StrEnum):
    """Why an action is kept or dropped."""

    USED = "used"
    NOT_TRACKED = "its use is not tracked"
    TOO_SHORT = "its use is known for too short a time"
    NO_KNOWLEDGE = "nothing is known of uses"
    ACTION_UNUSED = "tracked, and not used"
    SERVICE_UNUSED = "nothing of its service was used"
    DENIED = "denied by another statement"
    DECIDED = "dropped by decision"


KEPT: Final = frozenset({Reason.USED, Reason.NOT_TRACKED, Reason.TOO_SHORT, Reason.NO_KNOWLEDGE})
UNDECIDED: Final = KEPT - {Reason.USED}
"""Kept for want of knowledge, so that people have to decide."""


@dataclass(frozen=True, slots=True)
class Held:
    """A statement of a policy that a principal has.

    Attributes:
        via: the policy's name or ARN.
        statement: what it says.
    """

    via: str
    statement: Statement


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of one action, or of a pattern that stays as it is.

    Attributes:
        action: as it is granted, such as `sqs:SendMessage`.
        via: the policy that grants it.
        reason: why it is kept or dropped.
        at: when it was last used; None where no use is known.
    """

    action: str
    via: str
    reason: Reason
    at: datetime | None = None

    @property
    def kept(self) -> bool:
        """Whether it stays granted."""
        return self.reason in KEPT


@dataclass(frozen=True, slots=True)
class Reduced:
    """What is to be granted instead of one or several statements.

    Attributes:
        actions: as AWS spells them, sorted.
        targets: as the statement has them.
        conditions: likewise: operator -> key -> values.
    """

    actions: tuple[str, ...]
    targets: tuple[str, ...]
    conditions: Mapping[str, Mapping[str, tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class Reduction:
    """What becomes of everything that a principal may do.

    Attributes:
        grants: what stays granted.
        decisions: what becomes of each action, by policy and name.
        impossible: statements that grants cannot stand for, each with the reason.
    """

    grants: tuple[Reduced, ...]
    decisions: tuple[Decision, ...]
    impossible: tuple[tuple[str, str], ...]


def reduce_grants(
    held: Sequence[Held],
    usage: Usage | NotKnown,
    *,
    now: datetime,
    watched: timedelta,
    dropped: Sequence[str] = (),
) -> Reduction:
    """Reduce what a principal may do.

    Args:
        held: every statement of its policies.
        usage: what it has used, or why that is not known.
        now: this moment.
        watched: for how long use must have been known before anything counts as unused.
        dropped: patterns of actions that people have decided to drop; one that was used is kept all the same.
    """
    judge = _Judge(usage, now - watched, tuple(pattern.lower() for pattern in dropped))
    impossible = [(each.via, _ALL_BUT) for each in held if _is_inexpressible(each.statement)]
    denied = frozenset().union(*(_covered(each.statement) for each in held if _denies_plainly(each.statement)))
    grants: list[Reduced] = []
    decisions: list[Decision] = []
    for each in held:
        if not each.statement.allows or _is_inexpressible(each.statement):
            continue
        kept, told = judge.of(each, denied)
        decisions += told
        if kept:
            grants.append(Reduced(kept, each.statement.resources, _conditions(each.statement)))
    impossible += _narrowed_elsewhere(held, grants)
    return Reduction(_merged(grants), tuple(dict.fromkeys(sorted(decisions, key=_order))), tuple(impossible))


@dataclass(frozen=True, slots=True)
class _Judge:
    usage: Usage | NotKnown
    known_since: datetime
    dropped: tuple[str, ...]

    def of(self, held: Held, denied: frozenset[str]) -> tuple[tuple[str, ...], list[Decision]]:
        """Tell what of a statement stays, as actions and patterns, and what becomes of everything in it."""
        kept: list[str] = []
        told: list[Decision] = []
        if held.statement.not_actions is not None:
            whole = every_action() - _matching(held.statement.not_actions)
            of_each = [self._action(action, held.via, denied) for action in whole]
            return _written(of_each), of_each
        for pattern in held.statement.actions:
            covered = self._covered(pattern)
            of_each = [self._action(action, held.via, denied) for action in covered]
            stays = all(each.reason in UNDECIDED for each in of_each)
            if has_wildcard(pattern) and stays and len(covered) > MOST_WRITTEN_OUT:
                reasons = sorted({each.reason for each in of_each})
                kept.append(pattern)
                told += [Decision(pattern, held.via, reason) for reason in reasons]
                continue
            kept += _written(of_each)
            told += of_each
        return tuple(sorted(set(kept), key=str.lower)), told

    def _covered(self, pattern: str) -> frozenset[str]:
        """Name the actions that a pattern covers: documented ones, used ones, or itself where neither is known."""
        if not has_wildcard(pattern):
            return frozenset({pattern.lower()})
        known = {} if isinstance(self.usage, NotKnown) else self.usage.services
        used = {f"{service}:{name}" for service, use in known.items() for name, at in use.tracked.items() if at}
        covered = matching_actions(pattern) | {action for action in used if glob_matches(pattern.lower(), action)}
        return covered or frozenset({pattern.lower()})

    def _action(self, action: str, via: str, denied: frozenset[str]) -> Decision:
        reason, at = self._reason(action)
        if action in denied:
            reason, at = Reason.DENIED, None
        elif reason is not Reason.USED and any(glob_matches(pattern, action) for pattern in self.dropped):
            reason = Reason.DECIDED
        return Decision(_spelled(action), via, reason, at)

    def _reason(self, action: str) -> tuple[Reason, datetime | None]:
        if isinstance(self.usage, NotKnown):
            return Reason.NO_KNOWLEDGE, None
        service, _, name = action.partition(":")
        use = self.usage.services.get(service)
        if use is None or action in NEVER_TRACKED:
            return Reason.NOT_TRACKED, None
        if (at := use.tracked.get(name)) is not None:
            return Reason.USED, at
        if use.at is not None and name not in use.tracked:
            return Reason.NOT_TRACKED, None
        if self.usage.since > self.known_since:
            return Reason.TOO_SHORT, None
        return (Reason.SERVICE_UNUSED if use.at is None else Reason.ACTION_UNUSED), None


def _written(decisions: Sequence[Decision]) -> tuple[str, ...]:
    return tuple(sorted({each.action for each in decisions if each.kept}, key=str.lower))


def _spelled(action: str) -> str:
    service, _, name = action.partition(":")
    return f"{service}:{actions_of(service)[name]}" if find_action(action) else action


def _matching(patterns: Sequence[str]) -> frozenset[str]:
    return frozenset().union(*(matching_actions(pattern) for pattern in patterns))


def _covered(statement: Statement) -> frozenset[str]:
    if statement.not_actions is not None:
        return every_action() - _matching(statement.not_actions)
    return _matching(statement.actions) | {action.lower() for action in statement.actions}


def _denies_plainly(statement: Statement) -> bool:
    """Tell whether a statement denies its actions everywhere and always, so that they need not be granted."""
    return not statement.allows and not statement.conditions and "*" in statement.resources


def _is_inexpressible(statement: Statement) -> bool:
    """Tell whether a statement allows everything but some resources, which no grant says."""
    return statement.allows and statement.not_resources is not None


def _narrowed_elsewhere(held: Sequence[Held], grants: Sequence[Reduced]) -> Iterator[tuple[str, str]]:
    """Find denials of some resources, or under conditions, that would be lost: grants alone would allow more."""
    granted = frozenset().union(*(_matching(grant.actions) | {a.lower() for a in grant.actions} for grant in grants))
    for each in held:
        if each.statement.allows or _denies_plainly(each.statement):
            continue
        if lost := sorted(granted & _covered(each.statement)):
            more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
            yield each.via, f"it denies {_spelled(lost[0])}{more} on some resources or under conditions"


def _conditions(statement: Statement) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    given: Mapping[str, Mapping[str, Any]] = statement.given.get("Condition") or {}
    return {operator: {key: _texts(values) for key, values in tests.items()} for operator, tests in given.items()}


def _texts(values: Any) -> tuple[str, ...]:
    listed = values if isinstance(values, list) else [values]
    return tuple(str(value).lower() if isinstance(value, bool) else str(value) for value in listed)


def _merged(grants: Sequence[Reduced]) -> tuple[Reduced, ...]:
    """Put together what is granted on the same targets under the same conditions."""
    merged: list[Reduced] = []
    for grant in grants:
        same = [n for n, m in enumerate(merged) if (m.targets, m.conditions) == (grant.targets, grant.conditions)]
        if not same:
            merged.append(grant)
            continue
        actions = {*merged[same[0]].actions, *grant.actions}
        merged[same[0]] = replace(grant, actions=tuple(sorted(actions, key=str.lower)))
    return tuple(merged)


def _order(decision: Decision) -> tuple[str, str, str]:
    return decision.via, decision.action.lower(), decision.reason

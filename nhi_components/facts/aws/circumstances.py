"""Do the conditions of a statement hold when one identity of a stack acts on another?

Only what the stack tells is decided: names, tags, accounts, dates. Sources: IAM user guide, 'AWS global condition
context keys', 'IAM and AWS STS condition context keys' and 'IAM JSON policy elements: Condition operators'.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from nhi_components.core.glob import glob_matches
from nhi_components.facts.aws.model import Condition
from nhi_components.facts.values import UNKNOWN, Unknown

Tags = Mapping[str, str | Unknown] | Unknown
_NO_TAGS: Final[Mapping[str, str]] = {}
_CHOSEN_BY_CALLER: Final = frozenset(
    {"sts:externalid", "sts:rolesessionname", "sts:sourceidentity", "sts:durationseconds"}
)
"""What whoever calls writes into the request: an Allow is met at will, a Deny avoided."""
_NEGATED: Final = {
    "stringnotequals": "stringequals",
    "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike",
    "arnnotequals": "arnlike",
    "arnnotlike": "arnlike",
    "datenotequals": "dateequals",
}
_DATES: Final[Mapping[str, Callable[[datetime, datetime], bool]]] = {
    "dateequals": lambda now, then: now == then,
    "datelessthan": lambda now, then: now < then,
    "datelessthanequals": lambda now, then: now <= then,
    "dategreaterthan": lambda now, then: now > then,
    "dategreaterthanequals": lambda now, then: now >= then,
}
_NUMBERS: Final = {name.replace("date", "numeric"): test for name, test in _DATES.items()}


@dataclass(frozen=True, slots=True)
class Situation:
    """One identity acts on something.

    Attributes:
        now: this moment (aware).
        arn: of who acts, with `*` for an account that is not known; empty when its name is not known.
        user: the name of the user who acts; empty for a role.
        tags: of who acts.
        account: of who acts; empty when not known.
        tags_of_target: of what it acts on.
        account_of_target: likewise; empty when not known.
        service: to which a role is passed; empty when none is.
    """

    now: datetime
    arn: str = ""
    user: str = ""
    tags: Tags = UNKNOWN
    account: str = ""
    tags_of_target: Tags = UNKNOWN
    account_of_target: str = ""
    service: str = ""


def hold(conditions: Iterable[Condition], situation: Situation) -> bool | None:
    """Tell whether all conditions hold; None when the stack does not tell."""
    verdicts = [_holds(condition, situation) for condition in conditions]
    if False in verdicts:
        return False
    return None if None in verdicts else True


def undecided(conditions: Iterable[Condition], situation: Situation) -> list[str]:
    """Name the keys of the conditions of which the stack does not tell whether they hold."""
    keys = (condition.key for condition in conditions if _holds(condition, situation) is None)
    return [key for key in keys if key and key not in _CHOSEN_BY_CALLER]


def _holds(condition: Condition, situation: Situation) -> bool | None:
    if not condition.key or not condition.values:
        return None
    if condition.key in ("aws:currenttime", "aws:epochtime"):
        return _in_time(condition, situation.now)
    if condition.key in _CHOSEN_BY_CALLER:
        return None
    value = _value(condition.key, situation)
    if isinstance(value, Unknown):
        return None
    if condition.operator == "null":
        return _any_of(condition, lambda wanted: (wanted.lower() == "true") == (value is None))
    positive = _NEGATED.get(condition.operator, condition.operator)
    negated = positive != condition.operator
    if value is None:
        return condition.if_exists or negated or condition.qualifier == "forallvalues"
    matching = _any_of(condition, lambda wanted: _matches(positive, wanted, value))
    return matching if matching is None or not negated else not matching


def _any_of(condition: Condition, test: Callable[[str], bool | None]) -> bool | None:
    verdicts = [None if isinstance(wanted, Unknown) else test(wanted) for wanted in condition.values]
    if True in verdicts:
        return True
    return None if None in verdicts else False


def _value(key: str, situation: Situation) -> str | Unknown | None:
    """Give the value of a context key; None when the request has none, UNKNOWN when the stack does not tell."""
    prefix, slash, name = key.partition("/")
    if slash and prefix in ("aws:principaltag", "aws:resourcetag", "iam:resourcetag"):
        return _tag(situation.tags if prefix == "aws:principaltag" else situation.tags_of_target, name)
    if key.startswith("aws:multifactorauth"):
        return None if situation.arn and not situation.user else UNKNOWN
    if key == "aws:username":
        return situation.user or (None if situation.arn else UNKNOWN)
    if key == "aws:principaltype":
        return ("User" if situation.user else "AssumedRole") if situation.arn else UNKNOWN
    told = {
        "aws:principalarn": situation.arn,
        "aws:principalaccount": situation.account,
        "aws:resourceaccount": situation.account_of_target,
        "iam:passedtoservice": situation.service,
    }
    return told.get(key) or UNKNOWN


def _tag(tags: Tags, name: str) -> str | Unknown | None:
    if isinstance(tags, Unknown):
        return UNKNOWN
    return next((value for key, value in tags.items() if key.lower() == name), None)


def _matches(operator: str, wanted: str, value: str) -> bool | None:
    match operator:
        case "stringequals":
            return _same(wanted, value)
        case "stringequalsignorecase" | "bool":
            return wanted.lower() == value.lower()
        case "stringlike":
            return glob_matches(wanted, value) or _same(wanted, value)
        case "arnequals" | "arnlike":
            return _arn_like(wanted, value)
        case _:
            return None


def _same(wanted: str, value: str) -> bool:
    return wanted == value or (value.startswith("arn:") and _arn_like(wanted, value))


def _arn_like(pattern: str, arn: str) -> bool:
    """Match the parts of an ARN one by one; an account that is not known is any."""
    wanted, given = pattern.split(":", 5), arn.split(":", 5)
    if len(wanted) != len(given):
        return glob_matches(pattern, arn)
    return all(its == "*" or glob_matches(part, its) for part, its in zip(wanted, given, strict=True))


def _in_time(condition: Condition, now: datetime) -> bool | None:
    positive = _NEGATED.get(condition.operator, condition.operator)
    test = _DATES.get(positive) or _NUMBERS.get(positive)
    if test is None:
        return None
    holds = _any_of(condition, lambda text: None if (then := _moment(text)) is None else test(now, then))
    return holds if holds is None or positive == condition.operator else not holds


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromtimestamp(int(text), UTC) if text.isdigit() else datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

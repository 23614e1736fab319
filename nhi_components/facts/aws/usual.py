"""Reads statements of the usual form on a short way: nearly all are, and reading with care costs five times as much.

Whatever is unusual in any respect is left to `aws.document`, which tells what is wrong.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from nhi_components.facts.aws.model import Condition, Statement
from nhi_components.facts.aws.traits import MALFORMED

BEGINNINGS_OF_ARNS: Final = ("arn:", "*", "?", "a*", "a?", "ar*", "ar?", "arn*", "arn?")
_FEWEST_ELEMENTS: Final = 3
"""Effect, Action and Resource."""


def usual_statement(document: str, index: int | None, given: dict[str, Any]) -> Statement | None:
    """Read a statement that has Effect, Action and Resource, perhaps Sid and Condition, and nothing to remark.

    Args:
        document: the place of the statements.
        index: its number among them; None when it stands alone.
        given: the statement.

    Returns:
        None for any other statement.
    """
    conditions: tuple[Condition, ...] | None = ()
    if len(given) != _FEWEST_ELEMENTS + ("Sid" in given):
        if len(given) != _FEWEST_ELEMENTS + 1 + ("Sid" in given) or "Condition" not in given:
            return None
        conditions = _usual_conditions(given["Condition"])
    effect, action, resource = given.get("Effect"), given.get("Action"), given.get("Resource")
    actions = (action,) if type(action) is str else tuple(action) if type(action) is list else None
    resources = (resource,) if type(resource) is str else tuple(resource) if type(resource) is list else None
    if not actions or not resources or conditions is None or (effect != "Allow" and effect != "Deny"):
        return None
    try:
        statement = Statement(
            document, index, given, effect == "Allow", actions, resources, None, None, (), None, conditions
        )
    except TypeError:
        return None
    if statement.traits & MALFORMED:
        return None
    if resource != "*":
        for text in resources:
            if type(text) is not str or not text.startswith(BEGINNINGS_OF_ARNS):
                return None
    return statement


def condition_of(operator: str, key: str, values: tuple[Any, ...]) -> Condition:
    """Make a condition of an operator and a key as they are written."""
    bare, qualifier, if_exists = _operator(operator)
    return Condition(bare, key.lower(), values, qualifier, if_exists)


def are_texts(values: list[Any]) -> bool:
    """Tell whether all members of a list are strings."""
    try:
        "".join(values)
    except TypeError:
        return False
    return True


def _usual_conditions(value: object) -> tuple[Condition, ...] | None:
    if type(value) is not dict:
        return None
    conditions = []
    for operator, keys in value.items():
        if type(keys) is not dict:
            return None
        bare, qualifier, if_exists = _operator(operator)
        for key, values in keys.items():
            if type(values) is list and are_texts(values):
                conditions.append(Condition(bare, key.lower(), tuple(values), qualifier, if_exists))
            elif type(values) is str:
                conditions.append(Condition(bare, key.lower(), (values,), qualifier, if_exists))
            else:
                return None
    return tuple(conditions)


@lru_cache(maxsize=1024)
def _operator(text: str) -> tuple[str, str, bool]:
    """Split an operator into its bare name, set qualifier and whether it has `IfExists`, in lower case."""
    name = text.lower()
    qualifier, colon, rest = name.partition(":")
    if colon:
        name = rest
    bare = name.removesuffix("ifexists")
    return bare, qualifier if colon else "", bare != name

"""Whether conditions of Google Cloud hold, as far as that can be decided here: of time, and of what a token claims."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from nhi_components.facts.gcp.conditions import Both, Comparison, Either, Node, parse

_TIME: Final = "request.time"


def holds(node: Node, test: Callable[[Comparison], bool | None]) -> bool | None:
    """Tell whether an expression holds; None when that cannot be decided.

    Args:
        node: the expression.
        test: tells it of one comparison.
    """
    match node:
        case Either(parts):
            each = [holds(part, test) for part in parts]
            return True if True in each else None if None in each else False
        case Both(parts):
            each = [holds(part, test) for part in parts]
            return False if False in each else None if None in each else True
        case _:
            return test(node)


def holds_at(condition: str, now: datetime) -> bool | None:
    """Tell whether the condition of a binding holds at a moment; None when it asks for more than the time.

    Args:
        condition: as the inventory keeps it, JSON with `expression`; empty for none.
        now: the moment (aware).
    """
    if not condition:
        return True
    try:
        expression = json.loads(condition).get("expression", "")
    except (ValueError, AttributeError):
        return None
    return holds(parse(str(expression)), lambda comparison: _in_time(comparison, now))


def claimed(node: Node, claims: Mapping[str, str]) -> bool | None:
    """Tell whether an expression holds of a token; letter case does not count.

    Args:
        node: the expression.
        claims: what the token is known to claim, by the names that expressions have for it.
    """
    return holds(node, lambda comparison: _claims(comparison, claims))


def _in_time(comparison: Comparison, now: datetime) -> bool | None:
    if comparison.subject != _TIME or len(comparison.values) != 1:
        return None
    try:
        then = datetime.fromisoformat(comparison.values[0])
    except ValueError:
        return None
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    match comparison.operator:
        case "<" | "<=":
            return now < then
        case ">" | ">=":
            return now >= then
        case _:
            return None


def _claims(comparison: Comparison, claims: Mapping[str, str]) -> bool | None:
    value = claims.get(comparison.subject)
    if value is None or not comparison.values:
        return None
    given, wanted = value.lower(), [each.lower() for each in comparison.values]
    match comparison.operator:
        case "==" | "in":
            return given in wanted
        case "!=":
            return given not in wanted
        case "startsWith":
            return given.startswith(wanted[0])
        case _:
            return None

"""Conditions of allow policies, and the expressions of workload identity federation: checked and evaluated.

An expression is checked by evaluating all of it, without short cuts, on values of the right types.
Sources: IAM documentation, 'Attribute reference for IAM Conditions' and 'Workload Identity Federation', 'Attribute
mappings'; CEL specification, 'List of standard definitions'.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from tools.doubles.gcp.cel import Call, CelError, Field, Items, Literal, Name, Node, parse
from tools.doubles.gcp.cel_functions import FIELDS_OF_TIME, applied, type_of

OF_POLICIES: Final = frozenset({"timestamp", "duration", "date", "startsWith", "endsWith", "extract", *FIELDS_OF_TIME})
"""Functions that a condition of an allow policy may call."""

OF_FEDERATION: Final = OF_POLICIES | {"contains", "matches", "size", "string", "int", "has", "lowerAscii", "upperAscii"}
"""Functions that an attribute mapping or an attribute condition may call."""

_SAMPLE: Final = {"request": {"time": datetime(2030, 1, 1, tzinfo=UTC)}}
_SAMPLE_RESOURCE: Final = {
    "resource": dict.fromkeys(("name", "type", "service"), "projects/_/buckets/b/objects/o"),
}


class Missing(CelError):
    """A claim or an attribute that is not there: `has` asks for it, anything else fails."""


def check_policy_condition(expression: str) -> None:
    """Tell what a condition of an allow policy may not be.

    Raises:
        CelError: it does not parse, names what is unknown, or is of another type than bool.
    """
    value = _Evaluation(_SAMPLE | _SAMPLE_RESOURCE, OF_POLICIES, strict=True).of(_tree(expression))
    if not isinstance(value, bool):
        raise CelError(f"ERROR: <input>:1:1: expected type 'bool' but found '{type_of(value)}'")


def policy_condition_holds(expression: str, time: datetime, resource: Mapping[str, str]) -> bool:
    """Evaluate a condition of an allow policy; one that fails to evaluate does not hold.

    Args:
        expression: the condition's.
        time: `request.time`.
        resource: `name`, `type` and `service` of what is asked for.
    """
    variables = {"request": {"time": time}, "resource": dict(resource)}
    try:
        return _Evaluation(variables, OF_POLICIES).of(_tree(expression)) is True
    except CelError:
        return False


def check_federation(expression: str, variables: frozenset[str]) -> None:
    """Tell what an attribute mapping or condition may not be; the types of claims are not known beforehand.

    Raises:
        CelError: it does not parse, or names a variable or a function that is unknown.
    """
    _named(_tree(expression), variables)


def evaluate(expression: str, variables: Mapping[str, Any]) -> Any:
    """Evaluate an expression of workload identity federation.

    Raises:
        CelError: it fails on these values; `Missing` where a claim is not there.
    """
    return _Evaluation(variables, OF_FEDERATION).of(_tree(expression))


@lru_cache(4096)
def _tree(expression: str) -> Node:
    return parse(expression)


def _named(node: Node, variables: frozenset[str]) -> None:
    match node:
        case Name(name) if name not in variables:
            raise _undeclared(name)
        case Field(of, key):
            _named(of, variables)
            _named(key, variables)
        case Items(items):
            for each in items:
                _named(each, variables)
        case Call(name, arguments, target):
            if name[0].isalpha() and name not in OF_FEDERATION | {"neg", "in"}:
                raise _undeclared(name)
            for each in (*arguments, *([target] if target else [])):
                _named(each, variables)


class _Evaluation:
    def __init__(self, variables: Mapping[str, Any], functions: frozenset[str], *, strict: bool = False) -> None:
        self._variables, self._functions, self._strict = variables, functions, strict

    def of(self, node: Node) -> Any:
        match node:
            case Literal(value):
                return value
            case Name(name):
                if name not in self._variables:
                    raise _undeclared(name)
                return self._variables[name]
            case Field(of, key):
                return _field(self.of(of), self.of(key))
            case Items(items):
                return [self.of(each) for each in items]
            case Call("&&" | "||", (left, right)):
                return self._logical(node.name, left, right)
            case Call("?:", (question, yes, no)):
                asked = _bool(self.of(question))
                answers = [self.of(each) for each in (yes, no)] if self._strict else []
                return answers[not asked] if answers else self.of(yes if asked else no)
            case Call("has", (Field(of, key),), None):
                return self._has(of, key)
            case Call(name, arguments, target):
                values = [self.of(each) for each in ((target,) if target else ()) + arguments]
                return self._called(name, values, is_method=target is not None)
        raise AssertionError(node)

    def _logical(self, name: str, left: Node, right: Node) -> bool:
        """As CEL has it, one side that decides makes up for an error of the other."""
        decides = name == "||"
        if self._strict:
            sides = [_bool(self.of(each), f"_{name}_") for each in (left, right)]
            return any(sides) if decides else all(sides)
        failed: CelError | None = None
        for each in (left, right):
            try:
                if _bool(self.of(each), f"_{name}_") is decides:
                    return decides
            except CelError as error:
                failed = error
        if failed is not None:
            raise failed
        return not decides

    def _has(self, of: Node, key: Node) -> bool:
        if "has" not in self._functions:
            raise _undeclared("has")
        try:
            _field(self.of(of), self.of(key))
        except Missing:
            return False
        return True

    def _called(self, name: str, values: list[Any], *, is_method: bool) -> Any:
        if (name[0].isalpha() and name not in self._functions | {"neg", "in"}) or name == "has":
            raise _undeclared(name)
        kinds = [type_of(each) for each in values]
        try:
            result = applied(name, values, is_method=is_method)
        except (TypeError, ArithmeticError):
            result = NotImplemented
        if result is NotImplemented:
            spelt = name if name[0].isalpha() and name not in ("neg", "in") else f"_{name}_"
            told = f"{kinds[0]}.({', '.join(kinds[1:])})" if is_method else f"({', '.join(kinds)})"
            raise CelError(f"ERROR: <input>:1:1: found no matching overload for '{spelt}' applied to '{told}'")
        return result


def _field(of: Any, key: Any) -> Any:
    if isinstance(of, list) and isinstance(key, int):
        if not 0 <= key < len(of):
            raise Missing(f"ERROR: <input>:1:1: index out of bounds: {key}")
        return of[key]
    if not isinstance(of, Mapping):
        raise CelError(f"ERROR: <input>:1:1: type '{type_of(of)}' does not support field selection")
    if key not in of:
        raise Missing(f"ERROR: <input>:1:1: undefined field '{key}'")
    return of[key]


def _bool(value: Any, spelt: str = "_?_:_") -> bool:
    if not isinstance(value, bool):
        raise CelError(f"ERROR: <input>:1:1: found no matching overload for '{spelt}' applied to '({type_of(value)})'")
    return value


def _undeclared(name: str) -> CelError:
    return CelError(f"ERROR: <input>:1:1: undeclared reference to '{name}' (in container '')")

"""What CEL's operators, functions and methods do, and on which types.

Sources: CEL specification, 'List of standard definitions'; IAM documentation, 'Attribute reference for IAM
Conditions' (`date`, `extract`).
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tools.doubles.gcp.cel import CelError

_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_DURATION = re.compile(r"-?(?:\d+(?:\.\d+)?(?:h|ms|us|ns|m|s))+")
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)")
_COMPARED = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_CALCULATED = {"+": operator.add, "-": operator.sub, "*": operator.mul, "%": operator.mod}
_TYPES: Final = {
    bool: "bool",
    str: "string",
    int: "int",
    float: "double",
    datetime: "google.protobuf.Timestamp",
    timedelta: "google.protobuf.Duration",
    list: "list",
    dict: "map",
    type(None): "null",
}
FIELDS_OF_TIME: Final[Mapping[str, Callable[[datetime], int]]] = {
    "getFullYear": lambda moment: moment.year,
    "getMonth": lambda moment: moment.month - 1,
    "getDate": lambda moment: moment.day,
    "getDayOfMonth": lambda moment: moment.day - 1,
    "getDayOfWeek": lambda moment: moment.isoweekday() % 7,
    "getDayOfYear": lambda moment: moment.timetuple().tm_yday - 1,
    "getHours": lambda moment: moment.hour,
    "getMinutes": lambda moment: moment.minute,
    "getSeconds": lambda moment: moment.second,
}


def applied(name: str, values: list[Any], *, is_method: bool) -> Any:
    """Apply an operator, a function, or a method to its target; `NotImplemented` on types that it is not for."""
    match name, values:
        case "==", (left, right):
            return left == right if _alike(left, right) else NotImplemented
        case "!=", (left, right):
            return left != right if _alike(left, right) else NotImplemented
        case "in", (wanted, list() | dict() as among):
            return wanted in among
        case "!", (bool() as only,):
            return not only
        case "neg", (int() | float() as only,) if not isinstance(only, bool):
            return -only
        case (("<" | "<=" | ">" | ">="), (left, right)) if _alike(left, right) and not isinstance(left, list | dict):
            return _COMPARED[name](left, right)
        case (("+" | "-" | "*" | "%"), (left, right)) if _fit_together(name, left, right):
            return _CALCULATED[name](left, right)
        case "/", (int() as left, int() as right):
            return int(left / right)
    return _of_method(name, values) if is_method else _of_function(name, values)


def _of_method(name: str, values: list[Any]) -> Any:
    match name, values:
        case "startsWith", (str() as text, str() as part):
            return text.startswith(part)
        case "endsWith", (str() as text, str() as part):
            return text.endswith(part)
        case "contains", (str() as text, str() as part):
            return part in text
        case "matches", (str() as text, str() as pattern):
            return re.search(pattern, text) is not None
        case "extract", (str() as text, str() as template):
            return _extracted(text, template)
        case "lowerAscii", (str() as text,):
            return text.lower()
        case "upperAscii", (str() as text,):
            return text.upper()
        case "size", (str() | list() | dict() as text,):
            return len(text)
        case _, (datetime() as moment, *zone) if name in FIELDS_OF_TIME:
            return FIELDS_OF_TIME[name](_in_zone(moment, zone))
    return NotImplemented


def _of_function(name: str, values: list[Any]) -> Any:
    match name, values:
        case "timestamp", (str() as text,):
            return _timestamp(text)
        case "duration", (str() as text,):
            return _duration(text)
        case "date", (str() as text,):
            return _timestamp(f"{text}T00:00:00Z")
        case "string", (str() | int() | float() as value,) if not isinstance(value, bool):
            return str(value)
        case "int", (str() | int() | float() as value,) if not isinstance(value, bool):
            return int(value)
        case "size", (str() | list() | dict() as text,):
            return len(text)
    return NotImplemented


def _alike(left: Any, right: Any) -> bool:
    return None in (left, right) or type_of(left) == type_of(right)


def _fit_together(name: str, left: Any, right: Any) -> bool:
    if bool in (type(left), type(right)):
        return False
    if isinstance(left, str) or isinstance(right, str):
        return name == "+" and isinstance(left, str) and isinstance(right, str)
    return name in "+-" or not isinstance(left, datetime | timedelta)


def _extracted(text: str, template: str) -> str:
    """Cut out what a template's `{name}` stands for; empty when the template does not fit."""
    before, opening, rest = template.partition("{")
    after = rest.partition("}")[2]
    if not opening:
        raise CelError(f"ERROR: <input>:1:1: invalid template '{template}'")
    start = text.find(before)
    if start < 0:
        return ""
    tail = text[start + len(before) :]
    end = tail.find(after) if after else len(tail)
    return tail[:end] if end >= 0 else ""


def _timestamp(text: str) -> datetime:
    shortened = re.sub(r"(\.\d{6})\d+", r"\1", text) if _STAMP.fullmatch(text) else ""
    try:
        return datetime.fromisoformat(shortened).astimezone(UTC)
    except ValueError:
        raise CelError(f"ERROR: <input>:1:1: invalid timestamp '{text}'") from None


def _duration(text: str) -> timedelta:
    if not _DURATION.fullmatch(text):
        raise CelError(f"ERROR: <input>:1:1: invalid duration '{text}'")
    parts = re.findall(r"(\d+(?:\.\d+)?)(h|ms|us|ns|m|s)", text)
    seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
    return timedelta(seconds=-seconds if text.startswith("-") else seconds)


def _in_zone(moment: datetime, zone: list[Any]) -> datetime:
    try:
        return moment.astimezone(ZoneInfo(zone[0])) if zone else moment
    except (ZoneInfoNotFoundError, ValueError, TypeError):
        raise CelError(f"ERROR: <input>:1:1: unknown time zone '{zone[0]}'") from None


def type_of(value: Any) -> str:
    """Name the type of a value, as CEL does."""
    return next(name for kind, name in _TYPES.items() if isinstance(value, kind))

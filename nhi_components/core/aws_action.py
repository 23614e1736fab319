"""IAM actions as AWS documents them, and what is wrong with one that is granted."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache, lru_cache
from importlib import resources
from typing import Any, Final, NamedTuple

from nhi_components.core.errors import Problem
from nhi_components.core.glob import glob_matcher

READS: Final = frozenset("RL")
"""Levels of the Service Authorization Reference that only read: Read and List."""

PERMISSIONS: Final = "P"
"""Its level `Permissions management`; the others are `W` (Write) and `T` (Tagging)."""


class Action(NamedTuple):
    """One action that AWS documents.

    Attributes:
        name: as it is written, without the service: `SendMessage`.
        level: its access level, one letter.
        scopable: it can be granted on chosen resources; otherwise only on `*`.
    """

    name: str
    level: str
    scopable: bool


@cache
def _catalogue() -> Mapping[str, Any]:
    loaded: dict[str, Any] = json.loads((resources.files(__package__) / "data/aws_actions.json").read_bytes())
    return loaded


def catalogue_source() -> str:
    """Tell whose data, and of which version, says what AWS documents."""
    return str(_catalogue()["source"])


def services() -> Mapping[str, Any]:
    """Give the service prefixes that AWS documents, as keys, in lower case."""
    known: Mapping[str, Any] = _catalogue()["services"]
    return known


@cache
def actions_of(service: str) -> Mapping[str, str]:
    """Give a service's actions as they are spelled, by name in lower case: IAM compares without regard to case."""
    return {name.lower(): name for name in services().get(service, ())}


def codes_of(service: str) -> Mapping[str, str]:
    """Give a code for each of a service's actions, by its name as it is spelled.

    The first letter is its access level, the second `s` when it can be granted on chosen resources, else `-`.
    """
    codes: Mapping[str, str] = services().get(service, {})
    return codes


@cache
def arn_services(service: str) -> frozenset[str]:
    """Name the services whose ARNs a service's actions take: for `sts` also `iam`."""
    return frozenset({service, *_catalogue()["arns"].get(service, ())})


@cache
def arn_types(service: str) -> Mapping[str, frozenset[str]] | None:
    """Give the types of resources that each action takes, by its name in lower case; None where it is not recorded."""
    recorded = _catalogue()["types"].get(service)
    return None if recorded is None else {name.lower(): frozenset(types) for name, types in recorded.items()}


@lru_cache(maxsize=65_536)
def find_action(text: str) -> Action | None:
    """Find an action by its full name, in whatever case; None when AWS does not document it."""
    service, _, lower = text.lower().partition(":")
    name = actions_of(service).get(lower)
    if name is None:
        return None
    code = codes_of(service)[name]
    return Action(name, code[0], code[1] == "s")


@lru_cache(maxsize=16_384)
def matching_actions(pattern: str) -> frozenset[str]:
    """Name the documented actions that a pattern covers, as `service:name` in lower case.

    Args:
        pattern: an action as a policy writes it, with or without `*` and `?`.
    """
    return frozenset(_matching(pattern.lower()))


@cache
def every_action() -> frozenset[str]:
    """Name all documented actions, as `service:name` in lower case."""
    return frozenset(f"{service}:{name}" for service in services() for name in actions_of(service))


def _matching(pattern: str) -> Iterator[str]:
    service_pattern, colon, name_pattern = pattern.partition(":")
    if not colon:
        name_pattern = "*"
    if "*" not in service_pattern and "?" not in service_pattern:
        chosen = [service_pattern] if service_pattern in services() else []
    else:
        chosen = list(filter(glob_matcher(service_pattern), services()))
    for service in chosen:
        yield from (f"{service}:{name}" for name in names_matching(service, name_pattern))


def names_matching(service: str, pattern: str) -> list[str]:
    """Name those of a service's actions that a pattern covers, in lower case as the pattern."""
    names = _sorted_names(service)
    prefix = pattern.rstrip("*")
    if prefix != pattern and "*" not in prefix and "?" not in prefix:
        return names[bisect_left(names, prefix) : bisect_left(names, prefix + _LAST)]
    return list(filter(glob_matcher(pattern), names))


_LAST: Final = "\uffff"
"""Sorts behind every character of an action's name."""


@cache
def _sorted_names(service: str) -> list[str]:
    return sorted(actions_of(service))


def problem_of_action(path: str, action: str) -> Problem | None:
    """Judge one granted action: known to AWS, and without a wildcard.

    Args:
        path: where it stands, for the report.
        action: such as `sqs:SendMessage`.
    """
    if "*" in action or "?" in action:
        return Problem(
            path, action, "one action by its full name", "list each action that is needed, or name an exception"
        )
    service, separator, name = action.partition(":")
    if not separator:
        return Problem(path, action, "service:Action", "write it like `sqs:SendMessage`")
    if service.lower() not in services():
        return Problem(path, action, "a service prefix that AWS documents", _suggest(service.lower(), list(services())))
    known = actions_of(service.lower())
    if name.lower() not in known:
        fix = _suggest(name.lower(), list(known), known, service)
        return Problem(path, action, f"an action that AWS documents for {service}", fix)
    return None


def takes_no_resource(action: str) -> bool:
    """Tell whether AWS documents that an action can only be granted on `*`."""
    known = find_action(action)
    return known is not None and not known.scopable


def _suggest(word: str, words: list[str], spelled: Mapping[str, str] | None = None, service: str = "") -> str:
    close = get_close_matches(word, words, n=1)
    if not close:
        return "look it up in the AWS Service Authorization Reference"
    name = spelled[close[0]] if spelled else close[0]
    return f"did you mean `{service}:{name}`?" if service else f"did you mean `{name}`?"

"""Takes values out of documents of unknown shape and notes everything that is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from nhi_components.core.text import shown
from nhi_components.facts.gcp.conditions import Condition
from nhi_components.facts.model import NotYetKnown, Resource, Unjudged
from nhi_components.facts.values import UNKNOWN, Located, Unknown, kind_of

GUIDE = "write it as the IAM reference documents it"


class Notes:
    """What could not be read of one resource.

    Attributes:
        resource: what is being read.
        facts: an `Unjudged` or `NotYetKnown` for each part that could not be read, in the order of reading.
    """

    def __init__(self, resource: Resource) -> None:
        self.resource = resource
        self.facts: list[Unjudged | NotYetKnown] = []

    def wrong(self, path: str, got: str, expected: str, fix: str = GUIDE) -> None:
        """Note something that no rule can judge."""
        self.facts.append(Unjudged(self.resource, path, got, expected, fix))

    def not_yet_known(self, path: str, subject: str) -> None:
        """Note something that is known only later."""
        self.facts.append(NotYetKnown(self.resource, path, subject))

    def note(self, path: str, value: object, subject: str, expected: str) -> None:
        """Note a value that is not what it should be."""
        if value is UNKNOWN:
            self.not_yet_known(path, subject)
        else:
            self.wrong(path, shown(value) if isinstance(value, str) and value else kind_of(value), expected)

    def texts(self, path: str, value: object, subject: str, expected: str) -> Iterator[Located]:
        """Yield a string, or the strings of a list, with their places."""
        if isinstance(value, str) and value:
            yield Located(value, path)
        elif isinstance(value, list):
            for index, member in enumerate(value):
                if isinstance(member, str) and member:
                    yield Located(member, f"{path}[{index}]")
                else:
                    self.note(f"{path}[{index}]", member, subject, expected)
        else:
            self.note(path, value, subject, expected)

    def block(self, path: str, value: object, expected: str) -> Mapping[str, Any] | None:
        """Give an object, also one that stands alone in a list; None for none, or when it is something else."""
        if isinstance(value, list) and len(value) < 2:
            value = value[0] if value else None
        if value is None:
            return None
        if isinstance(value, Mapping):
            return value
        self.note(path, value, "object", expected)
        return None

    def condition(self, path: str, value: object) -> Condition | None:
        """Read the text of a condition; an empty one is none."""
        if value is None or value == "" or (isinstance(value, str) and value.isspace()):
            return None
        if isinstance(value, str):
            return Condition(path, value)
        if value is UNKNOWN:
            self.not_yet_known(path, "condition")
            return Condition(path, None)
        self.wrong(path, kind_of(value), "an expression as a string")
        return None


def inside(path: str, key: str) -> str:
    """Give the place of a member; the path of a resource as a whole is empty."""
    return f"{path}.{key}" if path else key


def part(given: Mapping[str, Any], *names: str) -> tuple[str, Any]:
    """Give the first of several members that is there, spelt `likeThis` or `like_this`, with its key.

    Returns:
        The first name and None when none of them is there.
    """
    for name in names:
        for key in spellings(name):
            if given.get(key) is not None:
                return key, given[key]
    return names[0], None


@cache
def spellings(name: str) -> tuple[str, ...]:
    """Give a name in camel case and in snake case; one when they are the same."""
    snake = re.sub(r"([A-Z])", r"_\1", name).lower()
    return (name,) if snake == name else (name, snake)


def text_of(value: object) -> str | Unknown:
    """Give a string or UNKNOWN; empty for anything else."""
    return value if isinstance(value, str | Unknown) else ""

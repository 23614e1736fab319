"""Tells people who want to copy another identity's privileges why no field does, and what to do instead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from nhi_components.core.errors import Problem
from nhi_components.core.text import shown

_COPYING_FIELDS: Final = frozenset(
    {
        "basedon",
        "clone",
        "clonefrom",
        "cloneof",
        "copy",
        "copyfrom",
        "copygrants",
        "copygrantsfrom",
        "copyof",
        "extends",
        "grantsfrom",
        "grantslike",
        "grantsof",
        "inherit",
        "inheritfrom",
        "inherits",
        "inheritsfrom",
        "like",
        "mirror",
        "mirrors",
        "sameas",
        "samegrantsas",
    }
)
"""What people and other tools call it, in lower case and without separators."""


def explained_copying(problems: Iterable[Problem], fields: Mapping[str, Any]) -> list[Problem]:
    """Say why there is no field for another identity's privileges, instead of that it is not known.

    Args:
        problems: those of a specification.
        fields: the specification as it was given.

    Returns:
        The problems; one about a field such as `copy_from`, `like` or `same_as` tells why and what to do.
    """
    copying = {problem.path: problem for problem in _copying_fields("", fields)}
    told = [copying.pop(problem.path, problem) for problem in problems]
    return [*told, *copying.values()]


def _copying_fields(place: str, value: object) -> Iterator[Problem]:
    """Look at the fields of the specification, of its identity, grants and secret; deeper there are none of ours."""
    if not isinstance(value, Mapping):
        return
    for name, each in value.items():
        path = f"{place}.{name}" if place else str(name)
        if str(name).replace("_", "").replace("-", "").lower() in _COPYING_FIELDS:
            yield Problem(
                path,
                shown(each) if isinstance(each, str) else "a field that copies",
                "grants of its own: copied privileges are more than one of the two needs, and nobody reviews them",
                f"remove {path}, and list the actions and targets that this identity needs",
            )
        elif not place:
            for index, member in enumerate(each if isinstance(each, list | tuple) else ()):
                yield from _copying_fields(f"{path}[{index}]", member)
            yield from _copying_fields(path, each)

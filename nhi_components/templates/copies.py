"""No identity copies another one's privileges: no field says so, and no two hold the same grants by accident."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from nhi_components.core.errors import Problem
from nhi_components.core.grant import Grant
from nhi_components.core.text import shown

SHORTEST_REASON: Final = 8

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


@dataclass(frozen=True, slots=True)
class Holder:
    """An identity of a program and what it is granted.

    Attributes:
        identity: its name; the same name in another environment or on another system is the same identity.
        grants: what it may do.
        reason: why it holds the same as another one, if it does; at least 8 characters.
    """

    identity: str
    grants: Sequence[Grant]
    reason: str = ""


def shared_grants(new: Holder, others: Iterable[Holder]) -> list[Problem]:
    """Find identities of another name that hold exactly what a new one is granted.

    The same actions on the same targets under the same conditions are refused, however they are divided into grants:
    two such identities are one that is used twice, and neither can be removed or reviewed by itself. The same actions
    on other targets are fine, and so is holding nothing. A reason, of either of the two, permits it.

    Args:
        new: about to be registered.
        others: registered before in the same program.
    """
    held = _held(new.grants)
    if not held or _is_reason(new.reason):
        return []
    return [
        Problem(
            "grants",
            f"exactly those of identity {other.identity!r}",
            "grants of its own, or a reason why two identities need the same",
            "use one identity, narrow the targets to what each needs, or state the reason",
        )
        for other in others
        if other.identity != new.identity and not _is_reason(other.reason) and _held(other.grants) == held
    ]


def _is_reason(text: str) -> bool:
    return len(text.strip()) >= SHORTEST_REASON


def _held(grants: Iterable[Grant]) -> frozenset[tuple[object, ...]]:
    """Take grants apart into actions on targets; a target that is not known yet is only itself."""
    return frozenset(
        (action.lower(), target if isinstance(target, str) else id(target), _conditions(grant))
        for grant in grants
        for action in grant.actions
        for target in grant.targets
    )


def _conditions(grant: Grant) -> frozenset[tuple[object, ...]]:
    return frozenset(
        (operator, key, frozenset(values))
        for operator, tests in (grant.conditions or {}).items()
        for key, values in tests.items()
    )

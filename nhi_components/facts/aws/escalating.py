"""Which ways to more privilege a document opens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import Final, NamedTuple

from nhi_components.core.glob import glob_matches
from nhi_components.facts.aws.conditions import passed_to
from nhi_components.facts.aws.escalation import METHODS, PASS_ROLE, Method
from nhi_components.facts.aws.model import GrantDocument
from nhi_components.facts.aws.traits import PASSES_ROLE, step_bits

_ON_ONESELF: Final = (
    "iam:attachuserpolicy",
    "iam:putuserpolicy",
    "iam:deleteuserpermissionsboundary",
    "iam:putuserpermissionsboundary",
)
"""What escalates even where it is allowed on the caller's own user only."""


class _Way(NamedTuple):
    method: Method
    on_others: int
    beside: tuple[int, ...]


def methods_open_to(document: GrantDocument) -> tuple[Method, ...]:
    """Name the known methods whose steps the statements of a document allow together."""
    permissions = document.permissions
    others = permissions.wide_traits | (permissions.own_traits & _on_oneself())
    if not others & _first_steps():
        return ()
    services = _services_passed_to(document) if others & PASSES_ROLE else None
    return _open_ways(others & _every_step(), permissions.traits & _every_step(), services)


@lru_cache(maxsize=8192)
def _open_ways(others: int, anything: int, services: frozenset[str] | None) -> tuple[Method, ...]:
    return tuple(
        way.method
        for way in _ways()
        if _is_open(way, others, anything) and _passes(services, way.method.passes_role_to)
    )


def _is_open(way: _Way, others: int, anything: int) -> bool:
    if others & way.on_others != way.on_others:
        return False
    return all(anything & alternatives for alternatives in way.beside)


def _services_passed_to(document: GrantDocument) -> frozenset[str] | None:
    services: frozenset[str] = frozenset()
    for permission in document.permissions.each:
        if permission.wide_traits & PASSES_ROLE:
            admitted = passed_to(permission.statement.conditions)
            if admitted is None:
                return None
            services |= admitted
    return services


def _passes(services: frozenset[str] | None, service: str) -> bool:
    return not service or services is None or any(glob_matches(pattern, service) for pattern in services)


@cache
def _ways() -> tuple[_Way, ...]:
    return tuple(
        _Way(
            method,
            _steps(method.on_others) | (_steps((PASS_ROLE,)) if method.passes_role_to else 0),
            tuple(_steps(alternatives) for alternatives in method.beside),
        )
        for method in METHODS
    )


@cache
def _on_oneself() -> int:
    return _steps(_ON_ONESELF)


@cache
def _every_step() -> int:
    return _steps(step_bits())


@cache
def _first_steps() -> int:
    steps = 0
    for way in _ways():
        steps |= way.on_others
    return steps


def _steps(actions: Iterable[str]) -> int:
    bits: Mapping[str, int] = step_bits()
    return sum(bits[action] for action in set(actions))

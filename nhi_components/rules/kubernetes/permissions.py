"""Finds what the rules of a role enable."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from nhi_components.facts.kubernetes.model import ANY, RbacRole, RbacRule
from nhi_components.rules.kubernetes.powers import EVERY_VERB, METHODS, Method, Power

_SHOWN: Final = 3
_KNOWN_GROUPS: Final = frozenset({ANY}).union(*(method.groups for method in METHODS))
_BY_RESOURCE: Final = {
    name: tuple(method for method in METHODS if name in method.resources)
    for name in frozenset[str]().union(*(method.resources for method in METHODS))
}
_PATTERNS: Final = tuple(name[:-1] for name in _BY_RESOURCE if name.endswith("/*"))
_ALL: Final = frozenset({ANY, "*/*"})
"""`*/*` matches nothing in RBAC; whoever writes it means everything, and other judges of the cluster take it so."""


class Found(NamedTuple):
    """A resource on which a rule gives a power, and what can be done with it."""

    resource: str
    what: str


def enabled(role: RbacRole, power: Power) -> Iterator[tuple[RbacRule, str]]:
    """Yield the rules of a role that give a power, each with what it enables, in words."""
    for rule in role.rules:
        found = _of_rule(rule.groups, rule.resources, rule.verbs, rule.names).get(power)
        if found:
            yield rule, told(rule, found)


def told(rule: RbacRule, found: tuple[Found, ...]) -> str:
    """Say verbs, resources and what they enable: the first three resources, and how many more."""
    resources = tuple(dict.fromkeys(each.resource for each in found))
    return f"{verbs_of(rule)} on {listed(resources)}, which {found[0].what}"


def verbs_of(rule: RbacRule) -> str:
    """Name the verbs of a rule."""
    return listed(tuple(sorted(rule.verbs)), most=len(EVERY_VERB))


def listed(names: tuple[str, ...], most: int = _SHOWN) -> str:
    """Name the first of some names, and how many more there are."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def takes_every_verb(verbs: frozenset[str]) -> bool:
    """Tell whether verbs are all there are, by the wildcard or one by one."""
    return ANY in verbs or verbs >= EVERY_VERB


def takes_every_resource(rule: RbacRule) -> bool:
    """Tell whether a rule is about every resource of its groups."""
    return not rule.names and not _ALL.isdisjoint(rule.resources)


@lru_cache(maxsize=16384)
def _of_rule(
    groups: tuple[str, ...], resources: tuple[str, ...], verbs: frozenset[str], names: tuple[str, ...]
) -> dict[Power, tuple[Found, ...]]:
    found: dict[Power, dict[Found, None]] = {}
    known = [resource for resource in dict.fromkeys(resources) if _methods_on(ANY, resource)]
    for group in _KNOWN_GROUPS.intersection(groups) if known else ():
        for resource in known:
            for method in _methods_on(group, resource):
                if _applies(method, verbs, names):
                    found.setdefault(method.power, {})[Found(_shown(group, resource), method.what)] = None
    return {power: tuple(sorted(each)) for power, each in found.items()}


def _applies(method: Method, verbs: frozenset[str], names: tuple[str, ...]) -> bool:
    if (names or method.only_named) and method.names.isdisjoint(names):
        return False
    return ANY in verbs or not method.verbs.isdisjoint(verbs)


def _shown(group: str, resource: str) -> str:
    return f"{resource} of every group" if group == ANY and resource in _ALL else resource


@lru_cache(maxsize=16384)
def _methods_on(group: str, resource: str) -> tuple[Method, ...]:
    """Give the methods on the resources that a group and a resource of a role match."""
    is_plain = ANY not in resource and not resource.startswith(_PATTERNS)
    return tuple(
        method
        for method in (_BY_RESOURCE.get(resource, ()) if is_plain else METHODS)
        if (group == ANY or group in method.groups) and any(_matches(resource, name) for name in method.resources)
    )


def _matches(pattern: str, name: str) -> bool:
    if pattern in _ALL or pattern == name or (name.endswith("/*") and pattern.startswith(name[:-1])):
        return True
    if pattern.startswith("*/"):
        return name.endswith(pattern[1:])
    return pattern.endswith("/*") and name.startswith(pattern[:-1])


def fully_permitted(role: RbacRole) -> dict[str, RbacRule]:
    """Give the API groups on all of whose resources a role permits every verb, each with a rule that does it."""
    verbs: dict[str, frozenset[str]] = {}
    groups: dict[str, RbacRule] = {}
    for rule in role.rules:
        if takes_every_resource(rule):
            for group in rule.groups:
                verbs[group] = verbs.get(group, frozenset()) | rule.verbs
                if takes_every_verb(verbs[group]):
                    groups.setdefault(group, rule)
    return groups


def group_named(group: str) -> str:
    """Name an API group in words."""
    return {"": "the core group", ANY: "every group"}.get(group, group)

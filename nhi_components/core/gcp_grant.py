"""Grants on Google Cloud: what is wrong with them, and which roles they need on which resources.

A grant names permissions, which are compiled into one custom role for each project and set of permissions, or one
predefined role, which is bound as it is. Sources: IAM documentation, 'Quotas and limits' and 'Create and manage custom
roles'; Google publishes no list of permissions that a custom role can't have, so IAM tells of those.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import Final

from nhi_components.core.errors import Problem
from nhi_components.core.gcp_catalogue import (
    all_permissions,
    in_another_letter_case,
    matching,
    permissions_of_service,
    predefined_roles,
)
from nhi_components.core.gcp_resource import LaterTarget, ResourceKind, Target, target_of, target_problems
from nhi_components.core.grant import Grant
from nhi_components.core.text import shown

MOST_PERMISSIONS: Final = 3_000
MOST_ROLE_BYTES: Final = 64 * 1024
"""Title, description and the names of the permissions of a custom role together."""

ROOM_FOR_WORDS: Final = 100 + 300
"""The longest title and description of a custom role, in bytes."""

MOST_OPERATORS: Final = 12
"""Logical operators in one condition."""

MOST_CUSTOM_ROLES: Final = 300
"""Custom roles of a project."""

_ROLE: Final = "roles/"
_BASIC: Final = frozenset({"owner", "editor", "viewer", "admin", "writer", "reader", "browser"})
_PREDEFINED: Final = re.compile(r"roles/[a-zA-Z][\w]*\.[\w.]+", re.ASCII)
_PERMISSION: Final = re.compile(r"[a-zA-Z][\w-]*(?:(?:\.[\w-]+)+/\w+|\.\w+)\.\w+", re.ASCII)
_SERVICES: Final[Mapping[ResourceKind, str]] = MappingProxyType(
    {
        ResourceKind.SERVICE_ACCOUNT: "iam",
        ResourceKind.BUCKET: "storage",
        ResourceKind.TOPIC: "pubsub",
        ResourceKind.SUBSCRIPTION: "pubsub",
        ResourceKind.SECRET: "secretmanager",
        ResourceKind.DATASET: "bigquery",
        ResourceKind.TABLE: "bigquery",
        ResourceKind.KEY_RING: "cloudkms",
        ResourceKind.CRYPTO_KEY: "cloudkms",
        ResourceKind.RUN_SERVICE: "run",
        ResourceKind.REPOSITORY: "artifactregistry",
        ResourceKind.LOG_VIEW: "logging",
    }
)
"""The service whose permissions are of use on a kind; a project is of use to all."""


@dataclass(frozen=True, slots=True)
class RoleNeeded:
    """A role that grants need: a predefined one, or a custom one that has to be made.

    Attributes:
        predefined: its name; empty for a custom one.
        project: the project of the custom role; empty for a predefined one.
        permissions: of the custom role, sorted.
    """

    predefined: str = ""
    project: str = ""
    permissions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BindingNeeded:
    """A role that has to be bound on a resource.

    Attributes:
        role: the role.
        target: the resource; one that is known at deployment only stays what was granted on.
        prefixes: of the objects of a bucket that alone are meant, sorted; empty for all.
        place: where the first of its targets was granted, such as `grants[0].targets[1]`.
    """

    role: RoleNeeded
    target: Target | LaterTarget
    prefixes: tuple[str, ...]
    place: str


def permissions_in(grant: Grant) -> tuple[str, ...]:
    """Give a grant's permissions, with each wildcard replaced by what it stands for; none for a predefined role."""
    found: set[str] = set()
    for action in grant.actions:
        found |= matching(action) if "*" in action else {action}
    return () if _is_role(grant.actions[0]) else tuple(sorted(found))


def bindings_needed(grants: Iterable[Grant], project: str) -> list[BindingNeeded]:
    """Tell which roles have to be bound where; the same role on the same resource is bound once.

    Args:
        grants: without problems.
        project: of the identity: there custom roles are made for targets that tell of no project, such as buckets.
    """
    found: dict[tuple[RoleNeeded, object], BindingNeeded] = {}
    for i, grant in enumerate(grants):
        permissions = permissions_in(grant)
        for j, given in enumerate(grant.targets):
            target = known_target(given) or given
            role = RoleNeeded(project=target.project or project, permissions=permissions)
            role = role if permissions else RoleNeeded(predefined=grant.actions[0])
            key = (role, target.resource if isinstance(target, Target) else id(given))
            prefixes = (target.prefix,) if isinstance(target, Target) and target.prefix else ()
            before = found.get(key)
            if before is None:
                found[key] = BindingNeeded(role, target, prefixes, f"grants[{i}].targets[{j}]")
            else:
                merged = tuple(sorted({*before.prefixes, *prefixes})) if before.prefixes and prefixes else ()
                found[key] = BindingNeeded(role, before.target, merged, before.place)
    return list(found.values())


def known_target(given: object) -> Target | None:
    """Read a target that is known by now; None for one that is known at deployment only."""
    if isinstance(given, str):
        return target_of(given)
    if not isinstance(given, LaterTarget) or not isinstance(given.name, str):
        return None
    target = target_of(given.name)
    return target and Target(target.kind, target.resource, target.project or given.project, target.prefix)


def later_target_problems(place: str, later: LaterTarget, name: str) -> list[Problem]:
    """Judge the name of a target that was known at deployment only, or that came with its kind."""
    target = target_of(name)
    if target is None:
        return target_problems(place, name)
    if target.kind is not later.kind:
        return [Problem(place, shown(name), f"a {later.kind}", f"name a {later.kind}, or correct its kind")]
    if later.project and target.project and later.project != target.project:
        return [Problem(place, shown(name), f"something in project {later.project}", "correct one of the two")]
    return []


def gcp_grant_problems(grants: Iterable[Grant]) -> list[Problem]:
    """Find everything that is wrong with grants on Google Cloud."""
    problems: list[Problem] = []
    grants = list(grants)
    for i, grant in enumerate(grants):
        place = f"grants[{i}]"
        if grant.conditions is not None:
            fix = "remove them; narrow a bucket by a prefix, `projects/_/buckets/NAME/objects/PREFIX*`"
            problems.append(Problem(f"{place}.conditions", shown(", ".join(grant.conditions)), "none on GCP", fix))
        problems += _action_problems(place, grant)
        for j, given in enumerate(grant.targets):
            problems += _target_problems(f"{place}.targets[{j}]", given, grant)
    return problems or _problems_of_all(grants)


def _action_problems(place: str, grant: Grant) -> Iterator[Problem]:
    roles = [action for action in grant.actions if _is_role(action)]
    if roles and len(grant.actions) > 1:
        fix = "give the role a grant of its own, or list permissions alone"
        yield Problem(f"{place}.actions", shown(", ".join(grant.actions)), "one role, or permissions", fix)
    for j, action in enumerate(grant.actions):
        at = f"{place}.actions[{j}]"
        problem = (
            _role_problem(at, action)
            if _is_role(action)
            else _permission_problem(at, action, excepted=grant.exception is not None)
        )
        if problem:
            yield problem


def _is_role(action: str) -> bool:
    return _ROLE in action


def _role_problem(at: str, role: str) -> Problem | None:
    if not role.startswith(_ROLE):
        expected = "permissions, or a predefined role: a custom role may be changed by others at any time"
        return Problem(at, shown(role), expected, "list the permissions that are needed; a role is made of them")
    if role.removeprefix(_ROLE).lower() in _BASIC:
        fix = "list the permissions that are needed, or name a predefined role of one service"
        return Problem(at, role, "no basic role: each reaches every service of a project", fix)
    if not _PREDEFINED.fullmatch(role):
        return Problem(at, shown(role), "a predefined role", "write it like `roles/pubsub.publisher`")
    if role not in predefined_roles():
        return Problem(at, shown(role), "a role that Google documents", _suggestion(role, predefined_roles()))
    return None


def _permission_problem(at: str, permission: str, *, excepted: bool) -> Problem | None:
    if "*" in permission or "?" in permission:
        if not excepted:
            fix = "list each permission that is needed, or name an exception"
            return Problem(at, shown(permission), "one permission by its full name", fix)
        if "." not in permission.split("*")[0] or not matching(permission):
            return Problem(at, shown(permission), "permissions of one service", "write it like `pubsub.topics.*`")
        return None
    if not _PERMISSION.fullmatch(permission):
        return Problem(at, shown(permission), "service.resource.verb", "write it like `pubsub.topics.publish`")
    if excepted or permission in all_permissions():
        return None
    if right := in_another_letter_case(permission):
        return Problem(at, permission, "a permission that Google documents", f"did you mean `{right}`?")
    among = permissions_of_service(permission.partition(".")[0])
    if not among:
        services = sorted({name.partition(".")[0] for name in all_permissions()})
        fix = _suggestion(permission.partition(".")[0], services)
        return Problem(at, permission, "a permission of a service that Google documents", fix)
    return Problem(at, permission, "a permission that Google documents", _suggestion(permission, among))


def _suggestion(word: str, words: Sequence[str]) -> str:
    close = get_close_matches(word, words, n=1)
    return f"did you mean `{close[0]}`?" if close else "look it up in the IAM roles and permissions index"


def _target_problems(at: str, given: object, grant: Grant) -> list[Problem]:
    if isinstance(given, LaterTarget):
        found = later_target_problems(at, given, given.name) if isinstance(given.name, str) else []
        kind: ResourceKind | None = given.kind
    elif isinstance(given, str):
        found, target = target_problems(at, given), target_of(given)
        kind = target.kind if target else None
    else:
        expected = "text, or a target whose kind is known: it decides which binding is made"
        fix = "write LaterTarget(kind=ResourceKind.TOPIC, name=topic.id), or use an intent"
        return [Problem(at, "a value that is known at deployment only", expected, fix)]
    if found or kind is None:
        return found
    service = _SERVICES.get(kind)
    foreign = [name for name in grant.actions if service and name in all_permissions() and not _is_of(service, name)]
    if foreign:
        fix = "grant them on what they are about, in a grant of its own"
        return [Problem(at, f"{', '.join(foreign[:3])} on a {kind}", f"permissions of {service}", fix)]
    return []


def _ambiguity(place: str, target: LaterTarget) -> Problem:
    got = f"a second {target.kind} that is known at deployment only, with the same permissions"
    fix = 'give each one: `label="orders"`, of the intent or of LaterTarget'
    return Problem(place, got, "a label that tells them apart", fix)


def _is_of(service: str, permission: str) -> bool:
    return permission.partition(".")[0] == service


def _problems_of_all(grants: Sequence[Grant]) -> list[Problem]:
    problems: list[Problem] = []
    for i, grant in enumerate(grants):
        permissions = permissions_in(grant)
        size = sum(len(name) for name in permissions)
        if len(permissions) > MOST_PERMISSIONS:
            got = f"{len(permissions):,} permissions"
            problems.append(Problem(f"grants[{i}].actions", got, f"at most {MOST_PERMISSIONS:,}", "split the grant"))
        elif size > MOST_ROLE_BYTES - ROOM_FOR_WORDS:
            got = f"{size:,} bytes of permissions"
            expected = f"at most {MOST_ROLE_BYTES - ROOM_FOR_WORDS:,}"
            problems.append(Problem(f"grants[{i}].actions", got, expected, "split the grant"))
    seen: set[object] = set()
    for needed in bindings_needed(grants, "any-project"):
        if isinstance(needed.target, LaterTarget):
            same = (needed.role, needed.target.kind, needed.target.label)
            problems += [_ambiguity(needed.place, needed.target)] if same in seen else []
            seen.add(same)
        if len(needed.prefixes) > MOST_OPERATORS:
            got = f"{len(needed.prefixes)} prefixes of one bucket with one role"
            fix = "name a common prefix, or split the identity"
            problems.append(Problem(needed.place, got, f"at most {MOST_OPERATORS}", fix))
    return problems

"""What is wrong with grants on Azure: names of operations and roles, targets, and what does not fit together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from typing import Final

from nhi_components.core.azure_catalogue import as_azure_writes_it, operations_of, roles
from nhi_components.core.azure_grant import (
    COSMOS_KINDS,
    COSMOS_ROLES,
    REFUSED,
    RoleNeeded,
    assignments_needed,
    cosmos_role,
    is_role,
    known_target,
    later_target_problems,
    split_by_plane,
)
from nhi_components.core.azure_operation import COSMOS_OPERATIONS, COSMOS_PROVIDER, planes_of, problem_of
from nhi_components.core.azure_resource import LaterTarget, Target, target_of, target_problems
from nhi_components.core.errors import Problem
from nhi_components.core.grant import Grant
from nhi_components.core.text import shown

MOST_ASSIGNMENTS: Final = 100
"""Of our own, for one identity; a subscription has 4,000 (Azure RBAC documentation, 'Azure RBAC limits')."""

_ANYWHERE: Final = frozenset(
    {"microsoft.authorization", "microsoft.insights", "microsoft.resources", "microsoft.resourcehealth"}
)
"""Providers whose operations are about resources of all others."""

_LOOK_UP: Final = "look it up with `az provider operation list`"


def azure_grant_problems(grants: Iterable[Grant]) -> list[Problem]:
    """Find everything that is wrong with grants on Azure."""
    problems: list[Problem] = []
    grants = list(grants)
    for i, grant in enumerate(grants):
        place = f"grants[{i}]"
        if grant.conditions is not None:
            fix = "remove them, and name a smaller scope"
            problems.append(Problem(f"{place}.conditions", shown(", ".join(grant.conditions)), "none on Azure", fix))
        found = list(_action_problems(place, grant))
        problems += found
        for j, given in enumerate(grant.targets):
            problems += _target_problems(f"{place}.targets[{j}]", given, None if found else grant)
    return problems or _problems_of_all(grants)


def _action_problems(place: str, grant: Grant) -> Iterator[Problem]:
    if any(map(is_role, grant.actions)) and len(grant.actions) > 1:
        fix = "give the role a grant of its own, or list operations alone"
        yield Problem(f"{place}.actions", shown(", ".join(grant.actions)), "one role, or operations", fix)
    for j, action in enumerate(grant.actions):
        at, excepted = f"{place}.actions[{j}]", grant.exception is not None
        problem = _role_problem(at, action) if is_role(action) else _operation_problem(at, action, excepted=excepted)
        if problem:
            yield problem


def _role_problem(at: str, role: str) -> Problem | None:
    if cosmos_role(role):
        return None
    entry = roles().find(role)
    if entry is None:
        fix = _suggestion(
            role, (*roles().names, *COSMOS_ROLES), "list operations: a custom role may change at any time"
        )
        return Problem(at, shown(role), "a built-in role by its name, or an operation with slashes", fix)
    if entry.guid in REFUSED:
        fix = "list the operations that are needed, or name a built-in role of one service"
        return Problem(at, role, "no role that reaches every service or hands out roles", fix)
    return None


def _operation_problem(at: str, operation: str, *, excepted: bool) -> Problem | None:
    if "*" in operation or "?" in operation:
        return _wildcard_problem(at, operation, excepted=excepted)
    if planes_of(operation):
        return None
    if problem := problem_of(operation):
        return Problem(at, shown(problem), "an operation of Azure", _suggested(operation))
    if excepted:
        return None
    return Problem(at, shown(operation), "an operation that Azure documents", _suggested(operation))


def _wildcard_problem(at: str, operation: str, *, excepted: bool) -> Problem | None:
    if not excepted:
        fix = "list each operation that is needed, or name an exception"
        return Problem(at, shown(operation), "one operation by its full name", fix)
    if "*" in operation.partition("/")[0] or not planes_of(operation):
        fix = "write it like `Microsoft.Storage/storageAccounts/blobServices/containers/blobs/*`"
        return Problem(at, shown(operation), "operations of one provider", fix)
    return None


def _suggested(operation: str) -> str:
    provider = operation.lower().partition("/")[0]
    among = sorted(operations_of(provider, data=False) | operations_of(provider, data=True))
    among += sorted(COSMOS_OPERATIONS) if provider == COSMOS_PROVIDER else []
    close = get_close_matches(operation.lower(), among, n=1)
    return f"did you mean `{as_azure_writes_it(close[0])}`?" if close else _LOOK_UP


def _suggestion(word: str, words: Sequence[str], otherwise: str) -> str:
    close = get_close_matches(word, words, n=1)
    return f"did you mean `{close[0]}`?" if close else otherwise


def _target_problems(at: str, given: object, grant: Grant | None) -> list[Problem]:
    if isinstance(given, str):
        found, target = target_problems(at, given), target_of(given)
    elif isinstance(given, LaterTarget):
        found, target = _later_problems(at, given), known_target(given)
    else:
        expected = "text, or a target whose kind is known: it decides which role is made"
        fix = "write LaterTarget(kind=ResourceKind.SERVICE_BUS_QUEUE, name=queue.id), or use an intent"
        return [Problem(at, "a value that is known at deployment only", expected, fix)]
    if found or grant is None:
        return found
    return _misfits(at, target, given, grant)


def _later_problems(at: str, later: LaterTarget) -> list[Problem]:
    if not isinstance(later.name, str):
        return []
    target = target_of(later.name)
    if target is None:
        return target_problems(at, later.name)
    return later_target_problems(at, target, later.kind, later.subscription or "", later.resource_group or "")


def _misfits(at: str, target: Target | None, given: object, grant: Grant) -> list[Problem]:
    """Find what would permit nothing where it is granted."""
    kind = target.kind if target else given.kind if isinstance(given, LaterTarget) else None
    first = grant.actions[0]
    planes = split_by_plane(grant)
    if (cosmos_role(first) or (planes.cosmos and not is_role(first))) and kind not in COSMOS_KINDS:
        fix = "name the account, a database or a container of it, in a grant of its own"
        got = f"{first if is_role(first) else ', '.join(planes.cosmos[:3])} on a {kind}"
        return [Problem(at, got, "a Cosmos DB account, whose own roles permit that", fix)]
    if is_role(first) or target is None or not target.provider:
        return []
    foreign = [each for each in grant.actions if _provider_of(each) not in _ANYWHERE | {target.provider}]
    if foreign:
        fix = "grant them on what they are about, in a grant of its own"
        return [Problem(at, f"{', '.join(foreign[:3])} on a {kind}", f"operations of {target.provider}", fix)]
    return []


def _provider_of(operation: str) -> str:
    return operation.lower().partition("/")[0]


def _problems_of_all(grants: Sequence[Grant]) -> list[Problem]:
    problems: list[Problem] = []
    needed = assignments_needed(grants, "", "")
    if len(needed) > MOST_ASSIGNMENTS:
        got, fix = f"{len(needed)} role assignments", "grant on what encloses several, or split the identity"
        problems.append(Problem("grants", got, f"at most {MOST_ASSIGNMENTS}", fix))
    seen: set[tuple[RoleNeeded, object, str]] = set()
    for each in needed:
        if isinstance(each.target, LaterTarget):
            same = (each.role, each.target.kind, each.target.label)
            problems += [_ambiguity(each.place, each.target)] if same in seen else []
            seen.add(same)
    return problems


def _ambiguity(place: str, target: LaterTarget) -> Problem:
    got = f"a second {target.kind} that is known at deployment only, with the same operations"
    fix = 'give each one, as LaterTarget(…, label="orders")'
    return Problem(place, got, "a label that tells them apart", fix)

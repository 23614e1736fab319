"""The roles and assignments of a principal from what a component grants."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from nhi_components.core.azure_grant import AssignmentNeeded, RoleNeeded, assignments_needed, later_target_problems
from nhi_components.core.azure_links import ACCOUNT, DIGEST, RESOURCE_GROUP, SUBSCRIPTION
from nhi_components.core.azure_names import operations_digest
from nhi_components.core.azure_resource import LaterTarget, Target, target_of, target_problems
from nhi_components.core.errors import Problem, SpecError
from nhi_components.core.grant import Grant
from nhi_components.refusal import refusing_plainly

_DIGITS = 8
"""Of a digest, in the names of the resources of Pulumi."""


def custom_roles(grants: Sequence[Grant], subscription: str, resource_group: str) -> list[RoleNeeded]:
    """Tell which custom roles grants need, each once, in order."""
    needed = (each.role for each in assignments_needed(grants, subscription, resource_group))
    return list(dict.fromkeys(role for role in needed if not role.built_in))


def role_attributes(role: RoleNeeded) -> dict[str, str]:
    """Give the attributes of a custom role's link, from which its name follows where its account is known."""
    group = {RESOURCE_GROUP: role.resource_group} if role.resource_group and not role.is_cosmos else {}
    account = {ACCOUNT: role.account} if role.account else {}
    return {SUBSCRIPTION: role.subscription, DIGEST: operations_digest(role.operations), **group, **account}


def role_label(role: RoleNeeded) -> str:
    """Name a custom role within its component, so that it stays itself when others are added or removed."""
    place = role.account or f"{role.subscription}/{role.resource_group}"
    return _digest(place.lower(), *sorted(each.lower() for each in role.operations))


def target_at_deployment(needed: AssignmentNeeded, others: Sequence[AssignmentNeeded]) -> pulumi.Output[Target]:
    """Give what a role is assigned at: now, or when it is known and found to be what it was said to be.

    Args:
        needed: the assignment.
        others: those of the same principal that come before it, none of which may turn out to be the same.
    """
    if isinstance(needed.target, Target):
        return pulumi.Output.from_input(needed.target)
    later = needed.target
    named = [_scope_of(other.target) for other in others if other.role == needed.role]

    @refusing_plainly()
    def judged(known: Mapping[str, Any]) -> Target:
        scope, taken = known["scope"], known["taken"]
        target = target_of(scope)
        if target is None:
            raise SpecError("target known at deployment", target_problems(needed.place, scope))
        place = (needed.subscription, needed.resource_group)
        problems = later_target_problems(needed.place, target, later.kind, *place)
        if scope.lower() in {each.lower() for each in taken}:
            expected = "a scope that the same operations are not granted at before"
            problems.append(Problem(needed.place, scope, expected, "grant it once"))
        if problems:
            raise SpecError("target known at deployment", problems)
        return target

    return pulumi.Output.all(scope=later.name, taken=named).apply(judged)


def short_name(needed: AssignmentNeeded) -> str:
    """Name an assignment within its component, so that it stays itself when others are added or removed."""
    role = needed.role.built_in or role_label(needed.role)
    where = needed.target.scope.lower() if isinstance(needed.target, Target) else needed.target.label
    kind = needed.target.kind.value.lower().replace(" ", "-")
    return f"{kind}-{_digest(role, where)}"


def _scope_of(target: Target | LaterTarget) -> Any:
    return target.scope if isinstance(target, Target) else target.name


def _digest(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:_DIGITS]

"""The roles and bindings of an account from what a component grants."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from nhi_components.core.errors import Problem, SpecError
from nhi_components.core.gcp_grant import BindingNeeded, RoleNeeded, bindings_needed, later_target_problems
from nhi_components.core.gcp_links import DIGEST, PROJECT
from nhi_components.core.gcp_names import role_digest
from nhi_components.core.gcp_resource import LaterTarget, Target, target_of
from nhi_components.core.grant import Grant
from nhi_components.refusal import refusing_plainly


def custom_roles(grants: Sequence[Grant], project: str) -> list[RoleNeeded]:
    """Tell which custom roles grants need, each once, in order."""
    needed = (binding.role for binding in bindings_needed(grants, project))
    return list(dict.fromkeys(role for role in needed if not role.predefined))


def role_attributes(role: RoleNeeded) -> dict[str, str]:
    """Give the attributes of a custom role's link, from which its name follows."""
    return {PROJECT: role.project, DIGEST: role_digest(role.permissions)}


def resource_of(needed: BindingNeeded, others: Sequence[BindingNeeded]) -> pulumi.Output[Target]:
    """Give what a role is bound on: now, or when it is known and found to be what it was said to be.

    Args:
        needed: the binding.
        others: those of the same account that come before it, none of which may turn out to be the same.
    """
    if isinstance(needed.target, Target):
        return pulumi.Output.from_input(needed.target)
    later = needed.target
    named = [_name_of(other.target) for other in others if other.role == needed.role]

    @refusing_plainly()
    def judged(known: Mapping[str, Any]) -> Target:
        name, taken = known["name"], known["taken"]
        problems = later_target_problems(needed.place, later, name)
        target = target_of(name)
        if target is None or problems:
            raise SpecError("target known at deployment", problems)
        if target.resource in map(_bare, taken):
            fix = "grant it once; name several prefixes of a bucket as plain text"
            problem = Problem(needed.place, name, "a resource that the same permissions are not granted on before", fix)
            raise SpecError("target known at deployment", [problem])
        return target

    return pulumi.Output.all(name=later.name, taken=named).apply(judged)


def short_name(needed: BindingNeeded) -> str:
    """Name a binding within its component, so that it stays itself when others are added or removed."""
    role = needed.role.predefined or f"{needed.role.project}/{role_digest(needed.role.permissions)}"
    where = needed.target.resource if isinstance(needed.target, Target) else needed.target.label
    kind = needed.target.kind.value.lower().replace(" ", "-")
    return f"{kind}-{hashlib.sha256(f'{role} {where}'.encode()).hexdigest()[:8]}"


def _name_of(target: Target | LaterTarget) -> Any:
    return target.resource if isinstance(target, Target) else target.name


def _bare(name: str) -> str:
    target = target_of(name)
    return target.resource if target else name

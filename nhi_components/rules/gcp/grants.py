"""Bindings and custom roles as rules look at them: what they grant, and how far."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from nhi_components.facts import Facts, Resource
from nhi_components.facts.gcp.conditions import Comparison
from nhi_components.facts.gcp.members import Kind, classify
from nhi_components.facts.gcp.model import Binding, RoleDefinition, Scope
from nhi_components.rules.gcp.methods import SETS_POLICY

BASIC_ADMINS = frozenset({"owner", "editor", "admin", "writer"})
"""Basic roles that change nearly everything, without `roles/`."""

_VIEWERS = frozenset({"viewer", "reader"})
BASIC_ROLES = BASIC_ADMINS | _VIEWERS
"""Basic roles; each reaches every service."""


_EVERYTHING = frozenset({Scope.ORGANIZATION, Scope.FOLDER, Scope.PROJECT, Scope.NOT_TOLD})
_LOCATIONS = frozenset({"locations", "zones", "regions", "projects", "folders", "organizations"})
_POLICY_GRANTS = "modifiedgrantsbyrole"
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Grant:
    """What one binding gives, or one custom role contains.

    Attributes:
        resource: what it was read from.
        path: the place of the role, or of the list of permissions.
        of: what it is, in words.
        permissions: what it contains.
        role: the name of a role that is bound; empty for a custom role's definition.
        surely_everywhere: it is told that the binding is on a project or more, or follows from the role.
    """

    resource: Resource
    path: str
    of: str
    permissions: frozenset[str]
    role: str = ""
    surely_everywhere: bool = False


def bindings(facts: Facts) -> Iterator[Binding]:
    """Yield the bindings that a rule is to judge: all but those of Google's service agents to their own roles."""
    for binding in facts.of(Binding):
        if not (binding.role.endswith("erviceAgent") and _only_service_agents(binding)):
            yield binding


def broad_bindings(facts: Facts) -> Iterator[Binding]:
    """Yield the bindings on a project or more that no condition narrows to named resources."""
    return (binding for binding in bindings(facts) if reaches_everything(binding))


def broad_grants(facts: Facts) -> Iterator[Grant]:
    """Yield what broad bindings give; a policy editor that a condition holds to harmless roles edits nothing."""
    for binding in broad_bindings(facts):
        if binding.permissions:
            told = binding.scope is not Scope.NOT_TOLD
            of = f"{binding.role} on a {binding.scope}" if told else binding.role
            sure = told or basic_role(binding.role) in BASIC_ADMINS
            yield Grant(binding.resource, binding.role_path, of, permissions_in_effect(binding), binding.role, sure)


def definitions(facts: Facts) -> Iterator[Grant]:
    """Yield what custom roles contain."""
    for role in facts.of(RoleDefinition):
        yield Grant(role.resource, role.path, "a custom role", role.permissions)


def broad_grants_beyond_viewing(facts: Facts) -> Iterator[Grant]:
    """Yield what broad bindings give, but for the basic viewer: it is made to see settings, and is too wide for them.

    What it sees of data and keys is a by-product; `gcp.broad-binding` reports it as a whole.
    """
    return (grant for grant in broad_grants(facts) if basic_role(grant.role) not in _VIEWERS)


def reaches_everything(binding: Binding) -> bool:
    """Tell whether a binding reaches all resources of a project or more; one without told scope is taken to."""
    if binding.scope not in _EVERYTHING:
        return False
    return binding.condition is None or not binding.condition.requires(_names_a_resource)


def permissions_in_effect(binding: Binding) -> frozenset[str]:
    """Give a binding's permissions, without the editing of policies where a condition limits which roles it grants."""
    if binding.condition is None or not binding.condition.requires(_limits_granted_roles):
        return binding.permissions
    return binding.permissions - SETS_POLICY


def edits_policies(binding: Binding) -> bool:
    """Tell whether a binding lets its members rewrite the policy of all that it reaches."""
    return reaches_everything(binding) and not SETS_POLICY.isdisjoint(permissions_in_effect(binding))


def basic_role(role: str) -> str:
    """Give the bare name of a basic role, such as `owner`; empty for any other role."""
    name = role.lower().removeprefix("roles/")
    return "" if "." in name or "/" in name else name


def is_basic(role: str) -> bool:
    """Tell whether a role is a basic one, `roles/viewer` among them."""
    return basic_role(role) in BASIC_ROLES


def some(names: Iterable[str]) -> str:
    """Name the first three and tell how many more there are."""
    listed = list(names)
    more = len(listed) - _SHOWN
    return ", ".join(listed[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _only_service_agents(binding: Binding) -> bool:
    return bool(binding.members) and all(classify(member.text).kind is Kind.SERVICE_AGENT for member in binding.members)


def _names_a_resource(comparison: Comparison) -> bool:
    subject, operator, values = comparison
    if subject == "resource" and operator in ("matchTag", "matchTagId", "hasTagKey", "hasTagKeyId"):
        return bool(values)
    if subject != "resource.name" or not values:
        return False
    if operator in ("==", "in", "startsWith"):
        return all(_is_a_name(value) for value in values)
    return operator in ("derived", "endsWith") and all(value.strip("/") for value in values)


def _is_a_name(text: str) -> bool:
    """Tell whether a resource name, or its beginning, goes as far as a name of something inside a project."""
    segments = [segment for segment in text.removeprefix("//").split("/") if segment]
    if segments and "." in segments[0]:
        segments = segments[1:]
    complete = len(segments) // 2 * 2
    return complete > 0 and segments[complete - 2] not in _LOCATIONS


def _limits_granted_roles(comparison: Comparison) -> bool:
    subject, operator, values = comparison
    if subject != "api" or operator != "getAttribute" or not values or _POLICY_GRANTS not in values[0].lower():
        return False
    roles = values[1:]
    return bool(roles) and not any(basic_role(role) or role.lower().startswith("roles/iam.") for role in roles)

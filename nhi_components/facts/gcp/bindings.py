"""Reads bindings and whole IAM policies."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from nhi_components.core.gcp_catalogue import in_another_letter_case, permissions_of, version
from nhi_components.core.text import shown
from nhi_components.facts.gcp.conditions import Condition
from nhi_components.facts.gcp.members import Kind, classify
from nhi_components.facts.gcp.model import Binding, Scope
from nhi_components.facts.gcp.parts import Notes, inside, part, text_of
from nhi_components.facts.gcp.scopes import scope_of
from nhi_components.facts.model import Fact
from nhi_components.facts.values import UNKNOWN, Located

_CUSTOM_ROLE = re.compile(r"(?:projects|organizations)/[^/\s]+/roles/[A-Za-z0-9_.]+")
_MEMBER = "a member such as `serviceAccount:orders@my-project.iam.gserviceaccount.com`"
_NOTHING: frozenset[str] = frozenset()


def read_policy(
    notes: Notes, path: str, given: Mapping[str, Any], scope: Scope, context: Mapping[str, Any]
) -> Iterator[Fact]:
    """Read a whole IAM policy, `{"bindings": [{"role": …, "members": […]}]}`.

    Args:
        notes: takes what cannot be read.
        path: the place of the policy inside the resource.
        given: the policy.
        scope: on what it stands, where the policy does not say.
        context: what is known around it, as `documents.read` takes it.
    """
    key, value = part(given, "bindings", "binding")
    place = inside(path, key)
    if isinstance(value, Mapping):
        value = [value]
    if not isinstance(value, list):
        notes.note(place, value, "IAM policy", "a list of bindings")
        return
    scope = scope_of(given, context) or scope
    for index, binding in enumerate(value):
        yield from read_binding(notes, f"{place}[{index}]", binding, scope, context)


def read_binding(notes: Notes, path: str, given: object, scope: Scope, context: Mapping[str, Any]) -> Iterator[Fact]:
    """Read one binding, `{"role": …, "members": […] | "member": …, "condition": {…}}`; arguments as `read_policy`."""
    if not isinstance(given, Mapping):
        notes.note(path, given, "binding", "a binding: an object with `role` and `members`")
        return
    reach = scope_of(given, context) or scope
    key, value = part(given, "members", "member")
    members = tuple(_members(notes, inside(path, key), value))
    condition = read_condition(notes, inside(path, "condition"), given.get("condition"))
    key, value = part(given, "role", "roles")
    for role in notes.texts(inside(path, key), value, "role", "a role such as `roles/storage.objectViewer`"):
        permissions = _permissions(notes, role, context)
        project = str(text_of(part(context, "project", "projectId", "account")[1]))
        yield Binding(notes.resource, path, role.text, role.path, members, reach, condition, permissions, project)


def read_condition(notes: Notes, path: str, value: object) -> Condition | None:
    """Read the condition of a binding, `{"title": …, "expression": …}`; UNKNOWN is one that is not known yet."""
    if value is UNKNOWN:
        return notes.condition(path, value)
    if isinstance(value, str):
        return notes.condition(path, value)
    block = notes.block(path, value, "a condition: an object with `title` and `expression`")
    if not block:
        return None
    place, expression = f"{path}.expression", block.get("expression")
    if expression in (None, ""):
        notes.wrong(place, "a condition without expression", "an expression that narrows the binding")
    return notes.condition(place, expression)


def _members(notes: Notes, path: str, value: object) -> Iterator[Located]:
    for member in notes.texts(path, value, "member", _MEMBER):
        if member.text.startswith("${"):
            notes.not_yet_known(member.path, "member")
            continue
        if classify(member.text).kind is Kind.UNKNOWN:
            notes.wrong(member.path, shown(member.text), _MEMBER, "write its kind, a colon and its name")
        yield member


def _permissions(notes: Notes, role: Located, context: Mapping[str, Any]) -> frozenset[str]:
    known = permissions_of(role.text)
    if known is not None:
        return known
    if role.text.startswith("${"):
        notes.not_yet_known(role.path, "role")
    elif not _CUSTOM_ROLE.fullmatch(role.text):
        fix = "correct its name, or judge it by hand when it is newer than the data"
        notes.wrong(role.path, f"{shown(role.text)}, unknown to the data of {version()}", "a predefined role", fix)
        return permissions_of(f"roles/{role.text.rpartition('/')[2].lower()}") or _NOTHING
    return _told_permissions(context, role.text)


def _told_permissions(context: Mapping[str, Any], role: str) -> frozenset[str]:
    told = context.get("roles")
    definition = told.get(role) if isinstance(told, Mapping) else None
    listed = (
        part(definition, "includedPermissions", "permissions")[1] if isinstance(definition, Mapping) else definition
    )
    if not isinstance(listed, list):
        return _NOTHING
    return frozenset(in_another_letter_case(name) or name for name in listed if isinstance(name, str))


def is_binding(given: Mapping[str, Any]) -> bool:
    """Tell whether an object is meant as a binding."""
    if "members" in given or "member" in given:
        return True
    listed = part(given, "includedPermissions", "permissions")[1]
    return "role" in given and listed is None and not isinstance(given["role"], Mapping)

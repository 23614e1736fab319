"""Reads role assignments: as ARM, the CLI, PowerShell and Terraform write them, and `{"role", "members", "scope"}`.

Sources: Azure RBAC documentation, 'Understand Azure role assignments'; Azure REST API, 'Role Assignments - Create'.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from nhi_components.core.azure_catalogue import OWNER
from nhi_components.facts.azure.catalogue import BuiltInRole, built_in_roles
from nhi_components.facts.azure.directory import is_directory_role, role_named
from nhi_components.facts.azure.fields import at, entries_of, fields_of, members_of, parsed, text_of
from nhi_components.facts.azure.model import (
    DirectoryRoleAssignment,
    Permission,
    RoleAssignment,
    RoleDefinition,
    Scope,
    ScopeLevel,
)
from nhi_components.facts.azure.role_definition import read_role_definition, scope_at
from nhi_components.facts.model import Fact, NotYetKnown, Resource, Unjudged
from nhi_components.facts.values import UNKNOWN, Located, kind_of

Fields = Mapping[str, tuple[str, Any]]

_SUBJECT = "role assignment"
_ROLE_NAMES = (
    "roledefinitionname",
    "roledefinitionid",
    "role",
    "roleid",
    "roledefinitionidorname",
    "rolename",
    "roledefinition",
)
_SCOPES = ("scope", "resourcescope", "directoryscopeid")
_PRINCIPALS = (
    "principalid",
    "principalids",
    "principalname",
    "objectid",
    "assignee",
    "assigneeobjectid",
    "signinname",
    "members",
    "member",
    "principal",
    "principals",
    "displayname",
)
_ABSENT: tuple[str, Any] = ("", None)
_CLASSIC = frozenset({"coadministrator", "serviceadministrator", "serviceadministrator;accountadministrator"})
"""Administrators of the model before Azure RBAC, who may do what an Owner may."""
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_REFERENCE = re.compile(r"\$\{|^\[|^(data|azurerm_|module|var|local)\b|^azurerm_")
_LEVEL_OF_TYPE = {
    "tenant": ScopeLevel.TENANT,
    "root": ScopeLevel.TENANT,
    "managementgroup": ScopeLevel.MANAGEMENT_GROUP,
    "subscription": ScopeLevel.SUBSCRIPTION,
    "resourcegroup": ScopeLevel.RESOURCE_GROUP,
}


def read_role_assignment(
    resource: Resource, path: str, value: object, context: Mapping[str, Any] | None = None
) -> Iterator[Fact]:
    """Yield one role assignment, or each of a list, and what could not be understood of it.

    Args:
        resource: what it is read from.
        path: its place there.
        value: the assignment.
        context: `scope`, where the document does not name it, and `role_definition`, of a role of one's own.
    """
    noted: list[Fact] = []
    document = parsed(resource, path, value, _SUBJECT, noted)
    if document is not None or not noted:
        for place, member in entries_of(document, path, "/roleassignments"):
            noted.extend(_RoleAssignmentReader(resource, context or {}).read(place, member))
        if isinstance(document, list | Mapping) and not noted:
            noted.append(Unjudged(resource, path, f"no {_SUBJECT}", f"a {_SUBJECT}", f"write the {_SUBJECT}"))
    return iter(noted)


class _RoleAssignmentReader:
    def __init__(self, resource: Resource, context: Mapping[str, Any]) -> None:
        self._resource = resource
        self._context = context
        self._noted: list[Fact] = []

    def read(self, path: str, value: object) -> list[Fact]:
        if not isinstance(value, Mapping):
            self._noted.append(
                Unjudged(
                    self._resource, path, kind_of(value), "an object", f"write the {_SUBJECT} as Azure documents it"
                )
            )
            return self._noted
        outer = fields_of(value)
        name, inner = outer.get("properties", _ABSENT)
        fields, place = outer, path
        if isinstance(inner, Mapping):
            fields, place = {**outer, **fields_of(inner)}, at(path, name)
        role = self._role_text(place, fields)
        if role is not None:
            self._assign(place, fields, role)
        return self._noted

    def _role_text(self, place: str, fields: Fields) -> Located | None:
        for key in _ROLE_NAMES:
            name, value = fields.get(key, _ABSENT)
            if value is not None:
                return text_of(self._resource, at(place, name), value, "role", self._noted, required=True)
        self._noted.append(
            Unjudged(self._resource, place, "no role", "`roleDefinitionId` or a role's name", "name the role")
        )
        return None

    def _assign(self, place: str, fields: Fields, role: Located) -> None:
        scope = self._scope(place, fields)
        found = _built_in(role.text)
        if found is None and is_directory_role(role.text):
            named = scope.text not in ("", "/") and scope.level is not ScopeLevel.TENANT
            self._noted.append(DirectoryRoleAssignment(self._resource, role.path, role_named(role.text), named))
        permissions = found.permissions if found else self._own_role(role)
        condition = fields.get("condition", _ABSENT)[1]
        kind = fields.get("principaltype", _ABSENT)[1]
        self._noted.append(
            RoleAssignment(
                self._resource,
                role.path,
                found.name if found else role.text,
                permissions,
                scope,
                tuple(self._principals(place, fields)),
                kind if isinstance(kind, str) else "",
                _condition(condition),
            )
        )

    def _own_role(self, role: Located) -> tuple[Permission, ...]:
        defined = self._context.get("role_definition", self._context.get("roleDefinition"))
        if defined is not None:
            facts = tuple(read_role_definition(self._resource, "context.role_definition", defined))
            self._noted.extend(fact for fact in facts if not isinstance(fact, RoleDefinition))
            return tuple(p for fact in facts if isinstance(fact, RoleDefinition) for p in fact.permissions)
        if is_directory_role(role.text) or self._resource.type != "document":
            return ()
        if _REFERENCE.search(role.text) and _GUID.search(role.text) is None:
            self._noted.append(NotYetKnown(self._resource, role.path, "role"))
        else:
            got = f"`{role.text[:120]}`, which is none of Azure's built-in roles"
            fix = "name a built-in role, or give the role's definition along with the assignment"
            self._noted.append(Unjudged(self._resource, role.path, got, "a role whose permissions are known", fix))
        return ()

    def _scope(self, place: str, fields: Fields) -> Scope:
        for key in _SCOPES:
            name, value = fields.get(key, _ABSENT)
            if value is UNKNOWN:
                return Scope("", at(place, name), ScopeLevel.UNSTATED)
            if isinstance(value, Mapping):
                value = fields_of(value).get("id", _ABSENT)[1]
            if value is not None:
                text = text_of(self._resource, at(place, name), value, "scope", self._noted, required=True)
                return Scope("", place, ScopeLevel.UNSTATED) if text is None else self._scope_of(text)
        given = self._context.get("scope")
        if isinstance(given, str):
            return self._scope_of(Located(given, "context.scope"))
        kind = fields.get("resourcetype", fields.get("scopetype", _ABSENT))[1]
        level = _level_of_type(kind) if isinstance(kind, str) else ScopeLevel.UNSTATED
        return Scope("", place, level)

    def _scope_of(self, text: Located) -> Scope:
        level = _level_of_type(text.text) if "/" not in text.text else ScopeLevel.UNSTATED
        if level > ScopeLevel.RESOURCE:
            return Scope(text.text, text.path, level)
        return scope_at(self._resource, text, self._noted)

    def _principals(self, place: str, fields: Fields) -> Iterator[Located]:
        for key in _PRINCIPALS:
            if key in fields:
                name, value = fields[key]
                for path, member in members_of(value, at(place, name)):
                    if isinstance(member, Mapping):
                        member = _name_of_principal(member)
                    if isinstance(member, str):
                        yield Located(member, path)
                    elif member is not UNKNOWN and member is not None:
                        expected, fix = "a principal as a string", "give the principal's object id"
                        self._noted.append(Unjudged(self._resource, path, kind_of(member), expected, fix))


def _built_in(role: str) -> BuiltInRole | None:
    roles = built_in_roles()
    found = roles.find(OWNER if role.lower().replace("-", "").replace(" ", "") in _CLASSIC else role)
    if found is None:
        for guid in reversed(_GUID.findall(role[:2000])):
            found = roles.find(guid)
            if found is not None:
                break
    return found


def _name_of_principal(principal: Mapping[Any, Any]) -> object:
    """Give the id of a principal that is written as an object, or its name; the object itself when it has none."""
    fields = fields_of(principal)
    names = (fields.get(key, _ABSENT)[1] for key in (*_PRINCIPALS, "id", "name"))
    return next((name for name in names if isinstance(name, str)), principal)


def _level_of_type(kind: str) -> ScopeLevel:
    """Give the level of a resource type; a type that encloses no others is a resource."""
    last = kind.lower().replace(" ", "").replace("_", "").replace("-", "").rpartition("/")[2].rstrip("s")
    return _LEVEL_OF_TYPE.get(last, ScopeLevel.RESOURCE if kind else ScopeLevel.UNSTATED)


def _condition(value: object) -> str:
    if isinstance(value, Mapping):
        value = fields_of(value).get("expression", _ABSENT)[1]
    return value if isinstance(value, str) else ""

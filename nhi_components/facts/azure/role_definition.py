"""Reads role definitions: as ARM, the CLI, PowerShell, Terraform and Microsoft Graph write them.

Sources: Azure RBAC documentation, 'Understand Azure role definitions'; Microsoft Graph, `unifiedRoleDefinition`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from nhi_components.core.azure_operation import problem_of
from nhi_components.facts.azure.catalogue import built_in_roles
from nhi_components.facts.azure.fields import at, entries_of, fields_of, members_of, parsed, text_of
from nhi_components.facts.azure.model import Permission, RoleDefinition, Scope, ScopeLevel
from nhi_components.facts.azure.scopes import level_of
from nhi_components.facts.model import Fact, NotYetKnown, Resource, Unjudged
from nhi_components.facts.values import UNKNOWN, Located, kind_of

Fields = Mapping[str, tuple[str, Any]]

_SUBJECT = "role definition"
_LISTS: Final = ("actions", "notactions", "dataactions", "notdataactions")
_DIRECTORY_LISTS = {"allowedresourceactions": "actions", "excludedresourceactions": "notactions"}
_BESIDE_LISTS = frozenset({"condition", "conditionversion", "exclusions"})
_ABSENT: tuple[str, Any] = ("", None)
_FIX_SCOPE = "write a resource id, such as `/subscriptions/<id>/resourceGroups/<name>`"
_EXPECTED = "`permissions` with `actions` or `dataActions`"


def read_role_definition(resource: Resource, path: str, value: object) -> Iterator[Fact]:
    """Yield one role definition, or each of a list, and what could not be understood of it."""
    noted: list[Fact] = []
    document = parsed(resource, path, value, _SUBJECT, noted)
    if document is not None or not noted:
        for place, member in entries_of(document, path, "/roledefinitions"):
            noted.extend(_RoleDefinitionReader(resource).read(place, member))
        if isinstance(document, list | Mapping) and not noted:
            noted.append(Unjudged(resource, path, f"no {_SUBJECT}", f"a {_SUBJECT}", f"write the {_SUBJECT}"))
    return iter(noted)


class _RoleDefinitionReader:
    def __init__(self, resource: Resource) -> None:
        self._resource = resource
        self._noted: list[Fact] = []

    def read(self, path: str, value: object) -> list[Fact]:
        if not isinstance(value, Mapping):
            self._wrong(path, value, "an object")
            return self._noted
        outer = fields_of(value)
        inner_name, inner = outer.get("properties", _ABSENT)
        fields, place = outer, path
        if isinstance(inner, Mapping):
            fields, place = {**outer, **fields_of(inner)}, at(path, inner_name)
        permissions = tuple(self._permissions(place, fields))
        name = next(
            (
                text
                for key in ("rolename", "displayname", "name")
                if isinstance(text := fields.get(key, _ABSENT)[1], str)
            ),
            "",
        )
        built_in = _is_built_in(fields, name)
        self._noted.append(
            RoleDefinition(self._resource, path, name, permissions, tuple(self._scopes(place, fields)), built_in)
        )
        return self._noted

    def _permissions(self, place: str, fields: Fields) -> Iterator[Permission]:
        for key in ("permissions", "rolepermissions"):
            if key in fields and fields[key][1] is not None:
                name, value = fields[key]
                for path, member in members_of(value, at(place, name)):
                    yield from self._permission_member(path, member)
                return
        given = {key: fields[key] for key in (*_LISTS, *_DIRECTORY_LISTS) if key in fields}
        if given:
            yield self._permission(place, given)
        else:
            self._noted.append(
                Unjudged(self._resource, place, "no permissions", _EXPECTED, "say what the role permits")
            )

    def _permission_member(self, path: str, member: object) -> Iterator[Permission]:
        if isinstance(member, Mapping):
            yield self._permission(path, fields_of(member), strict=True)
        else:
            self._wrong(path, member, f"an object with `{_LISTS[0]}`")

    def _permission(self, path: str, fields: Fields, *, strict: bool = False) -> Permission:
        lists: dict[str, tuple[Located, ...]] = dict.fromkeys(_LISTS, ())
        condition = ""
        for key, (name, value) in fields.items():
            known = _DIRECTORY_LISTS.get(key, key)
            if known in lists:
                lists[known] = tuple(self._operations(at(path, name), value))
            elif key == "condition" and isinstance(value, str):
                condition = value
            elif strict and key not in _BESIDE_LISTS:
                self._noted.append(
                    Unjudged(
                        self._resource,
                        at(path, name[:60]),
                        "a field that roles do not have",
                        _EXPECTED,
                        "name it as Azure does, or remove it",
                    )
                )
        given, out, data, data_out = (lists[key] for key in _LISTS)
        return Permission(path, given, out, data, data_out, condition)

    def _operations(self, path: str, value: object) -> Iterator[Located]:
        if value is None:
            return
        for place, member in _flat_members_of(value, path):
            if isinstance(member, str):
                text = member.strip()
                problem = problem_of(text)
                if problem is None:
                    yield Located(text, place)
                    continue
                self._noted.append(
                    Unjudged(
                        self._resource,
                        place,
                        problem,
                        "an operation of Azure",
                        "write it as `az provider operation list` does",
                    )
                )
                if problem.startswith("`") and "no operation" not in problem:
                    yield Located(text, place)
            else:
                self._wrong(place, member, "the name of an operation")

    def _scopes(self, place: str, fields: Fields) -> Iterator[Scope]:
        name, value = fields.get("assignablescopes", _ABSENT)
        if value in (None, []):
            name, value = fields.get("scope", _ABSENT)
        if value is None:
            return
        for path, member in _flat_members_of(value, at(place, name)):
            text = text_of(self._resource, path, member, "scope", self._noted, required=True)
            if text is not None:
                yield scope_at(self._resource, text, self._noted)

    def _wrong(self, path: str, value: object, expected: str) -> None:
        if value is UNKNOWN:
            self._noted.append(NotYetKnown(self._resource, path, _SUBJECT))
        else:
            fix = f"write the {_SUBJECT} as Azure documents it"
            self._noted.append(Unjudged(self._resource, path, kind_of(value), expected, fix))


def _flat_members_of(value: object, path: str) -> Iterator[tuple[str, object]]:
    """Yield the members of a list, and of lists in it, as parsers of HCL wrap them."""
    for place, member in members_of(value, path):
        yield from members_of(member, place)


def scope_at(resource: Resource, text: Located, noted: list[Fact]) -> Scope:
    """Give the scope that a text names; one that names none is noted and may be anything."""
    level = level_of(text.text)
    if level is None:
        noted.append(Unjudged(resource, text.path, f"`{text.text[:80]}`", "a scope of Azure", _FIX_SCOPE))
    return Scope(text.text, text.path, ScopeLevel.UNSTATED if level is None else level)


def _is_built_in(fields: Fields, name: str) -> bool:
    kinds: Iterable[Any] = (fields.get(key, _ABSENT)[1] for key in ("roletype", "type"))
    says_so = fields.get("iscustom", _ABSENT)[1] is False or any(
        isinstance(kind, str) and kind.lower() == "builtinrole" for kind in kinds
    )
    return says_so and built_in_roles().find(name) is not None

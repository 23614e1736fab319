"""Azure's built-in roles, as facts."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from nhi_components.core.azure_catalogue import RoleEntry, RolePermission, Roles, roles
from nhi_components.facts.azure.model import Permission
from nhi_components.facts.values import Located


class BuiltInRole(NamedTuple):
    """One of Azure's own roles.

    Attributes:
        guid: its id, the same in every tenant.
        name: its name.
        permissions: what it grants; their places are empty.
    """

    guid: str
    name: str
    permissions: tuple[Permission, ...]


class Catalogue:
    """The built-in roles by id and by name."""

    def __init__(self, known: Roles) -> None:
        self._known = known
        self._made: dict[str, BuiltInRole] = {}

    def find(self, name_or_guid: str) -> BuiltInRole | None:
        """Give the role with this name or id, whatever its letter case."""
        entry = self._known.find(name_or_guid)
        if entry is None:
            return None
        if entry.guid not in self._made:
            self._made[entry.guid] = _made(entry)
        return self._made[entry.guid]

    def __iter__(self) -> Iterator[BuiltInRole]:
        return (role for guid in self._known.guids if (role := self.find(guid)))


@cache
def built_in_roles() -> Catalogue:
    """Give Azure's own roles."""
    return Catalogue(roles())


def _made(entry: RoleEntry) -> BuiltInRole:
    return BuiltInRole(entry.guid, entry.name, tuple(_permission(each) for each in entry.permissions))


def _permission(permission: RolePermission) -> Permission:
    given, out, data, data_out = (tuple(Located(action, "") for action in part) for part in permission[:4])
    return Permission("", given, out, data, data_out, permission.condition)

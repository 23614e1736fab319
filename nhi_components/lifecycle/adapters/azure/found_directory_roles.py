"""Roles of the directory that service principals and groups have, and what each grants.

Sources: Microsoft Graph reference, 'List unifiedRoleAssignments' (of the directory), 'unifiedRoleDefinition resource
type'. Assignments that are only eligible are none of these.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from nhi_components.core.inventory.records import FoundCarrier, FoundDocument, FoundGrant, Record
from nhi_components.facts.azure.directory import role_named
from nhi_components.lifecycle.adapters.azure.discovery_policy import DIRECTORY_ROLES
from nhi_components.lifecycle.adapters.azure.found_reads import Looks, Told
from nhi_components.lifecycle.discovery.ports import Page, Section

_ASSIGNMENTS: Final = "/roleManagement/directory/roleAssignments"
_DEFINITIONS: Final = "/roleManagement/directory/roleDefinitions"
_PEOPLE: Final = "#microsoft.graph.user"


def directory_roles(looks: Looks, name: str) -> Section:
    """Make the section of the directory's role assignments; each role opens its own."""

    def read(cursor: str | None) -> Page:
        part = looks.graph(f"{_ASSIGNMENTS}?$expand=principal", needs=DIRECTORY_ROLES[0], cursor=cursor)
        own = [each for each in part.items if (each.get("principal") or {}).get("@odata.type") != _PEOPLE]
        found = dict.fromkeys(record for each in own for record in _assigned(each))
        opens = dict.fromkeys(f"directory-role/{each['roleDefinitionId']}" for each in own)
        return Page(list(found), part.next, list(opens))

    return Section(name, "roles of the directory that service principals and groups have", DIRECTORY_ROLES, read)


def directory_role(looks: Looks, name: str, id_: str) -> Section:
    """Make the section of what one role of the directory grants."""

    def read(_: str | None) -> Page:
        found = looks.graph_about(f"{_DEFINITIONS}/{id_}", needs=DIRECTORY_ROLES[0])
        return Page(list(_role(found)) if found else ())

    return Section(name, f"what the directory's role {id_} grants", DIRECTORY_ROLES, read)


def _assigned(told: Told) -> Iterator[Record]:
    holder, role = str(told["principalId"]), str(told["roleDefinitionId"])
    target = str(told.get("appScopeId") or told.get("directoryScopeId") or "/")
    yield FoundGrant(holder, role_named(role), target, via=str(told["id"]))
    yield FoundCarrier(holder, f"{_DEFINITIONS}/{role}", "directory-role")


def _role(told: Told) -> Iterator[Record]:
    key, shown = f"{_DEFINITIONS}/{told['id']}", str(told.get("displayName") or told["id"])
    own = {name: value for name, value in told.items() if not name.startswith("@")}
    yield FoundDocument(key, "directory role", shown, json.dumps(own, sort_keys=True))
    found = [
        FoundGrant(key, str(each), "*", condition=str(block.get("condition") or ""), via=shown)
        for block in told.get("rolePermissions") or ()
        for each in block.get("allowedResourceActions") or ()
    ]
    yield from dict.fromkeys(found)

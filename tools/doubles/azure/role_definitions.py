"""Role definitions: the built-in ones, and the tenant's custom ones, which change as anything of Azure RBAC does.

Sources: Azure RBAC documentation, 'Azure custom roles' (5,000 a tenant, names unique in the tenant, assignable scopes,
no data actions at management groups), 'Understand Azure role definitions', 'Troubleshoot Azure RBAC limits'; REST
reference `Role Definitions`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from nhi_components.facts.azure.patterns import matches
from tools.doubles.azure import catalogue
from tools.doubles.azure.delayed import Clock, Delayed
from tools.doubles.azure.errors import arm
from tools.doubles.azure.scopes import is_within, normalised, stamp

MOST_CUSTOM: Final = 5000
LONGEST_NAME: Final = 512
LONGEST_DESCRIPTION: Final = 2048
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_PARTS = ("actions", "notActions", "dataActions", "notDataActions")


@dataclass(frozen=True, slots=True)
class Role:
    """A role definition.

    Attributes:
        guid: its id, in small letters.
        properties: what the API shows of it, without the times.
        created: when a custom one was made.
        updated: when it was changed.
    """

    guid: str
    properties: Mapping[str, Any]
    created: str = ""
    updated: str = ""

    @property
    def name(self) -> str:
        return str(self.properties["roleName"])

    @property
    def is_custom(self) -> bool:
        return bool(self.properties["type"] == "CustomRole")

    def grants(self, operation: str, *, data: bool) -> bool:
        """Tell whether the role has an operation, which is given in small letters."""
        given, out = ("dataActions", "notDataActions") if data else ("actions", "notActions")
        return any(
            any(matches(each, operation) for each in block.get(given) or ())
            and not any(matches(each, operation) for each in block.get(out) or ())
            for block in self.properties["permissions"]
        )

    def is_assignable(self, scope: str) -> bool:
        """Tell whether the role can be assigned at a scope."""
        return any(is_within(scope, each) for each in self.properties["assignableScopes"])

    def shown(self, scope: str) -> dict[str, Any]:
        """What the API shows, at a scope."""
        where = "/".join(scope.split("/")[:3]) if scope.lower().startswith("/subscriptions/") else ""
        times = {"createdOn": self.created or None, "updatedOn": self.updated or None}
        return {
            "id": f"{where}/providers/Microsoft.Authorization/roleDefinitions/{self.guid}",
            "name": self.guid,
            "type": "Microsoft.Authorization/roleDefinitions",
            "properties": {**self.properties, **times},
        }


class RoleDefinitions:
    """Every role definition of the tenant.

    Attributes:
        custom: the custom ones, by id.
        most: how many there may be.
    """

    def __init__(self, now: Clock, delay: Callable[[], timedelta]) -> None:
        self.custom: Delayed[Role] = Delayed(now, delay)
        self.most = MOST_CUSTOM
        self._now = now

    def find(self, guid: str) -> Role | None:
        """Find one by its id."""
        return self.custom.written.get(guid.lower()) or _built_in(guid.lower())

    def counting(self, guid: str) -> Role | None:
        """One as it counts by now."""
        return self.custom.counting(guid.lower()) or _built_in(guid.lower())

    def named(self, name: str) -> Role | None:
        """Find one by its name, whatever its letter case."""
        wanted = name.lower()
        own = next((each for each in self.custom.written.values() if each.name.lower() == wanted), None)
        return own or _built_in(wanted)

    def all(self) -> list[Role]:
        """Every one, custom ones first."""
        return [
            *self.custom.written.values(),
            *(role for guid in catalogue.built_in_guids() if (role := _built_in(guid))),
        ]

    def put(self, guid: str, properties: Mapping[str, Any]) -> tuple[Role, bool]:
        """Make or change a custom role: the role, and whether it is new.

        Raises:
            Refusal: 400 for what no role may be, 409 for a name that is another's.
        """
        guid = guid.lower()
        if GUID.fullmatch(guid) is None:
            raise arm(
                400, "InvalidRoleDefinitionId", f"The role definition ID '{guid}' is not valid. It must be a GUID."
            )
        if _built_in(guid) is not None:
            raise arm(400, "CannotModifyBuiltInRole", "Built-in roles cannot be modified.")
        checked = _checked(properties)
        namesake, present = self.named(checked["roleName"]), self.custom.written.get(guid)
        if namesake is not None and namesake.guid != guid:
            text = "A custom role with the same name already exists in this directory. Use a different name"
            raise arm(409, "RoleDefinitionWithSameNameExists", text)
        if present is None and len(self.custom.written) >= self.most:
            text = "Role definition limit exceeded. No more role definitions can be created."
            raise arm(400, "RoleDefinitionLimitExceeded", text)
        moment = stamp(self._now())
        role = Role(guid, checked, present.created if present else moment, moment)
        if present is None or present.properties != checked:
            self.custom.put(guid, role)
        return self.custom.written[guid], present is None


def _built_in(name_or_guid: str) -> Role | None:
    found = catalogue.built_in(name_or_guid)
    if found is None:
        return None
    return Role(found["guid"], {name: value for name, value in found.items() if name != "guid"})


def _checked(properties: Mapping[str, Any]) -> dict[str, Any]:
    name, scopes = (
        str(properties.get("roleName") or ""),
        [str(each) for each in properties.get("assignableScopes") or ()],
    )
    description = str(properties.get("description") or "")
    if not 0 < len(name) <= LONGEST_NAME:
        raise arm(400, "RoleDefinitionNameInvalid", f"A role's name has 1 to {LONGEST_NAME} characters.")
    if len(description) > LONGEST_DESCRIPTION:
        raise arm(
            400, "RoleDefinitionDescriptionInvalid", f"A description has at most {LONGEST_DESCRIPTION} characters."
        )
    if properties.get("type", "CustomRole") != "CustomRole":
        raise arm(400, "RoleDefinitionTypeInvalid", "Only roles of type CustomRole can be made.")
    if not scopes or any(normalised(each) in ("/", "") for each in scopes):
        raise arm(400, "MissingAssignableScopes", "A custom role has at least one assignable scope, and never '/'.")
    blocks = [{part: [str(each) for each in block.get(part) or ()] for part in _PARTS} for block in _blocks(properties)]
    for block in blocks:
        for part, patterns in block.items():
            is_data = part in ("dataActions", "notDataActions")
            for each in patterns:
                _judge(each, data=is_data)
    if any("managementgroups" in each.lower() for each in scopes) and any(block["dataActions"] for block in blocks):
        text = "A role with data actions cannot have a management group among its assignable scopes."
        raise arm(400, "RoleDefinitionWithDataActionsNotAllowedAtManagementGroup", text)
    checked = {"roleName": name, "type": "CustomRole", "description": description, "assignableScopes": scopes}
    return checked | {"permissions": blocks}


def _blocks(properties: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    blocks = list(properties.get("permissions") or ())
    if len(blocks) != 1:
        raise arm(400, "InvalidRoleDefinition", "A custom role has exactly one element in 'permissions'.")
    return blocks


def _judge(pattern: str, *, data: bool) -> None:
    if not catalogue.is_supported(pattern, data=data):
        kind, code = (
            ("data actions", "InvalidDataActionOrNotDataAction") if data else ("actions", "InvalidActionOrNotAction")
        )
        raise arm(400, code, f"'{pattern}' does not match any of the {kind} supported by the providers.")

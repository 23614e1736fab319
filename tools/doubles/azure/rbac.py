"""Azure RBAC: role assignments, what they permit, and how late that is known.

`Rbac.permits` is what every service of the double asks. An assignment outlives its principal ('Identity not found'):
a token that was issued before lives on, so does what it may do, until the assignment goes.
Sources: Azure RBAC documentation, 'Troubleshoot Azure RBAC' (changes take up to 10 minutes; assignments of deleted
principals; `RoleAssignmentExists`; replication of new principals), 'Troubleshoot Azure RBAC limits' (4,000 assignments
a subscription), 'Assign Azure roles using the REST API' (principalType); `RoleAssignmentUpdateNotPermitted` is a 400:
Azure/Azure-Landing-Zones issue 2040.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final
from uuid import uuid4

from tools.doubles.azure.conditions import condition_holds, condition_problem
from tools.doubles.azure.delayed import Clock, Delayed
from tools.doubles.azure.directory import TENANT, Directory, Kind, Principal
from tools.doubles.azure.errors import arm
from tools.doubles.azure.role_definitions import GUID, RoleDefinitions
from tools.doubles.azure.scopes import is_within, normalised, stamp, subscription_of

MOST_IN_SUBSCRIPTION: Final = 4000
_TYPES = {Kind.APPLICATION: "ServicePrincipal", Kind.MANAGED_IDENTITY: "ServicePrincipal", Kind.USER: "User"}
_TYPES[Kind.GROUP] = "Group"
_KNOWN_TYPES = {"User", "Group", "ServicePrincipal", "ForeignGroup", "Device"}


@dataclass(frozen=True, slots=True)
class Assignment:
    """One role, assigned to one principal at one scope.

    Attributes:
        name: its GUID.
        scope: as it was given, without a slash at its end.
        role: the role definition's GUID.
        principal: the principal's object id.
        facts: description, condition, conditionVersion, createdBy and so on, as the API shows them.
    """

    name: str
    scope: str
    role: str
    principal: str
    principal_type: str
    facts: Mapping[str, Any]

    @property
    def id(self) -> str:
        """The resource id."""
        return (
            f"{'' if self.scope == '/' else self.scope}/providers/Microsoft.Authorization/roleAssignments/{self.name}"
        )

    @property
    def what(self) -> tuple[str, str, str]:
        """What must not change, and is assigned once only."""
        return self.principal, self.role, normalised(self.scope)

    def shown(self) -> dict[str, Any]:
        """What the API shows."""
        subscription = "/".join(self.scope.split("/")[:3]) if subscription_of(self.scope) else ""
        properties = {
            "roleDefinitionId": f"{subscription}/providers/Microsoft.Authorization/roleDefinitions/{self.role}",
            "principalId": self.principal,
            "principalType": self.principal_type,
            "scope": self.scope,
            **self.facts,
        }
        kind = "Microsoft.Authorization/roleAssignments"
        return {"properties": properties, "id": self.id, "type": kind, "name": self.name}


class Rbac:
    """Every role assignment of the tenant.

    Attributes:
        assignments: each by its resource id in small letters.
        roles: the role definitions.
        most: how many assignments a subscription may have.
    """

    def __init__(self, directory: Directory, now: Clock, propagation: Callable[[], timedelta]) -> None:
        self.assignments: Delayed[Assignment] = Delayed(now, propagation)
        self.roles = RoleDefinitions(now, propagation)
        self.most = MOST_IN_SUBSCRIPTION
        self._directory, self._now = directory, now

    def permits(
        self, principal: str, operation: str, scope: str, *, data: bool = False, about: Mapping[str, str] | None = None
    ) -> bool:
        """Tell whether a principal may do something at a scope, by what is assigned to it there or above.

        Args:
            principal: the object id.
            operation: such as `Microsoft.KeyVault/vaults/secrets/getSecret/action`.
            scope: a resource id, or any other scope.
            data: whether it is an operation on data.
            about: attributes of the resource, for conditions: by their name, such as `containers/blobs:path`.
        """
        asked = operation.lower()
        return any(
            role.grants(asked, data=data)
            and condition_holds(str(each.facts.get("condition") or ""), asked, about or {})
            for each in self.assignments.all_counting()
            if each.principal == principal and is_within(scope, each.scope)
            if (role := self.roles.counting(each.role)) is not None
        )

    def assign(self, principal: Principal, role: str, scope: str, **facts: Any) -> Assignment:
        """Assign a role, by its name or id, as a person would by hand."""
        found = self.roles.named(role) or self.roles.find(role)
        if found is None:
            raise LookupError(f"no role {role}")
        properties = {"roleDefinitionId": found.guid, "principalId": principal.object_id, **facts}
        return self.put(scope, str(uuid4()), properties, "by hand")[0]

    def put(self, scope: str, name: str, properties: Mapping[str, Any], caller: str) -> tuple[Assignment, bool]:
        """Make an assignment, or change the description or condition of one: it, and whether it is new.

        Raises:
            Refusal: as Azure words it.
        """
        if GUID.fullmatch(name.lower()) is None:
            text = f"The role assignment ID '{name}' is not valid. The role assignment ID must be a GUID."
            raise arm(400, "InvalidRoleAssignmentId", text)
        asked = self._read(normalised(scope) if scope == "/" else scope.rstrip("/"), name.lower(), properties)
        key = asked.id.lower()
        present = self.assignments.written.get(key)
        if present is None:
            self._judge_new(asked, properties)
        elif present.what != asked.what:
            text = "Tenant ID, application ID, principal ID, and scope are not allowed to be updated."
            raise arm(400, "RoleAssignmentUpdateNotPermitted", text)
        moment = stamp(self._now())
        made = {"createdOn": moment, "updatedOn": moment, "createdBy": caller, "updatedBy": caller}
        if present is not None:
            made |= {each: present.facts[each] for each in ("createdOn", "createdBy")}
        self.assignments.put(key, replace(asked, facts={**asked.facts, **made}))
        return self.assignments.written[key], present is None

    def remove(self, id_: str) -> Assignment | None:
        """Remove an assignment by its resource id."""
        return self.assignments.remove(normalised(id_))

    def forget(self, scope: str) -> None:
        """Remove what was assigned at a resource that is gone, or in it."""
        for key, each in list(self.assignments.written.items()):
            if is_within(each.scope, scope):
                self.assignments.remove(key)

    def of_principal(self, object_id: str) -> list[Assignment]:
        """What is assigned to a principal, living or deleted."""
        return [each for each in self.assignments.written.values() if each.principal == object_id]

    def _read(self, scope: str, name: str, properties: Mapping[str, Any]) -> Assignment:
        role = str(properties.get("roleDefinitionId") or "").rstrip("/").rpartition("/")[2].lower()
        principal, told = str(properties.get("principalId") or "").lower(), properties.get("principalType")
        if not role or not principal:
            raise arm(400, "InvalidRoleAssignment", "A role assignment needs roleDefinitionId and principalId.")
        if told is not None and told not in _KNOWN_TYPES:
            raise arm(400, "InvalidPrincipalType", f"The principal type '{told}' is not valid.")
        if told in ("ForeignGroup", "Device"):
            raise arm(400, "UnsupportedPrincipalType", f"The double knows no principals of type {told}.")
        found = self._directory.by_id.get(principal)
        is_type = told or (_TYPES[found.kind] if found else "ServicePrincipal")
        given = {each: properties.get(each) for each in ("description", "condition", "conditionVersion")}
        given["delegatedManagedIdentityResourceId"] = properties.get("delegatedManagedIdentityResourceId")
        if problem := condition_problem(given["condition"], given["conditionVersion"]):
            raise arm(400, "InvalidRoleAssignmentCondition", problem)
        return Assignment(name, scope, role, principal, is_type, given)

    def _judge_new(self, asked: Assignment, properties: Mapping[str, Any]) -> None:
        role = self.roles.find(asked.role)
        if role is None:
            text = f"The specified role definition with ID '{asked.role}' does not exist."
            raise arm(400, "RoleDefinitionDoesNotExist", text)
        if not role.is_assignable(asked.scope):
            text = f"The role definition '{asked.role}' is not assignable at scope '{asked.scope}'."
            raise arm(400, "RoleDefinitionNotAssignableAtScope", text)
        self._judge_principal(asked, properties)
        twin = next((each for each in self.assignments.written.values() if each.what == asked.what), None)
        if twin is not None:
            text = "The role assignment already exists. The ID of the conflicting role assignment is"
            raise arm(409, "RoleAssignmentExists", f"{text} {twin.name.replace('-', '')}.")
        subscription = subscription_of(asked.scope)
        scopes = (each.scope for each in self.assignments.written.values())
        if subscription and sum(subscription_of(each) == subscription for each in scopes) >= self.most:
            text = f"No more role assignments can be created in the subscription; the limit is {self.most:,}."
            raise arm(400, "RoleAssignmentLimitExceeded", text)

    def _judge_principal(self, asked: Assignment, properties: Mapping[str, Any]) -> None:
        found = self._directory.find(asked.principal)
        # Whoever names the type spares Azure the look into a directory that may be behind.
        if found is None or not (self._directory.is_replicated(found) or properties.get("principalType")):
            text = (
                f"Principal {asked.principal.replace('-', '')} does not exist in the directory {TENANT}. Check that "
                "you have the correct principal ID. If you are creating this principal and then immediately assigning "
                "a role, this error might be related to a replication delay. In this case, set the role assignment "
                "principalType property to a value, such as ServicePrincipal, User, or Group. See "
                "https://aka.ms/docs-principaltype"
            )
            raise arm(400, "PrincipalNotFound", text)
        if asked.principal_type != _TYPES[found.kind]:
            text = (
                f"The PrincipalId '{asked.principal.replace('-', '')}' has type '{_TYPES[found.kind]}' , which is "
                f"different from specified PrinciaplType '{asked.principal_type}'."
            )
            raise arm(400, "UnmatchedPrincipalType", text)

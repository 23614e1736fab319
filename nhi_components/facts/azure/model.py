"""Facts about Azure RBAC and Microsoft Entra ID.

The grammar is that of the Azure RBAC documentation, 'Understand Azure role definitions', 'Understand scope' and
'Azure role assignment conditions', and of the Entra documentation, 'Workload identity federation'.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from nhi_components.facts.model import Resource
from nhi_components.facts.values import Located, Unknown


class ScopeLevel(IntEnum):
    """How much a scope encloses; `UNSTATED` where a document does not tell."""

    UNSTATED = 0
    RESOURCE = 1
    RESOURCE_GROUP = 2
    SUBSCRIPTION = 3
    MANAGEMENT_GROUP = 4
    TENANT = 5


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a role holds, or may be assigned.

    Attributes:
        text: as it is written.
        path: where it is written.
        level: how much it encloses.
    """

    text: str
    path: str
    level: ScopeLevel


@dataclass(frozen=True, slots=True)
class Permission:
    """One member of a role's `permissions`: what it grants, less what it takes out again.

    What is taken out is not denied: another role may grant it.

    Attributes:
        path: where it stands.
        actions: operations of the control plane, with wildcards.
        not_actions: taken out of `actions`.
        data_actions: operations on data, with wildcards.
        not_data_actions: taken out of `data_actions`.
        condition: an ABAC condition; empty for none.
    """

    path: str
    actions: tuple[Located, ...]
    not_actions: tuple[Located, ...] = ()
    data_actions: tuple[Located, ...] = ()
    not_data_actions: tuple[Located, ...] = ()
    condition: str = ""


@dataclass(frozen=True, slots=True)
class RoleDefinition:
    """A role.

    Attributes:
        resource: what it was read from.
        path: the place inside the resource.
        name: its name; empty when not given.
        permissions: what it grants.
        scopes: where it may be assigned.
        built_in: it is one of Azure's own, which may be assigned anywhere.
    """

    resource: Resource
    path: str
    name: str
    permissions: tuple[Permission, ...]
    scopes: tuple[Scope, ...]
    built_in: bool = False


@dataclass(frozen=True, slots=True)
class RoleAssignment:
    """Principals get a role at a scope.

    Attributes:
        resource: what it was read from.
        path: where the role is named.
        role: its name, or its id where no name is known.
        permissions: what the role grants; empty for a role of one's own that is defined elsewhere.
        scope: where it holds.
        principals: who gets it, as far as the document tells.
        principal_type: such as `ServicePrincipal`; empty when not given.
        condition: an ABAC condition; empty for none.
    """

    resource: Resource
    path: str
    role: str
    permissions: tuple[Permission, ...]
    scope: Scope
    principals: tuple[Located, ...]
    principal_type: str
    condition: str


@dataclass(frozen=True, slots=True)
class DirectoryRoleAssignment:
    """A principal gets a role of the directory.

    Attributes:
        resource: what it was read from.
        path: where the role is named.
        role: its name, in lower case, or its template id where the name is not known.
        named_scope: it holds for an administrative unit or one application only.
    """

    resource: Resource
    path: str
    role: str
    named_scope: bool


@dataclass(frozen=True, slots=True)
class ApiPermission:
    """An application asks for, or gets, a permission of an API that acts without a user.

    Attributes:
        resource: what it was read from.
        path: where the permission is named.
        permission: its name, or its id where the name is not known.
    """

    resource: Resource
    path: str
    permission: str


@dataclass(frozen=True, slots=True)
class FederatedCredential:
    """Tokens of another issuer are taken for those of an application or a managed identity.

    Attributes:
        resource: what it was read from.
        path: the place inside the resource.
        issuer: whose tokens; None when missing.
        subject: of which subject; None when missing.
        expression: a flexible expression instead of the subject; None when missing.
        audiences: for whom the token was issued; UNKNOWN when not known yet.
    """

    resource: Resource
    path: str
    issuer: Located | Unknown | None
    subject: Located | Unknown | None
    expression: Located | Unknown | None
    audiences: tuple[Located, ...] | Unknown


@dataclass(frozen=True, slots=True)
class VaultAccess:
    """An access policy of a key vault: what a principal may do with all secrets, keys and certificates of it.

    Attributes:
        resource: what it was read from.
        path: the place inside the resource.
        permissions: such as `secrets/get`, in lower case, each with its place.
    """

    resource: Resource
    path: str
    permissions: tuple[Located, ...]


@dataclass(frozen=True, slots=True)
class OpenAccess:
    """A resource of Azure is open to callers that nobody has named.

    Attributes:
        resource: what it was read from.
        path: the place inside the resource.
        got: what stands there.
        anyone: callers need not even sign in; else they may be of any tenant.
    """

    resource: Resource
    path: str
    got: str
    anyone: bool


Grant = RoleDefinition | RoleAssignment

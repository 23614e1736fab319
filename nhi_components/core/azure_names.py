"""Names of what a bundle makes on Azure, within the length and alphabet of each, and ids that are GUIDs.

Sources: Azure documentation, 'Naming rules and restrictions for Azure resources' (`userAssignedIdentities`: 3 to 128
letters, digits, `-` and `_`; `vaults/secrets`: 1 to 127 letters, digits and `-`); Microsoft Entra, 'Important
considerations and restrictions for federated identity credentials' (names: 3 to 120 letters, digits, `-` and `_`);
Azure RBAC documentation, 'Understand Azure role definitions' (a role's name has at most 512 characters and is unique in
the tenant); REST, `Role Assignments - Create` (the name is a GUID of the caller's choice).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final
from uuid import UUID, uuid5

_OURS: Final = UUID("7d9c1c1e-56a3-5d0f-9f0a-3c2c6f3a1b7e")
"""The namespace of our GUIDs (RFC 9562, version 5)."""

_DIGITS: Final = 8
_TOOL_DIGITS: Final = 4
_LONGEST_TOOL: Final = 40
"""What is left of a managed identity's 128 characters beside identity, environment and suffix, and less."""

_IDENTITIES: Final = "Microsoft.ManagedIdentity/userAssignedIdentities"
_AUTHORIZATION: Final = "providers/Microsoft.Authorization"


def subscription_scope(subscription: str) -> str:
    """The scope that a subscription is."""
    return f"/subscriptions/{subscription}"


def group_scope(subscription: str, group: str) -> str:
    """The scope that a resource group is; of a subscription itself when the group is empty."""
    whole = subscription_scope(subscription)
    return f"{whole}/resourceGroups/{group}" if group else whole


def identity_name(identity: str, environment: str, suffix: str, tool: str = "") -> str:
    """The name of a managed identity within its resource group.

    Args:
        identity: the identity's name.
        environment: its environment.
        suffix: of the lease (`core.lease_id.suffix_of`).
        tool: for one that stands for one tool of an agent; what is too long of it becomes a digest.
    """
    if len(tool) > _LONGEST_TOOL:
        tool = f"{tool[: _LONGEST_TOOL - _TOOL_DIGITS - 1]}-{_digest([tool])[:_TOOL_DIGITS]}"
    return "-".join(part for part in (identity, environment, tool, suffix) if part)


def identity_id(subscription: str, group: str, name: str) -> str:
    """The resource id of a managed identity."""
    return f"{group_scope(subscription, group)}/providers/{_IDENTITIES}/{name}"


def credential_name(label: str, suffix: str) -> str:
    """The name of a federated credential: who is let in by it, and the lease's suffix."""
    return f"{label}-{suffix}"


def credential_id(owner: str, name: str) -> str:
    """The whole name of a federated credential, below the managed identity or application that it is of."""
    return f"{owner}/federatedIdentityCredentials/{name}"


def operations_digest(operations: Iterable[str]) -> str:
    """What tells a custom role from another that is assignable at the same scope; letter case counts for nothing."""
    return _digest(sorted({each.lower() for each in operations}))[:_DIGITS]


def role_guid(lease_id: str, scope: str, digest: str) -> str:
    """The id of a custom role, known before it is made: a role with other operations or another scope has another.

    Args:
        lease_id: the identity's lease.
        scope: the one at which the role may be assigned.
        digest: of its operations (`operations_digest`).
    """
    return _guid("role", lease_id, scope.lower(), digest)


def role_name(identity: str, environment: str, suffix: str, guid: str) -> str:
    """The display name of a custom role, unique in the tenant."""
    return f"{identity}-{environment}-{guid[:_DIGITS]}-{suffix}"


def role_id(subscription: str, guid: str) -> str:
    """The resource id of a role definition, a custom or a built-in one."""
    return f"{subscription_scope(subscription)}/{_AUTHORIZATION}/roleDefinitions/{guid}"


def assignment_guid(lease_id: str, scope: str, role: str, principal: str) -> str:
    """The name of a role assignment, known before it is made, and never that of another lease's.

    Args:
        lease_id: the identity's lease.
        scope: where the role is assigned.
        role: the role definition's id, of which its GUID counts.
        principal: the name of the principal's link, or its object id.
    """
    return _guid("assignment", lease_id, scope.lower(), role.rpartition("/")[2].lower(), principal.lower())


def assignment_id(scope: str, guid: str) -> str:
    """The resource id of a role assignment."""
    return f"{scope}/{_AUTHORIZATION}/roleAssignments/{guid}"


def cosmos_role_id(account: str, guid: str) -> str:
    """The resource id of a role of a Cosmos DB account's own, below the account's id."""
    return f"{account}/sqlRoleDefinitions/{guid}"


def cosmos_assignment_id(account: str, guid: str) -> str:
    """The resource id of an assignment of such a role."""
    return f"{account}/sqlRoleAssignments/{guid}"


def vault_secret_name(vault: str, secret: str) -> str:
    """The name of a Key Vault secret's link: vault and secret."""
    return f"{vault}/{secret}"


def _guid(*parts: str) -> str:
    return str(uuid5(_OURS, "\0".join(parts)))


def _digest(texts: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()

"""Links of Azure: the whole name of each from its identity, its lease and its attributes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from nhi_components.core.azure_names import (
    cosmos_role_id,
    credential_id,
    credential_name,
    group_scope,
    identity_id,
    identity_name,
    role_guid,
    role_id,
    vault_secret_name,
)
from nhi_components.core.links import LinkKind

SUBSCRIPTION: Final = "subscription"
"""Attribute: the subscription that it lies in."""

RESOURCE_GROUP: Final = "resource_group"
"""Attribute: the resource group that it lies in; of a role definition, that it may be assigned in, empty for all of
the subscription."""

TOOL: Final = "tool"
"""Attribute of a managed identity: the one tool of an AI agent that it stands for."""

CLIENT_ID: Final = "client_id"
"""Attribute of a managed identity or an application: the id that its workload names when it asks for a token."""

ACCOUNT: Final = "account"
"""Attribute of a role definition or an assignment of Cosmos DB's own: the account's resource id."""

DIGEST: Final = "digest"
"""Attribute of a role definition: the `operations_digest` of what it permits."""

LABEL: Final = "label"
"""Attribute of a federated credential: what its name begins with."""

LOCATION: Final = "location"
"""Attribute of a managed identity: the region that it was asked for in; absent for the resource group's."""

ASSIGNMENTS: Final = "assignments"
"""Attribute of a principal, on its part of the lease: how many roles will be assigned to it, by subscription, as
`ID=3 ID=1` (`core.azure_grounds`)."""

VAULTS: Final = "vaults"
"""Attribute of a principal, likewise: the resource ids of the Key Vaults on whose contents something is granted."""

PRINCIPAL: Final = "principal"
"""Attribute: the name of the link that it is about. Of a role assignment, the principal's; of a federated credential,
that of what it is on; of a secret, of the managed identity that reads it."""

PRINCIPAL_ID: Final = "principal_id"
"""Attribute of a role assignment: the object id of a principal that is none of the bundle's."""

SUSPENDED: Final = "suspended"
"""Attribute of a managed identity or a service principal: `true` while the identity is suspended."""

VAULT: Final = "vault"
"""Attribute of a secret of a Key Vault: the vault's name."""

VAULT_ID: Final = "vault_id"
"""Attribute of the bundle's own secret: the vault's resource id."""

URI: Final = "uri"
"""Attribute of the bundle's own secret, noted when it is admitted: where it is read, without a version."""

GENERATE_BYTES: Final = "generate_bytes"
"""Attribute of the bundle's own secret: how many random bytes its first value is made of; absent for none."""

EXPIRES: Final = "expires"
"""Attribute of the bundle's own secret: the UTC day at whose start `exp` lies, as `YYYY-MM-DD`."""

APPLICATION: Final = "application"
"""Attribute of a service principal: the object id of its application."""

_Attributes = Mapping[str, str]


def _identity(identity: str, environment: str, lease_id: str, suffix: str, attributes: _Attributes) -> str:
    name = identity_name(identity, environment, suffix, attributes.get(TOOL, ""))
    return identity_id(attributes[SUBSCRIPTION], attributes.get(RESOURCE_GROUP, ""), name)


def _credential(identity: str, environment: str, lease_id: str, suffix: str, attributes: _Attributes) -> str:
    owner = _identity(identity, environment, lease_id, suffix, attributes)
    return credential_id(owner, credential_name(attributes.get(LABEL, ""), suffix))


def _role(identity: str, environment: str, lease_id: str, suffix: str, attributes: _Attributes) -> str:
    subscription, digest = attributes[SUBSCRIPTION], attributes.get(DIGEST, "")
    if account := attributes.get(ACCOUNT):
        return cosmos_role_id(account, role_guid(lease_id, account, digest))
    scope = group_scope(subscription, attributes.get(RESOURCE_GROUP, ""))
    return role_id(subscription, role_guid(lease_id, scope, digest))


_WHOLE_NAMES: Final[Mapping[LinkKind, Callable[[str, str, str, str, _Attributes], str]]] = MappingProxyType(
    {
        LinkKind.AZURE_MANAGED_IDENTITY: _identity,
        LinkKind.AZURE_FEDERATED_CREDENTIAL: _credential,
        LinkKind.AZURE_ROLE_DEFINITION: _role,
    }
)


def whole_name(
    kind: LinkKind, identity: str, environment: str, lease_id: str, suffix: str, attributes: _Attributes
) -> str | None:
    """The whole name of a link, by which it is known; None where its attributes tell of no place on Azure."""
    if kind is LinkKind.KEY_VAULT_SECRET and VAULT in attributes:
        return vault_secret_name(attributes[VAULT], f"{identity}-{environment}-{suffix}")
    if kind in _WHOLE_NAMES and SUBSCRIPTION in attributes:
        return _WHOLE_NAMES[kind](identity, environment, lease_id, suffix, attributes)
    return None

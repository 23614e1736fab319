"""What a grant on Azure names: a scope, by its resource id, at which a role can be assigned.

Written as Azure shows ids, such as `/subscriptions/S/resourceGroups/G/providers/Microsoft.ServiceBus/namespaces/N/
queues/Q`; a blob container is `…/storageAccounts/A/blobServices/default/containers/C`, a secret
`…/vaults/V/secrets/S`. Letter case counts for nothing. Sources: Azure RBAC documentation, 'Understand scope for
Azure RBAC'; Azure documentation, 'Naming rules and restrictions for Azure resources'; Cosmos DB, 'Data plane
role-based access control' (its own roles hold for an account, or for `/dbs/D` or `/dbs/D/colls/C` below its id).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from nhi_components.core.azure_names import group_scope
from nhi_components.core.errors import Problem
from nhi_components.core.text import shown

SUBSCRIPTION_ID: Final = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
RESOURCE_GROUP_NAME: Final = r"[\w().-]{0,89}[\w()-]"
"""1 to 90 characters, the last of them no period."""

_NAME: Final = r"[^/*?\s\x00-\x1f](?:[^/*?\x00-\x1f]{0,258}[^/*?\s\x00-\x1f])?"
"""Of a resource: what no wildcard and no slash is in; each service narrows it further."""


class ResourceKind(StrEnum):
    """A kind of scope."""

    SUBSCRIPTION = "subscription"
    RESOURCE_GROUP = "resource group"
    STORAGE_ACCOUNT = "storage account"
    BLOB_CONTAINER = "blob container"
    STORAGE_QUEUE = "storage queue"
    STORAGE_TABLE = "storage table"
    FILE_SHARE = "file share"
    SERVICE_BUS_NAMESPACE = "Service Bus namespace"
    SERVICE_BUS_QUEUE = "Service Bus queue"
    SERVICE_BUS_TOPIC = "Service Bus topic"
    SERVICE_BUS_SUBSCRIPTION = "Service Bus subscription"
    EVENT_HUBS_NAMESPACE = "Event Hubs namespace"
    EVENT_HUB = "event hub"
    CONSUMER_GROUP = "consumer group"
    KEY_VAULT = "Key Vault"
    VAULT_SECRET = "secret of a Key Vault"  # noqa: S105 - a kind, not a secret
    VAULT_KEY = "key of a Key Vault"
    VAULT_CERTIFICATE = "certificate of a Key Vault"
    COSMOS_ACCOUNT = "Cosmos DB account"
    COSMOS_DATABASE = "Cosmos DB database"
    COSMOS_CONTAINER = "Cosmos DB container"
    SQL_SERVER = "SQL server"
    SQL_DATABASE = "SQL database"
    CONTAINER_REGISTRY = "container registry"
    RESOURCE = "resource of another kind"


_ACCOUNTS: Final = "Microsoft.DocumentDB/databaseAccounts/*"
_STORAGE: Final = "Microsoft.Storage/storageAccounts/*"
_PATHS: Final[Mapping[ResourceKind, str]] = MappingProxyType(
    {
        ResourceKind.STORAGE_ACCOUNT: _STORAGE,
        ResourceKind.BLOB_CONTAINER: f"{_STORAGE}/blobServices/default/containers/*",
        ResourceKind.STORAGE_QUEUE: f"{_STORAGE}/queueServices/default/queues/*",
        ResourceKind.STORAGE_TABLE: f"{_STORAGE}/tableServices/default/tables/*",
        ResourceKind.FILE_SHARE: f"{_STORAGE}/fileServices/default/fileshares/*",
        ResourceKind.SERVICE_BUS_NAMESPACE: "Microsoft.ServiceBus/namespaces/*",
        ResourceKind.SERVICE_BUS_QUEUE: "Microsoft.ServiceBus/namespaces/*/queues/*",
        ResourceKind.SERVICE_BUS_TOPIC: "Microsoft.ServiceBus/namespaces/*/topics/*",
        ResourceKind.SERVICE_BUS_SUBSCRIPTION: "Microsoft.ServiceBus/namespaces/*/topics/*/subscriptions/*",
        ResourceKind.EVENT_HUBS_NAMESPACE: "Microsoft.EventHub/namespaces/*",
        ResourceKind.EVENT_HUB: "Microsoft.EventHub/namespaces/*/eventhubs/*",
        ResourceKind.CONSUMER_GROUP: "Microsoft.EventHub/namespaces/*/eventhubs/*/consumergroups/*",
        ResourceKind.KEY_VAULT: "Microsoft.KeyVault/vaults/*",
        ResourceKind.VAULT_SECRET: "Microsoft.KeyVault/vaults/*/secrets/*",
        ResourceKind.VAULT_KEY: "Microsoft.KeyVault/vaults/*/keys/*",
        ResourceKind.VAULT_CERTIFICATE: "Microsoft.KeyVault/vaults/*/certificates/*",
        ResourceKind.COSMOS_ACCOUNT: _ACCOUNTS,
        ResourceKind.COSMOS_DATABASE: f"{_ACCOUNTS}/sqlDatabases/*",
        ResourceKind.COSMOS_CONTAINER: f"{_ACCOUNTS}/sqlDatabases/*/containers/*",
        ResourceKind.SQL_SERVER: "Microsoft.Sql/servers/*",
        ResourceKind.SQL_DATABASE: "Microsoft.Sql/servers/*/databases/*",
        ResourceKind.CONTAINER_REGISTRY: "Microsoft.ContainerRegistry/registries/*",
    }
)
"""Of each kind, what follows `/providers/` in its id; `*` stands for a name."""

_IN_SUBSCRIPTION: Final = rf"/subscriptions/(?P<subscription>{SUBSCRIPTION_ID})"
_IN_GROUP: Final = rf"{_IN_SUBSCRIPTION}/resourceGroups/(?P<group>{RESOURCE_GROUP_NAME})"


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII | re.IGNORECASE)


def _below_group(path: str) -> re.Pattern[str]:
    return _compiled(f"{_IN_GROUP}/providers/{re.escape(path).replace(re.escape('*'), _NAME)}")


_SHAPES: Final[Mapping[ResourceKind, re.Pattern[str]]] = MappingProxyType(
    {
        ResourceKind.SUBSCRIPTION: _compiled(_IN_SUBSCRIPTION),
        ResourceKind.RESOURCE_GROUP: _compiled(_IN_GROUP),
        **{kind: _below_group(path) for kind, path in _PATHS.items()},
        ResourceKind.RESOURCE: _compiled(
            rf"{_IN_GROUP}/providers/(?P<provider>[a-z][a-z0-9]*(?:\.[a-z0-9]+)+)(?:/[a-z][a-z0-9]*/{_NAME})+"
        ),
    }
)
"""In the order in which they are tried: the kind that takes nearly everything is the last."""

KEY_VAULT_ID: Final = _SHAPES[ResourceKind.KEY_VAULT]
_COSMOS: Final = _compiled(
    rf"(?P<account>{_IN_GROUP}/providers/Microsoft\.DocumentDB/databaseAccounts/(?P<name>[^/]+))"
    r"(?:/sqlDatabases/(?P<database>[^/]+)(?:/containers/(?P<container>[^/]+))?)?"
)


@dataclass(frozen=True, slots=True)
class CosmosScope:
    """Where a role of a Cosmos DB account's own holds.

    Attributes:
        account: the account's resource id.
        name: the account's name.
        scope: the account's resource id, with `/dbs/D` and `/colls/C` behind it where the role holds for these only.
    """

    account: str
    name: str
    scope: str


@dataclass(frozen=True, slots=True)
class Target:
    """What a grant names.

    Attributes:
        kind: the kind of scope.
        scope: its resource id, as it was written.
        subscription: the subscription that it lies in, or is.
        resource_group: the resource group that it lies in, or is; empty for a subscription.
    """

    kind: ResourceKind
    scope: str
    subscription: str
    resource_group: str

    @property
    def group(self) -> str:
        """The scope at which a role for it has to be assignable: its resource group, or its subscription."""
        return group_scope(self.subscription, self.resource_group)

    @property
    def provider(self) -> str:
        """The resource provider in lower case; empty for a subscription and a resource group."""
        return self.scope.lower().partition("/providers/")[2].partition("/")[0]

    @property
    def cosmos(self) -> CosmosScope | None:
        """Where a role of a Cosmos DB account's own would hold; None for everything else."""
        found = _COSMOS.fullmatch(self.scope)
        if found is None:
            return None
        database, container = found["database"], found["container"]
        below = f"/dbs/{database}" if database else ""
        return CosmosScope(
            found["account"], found["name"], f"{found['account']}{below}" + (f"/colls/{container}" if container else "")
        )


@dataclass(frozen=True, slots=True)
class LaterTarget:
    """A target whose id is known at deployment only; its kind and place decide now which role is made for it.

    Attributes:
        kind: the kind of scope that it will be.
        name: its resource id, as plain text or as a Pulumi output, as in `Target.scope`.
        subscription: the subscription it lies in; None for the bundle's own.
        resource_group: the resource group it lies in; None for the bundle's own.
        label: tells it from another target of the same kind and with the same operations that is not known either: its
            assignment is named after it, and stays what it is when the other is removed.
    """

    kind: ResourceKind
    name: Any
    subscription: str | None = None
    resource_group: str | None = None
    label: str = ""


def pattern_of(kind: ResourceKind) -> str:
    """The pattern that the whole id of a scope of one kind matches, whatever the letter case."""
    return _SHAPES[kind].pattern


def target_of(scope: str) -> Target | None:
    """Read what a grant names; None when it is nothing that a role can be assigned at."""
    for kind, shape in _SHAPES.items():
        if found := shape.fullmatch(scope):
            fields = found.groupdict()
            return Target(kind, scope, fields["subscription"], fields.get("group") or "")
    return None


def target_problems(path: str, scope: str) -> list[Problem]:
    """Judge one target of a grant; used again at deployment for a target that was unknown before."""
    if target_of(scope):
        return []
    expected = "the id of a subscription, a resource group or a resource"
    fix = "write `/subscriptions/ID/resourceGroups/NAME/providers/…`, as Azure shows ids; in a program, take `.id`"
    return [Problem(path, shown(scope), expected, fix)]

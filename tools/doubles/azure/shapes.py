"""The resource types that grants are about, or that run as identities, and how the API of each behaves.

Sources: REST references of Azure Storage, Service Bus, Event Hubs, Cosmos DB, SQL Database and Container Registry;
Azure Resource Manager documentation, 'Naming rules and restrictions for Azure resources'.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final


class Way(StrEnum):
    """How a call is answered: done at once, accepted, or shown while it is being done."""

    AT_ONCE = "at once"
    ACCEPTED = "accepted"
    SHOWN = "shown"


@dataclass(frozen=True)
class Shape:
    """One resource type.

    Attributes:
        type: its name with its namespace.
        names: what a resource may be called.
        put: how its making is answered.
        delete: how its deletion is answered.
        is_tracked: whether it has a location and tags.
        is_unique: whether its name is taken in all of Azure.
        taken: code and message of the 409 for a name that is.
        needs: what a body must have, from the top on, with dots.
        defaults: properties that it has by itself.
        endpoint: the property that tells its data plane's address, and that address below the double's.
    """

    type: str
    names: re.Pattern[str]
    put: Way = Way.AT_ONCE
    delete: Way = Way.AT_ONCE
    is_tracked: bool = False
    is_unique: bool = False
    taken: tuple[str, str] = ("Conflict", "The name {name} is already in use.")
    needs: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    endpoint: tuple[str, str] = ("", "")

    @property
    def depth(self) -> int:
        return self.type.count("/")


_BUS_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{4,48}[A-Za-z0-9]")
_ENTITY = re.compile(r"[A-Za-z0-9]([\w./~-]{0,258}[A-Za-z0-9_])?")
_SHORT_ENTITY = re.compile(r"[A-Za-z0-9]([\w.-]{0,48}[A-Za-z0-9_])?")
_COSMOS_NAME = re.compile(r"[^/\\?#]{1,255}")
_NAMESPACE_TAKEN = ("NamespaceUnavailable", "The namespace name {name} is not available.")

SHAPES: Final = (
    Shape(
        "Microsoft.Storage/storageAccounts",
        re.compile(r"[a-z0-9]{3,24}"),
        put=Way.ACCEPTED,
        is_tracked=True,
        is_unique=True,
        taken=("StorageAccountAlreadyTaken", "The storage account named {name} is already taken."),
        needs=("location", "kind", "sku.name"),
        defaults={"supportsHttpsTrafficOnly": True, "allowSharedKeyAccess": None},
        endpoint=("primaryEndpoints.blob", "/blob/{name}/"),
    ),
    Shape("Microsoft.Storage/storageAccounts/blobServices", re.compile("default")),
    Shape(
        "Microsoft.Storage/storageAccounts/blobServices/containers",
        re.compile(r"(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]"),
        defaults={"publicAccess": "None"},
    ),
    Shape(
        "Microsoft.ServiceBus/namespaces",
        _BUS_NAME,
        put=Way.SHOWN,
        delete=Way.ACCEPTED,
        is_tracked=True,
        is_unique=True,
        taken=_NAMESPACE_TAKEN,
        needs=("location",),
        defaults={"disableLocalAuth": False},
        endpoint=("serviceBusEndpoint", "/servicebus/{name}/"),
    ),
    Shape("Microsoft.ServiceBus/namespaces/queues", _ENTITY, defaults={"status": "Active"}),
    Shape("Microsoft.ServiceBus/namespaces/topics", _ENTITY, defaults={"status": "Active"}),
    Shape("Microsoft.ServiceBus/namespaces/topics/subscriptions", _SHORT_ENTITY, defaults={"status": "Active"}),
    Shape(
        "Microsoft.EventHub/namespaces",
        _BUS_NAME,
        put=Way.SHOWN,
        delete=Way.ACCEPTED,
        is_tracked=True,
        is_unique=True,
        taken=_NAMESPACE_TAKEN,
        needs=("location",),
        defaults={"disableLocalAuth": False},
        endpoint=("serviceBusEndpoint", "/eventhubs/{name}/"),
    ),
    Shape("Microsoft.EventHub/namespaces/eventhubs", _ENTITY, defaults={"partitionCount": 1, "status": "Active"}),
    Shape("Microsoft.EventHub/namespaces/eventhubs/consumergroups", _SHORT_ENTITY),
    Shape(
        "Microsoft.DocumentDB/databaseAccounts",
        re.compile(r"[a-z0-9][a-z0-9-]{1,42}[a-z0-9]"),
        put=Way.SHOWN,
        delete=Way.ACCEPTED,
        is_tracked=True,
        is_unique=True,
        taken=("BadRequest", "DatabaseAccount name '{name}' already exists."),
        needs=("location", "properties.databaseAccountOfferType", "properties.locations"),
        defaults={"disableLocalAuth": False},
        endpoint=("documentEndpoint", "/cosmos/{name}/"),
    ),
    Shape(
        "Microsoft.DocumentDB/databaseAccounts/sqlDatabases",
        _COSMOS_NAME,
        put=Way.ACCEPTED,
        delete=Way.ACCEPTED,
        needs=("properties.resource.id",),
    ),
    Shape(
        "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers",
        _COSMOS_NAME,
        put=Way.ACCEPTED,
        delete=Way.ACCEPTED,
        needs=("properties.resource.id",),
    ),
    Shape(
        "Microsoft.Sql/servers",
        re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"),
        put=Way.ACCEPTED,
        delete=Way.ACCEPTED,
        is_tracked=True,
        is_unique=True,
        taken=("NameAlreadyExists", "The name '{name}' already exists. Choose a different name."),
        needs=("location",),
        defaults={"state": "Ready", "version": "12.0"},
        endpoint=("fullyQualifiedDomainName", "/sql/{name}"),
    ),
    Shape(
        "Microsoft.Sql/servers/databases",
        re.compile(r"[^<>*%&:\\/?]{0,127}[^<>*%&:\\/?. ]"),
        put=Way.ACCEPTED,
        delete=Way.ACCEPTED,
        is_tracked=True,
        needs=("location",),
        defaults={"status": "Online"},
    ),
    Shape(
        "Microsoft.Sql/servers/administrators",
        re.compile("ActiveDirectory"),
        put=Way.ACCEPTED,
        delete=Way.ACCEPTED,
        needs=("properties.administratorType", "properties.login", "properties.sid"),
    ),
    Shape(
        "Microsoft.ContainerRegistry/registries",
        re.compile(r"[A-Za-z0-9]{5,50}"),
        put=Way.SHOWN,
        delete=Way.ACCEPTED,
        is_tracked=True,
        is_unique=True,
        taken=("AlreadyInUse", "The registry DNS name {name}.azurecr.io is already in use."),
        needs=("location", "sku.name"),
        defaults={"adminUserEnabled": False, "roleAssignmentMode": "LegacyRegistryPermissions"},
        endpoint=("loginServer", "/registry/{name}"),
    ),
    *(
        Shape(each, re.compile(r"[A-Za-z0-9][\w-]{0,62}"), is_tracked=True, needs=("location",))
        for each in (
            "Microsoft.App/containerApps",
            "Microsoft.App/jobs",
            "Microsoft.Automation/automationAccounts",
            "Microsoft.Compute/virtualMachineScaleSets",
            "Microsoft.Compute/virtualMachines",
            "Microsoft.ContainerInstance/containerGroups",
            "Microsoft.ContainerService/managedClusters",
            "Microsoft.DataFactory/factories",
            "Microsoft.Logic/workflows",
            "Microsoft.Web/sites",
        )
    ),
)

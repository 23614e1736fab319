"""The test plugins for Azure without an engine: their providers, asked as the engine asks them, and the double."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.unit.plugins.conftest import Asking
from tools.doubles.azure import AzureDouble
from tools.doubles.azure.directory import TENANT
from tools.doubles.azure.subscriptions import GROUP, SUBSCRIPTION
from tools.doubles.tls import write_authority
from tools.plugins.azure import arm
from tools.plugins.azure.arm import Arm
from tools.plugins.azure.provider import AzureProvider
from tools.plugins.azure.settings import environment_for, read_settings
from tools.plugins.azuread import graph
from tools.plugins.azuread.graph import Graph
from tools.plugins.azuread.provider import AzureadProvider

IN_SUBSCRIPTION: Final = f"/subscriptions/{SUBSCRIPTION}"
IN_GROUP: Final = f"{IN_SUBSCRIPTION}/resourceGroups/{GROUP}/providers"
HERE: Final = {"resourceGroupName": GROUP, "location": "westeurope"}

N = "azure-native:"
GROUPS, IDENTITY = f"{N}resources:ResourceGroup", f"{N}managedidentity:UserAssignedIdentity"
CREDENTIAL, VAULT = f"{N}managedidentity:FederatedIdentityCredential", f"{N}keyvault:Vault"
ROLE, ASSIGNMENT = f"{N}authorization:RoleDefinition", f"{N}authorization:RoleAssignment"
ACCOUNT, BUS, QUEUE = f"{N}storage:StorageAccount", f"{N}servicebus:Namespace", f"{N}servicebus:Queue"
SERVER, REGISTRY, COSMOS = f"{N}sql:Server", f"{N}containerregistry:Registry", f"{N}cosmosdb:DatabaseAccount"
PRINTER = {**HERE, "resourceName": "printer"}
ID = f"{IN_GROUP}/Microsoft.ManagedIdentity/userAssignedIdentities/printer"
STORED = {**HERE, "accountName": "labels", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
NAMESPACE = {**HERE, "namespaceName": "nhi-labels", "sku": {"name": "Standard"}}
CLOSED = {"tenantId": TENANT, "sku": {"family": "A", "name": "standard"}, "enableRbacAuthorization": True}
KEPT_BY_ROLES = {**HERE, "vaultName": "labels", "properties": CLOSED}

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class NativeEngine(Asking):
    """Asks the provider of Azure Resource Manager."""

    double: AzureDouble
    provider: AzureProvider

    def __init__(self, double: AzureDouble, speaker: Mapping[str, str] | None = None) -> None:
        super().__init__(double, AzureProvider())
        variables = speaker or double.ambient()
        settings = read_settings("azure-native", {}, environment_for(double.url, variables, SUBSCRIPTION))
        self.client = Arm(settings, self.naps.append)
        self.provider._client = self.client
        self.client.tokens.of(arm.AUDIENCE)

    def calls(self, start: int = 0) -> list[str]:
        """What the double was asked, with `#` for the number of an operation."""
        return [re.sub(r"(?<=operationStatuses/)[^?]+", "#", each) for each in super().calls(start)]


class DirectoryEngine(Asking):
    """Asks the provider of Microsoft Graph."""

    double: AzureDouble
    provider: AzureadProvider

    def __init__(self, double: AzureDouble) -> None:
        super().__init__(double, AzureadProvider())
        environment = environment_for(double.url, double.ambient("director"), SUBSCRIPTION)
        self.client = Graph(read_settings("azuread", {}, environment, subscribed=False), self.naps.append)
        self.provider._client = self.client
        self.client.tokens.of(graph.AUDIENCE)

    def calls(self, start: int = 0) -> list[str]:
        """What the double was asked, with `#` for each id."""
        return [_GUID.sub("#", each) for each in super().calls(start)]


@contextmanager
def azure(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AzureDouble]:
    """A double whose authority the plugins believe."""
    monkeypatch.setenv("SSL_CERT_FILE", str(write_authority(folder)))
    with AzureDouble() as double:
        yield double

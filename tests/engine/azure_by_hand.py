"""What others make on Azure: queues and vaults that no stack knows, and what a person does to a bundle by hand."""

from __future__ import annotations

from typing import Final
from uuid import uuid4

from nhi_components.core.azure_names import role_id, subscription_scope
from tests.engine.azure import BUS, IN_GROUP, QUEUE, AzureCloud
from tests.engine.azure_access import ask
from tools.doubles.azure.directory import TENANT, Principal
from tools.doubles.azure.subscriptions import LOCATION, SUBSCRIPTION

OTHER: Final = QUEUE.replace("/orders", "/other")
VAULT: Final = "nhi-secrets"
VAULT_ID: Final = f"{IN_GROUP}/Microsoft.KeyVault/vaults/{VAULT}"


def make_queues(cloud: AzureCloud) -> None:
    """Make the queues `QUEUE` and `OTHER` in one namespace of Service Bus."""
    namespace = f"{IN_GROUP}/Microsoft.ServiceBus/namespaces/{BUS}"
    ask(cloud, "PUT", namespace, {"location": LOCATION, "sku": {"name": "Standard"}})
    for queue in (QUEUE, OTHER):
        ask(cloud, "PUT", queue, {"properties": {}})


def make_vault(cloud: AzureCloud, *, protected: bool = False) -> None:
    """Make a Key Vault that takes roles, `VAULT_ID`; protected against purge or not."""
    kept = {"enablePurgeProtection": True} if protected else {}
    sku = {"family": "A", "name": "standard"}
    properties = {"tenantId": TENANT, "sku": sku, "enableRbacAuthorization": True, **kept}
    ask(cloud, "PUT", VAULT_ID, {"location": LOCATION, "properties": properties})


def make_role(cloud: AzureCloud, name: str, *operations: str) -> str:
    """Make a custom role of operations on data; give its resource id."""
    role = role_id(SUBSCRIPTION, str(uuid4()))
    block = {"actions": [], "notActions": [], "dataActions": operations, "notDataActions": []}
    scopes = [subscription_scope(SUBSCRIPTION)]
    fields = {"roleName": name, "type": "CustomRole", "assignableScopes": scopes, "permissions": [block]}
    ask(cloud, "PUT", role, {"properties": fields})
    return role


def make_identity(cloud: AzureCloud, identity: str) -> Principal:
    """Make a managed identity by its resource id; give its principal."""
    ask(cloud, "PUT", identity, {"location": LOCATION, "tags": {"team": "warehouse"}})
    return principal_of(cloud, identity)


def principal_of(cloud: AzureCloud, identity: str) -> Principal:
    """The principal that a managed identity is now."""
    with cloud.double.lock:
        return cloud.double.identities.principal_of(identity)


def assign(cloud: AzureCloud, principal: Principal, scope: str, role: str) -> str:
    """Assign a role, by its name or resource id; give the assignment's resource id."""
    with cloud.double.lock:
        return cloud.double.rbac.assign(principal, role.rpartition("/")[2], scope).id

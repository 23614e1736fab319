"""Azure's resources in a state: known by their ids, in whatever letter case a service has written them."""

from __future__ import annotations

from typing import Any

import pytest

from nhi_components.core.links import Link, LinkKind, System
from nhi_components.provider.stack_state import ENGINE_MANAGED, urns_of

GROUP = "/subscriptions/0b1f6e5a-3c1d-4b8e-9f57-5a0f5a6b7c01/resourceGroups/shop"
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/orders"
ROLES = "providers/Microsoft.Authorization"
ACCOUNT = f"{GROUP}/providers/Microsoft.DocumentDB/databaseAccounts/orders"
GUID = "11111111-2222-5333-8444-555555555555"


@pytest.mark.parametrize(
    ("type_", "kind", "name"),
    [
        ("azure-native:managedidentity:UserAssignedIdentity", LinkKind.AZURE_MANAGED_IDENTITY, IDENTITY),
        (
            "azure-native:managedidentity:FederatedIdentityCredential",
            LinkKind.AZURE_FEDERATED_CREDENTIAL,
            f"{IDENTITY}/federatedIdentityCredentials/github-abcdef",
        ),
        (
            "azure-native:authorization:RoleDefinition",
            LinkKind.AZURE_ROLE_DEFINITION,
            f"{GROUP}/{ROLES}/roleDefinitions/{GUID}",
        ),
        (
            "azure-native:authorization:RoleAssignment",
            LinkKind.AZURE_ROLE_ASSIGNMENT,
            f"{GROUP}/{ROLES}/roleAssignments/{GUID}",
        ),
        (
            "azure-native:cosmosdb:SqlResourceSqlRoleDefinition",
            LinkKind.AZURE_ROLE_DEFINITION,
            f"{ACCOUNT}/sqlRoleDefinitions/{GUID}",
        ),
        (
            "azure-native:cosmosdb:SqlResourceSqlRoleAssignment",
            LinkKind.AZURE_ROLE_ASSIGNMENT,
            f"{ACCOUNT}/sqlRoleAssignments/{GUID}",
        ),
    ],
)
def test_a_resource_is_found_by_its_id(type_: str, kind: LinkKind, name: str) -> None:
    written = name.replace("resourceGroups", "resourcegroups")
    state = state_of({"urn": f"urn:{type_}", "type": type_, "id": written, "outputs": {"name": "orders"}})
    assert urns_of(state, [Link(System.AZURE, kind, name)]) == {f"urn:{type_}"}
    assert urns_of(state, [Link(System.AZURE, kind, f"{name}x")]) == set()
    assert kind in ENGINE_MANAGED


@pytest.mark.parametrize(
    ("type_", "kind"),
    [
        ("azuread:index/application:Application", LinkKind.ENTRA_APPLICATION),
        ("azuread:index/servicePrincipal:ServicePrincipal", LinkKind.ENTRA_SERVICE_PRINCIPAL),
    ],
)
def test_an_application_is_found_by_its_display_name(type_: str, kind: LinkKind) -> None:
    made = {"urn": "urn:app", "type": type_, "id": GUID, "outputs": {"displayName": "Orders-dev"}}
    assert urns_of(state_of(made), [Link(System.AZURE, kind, "Orders-dev")]) == {"urn:app"}
    assert urns_of(state_of(made), [Link(System.AZURE, kind, "orders-dev")]) == set()


def test_the_bundle_s_secret_is_none_of_the_engine_s() -> None:
    assert LinkKind.KEY_VAULT_SECRET not in ENGINE_MANAGED


def state_of(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"deployment": {"resources": list(resources)}}

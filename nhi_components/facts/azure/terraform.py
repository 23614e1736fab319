"""Which Pulumi type reads a type of Terraform's azurerm and azuread providers. Data for `facts.terraform`.

Source: the resources of pulumi-azure 6 and pulumi-azuread 6, which are made from these providers.
"""

from __future__ import annotations

from typing import Final

_AZURERM: Final = {
    "app_configuration": "appconfiguration/configurationStore:ConfigurationStore",
    "cognitive_account": "cognitive/account:Account",
    "container_registry": "containerservice/registry:Registry",
    "cosmosdb_account": "cosmosdb/account:Account",
    "eventhub_namespace": "eventhub/eventHubNamespace:EventHubNamespace",
    "federated_identity_credential": "armmsi/federatedIdentityCredential:FederatedIdentityCredential",
    "key_vault": "keyvault/keyVault:KeyVault",
    "key_vault_access_policy": "keyvault/accessPolicy:AccessPolicy",
    "kubernetes_cluster": "containerservice/kubernetesCluster:KubernetesCluster",
    "lighthouse_definition": "lighthouse/definition:Definition",
    "pim_active_role_assignment": "pim/activeRoleAssignment:ActiveRoleAssignment",
    "pim_eligible_role_assignment": "pim/eligibleRoleAssignment:EligibleRoleAssignment",
    "role_assignment": "authorization/assignment:Assignment",
    "role_definition": "authorization/roleDefinition:RoleDefinition",
    "servicebus_namespace": "servicebus/namespace:Namespace",
    "storage_account": "storage/account:Account",
    "storage_container": "storage/container:Container",
}
_AZUREAD: Final = (
    "AppRoleAssignment",
    "Application",
    "ApplicationApiAccess",
    "ApplicationCertificate",
    "ApplicationFederatedIdentityCredential",
    "ApplicationFlexibleFederatedIdentityCredential",
    "ApplicationPassword",
    "ApplicationRegistration",
    "CustomDirectoryRole",
    "DirectoryRoleAssignment",
    "DirectoryRoleEligibilityScheduleRequest",
    "DirectoryRoleMember",
    "ServicePrincipalCertificate",
    "ServicePrincipalPassword",
    "ServicePrincipalTokenSigningCertificate",
)


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


TYPES: Final[dict[str, str]] = {
    **{f"azurerm_{name}": f"azure:{token}" for name, token in _AZURERM.items()},
    **{f"azuread_{_snake(name)}": f"azuread:index/{name[0].lower()}{name[1:]}:{name}" for name in _AZUREAD},
}
"""Type token by Terraform type."""

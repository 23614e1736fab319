"""Known ways from a permission of Azure to more privilege. Data for `azure.escalation`.

Sources: Microsoft, Azure RBAC documentation, 'Privileged administrator roles' and 'Elevate access'; SpecterOps,
BloodHound documentation, edges `AZOwns`, `AZUserAccessAdministrator`, `AZVMContributor`, `AZAutomationContributor`,
`AZLogicAppContributor`, `AZWebsiteContributor`, `AZAKSContributor`, `AZKeyVaultContributor`; NetSPI, 'Azure privilege
escalation' articles (managed identities, automation accounts, deployment scripts, registry tasks, function keys).
"""

from __future__ import annotations

from typing import Final, NamedTuple

ASSIGN_IDENTITY: Final = "microsoft.managedidentity/userassignedidentities/assign/action"
ASSIGN_IDENTITY_ALSO: Final = "microsoft.managedidentity/userassignedidentities/any/assign/action"
"""The provider also writes it with a wildcard for the identity, as the role Managed Identity Operator does."""
ASSIGN_ROLE: Final = "microsoft.authorization/roleassignments/write"


class Method(NamedTuple):
    """One way to more privilege.

    Attributes:
        how: what its holder does, in a few words.
        needs: the operations that it takes, all of them, in lower case.
    """

    how: str
    needs: tuple[str, ...]

    @property
    def hands_out_access(self) -> bool:
        """It grants roles itself, so that a narrow scope does not make it harmless."""
        return len(self.needs) == 1 and self.needs[0].startswith("microsoft.authorization/")


def _by(how: str, *needs: str) -> Method:
    return Method(how, tuple(need.lower() for need in needs))


def _with_identity(what: str, operation: str) -> Method:
    return Method(f"gives {what} of its own a privileged identity", (operation.lower(), ASSIGN_IDENTITY))


METHODS: Final[tuple[Method, ...]] = (
    _by("assigns itself any role", ASSIGN_ROLE),
    _by("rewrites a role that it holds", "Microsoft.Authorization/roleDefinitions/write"),
    _by("makes itself User Access Administrator of the tenant", "Microsoft.Authorization/elevateAccess/action"),
    _by("makes itself co-administrator", "Microsoft.Authorization/classicAdministrators/write"),
    _by("requests an active role for itself", "Microsoft.Authorization/roleAssignmentScheduleRequests/write"),
    _by("makes itself eligible for a role", "Microsoft.Authorization/roleEligibilityScheduleRequests/write"),
    _by("removes approval from eligible roles", "Microsoft.Authorization/roleManagementPolicies/write"),
    _by(
        "hands the subscription to another tenant",
        "Microsoft.ManagedServices/registrationAssignments/write",
    ),
    _by("assigns a blueprint that grants roles", "Microsoft.Blueprint/blueprintAssignments/write"),
    _by(
        "lets a policy's identity deploy what it likes",
        "Microsoft.Authorization/policyAssignments/write",
        "Microsoft.PolicyInsights/remediations/write",
    ),
    _by(
        "rewrites a policy that deploys with its own identity",
        "Microsoft.Authorization/policyDefinitions/write",
        "Microsoft.PolicyInsights/remediations/write",
    ),
    _by(
        "lets its own tokens pass for a managed identity",
        "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write",
    ),
    _by("admits itself to a key vault", "Microsoft.KeyVault/vaults/accessPolicies/write"),
    _by("admits itself to a key vault", "Microsoft.KeyVault/vaults/write"),
    _by("admits itself to a Cosmos account", "Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments/write"),
    _by("rewrites roles of a Cosmos account", "Microsoft.DocumentDB/databaseAccounts/sqlRoleDefinitions/write"),
    _by("makes itself administrator of a database server", "Microsoft.Sql/servers/administrators/write"),
    _by(
        "makes itself administrator of a database server",
        "Microsoft.DBforPostgreSQL/flexibleServers/administrators/write",
    ),
    _by("runs commands on a machine as its identity", "Microsoft.Compute/virtualMachines/runCommand/action"),
    _by("runs commands on a machine as its identity", "Microsoft.Compute/virtualMachines/runCommands/write"),
    _by("runs an extension on a machine as its identity", "Microsoft.Compute/virtualMachines/extensions/write"),
    _by(
        "runs commands on a scale set as its identity",
        "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/runCommand/action",
    ),
    _by(
        "runs commands on a scale set as its identity",
        "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/runCommands/write",
    ),
    _by("runs an extension on a scale set", "Microsoft.Compute/virtualMachineScaleSets/extensions/write"),
    _by(
        "runs an extension on a scale set",
        "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/extensions/write",
    ),
    _by("runs an extension on an Arc machine", "Microsoft.HybridCompute/machines/extensions/write"),
    _by("runs commands on an Arc machine", "Microsoft.HybridCompute/machines/runCommands/write"),
    _by("runs a runbook as the account's identity", "Microsoft.Automation/automationAccounts/runbooks/write"),
    _by("runs a runbook as the account's identity", "Microsoft.Automation/automationAccounts/runbooks/draft/write"),
    _by(
        "runs a runbook as the account's identity",
        "Microsoft.Automation/automationAccounts/runbooks/draft/content/write",
    ),
    _by("starts runbooks as the account's identity", "Microsoft.Automation/automationAccounts/jobs/write"),
    _by("rewrites a workflow that runs as an identity", "Microsoft.Logic/workflows/write"),
    _by("runs a script as a managed identity", "Microsoft.Resources/deploymentScripts/write"),
    _by("deploys code that runs as an app's identity", "Microsoft.Web/sites/publishxml/action"),
    _by("deploys code that runs as an app's identity", "Microsoft.Web/sites/functions/write"),
    _by("deploys code that runs as an app's identity", "Microsoft.Web/sites/hostruntime/vfs/write"),
    _by("deploys code that runs as an app's identity", "Microsoft.Web/sites/host/listkeys/action"),
    _by("deploys code that runs as an app's identity", "Microsoft.Web/sites/extensions/write"),
    _by(
        "runs commands in a container as its identity",
        "Microsoft.ContainerInstance/containerGroups/containers/exec/action",
    ),
    _by("runs a task as a registry's identity", "Microsoft.ContainerRegistry/registries/tasks/write"),
    _by("runs a task as a registry's identity", "Microsoft.ContainerRegistry/registries/scheduleRun/action"),
    _by(
        "becomes administrator of a cluster",
        "Microsoft.ContainerService/managedClusters/listClusterAdminCredential/action",
    ),
    _by(
        "becomes administrator of a cluster",
        "Microsoft.ContainerService/managedClusters/accessProfiles/listCredential/action",
    ),
    _by("runs commands in a cluster as administrator", "Microsoft.ContainerService/managedClusters/runCommand/action"),
    _with_identity("a machine", "Microsoft.Compute/virtualMachines/write"),
    _with_identity("a scale set", "Microsoft.Compute/virtualMachineScaleSets/write"),
    _with_identity("a container", "Microsoft.ContainerInstance/containerGroups/write"),
    _with_identity("a container", "Microsoft.App/containerApps/write"),
    _with_identity("a container", "Microsoft.App/jobs/write"),
    _with_identity("an app", "Microsoft.Web/sites/write"),
    _with_identity("an automation account", "Microsoft.Automation/automationAccounts/write"),
    _with_identity("a cluster", "Microsoft.ContainerService/managedClusters/write"),
    _with_identity("a batch account", "Microsoft.Batch/batchAccounts/write"),
    _with_identity("a data factory", "Microsoft.DataFactory/factories/write"),
    _by("adds a secret to any application", "microsoft.directory/applications/credentials/update"),
    _by("adds a secret to any service principal", "microsoft.directory/servicePrincipals/credentials/update"),
    _by("makes itself owner of any application", "microsoft.directory/applications/owners/update"),
    _by("makes itself owner of any service principal", "microsoft.directory/servicePrincipals/owners/update"),
    _by("grants an application any permission", "microsoft.directory/servicePrincipals/appRoleAssignedTo/update"),
    _by("assigns itself any directory role", "microsoft.directory/roleAssignments/allProperties/allTasks"),
    _by("rewrites directory roles", "microsoft.directory/roleDefinitions/allProperties/allTasks"),
    _by("changes applications as it likes", "microsoft.directory/applications/allProperties/allTasks"),
    _by("changes service principals as it likes", "microsoft.directory/servicePrincipals/allProperties/allTasks"),
    _by("resets passwords of users", "microsoft.directory/users/password/update"),
    _by("adds itself to groups that hold roles", "microsoft.directory/groupsAssignableToRoles/members/update"),
    _by("adds itself to groups that hold roles", "microsoft.directory/groupsAssignableToRoles/allProperties/update"),
)

METHODS_BY_FIRST_NEED: Final[dict[str, list[Method]]] = {}
"""The methods by the first operation that they take, so that a role is asked only for what it grants."""

for _method in METHODS:
    METHODS_BY_FIRST_NEED.setdefault(_method.needs[0], []).append(_method)

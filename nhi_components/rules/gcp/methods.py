"""Known ways to more privilege on Google Cloud. Data.

Sources: Rhino Security Labs, 'IAM Privilege Escalation in GCP' (https://github.com/RhinoSecurityLabs/
GCP-IAM-Privilege-Escalation); https://cloud.hacktricks.wiki, 'GCP - Privilege Escalation'; the PrivEsc tag of
https://github.com/iann0036/iam-dataset, gcp/tags.json; IAM documentation, 'Best practices for using service accounts'.
"""

from __future__ import annotations

from typing import Final

from nhi_components.rules.gcp.permissions import ACT_AS

SETS_POLICY: Final = frozenset(
    {
        "iam.serviceAccounts.setIamPolicy",
        "resourcemanager.folders.setIamPolicy",
        "resourcemanager.organizations.setIamPolicy",
        "resourcemanager.projects.setIamPolicy",
    }
)
"""They rewrite who has which role, the caller's own among them."""

POLICY_ADMINS: Final = frozenset(
    {
        "roles/iam.securityAdmin",
        "roles/resourcemanager.folderAdmin",
        "roles/resourcemanager.folderIamAdmin",
        "roles/resourcemanager.organizationAdmin",
        "roles/resourcemanager.projectIamAdmin",
    }
)
"""Roles that are made to rewrite the policy of all they are bound on."""

ALONE: Final = SETS_POLICY | {
    ACT_AS,
    "apikeys.keys.create",
    "cloudbuild.builds.create",
    "container.clusterRoleBindings.create",
    "container.clusterRoleBindings.update",
    "container.clusterRoles.bind",
    "container.clusterRoles.escalate",
    "container.pods.exec",
    "container.roleBindings.create",
    "container.roleBindings.update",
    "container.roles.bind",
    "container.roles.escalate",
    "container.serviceAccounts.createToken",
    "deploymentmanager.deployments.create",
    "deploymentmanager.deployments.update",
    "iam.denypolicies.delete",
    "iam.denypolicies.update",
    "iam.roles.update",
    "iam.serviceAccountKeys.create",
    "iam.serviceAccountKeys.enable",
    "iam.serviceAccounts.getAccessToken",
    "iam.serviceAccounts.getOpenIdToken",
    "iam.serviceAccounts.implicitDelegation",
    "iam.serviceAccounts.signBlob",
    "iam.serviceAccounts.signJwt",
    "iam.googleapis.com/workloadIdentityPoolProviders.create",
    "iam.googleapis.com/workloadIdentityPoolProviders.update",
    "iam.googleapis.com/workforcePoolProviders.create",
    "iam.googleapis.com/workforcePoolProviders.update",
    "orgpolicy.policies.create",
    "orgpolicy.policies.update",
    "orgpolicy.policy.set",
    "serviceusage.apiKeys.create",
    "serviceusage.apiKeys.list",
    "serviceusage.apiKeys.regenerate",
    "storage.hmacKeys.create",
    "compute.instances.osAdminLogin",
    "compute.instances.setMetadata",
    "compute.projects.setCommonInstanceMetadata",
}
"""Each is a way by itself."""

ON_ONE_ACCOUNT: Final = frozenset(
    {"iam.serviceAccounts.setIamPolicy", "iam.serviceAccountKeys.create", "iam.serviceAccountKeys.enable"}
)
"""Ways also when they are granted on a single service account: the holder becomes that account for good."""

WITH_ACT_AS: Final = frozenset(
    {
        "aiplatform.customJobs.create",
        "aiplatform.pipelineJobs.create",
        "appengine.versions.create",
        "batch.jobs.create",
        "cloudbuild.builds.update",
        "clouddeploy.releases.create",
        "cloudfunctions.functions.create",
        "cloudfunctions.functions.update",
        "cloudscheduler.jobs.create",
        "cloudscheduler.jobs.update",
        "cloudtasks.tasks.create",
        "composer.environments.create",
        "composer.environments.update",
        "compute.instances.create",
        "compute.instances.setServiceAccount",
        "compute.instanceTemplates.create",
        "config.deployments.create",
        "container.clusters.create",
        "dataflow.jobs.create",
        "dataflow.jobs.updateContents",
        "datafusion.instances.create",
        "dataproc.clusters.create",
        "dataproc.batches.create",
        "eventarc.triggers.create",
        "notebooks.instances.create",
        "notebooks.runtimes.create",
        "run.jobs.create",
        "run.jobs.update",
        "run.services.create",
        "run.services.update",
        "tpu.nodes.create",
        "workflows.workflows.create",
        "workflows.workflows.update",
        "workstations.workstationConfigs.create",
    }
)
"""With `iam.serviceAccounts.actAs` they run the caller's code as a service account."""

WITH_EACH_OTHER: Final = (
    frozenset({"dataproc.clusters.use", "dataproc.jobs.create"}),
    frozenset({"composer.environments.get", "composer.environments.executeAirflowCommand"}),
)
"""Together they run the caller's code on workers that have an account already, so that no `actAs` is asked for."""

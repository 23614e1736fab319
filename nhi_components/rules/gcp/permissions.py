"""Permissions of Google Cloud that rules look for. Data.

Sources: IAM documentation, 'IAM permissions reference'; the CredentialExposure and DataAccess tags of
https://github.com/iann0036/iam-dataset, gcp/tags.json; https://cloud.hacktricks.wiki, 'GCP - Privilege Escalation'.
"""

from __future__ import annotations

from typing import Final

ACT_AS: Final = "iam.serviceAccounts.actAs"

ACCESS_VERSION: Final = "secretmanager.versions.access"

CREDENTIALS: Final = frozenset(
    {
        "agentidentity.authProviders.retrieveCredentials",
        "apikeys.keys.create",
        "apikeys.keys.getKeyString",
        "clientauthconfig.clients.createSecret",
        "clientauthconfig.clients.getWithSecret",
        "clientauthconfig.clients.listWithSecrets",
        "cloudbuild.repositories.accessReadToken",
        "cloudbuild.repositories.accessReadWriteToken",
        "cloudsql.sslCerts.create",
        "cloudsql.users.create",
        "cloudsql.users.update",
        "container.clusters.getCredentials",
        "container.secrets.get",
        "container.secrets.list",
        "container.serviceAccounts.createToken",
        "datafusion.namespaces.provisionCredential",
        "datafusion.secureKeys.getSecret",
        "dataprocrm.nodes.mintOAuthToken",
        "developerconnect.gitRepositoryLinks.fetchReadToken",
        "developerconnect.gitRepositoryLinks.fetchReadWriteToken",
        "developerconnect.users.fetchAccessToken",
        "edgecontainer.clusters.generateAccessToken",
        "edgecontainer.clusters.generateOfflineCredential",
        "firebaseauth.configs.getSecret",
        "gkemulticloud.awsClusters.generateAccessToken",
        "gkemulticloud.azureClusters.generateAccessToken",
        "iam.googleapis.com/oauthClientCredentials.create",
        "iam.googleapis.com/oauthClientCredentials.get",
        "iam.serviceAccountKeys.create",
        "iam.serviceAccounts.getAccessToken",
        "iam.serviceAccounts.getOpenIdToken",
        "iam.serviceAccounts.implicitDelegation",
        "iam.serviceAccounts.signBlob",
        "iam.serviceAccounts.signJwt",
        "iamconnectors.connectors.retrieveCredentials",
        "managedidentities.domains.resetpassword",
        "recaptchaenterprise.keys.retrievelegacysecretkey",
        "redis.instances.getAuthString",
        "secretmanager.versions.access",
        "serviceusage.apiKeys.create",
        "serviceusage.apiKeys.list",
        "serviceusage.apiKeys.regenerate",
        "storage.hmacKeys.create",
        "transferappliance.credentials.get",
        "vmwareengine.privateClouds.showNsxCredentials",
        "vmwareengine.privateClouds.showVcenterCredentials",
    }
)
"""They return or create a credential of somebody else."""

CREDENTIALS_OF_ONE_ACCOUNT: Final = frozenset({"iam.serviceAccountKeys.create", "storage.hmacKeys.create"})
"""They make a standing credential, so that a binding on the one service account is no excuse."""

OBJECT_POLICIES: Final = frozenset({"storage.objects.setIamPolicy"})
"""Lists on single objects: a bucket with uniform access has none, so that a role on a bucket is not refused for it."""

BULK_READS: Final = frozenset(
    {
        "aiplatform.models.export",
        "alloydb.clusters.export",
        "bigquery.models.export",
        "bigquery.models.getData",
        "bigquery.tables.export",
        "bigquery.tables.getData",
        "bigtable.tables.readRows",
        "cloudsql.instances.export",
        "datastore.databases.export",
        "datastore.entities.get",
        "healthcare.dicomStores.dicomWebRead",
        "healthcare.dicomStores.export",
        "healthcare.fhirResources.get",
        "healthcare.fhirStores.export",
        "healthcare.hl7V2Messages.get",
        "healthcare.hl7V2Stores.export",
        "pubsub.subscriptions.consume",
        "secretmanager.versions.access",
        "source.repos.get",
        "spanner.databases.read",
        "spanner.databases.select",
        "storage.objects.get",
    }
)
"""They return the data that a resource holds, not its settings."""

DATA_PLANE: Final = frozenset(
    {
        "artifactregistry.repositories.downloadArtifacts",
        "cloudkms.cryptoKeyVersions.useToDecrypt",
        "run.routes.invoke",
    }
)
"""They are no settings either, but less than `BULK_READS`: code that is meant to be fetched, single calls."""

CHILDREN: Final[dict[str, str]] = {
    "artifactregistry.dockerimages": "artifactregistry.repositories",
    "artifactregistry.files": "artifactregistry.repositories",
    "artifactregistry.packages": "artifactregistry.repositories",
    "artifactregistry.tags": "artifactregistry.repositories",
    "artifactregistry.versions": "artifactregistry.repositories",
    "bigquery.models": "bigquery.datasets",
    "bigquery.routines": "bigquery.datasets",
    "cloudkms.cryptoKeyVersions": "cloudkms.cryptoKeys",
    "cloudtasks.tasks": "cloudtasks.queues",
    "dns.resourceRecordSets": "dns.managedZones",
    "healthcare.fhirResources": "healthcare.fhirStores",
    "healthcare.hl7V2Messages": "healthcare.hl7V2Stores",
    "iam.serviceAccountKeys": "iam.serviceAccounts",
    "run.executions": "run.jobs",
    "run.revisions": "run.services",
    "run.routes": "run.services",
    "secretmanager.versions": "secretmanager.secrets",
    "spanner.sessions": "spanner.databases",
    "storage.folders": "storage.buckets",
    "storage.multipartUploads": "storage.buckets",
}
"""Types without a policy of their own, and the type whose policy governs them."""

INFRASTRUCTURE: Final = frozenset(
    {
        "accesscontextmanager",
        "alloydb",
        "apigateway",
        "apigee",
        "appengine",
        "artifactregistry",
        "backupdr",
        "baremetalsolution",
        "batch",
        "bigquery",
        "bigtable",
        "binaryauthorization",
        "certificatemanager",
        "cloudbuild",
        "clouddeploy",
        "cloudfunctions",
        "cloudkms",
        "cloudscheduler",
        "cloudsql",
        "cloudtasks",
        "composer",
        "compute",
        "config",
        "container",
        "datafusion",
        "dataflow",
        "dataproc",
        "datastore",
        "datastream",
        "deploymentmanager",
        "dns",
        "domains",
        "edgecontainer",
        "edgenetwork",
        "eventarc",
        "file",
        "firebasedatabase",
        "firebasehosting",
        "gkebackup",
        "gkehub",
        "gkemulticloud",
        "gkeonprem",
        "healthcare",
        "iam",
        "iap",
        "ids",
        "logging",
        "looker",
        "lustre",
        "managedkafka",
        "memcache",
        "memorystore",
        "metastore",
        "netapp",
        "networkconnectivity",
        "networksecurity",
        "networkservices",
        "notebooks",
        "oracledatabase",
        "orgpolicy",
        "osconfig",
        "parallelstore",
        "privateca",
        "pubsub",
        "redis",
        "resourcemanager",
        "run",
        "secretmanager",
        "servicedirectory",
        "servicenetworking",
        "serviceusage",
        "spanner",
        "storage",
        "tpu",
        "vmwareengine",
        "vpcaccess",
        "workflows",
        "workstations",
    }
)
"""Services whose resources are infrastructure, rather than content, requests or records."""

CONTENT_TYPES: Final = frozenset(
    {
        "bigquery.jobs",
        "bigquery.readsessions",
        "bigquery.savedqueries",
        "cloudbuild.builds",
        "cloudkms.keyHandles",
        "cloudtasks.tasks",
        "dataflow.jobs",
        "dataproc.jobs",
        "dataproc.agents",
        "dataproc.batches",
        "datastore.entities",
        "logging.logEntries",
        "healthcare.consentArtifacts",
        "healthcare.consents",
        "healthcare.fhirResources",
        "healthcare.hl7V2Messages",
        "logging.notificationRules",
        "logging.queries",
        "networksecurity.sacAttachments",
        "run.executions",
        "serviceusage.consumerpolicy",
        "serviceusage.services",
        "spanner.sessions",
        "storage.folders",
        "storage.managedFolders",
        "storage.multipartUploads",
        "storage.objects",
        "workflows.executions",
    }
)
"""Types of those services that are content, requests or records."""

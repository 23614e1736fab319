"""What Pulumi's Google Cloud resources hold. Data for `gcp.pulumi`; modules and names in lower case.

Source: the input properties of pulumi-gcp 8 and 9.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from nhi_components.facts.gcp.model import Scope

SCOPES: Final[dict[str, Scope]] = {
    "folder": Scope.FOLDER,
    "organizations": Scope.ORGANIZATION,
    "projects": Scope.PROJECT,
    "serviceaccount": Scope.SERVICE_ACCOUNT,
}
"""How far the bindings of a module reach; those of all others stand on a resource."""

CUSTOM_ROLES: Final = frozenset({"projects/iamcustomrole", "organizations/iamcustomrole"})
PROVIDERS: Final = frozenset({"iam/workloadidentitypoolprovider"})


class Secret(NamedTuple):
    """A resource that is a credential without an end.

    Attributes:
        what: what it is.
        instead: what would do without it.
        only_with: the input that must be there; empty for none.
    """

    what: str
    instead: str
    only_with: str = ""


_FEDERATE = "let the workload run as the service account, or federate its identity"
SECRETS: Final[dict[str, Secret]] = {
    "serviceaccount/key": Secret("key of a service account", _FEDERATE),
    "storage/hmackey": Secret("HMAC key of a service account", "sign with the token of the service account"),
    "projects/apikey": Secret("API key", "call the API with the token of a service account"),
    "iam/oauthclientcredential": Secret("secret of an OAuth client", "let the client sign its requests with a key"),
    "sql/user": Secret("password of a database user", "let the service account log in by IAM", "password"),
}


class Workload(NamedTuple):
    """Where a resource names the service account that it runs as.

    Attributes:
        account: dotted path of the input.
        scopes: dotted path of the OAuth scopes; empty when it has none.
        block: dotted path of the object without which it runs as no account, or as one that is told elsewhere; empty
            when it then runs as the default one.
        unless: the input which, when it is true, leaves it without machines of its own.
    """

    account: str
    scopes: str = ""
    block: str = ""
    unless: str = ""


_MACHINE = Workload("serviceAccount.email", "serviceAccount.scopes", "serviceAccount")
WORKLOADS: Final[dict[str, Workload]] = {
    "appengine/flexibleappversion": Workload("serviceAccount"),
    "appengine/standardappversion": Workload("serviceAccount"),
    "cloudbuild/trigger": Workload("serviceAccount"),
    "cloudfunctions/function": Workload("serviceAccountEmail"),
    "cloudfunctionsv2/function": Workload("serviceConfig.serviceAccountEmail"),
    "cloudrun/service": Workload("template.spec.serviceAccountName"),
    "cloudrunv2/job": Workload("template.template.serviceAccount"),
    "cloudrunv2/service": Workload("template.serviceAccount"),
    "cloudrunv2/workerpool": Workload("template.serviceAccount"),
    "composer/environment": Workload("config.nodeConfig.serviceAccount", "config.nodeConfig.oauthScopes"),
    "compute/instance": _MACHINE,
    "compute/instancefrommachineimage": _MACHINE,
    "compute/instancefromtemplate": _MACHINE,
    "compute/instancetemplate": _MACHINE,
    "compute/regioninstancetemplate": _MACHINE,
    "container/cluster": Workload(
        "nodeConfig.serviceAccount", "nodeConfig.oauthScopes", "nodeConfig", unless="removeDefaultNodePool"
    ),
    "container/nodepool": Workload("nodeConfig.serviceAccount", "nodeConfig.oauthScopes"),
    "dataflow/job": Workload("serviceAccountEmail"),
    "dataproc/cluster": Workload(
        "clusterConfig.gceClusterConfig.serviceAccount", "clusterConfig.gceClusterConfig.serviceAccountScopes"
    ),
    "notebooks/instance": Workload("serviceAccount", "serviceAccountScopes"),
    "workflows/workflow": Workload("serviceAccount"),
}

ACLS: Final = frozenset({"storage/bucketacl", "storage/defaultobjectacl", "storage/objectacl"})
ACL_ENTRIES: Final = frozenset(
    {"storage/bucketaccesscontrol", "storage/defaultobjectaccesscontrol", "storage/objectaccesscontrol"}
)
DATASET: Final = "bigquery/dataset"
DATASET_ACCESS: Final = "bigquery/datasetaccess"

STORAGE_ROLES: Final = {
    "READER": "roles/storage.legacyBucketReader",
    "WRITER": "roles/storage.legacyBucketWriter",
    "OWNER": "roles/storage.legacyBucketOwner",
}
"""The roles that stand for the entries of access control lists. Source: Cloud Storage documentation, 'IAM roles'."""

PREDEFINED_ACLS: Final = {
    "publicRead": ("READER", "allUsers"),
    "publicReadWrite": ("WRITER", "allUsers"),
    "authenticatedRead": ("READER", "allAuthenticatedUsers"),
}

DATASET_ROLES: Final = {
    "READER": "roles/bigquery.dataViewer",
    "WRITER": "roles/bigquery.dataEditor",
    "OWNER": "roles/bigquery.dataOwner",
}
"""What the basic roles of a dataset stand for. Source: BigQuery documentation, 'Basic roles and permissions'."""

DATASET_MEMBERS: Final = {
    "domain": "domain:{}",
    "groupByEmail": "group:{}",
    "iamMember": "{}",
    "specialGroup": "{}",
    "userByEmail": "user:{}",
}
"""The inputs that name who has access to a dataset, and the member that each stands for."""

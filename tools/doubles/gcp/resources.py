"""Names of resources: relative, full, as conditions see them, and as a request's path spells them.

Sources: IAM documentation, 'Resource types that accept conditional role bindings' and 'Values for resource types';
Cloud Asset Inventory, 'Asset names'.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from tools.doubles.gcp.names import number_of
from tools.doubles.messages import Request


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of resource.

    Attributes:
        type: `resource.type` of conditions.
        permissions: what the permissions begin with that one needs on it.
        by_number: whether its own name has the project's number.
    """

    type: str
    permissions: tuple[str, ...]
    by_number: bool = False

    @property
    def service(self) -> str:
        """`resource.service` of conditions."""
        return self.type.partition("/")[0]


_LOCATION = r"projects/[^/]+/locations/[^/]+"
_KINDS: Final[Mapping[re.Pattern[str], Kind]] = {
    re.compile(pattern): kind
    for pattern, kind in {
        r"projects/_/buckets/[^/]+": Kind("storage.googleapis.com/Bucket", ("storage.",)),
        r"projects/_/buckets/[^/]+/(?:objects|managedFolders)/.+": Kind("storage.googleapis.com/Object", ("storage.",)),
        r"projects/[^/]+": Kind("cloudresourcemanager.googleapis.com/Project", ("",)),
        r"organizations/[^/]+": Kind("cloudresourcemanager.googleapis.com/Organization", ("",)),
        r"folders/[^/]+": Kind("cloudresourcemanager.googleapis.com/Folder", ("",)),
        r"projects/[^/]+/topics/[^/]+": Kind("pubsub.googleapis.com/Topic", ("pubsub.",)),
        r"projects/[^/]+/subscriptions/[^/]+": Kind("pubsub.googleapis.com/Subscription", ("pubsub.",)),
        r"projects/[^/]+/snapshots/[^/]+": Kind("pubsub.googleapis.com/Snapshot", ("pubsub.",)),
        r"projects/[^/]+/secrets/[^/]+": Kind(
            "secretmanager.googleapis.com/Secret", ("secretmanager.",), by_number=True
        ),
        r"projects/[^/]+/secrets/[^/]+/versions/[^/]+": Kind(
            "secretmanager.googleapis.com/SecretVersion", ("secretmanager.",), by_number=True
        ),
        r"projects/[^/]+/serviceAccounts/[^/]+(?:/keys/[^/]+)?": Kind(
            "iam.googleapis.com/ServiceAccount", ("iam.serviceAccount",)
        ),
        r"projects/[^/]+/roles/[^/]+": Kind("iam.googleapis.com/Role", ("iam.roles",)),
        rf"{_LOCATION}/workloadIdentityPools/[^/]+": Kind(
            "iam.googleapis.com/WorkloadIdentityPool", ("iam.",), by_number=True
        ),
        rf"{_LOCATION}/workloadIdentityPools/[^/]+/providers/[^/]+": Kind(
            "iam.googleapis.com/WorkloadIdentityPoolProvider", ("iam.",), by_number=True
        ),
        r"projects/[^/]+/datasets/[^/]+": Kind("bigquery.googleapis.com/Dataset", ("bigquery.",)),
        r"projects/[^/]+/datasets/[^/]+/tables/[^/]+": Kind("bigquery.googleapis.com/Table", ("bigquery.",)),
        rf"{_LOCATION}/keyRings/[^/]+": Kind("cloudkms.googleapis.com/KeyRing", ("cloudkms.",)),
        rf"{_LOCATION}/keyRings/[^/]+/cryptoKeys/[^/]+": Kind("cloudkms.googleapis.com/CryptoKey", ("cloudkms.",)),
        rf"{_LOCATION}/keyRings/[^/]+/cryptoKeys/[^/]+/cryptoKeyVersions/[^/]+": Kind(
            "cloudkms.googleapis.com/CryptoKeyVersion", ("cloudkms.",)
        ),
        rf"{_LOCATION}/services/[^/]+": Kind("run.googleapis.com/Service", ("run.",)),
        rf"{_LOCATION}/jobs/[^/]+": Kind("run.googleapis.com/Job", ("run.",)),
        rf"{_LOCATION}/repositories/[^/]+": Kind("artifactregistry.googleapis.com/Repository", ("artifactregistry.",)),
        rf"{_LOCATION}/buckets/[^/]+(?:/views/[^/]+)?": Kind("logging.googleapis.com/LogBucket", ("logging.",)),
    }.items()
}
_UNKNOWN: Final = Kind("", ("",))
_SPELT: Final = (
    (re.compile(r"/storage/v1/b/([^/]+)/o/(.+)"), r"projects/_/buckets/\1/objects/\2"),
    (re.compile(r"/(?:upload/|download/)?storage/v1/b/([^/]+)/o"), r"projects/_/buckets/\1"),
    (re.compile(r"/(?:download/|upload/)storage/v1/b/([^/]+)/o/(.+)"), r"projects/_/buckets/\1/objects/\2"),
    (re.compile(r"/storage/v1/b/([^/]+)(?:/iam(?:/testPermissions)?)?"), r"projects/_/buckets/\1"),
    (re.compile(r"/(?:bigquery/)?v2/(projects/[^/]+/datasets/[^/]+/tables/[^/:]+)(?:[/:].*)?"), r"\1"),
    (re.compile(r"/(?:bigquery/)?v2/(projects/[^/]+/datasets/[^/]+)(?:/.*)?"), r"\1"),
)
_VERSION: Final = re.compile(r"/(?:[a-z]+/)?v\d+(?:(?:alpha|beta)\d*)?/")
_SERVICES: Final = (
    (re.compile(r"/(?:upload/|download/)?storage/v1/"), "storage.googleapis.com"),
    (re.compile(r"/bigquery/v2/"), "bigquery.googleapis.com"),
    (re.compile(r":(?:generateAccessToken|generateIdToken|signBlob|signJwt)$"), "iamcredentials.googleapis.com"),
    (re.compile(r":searchAll\w+$"), "cloudasset.googleapis.com"),
    (re.compile(r"/activityTypes/"), "policyanalyzer.googleapis.com"),
    (re.compile(r"/(?:serviceAccounts|roles|workloadIdentityPools)(?:[/:]|$)|/permissions:"), "iam.googleapis.com"),
    (re.compile(r"/secrets(?:[/:]|$)"), "secretmanager.googleapis.com"),
    (re.compile(r"/(?:topics|subscriptions|snapshots)(?:[/:]|$)"), "pubsub.googleapis.com"),
    (re.compile(r"/datasets(?:[/:]|$)|/v2/projects/[^/]+/(?:queries|jobs)"), "bigquery.googleapis.com"),
    (re.compile(r"/keyRings(?:[/:]|$)"), "cloudkms.googleapis.com"),
    (re.compile(r"/locations/[^/]+/repositories(?:[/:]|$)"), "artifactregistry.googleapis.com"),
    (re.compile(r"/locations/[^/]+/(?:services|jobs)(?:[/:]|$)"), "run.googleapis.com"),
    (re.compile(r"/v2/entries|/locations/[^/]+/buckets(?:[/:]|$)|/logs(?:[/:]|$)"), "logging.googleapis.com"),
    (re.compile(r"^/v[13]/projects(?:[/:]|$)"), "cloudresourcemanager.googleapis.com"),
)
_TITLES: Final[Mapping[str, str]] = {
    "storage.googleapis.com": "Cloud Storage API",
    "bigquery.googleapis.com": "BigQuery API",
    "iamcredentials.googleapis.com": "IAM Service Account Credentials API",
    "cloudasset.googleapis.com": "Cloud Asset API",
    "policyanalyzer.googleapis.com": "Policy Analyzer API",
    "iam.googleapis.com": "Identity and Access Management (IAM) API",
    "secretmanager.googleapis.com": "Secret Manager API",
    "pubsub.googleapis.com": "Cloud Pub/Sub API",
    "cloudkms.googleapis.com": "Cloud Key Management Service (KMS) API",
    "artifactregistry.googleapis.com": "Artifact Registry API",
    "run.googleapis.com": "Cloud Run Admin API",
    "logging.googleapis.com": "Cloud Logging API",
    "cloudresourcemanager.googleapis.com": "Cloud Resource Manager API",
}


def kind_of(resource: str) -> Kind:
    """Tell what kind of resource a relative name is of."""
    return next((kind for pattern, kind in _KINDS.items() if pattern.fullmatch(resource)), _UNKNOWN)


def attributes_of(resource: str) -> dict[str, str]:
    """What conditions see of a resource: `name`, `type`, `service`."""
    kind = kind_of(resource)
    return {"name": _by_number(resource) if kind.by_number else resource, "type": kind.type, "service": kind.service}


def full_name_of(resource: str) -> str:
    """The full resource name, as Cloud Asset Inventory shows it."""
    kind = kind_of(resource)
    if kind.service == "storage.googleapis.com":
        return f"//storage.googleapis.com/{resource.removeprefix('projects/_/buckets/')}"
    by_number = kind.by_number or resource.count("/") == 1
    return f"//{kind.service}/{_by_number(resource) if by_number else resource}"


def resource_of(request: Request) -> str:
    """The relative name of what a request is about: the path without version and verb, in whatever spelling."""
    path = unquote(request.path)
    if path == "/storage/v1/b":
        return f"projects/{request.query.get('project', '')}"
    for pattern, name in _SPELT:
        if found := pattern.fullmatch(path):
            return found.expand(name)
    version = _VERSION.match(path)
    name = path[version.end() :] if version else path[1:]
    last = name.rpartition("/")[2]
    return name[: len(name) - len(last)] + re.sub(r":[a-zA-Z]+$", "", last)


def service_of(request: Request) -> str:
    """The API that a request's path belongs to; empty for what belongs to none that can be disabled."""
    return next((service for pattern, service in _SERVICES if pattern.search(request.path)), "")


def title_of(service: str) -> str:
    """The name of an API for people."""
    return _TITLES.get(service, service)


def _by_number(resource: str) -> str:
    collection, project, *rest = resource.split("/")
    return "/".join([collection, number_of(project), *rest])

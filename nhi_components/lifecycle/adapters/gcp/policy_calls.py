"""How the allow policy of each kind of resource is read and written: the same thing, spelt in every API's own way.

Sources: REST reference of each API: `getIamPolicy` and `setIamPolicy`; Cloud Storage, `Buckets: getIamPolicy`,
`setIamPolicy`; BigQuery, `datasets.get` and `datasets.patch`. Policies are asked for in version 3, the only one that
tells of conditions (IAM, 'Policy versions').
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import quote

from nhi_components.core.gcp_resource import ResourceKind, target_of
from nhi_components.lifecycle.adapters.gcp.session import IAM, RESOURCE_MANAGER, SECRET_MANAGER

VERSION: Final = 3
_BUCKETS: Final = "projects/_/buckets/"


@dataclass(frozen=True, slots=True)
class Calls:
    """How one kind's policies are asked for.

    Attributes:
        api: the API, such as `pubsub`.
        base: what comes before the relative name in a path.
        reads: the permission that reading takes.
        writes: the permission that writing takes.
        by_post: whether it is read by POST, with the version in the body.
        masked: whether the write says which fields are meant, so that the rest, such as audit settings, stays.
    """

    api: str
    base: str
    reads: str
    writes: str
    by_post: bool = False
    masked: bool = False

    def read(self, resource: str) -> tuple[str, str, Mapping[str, str], Mapping[str, Any] | None]:
        """Tell method, path, query and body of the read."""
        path = f"{self.base}{_quoted(resource)}:getIamPolicy"
        if self.by_post:
            return "POST", path, {}, {"options": {"requestedPolicyVersion": VERSION}}
        return "GET", path, {"options.requestedPolicyVersion": str(VERSION)}, None

    def write(self, resource: str, policy: Mapping[str, Any]) -> tuple[str, str, Mapping[str, Any]]:
        """Tell method, path and body of the write."""
        mask = {"updateMask": "bindings,etag"} if self.masked else {}
        return "POST", f"{self.base}{_quoted(resource)}:setIamPolicy", {"policy": policy, **mask}


class BucketCalls(Calls):
    """Buckets, whose policy is a resource of its own."""

    def read(self, resource: str) -> tuple[str, str, Mapping[str, str], Mapping[str, Any] | None]:
        """Tell method, path, query and body of the read."""
        return "GET", self._path(resource), {"optionsRequestedPolicyVersion": str(VERSION)}, None

    def write(self, resource: str, policy: Mapping[str, Any]) -> tuple[str, str, Mapping[str, Any]]:
        """Tell method, path and body of the write."""
        return "PUT", self._path(resource), policy

    def _path(self, resource: str) -> str:
        return f"{self.base}{_quoted(resource.removeprefix(_BUCKETS))}/iam"


class AccountCalls(Calls):
    """Service accounts, which are read by POST and take the version in the query all the same."""

    def read(self, resource: str) -> tuple[str, str, Mapping[str, str], Mapping[str, Any] | None]:
        """Tell method, path, query and body of the read."""
        path = f"{self.base}{_quoted(resource)}:getIamPolicy"
        return "POST", path, {"options.requestedPolicyVersion": str(VERSION)}, {}


CALLS: Final[Mapping[ResourceKind, Calls]] = MappingProxyType(
    {
        ResourceKind.PROJECT: Calls(
            RESOURCE_MANAGER,
            "/v1/",
            "resourcemanager.projects.getIamPolicy",
            "resourcemanager.projects.setIamPolicy",
            by_post=True,
            masked=True,
        ),
        ResourceKind.SERVICE_ACCOUNT: AccountCalls(
            IAM, "/v1/", "iam.serviceAccounts.getIamPolicy", "iam.serviceAccounts.setIamPolicy"
        ),
        ResourceKind.BUCKET: BucketCalls(
            "storage", "/storage/v1/b/", "storage.buckets.getIamPolicy", "storage.buckets.setIamPolicy"
        ),
        ResourceKind.TOPIC: Calls("pubsub", "/v1/", "pubsub.topics.getIamPolicy", "pubsub.topics.setIamPolicy"),
        ResourceKind.SUBSCRIPTION: Calls(
            "pubsub", "/v1/", "pubsub.subscriptions.getIamPolicy", "pubsub.subscriptions.setIamPolicy"
        ),
        ResourceKind.SECRET: Calls(
            SECRET_MANAGER, "/v1/", "secretmanager.secrets.getIamPolicy", "secretmanager.secrets.setIamPolicy"
        ),
        ResourceKind.TABLE: Calls(
            "bigquery", "/bigquery/v2/", "bigquery.tables.getIamPolicy", "bigquery.tables.setIamPolicy", by_post=True
        ),
        ResourceKind.KEY_RING: Calls(
            "cloudkms", "/v1/", "cloudkms.keyRings.getIamPolicy", "cloudkms.keyRings.setIamPolicy"
        ),
        ResourceKind.CRYPTO_KEY: Calls(
            "cloudkms", "/v1/", "cloudkms.cryptoKeys.getIamPolicy", "cloudkms.cryptoKeys.setIamPolicy"
        ),
        ResourceKind.RUN_SERVICE: Calls("run", "/v2/", "run.services.getIamPolicy", "run.services.setIamPolicy"),
        ResourceKind.REPOSITORY: Calls(
            "artifactregistry",
            "/v1/",
            "artifactregistry.repositories.getIamPolicy",
            "artifactregistry.repositories.setIamPolicy",
        ),
        ResourceKind.LOG_VIEW: Calls(
            "logging", "/v2/", "logging.views.getIamPolicy", "logging.views.setIamPolicy", by_post=True
        ),
    }
)
"""A dataset has a list of entries instead of a policy: `dataset_access`."""


def kind_of(resource: str) -> ResourceKind | None:
    """Tell the kind of a resource by its relative name; None for one whose policy is not known here."""
    target = target_of(resource)
    return target.kind if target and target.resource == resource else None


def _quoted(resource: str) -> str:
    return quote(resource)

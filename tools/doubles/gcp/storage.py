"""Cloud Storage, JSON v1: buckets, their metadata and their allow policies.

Permissions: Cloud Storage, 'IAM permissions for JSON methods'; fields: REST reference, `Buckets`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from tools.doubles.gcp.access import Access
from tools.doubles.gcp.json_errors import json_refuse
from tools.doubles.gcp.masks import chosen
from tools.doubles.gcp.names import Clock, number_of, page_of, stamp
from tools.doubles.messages import Answer, Request
from tools.doubles.routes import route

_BUCKETS = "/storage/v1/b"
_BUCKET = _BUCKETS + "/{bucket}"
_NAME = re.compile(r"(?!goog)[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")
_FIELDS = ("labels", "versioning", "lifecycle", "storageClass", "encryption", "retentionPolicy", "iamConfiguration")
_LEGACY = (
    ("roles/storage.legacyBucketOwner", ("projectEditor", "projectOwner")),
    ("roles/storage.legacyBucketReader", ("projectViewer",)),
    ("roles/storage.legacyObjectOwner", ("projectEditor", "projectOwner")),
    ("roles/storage.legacyObjectReader", ("projectViewer",)),
)
"""What a new bucket's policy grants: Cloud Storage, 'IAM roles for Cloud Storage', convenience values."""


@dataclass(slots=True)
class StoredObject:
    """One generation of an object; `gone` once it is noncurrent."""

    facts: dict[str, Any]
    content: bytes = field(repr=False)
    gone: bool = False


@dataclass(slots=True)
class Bucket:
    """One bucket: what the API shows of it, and the generations of its objects by name, oldest first."""

    facts: dict[str, Any]
    objects: dict[str, list[StoredObject]] = field(default_factory=dict)

    @property
    def resource(self) -> str:
        """Its name in allow policies and conditions."""
        return f"projects/_/buckets/{self.facts['name']}"

    @property
    def uniform(self) -> bool:
        """Whether only allow policies count, so that they may have conditions."""
        return bool(self.facts["iamConfiguration"]["uniformBucketLevelAccess"]["enabled"])

    @property
    def versioned(self) -> bool:
        """Whether an object that is overwritten or deleted stays as noncurrent."""
        return bool(self.facts.get("versioning", {}).get("enabled"))


class Buckets:
    """Every bucket there is; their names are unique in the world.

    Attributes:
        by_name: each, by its name.
    """

    def __init__(self, url: str, now: Clock, access: Access) -> None:
        self.by_name: dict[str, Bucket] = {}
        self._url, self._now, self._access = url, now, access

    def of(self, request: Request) -> Bucket:
        """The bucket that a request's path names."""
        bucket = self.by_name.get(request.params["bucket"])
        if bucket is None:
            raise json_refuse("notFound", "The specified bucket does not exist.")
        return bucket

    @route("POST", _BUCKETS, needs="storage.buckets.create")
    def create(self, request: Request) -> Any:
        project, asked = request.query.get("project", ""), request.json()
        if not project:
            raise json_refuse("required", "Required parameter: project")
        name = str(asked.get("name", ""))
        if not _NAME.fullmatch(name):
            raise json_refuse("invalid", f"Invalid bucket name: '{name}'")
        if name in self.by_name:
            message = "The requested bucket name is not available. The bucket namespace is shared by all users"
            raise json_refuse("conflict", f"{message} of the system. Please select a different name and try again.")
        moment = stamp(self._now())
        facts = {
            "kind": "storage#bucket",
            "id": name,
            "name": name,
            "selfLink": f"{self._url}{_BUCKETS}/{name}",
            "projectNumber": number_of(project),
            "location": str(asked.get("location", "US")).upper(),
            "storageClass": "STANDARD",
            "timeCreated": moment,
            "updated": moment,
            "metageneration": "1",
            "etag": "CAE=",
        }
        self.by_name[name] = bucket = Bucket(facts | chosen(asked, _FIELDS))
        bucket.facts["iamConfiguration"] = self._iam_configuration(asked.get("iamConfiguration", {}))
        self._access.policies.attach(bucket.resource, f"projects/{project}")
        self._access.policies.set(bucket.resource, {"bindings": _first_bindings(project, uniform=bucket.uniform)})
        return bucket.facts

    @route("GET", _BUCKETS, needs="storage.buckets.list")
    def list(self, request: Request) -> Any:
        project, prefix = request.query.get("project", ""), request.query.get("prefix", "")
        everywhere = [bucket.facts for name, bucket in sorted(self.by_name.items()) if name.startswith(prefix)]
        found = [facts for facts in everywhere if facts["projectNumber"] == number_of(project)]
        page = page_of(found, "items", request.query.get("maxResults", ""), request.query.get("pageToken", ""))
        return {"kind": "storage#buckets", **page}

    @route("GET", _BUCKET, needs="storage.buckets.get")
    def get(self, request: Request) -> Any:
        return self.of(request).facts

    @route("PATCH", _BUCKET, needs="storage.buckets.update")
    def patch(self, request: Request) -> Any:
        bucket, asked = self.of(request), request.json()
        wanted = request.query.get("ifMetagenerationMatch", bucket.facts["metageneration"])
        if wanted != bucket.facts["metageneration"]:
            raise json_refuse("conditionNotMet", "At least one of the pre-conditions you specified did not hold.")
        for name in (each for each in _FIELDS if each in asked):
            # JSON merge patch (RFC 7396): null takes away, and objects are merged.
            bucket.facts[name] = _merged(bucket.facts.get(name), asked[name])
            if bucket.facts[name] is None:
                del bucket.facts[name]
        bucket.facts["iamConfiguration"] = self._iam_configuration(bucket.facts.get("iamConfiguration", {}))
        bucket.facts |= {"metageneration": str(int(bucket.facts["metageneration"]) + 1), "updated": stamp(self._now())}
        return bucket.facts

    @route("DELETE", _BUCKET, needs="storage.buckets.delete")
    def delete(self, request: Request) -> Any:
        bucket = self.of(request)
        if bucket.objects:
            raise json_refuse("conflict", "The bucket you tried to delete is not empty.")
        del self.by_name[bucket.facts["name"]]
        self._access.policies.detach(bucket.resource)
        return Answer(204)

    @route("GET", _BUCKET + "/iam", needs="storage.buckets.getIamPolicy")
    def policy(self, request: Request) -> Any:
        bucket, version = self.of(request), int(request.query.get("optionsRequestedPolicyVersion", "1"))
        return _policy(bucket, self._access.policies.get(bucket.resource, version))

    @route("PUT", _BUCKET + "/iam", needs="storage.buckets.setIamPolicy")
    def set_policy(self, request: Request) -> Any:
        bucket, asked = self.of(request), request.json()
        if not bucket.uniform and any("condition" in binding for binding in asked.get("bindings", [])):
            message = "A condition in a bucket's policy needs uniform bucket-level access (double)."
            raise json_refuse("invalid", message)
        return _policy(bucket, self._access.policies.set(bucket.resource, asked))

    @route("GET", _BUCKET + "/iam/testPermissions")
    def test(self, request: Request) -> Any:
        bucket = self.of(request)
        asked = request.every("permissions")
        held = [each for each in asked if self._access.permits(request.principal, each, bucket.resource)]
        return {"kind": "storage#testIamPermissionsResponse"} | ({"permissions": held} if held else {})

    def _iam_configuration(self, asked: dict[str, Any]) -> dict[str, Any]:
        uniform = bool(asked.get("uniformBucketLevelAccess", {}).get("enabled"))
        prevention = asked.get("publicAccessPrevention", "inherited")
        return {"uniformBucketLevelAccess": {"enabled": uniform}, "publicAccessPrevention": prevention}


def _first_bindings(project: str, *, uniform: bool) -> list[dict[str, Any]]:
    grants = _LEGACY if uniform else _LEGACY[:2]
    return [{"role": role, "members": [f"{kind}:{project}" for kind in kinds]} for role, kinds in grants]


def _merged(stands: Any, asked: Any) -> Any:
    if not isinstance(asked, dict) or not isinstance(stands, dict):
        return asked
    merged = {**stands, **{key: _merged(stands.get(key), value) for key, value in asked.items()}}
    return {key: value for key, value in merged.items() if value is not None}


def _policy(bucket: Bucket, policy: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "storage#policy", "resourceId": bucket.resource, **policy}

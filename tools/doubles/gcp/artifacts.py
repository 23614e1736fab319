"""Artifact Registry v1, `projects.locations.repositories`: create, get, list, patch, delete; images and files.

Permissions: Artifact Registry, 'Access control with IAM'; fields: REST reference, `projects.locations.repositories`.
What an image is made of goes through the registry's own protocol, see `artifacts_docker`.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import Any

from tools.doubles.gcp.errors import refuse
from tools.doubles.gcp.masks import change, chosen, masked
from tools.doubles.gcp.names import Clock, page_of, stamp
from tools.doubles.gcp.operations import Operations
from tools.doubles.gcp.policies import Policies
from tools.doubles.messages import Answer, Request
from tools.doubles.routes import route

_PLACE = "projects/{project}/locations/{location}"
_REPOSITORIES = f"/v1/{_PLACE}/repositories"
REPOSITORY = _REPOSITORIES + "/{repository}"
_FILES = REPOSITORY + "/files"
_ID = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
_FORMATS = ("DOCKER", "GENERIC", "PYTHON", "NPM", "MAVEN")
_PATCHABLE = ("description", "labels", "cleanupPolicies", "cleanupPolicyDryRun", "dockerConfig")
_FIELDS = (*_PATCHABLE, "format", "mode", "kmsKeyName", "mavenConfig")
_KIND = "google.devtools.artifactregistry.v1.Repository"


@dataclass(slots=True)
class Repository:
    """One repository: what the API shows of it, its files by digest, its images' digests by `IMAGE:TAG`."""

    facts: dict[str, Any]
    files: dict[str, bytes] = field(default_factory=dict, repr=False)
    tags: dict[str, str] = field(default_factory=dict)

    def keep(self, content: bytes) -> str:
        """Keep a file, and tell its digest."""
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        self.files[digest] = content
        return digest


class Repositories:
    """Every repository of every project.

    Attributes:
        by_name: each, by resource name.
    """

    def __init__(self, now: Clock, policies: Policies, operations: Operations) -> None:
        self.by_name: dict[str, Repository] = {}
        self._now, self._policies, self._operations = now, policies, operations

    def of(self, request: Request) -> Repository:
        """The repository that a request's path names."""
        name = f"{_PLACE.format_map(request.params)}/repositories/{request.params['repository']}"
        if name not in self.by_name:
            raise refuse("NOT_FOUND", "Requested entity was not found.")
        return self.by_name[name]

    @route("POST", _REPOSITORIES, needs="artifactregistry.repositories.create")
    def create(self, request: Request) -> Any:
        asked, place = request.json(), _PLACE.format_map(request.params)
        id_ = request.query.get("repositoryId") or request.query.get("repository_id", "")
        name, moment = f"{place}/repositories/{id_}", stamp(self._now())
        if not _ID.fullmatch(id_) or asked.get("format") not in _FORMATS:
            raise refuse("INVALID_ARGUMENT", "repository_id or format is invalid.")
        if name in self.by_name:
            raise refuse("ALREADY_EXISTS", "the repository already exists")
        facts = {"name": name, "mode": "STANDARD_REPOSITORY", "createTime": moment, "updateTime": moment}
        self.by_name[name] = made = Repository(facts | chosen(asked, _FIELDS))
        self._policies.attach(name, f"projects/{request.params['project']}", conditions=False)
        return self._operations.done(place, _KIND, made.facts)

    @route("GET", REPOSITORY, needs="artifactregistry.repositories.get")
    def get(self, request: Request) -> Any:
        repository = self.of(request)
        return {**repository.facts, "sizeBytes": str(sum(map(len, repository.files.values())))}

    @route("GET", _REPOSITORIES, needs="artifactregistry.repositories.list")
    def list(self, request: Request) -> Any:
        start = f"{_PLACE.format_map(request.params)}/repositories/"
        found = [each.facts for name, each in sorted(self.by_name.items()) if name.startswith(start)]
        return page_of(found, "repositories", request.query.get("pageSize", ""), request.query.get("pageToken", ""))

    @route("PATCH", REPOSITORY, needs="artifactregistry.repositories.update")
    def patch(self, request: Request) -> Any:
        facts = self.of(request).facts
        change(facts, request.json(), masked(request.query.get("updateMask", ""), _PATCHABLE))
        facts["updateTime"] = stamp(self._now())
        return facts

    @route("DELETE", REPOSITORY, needs="artifactregistry.repositories.delete")
    def delete(self, request: Request) -> Any:
        name = self.of(request).facts["name"]
        del self.by_name[name]
        self._policies.detach(name)
        return self._operations.done(_PLACE.format_map(request.params), "google.protobuf.Empty", {})

    @route("GET", REPOSITORY + "/dockerImages", needs="artifactregistry.dockerimages.list")
    def images(self, request: Request) -> Any:
        repository = self.of(request)
        start = "{location}-docker.pkg.dev/{project}/{repository}".format_map(request.params)
        by_image: dict[tuple[str, str], list[str]] = {}
        for tag, digest in sorted(repository.tags.items()):
            image, _, label = tag.rpartition(":")
            by_image.setdefault((image, digest), []).append(label)
        found: list[dict[str, object]] = [
            {
                "name": f"{repository.facts['name']}/dockerImages/{image}@{digest}",
                "uri": f"{start}/{image}@{digest}",
                "tags": tags,
                "imageSizeBytes": str(len(repository.files[digest])),
            }
            for (image, digest), tags in by_image.items()
        ]
        return page_of(found, "dockerImages", request.query.get("pageSize", ""), request.query.get("pageToken", ""))

    @route("GET", _FILES, needs="artifactregistry.files.list")
    def files(self, request: Request) -> Any:
        repository = self.of(request)
        found: list[dict[str, object]] = [
            {"name": f"{repository.facts['name']}/files/{digest}", "sizeBytes": str(len(content))}
            for digest, content in sorted(repository.files.items())
        ]
        return page_of(found, "files", request.query.get("pageSize", ""), request.query.get("pageToken", ""))

    @route("GET", _FILES + "/{file}:download", needs="artifactregistry.files.download")
    def download(self, request: Request) -> Any:
        content = self.of(request).files.get(request.params["file"])
        if content is None:
            raise refuse("NOT_FOUND", "Requested entity was not found.")
        return Answer(200, content)

"""Artifact Registry v1: `packages` and `packages.tags`: what the images of a repository are called over REST.

Permissions: Artifact Registry, 'Access control with IAM'; fields: REST reference, `repositories.packages`, `….tags`.
"""

from __future__ import annotations

from typing import Any

from tools.doubles.gcp.artifacts import REPOSITORY, Repositories, Repository
from tools.doubles.gcp.errors import refuse
from tools.doubles.gcp.names import page_of
from tools.doubles.gcp.operations import Operations
from tools.doubles.messages import Request
from tools.doubles.routes import route

_PACKAGE = REPOSITORY + "/packages/{package}"
_TAGS = _PACKAGE + "/tags"
_TAG = _TAGS + "/{tag}"


class Packages:
    """The packages of every repository; they are kept with their repository."""

    def __init__(self, repositories: Repositories, operations: Operations) -> None:
        self._repositories, self._operations = repositories, operations

    @route("DELETE", _PACKAGE, needs="artifactregistry.packages.delete")
    def delete(self, request: Request) -> Any:
        repository, start = self._repositories.of(request), f"{request.params['package']}:"
        _tags(repository, start)
        repository.tags = {tag: digest for tag, digest in repository.tags.items() if not tag.startswith(start)}
        place = repository.facts["name"].rpartition("/repositories/")[0]
        return self._operations.done(place, "google.protobuf.Empty", {})

    @route("GET", _TAGS, needs="artifactregistry.tags.list")
    def list(self, request: Request) -> Any:
        repository, start = self._repositories.of(request), f"{request.params['package']}:"
        found = [_shown(repository, tag) for tag in _tags(repository, start)]
        return page_of(found, "tags", request.query.get("pageSize", ""), request.query.get("pageToken", ""))

    @route("POST", _TAGS, needs="artifactregistry.tags.create")
    def create(self, request: Request) -> Any:
        repository, tag = self._repositories.of(request), _tag(request, request.query.get("tagId", ""))
        if tag in repository.tags:
            raise refuse("ALREADY_EXISTS", "the tag already exists")
        return self._point(repository, tag, request)

    @route("GET", _TAG, needs="artifactregistry.tags.get")
    def get(self, request: Request) -> Any:
        repository, tag = self._found(request)
        return _shown(repository, tag)

    @route("PATCH", _TAG, needs="artifactregistry.tags.update")
    def patch(self, request: Request) -> Any:
        repository, tag = self._found(request)
        return self._point(repository, tag, request)

    @route("DELETE", _TAG, needs="artifactregistry.tags.delete")
    def delete_tag(self, request: Request) -> Any:
        repository, tag = self._found(request)
        del repository.tags[tag]
        return {}

    def _found(self, request: Request) -> tuple[Repository, str]:
        repository, tag = self._repositories.of(request), _tag(request, request.params["tag"])
        if tag not in repository.tags:
            raise refuse("NOT_FOUND", "Requested entity was not found.")
        return repository, tag

    def _point(self, repository: Repository, tag: str, request: Request) -> dict[str, Any]:
        digest = str(request.json().get("version", "")).rpartition("/")[2]
        if digest not in repository.files:
            raise refuse("INVALID_ARGUMENT", "version names no version of the package")
        repository.tags[tag] = digest
        return _shown(repository, tag)


def _tag(request: Request, label: str) -> str:
    return f"{request.params['package']}:{label}"


def _tags(repository: Repository, start: str) -> list[str]:
    """The tags of a package, which is there as long as it has any."""
    found = sorted(tag for tag in repository.tags if tag.startswith(start))
    if not found:
        raise refuse("NOT_FOUND", "Requested entity was not found.")
    return found


def _shown(repository: Repository, tag: str) -> dict[str, Any]:
    image, _, label = tag.rpartition(":")
    package = f"{repository.facts['name']}/packages/{image}"
    return {"name": f"{package}/tags/{label}", "version": f"{package}/versions/{repository.tags[tag]}"}

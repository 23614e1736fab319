"""Artifact Registry: the registry protocol by which images are pushed and pulled, `LOCATION-docker.pkg.dev/v2/…`.

All locations have one host here, so a repository is looked for by project and id. Blobs come in one piece.
Permissions: Artifact Registry, 'Access control with IAM': `downloadArtifacts` to pull, `uploadArtifacts` to push.
Protocol: OCI Distribution Specification 1.1.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from http import HTTPStatus

from tools.doubles.gcp.access import Access
from tools.doubles.gcp.artifacts import Repositories, Repository
from tools.doubles.messages import Answer, Refusal, Request
from tools.doubles.routes import route

_IMAGE = "/v2/{project}/{repository}/{image}"
_MANIFEST = _IMAGE + "/manifests/{reference}"
_BLOB = _IMAGE + "/blobs/{digest}"
_UPLOAD = _IMAGE + "/blobs/uploads/"
_CODES: Mapping[int, str] = {403: "DENIED", 404: "NAME_UNKNOWN", 400: "DIGEST_INVALID"}
_KIND = "application/vnd.oci.image.manifest.v1+json"
_PULL = "artifactregistry.repositories.downloadArtifacts"
_PUSH = "artifactregistry.repositories.uploadArtifacts"


class DockerRegistry:
    """Images of every repository; they are kept with their repository."""

    def __init__(self, repositories: Repositories, access: Access) -> None:
        self._repositories, self._access = repositories, access

    @route("PUT", _MANIFEST)
    def push(self, request: Request) -> Answer:
        repository = self._repository(request, _PUSH)
        digest = repository.keep(request.body)
        repository.tags[f"{request.params['image']}:{request.params['reference']}"] = digest
        return Answer(HTTPStatus.CREATED, headers={"Location": request.path, "Docker-Content-Digest": digest})

    @route("GET", _MANIFEST)
    @route("HEAD", _MANIFEST)
    def pull(self, request: Request) -> Answer:
        repository, reference = self._repository(request, _PULL), request.params["reference"]
        tagged = repository.tags.get(f"{request.params['image']}:{reference}", reference)
        return _content(repository, tagged, _KIND)

    @route("GET", _BLOB)
    @route("HEAD", _BLOB)
    def blob(self, request: Request) -> Answer:
        return _content(self._repository(request, _PULL), request.params["digest"], "application/octet-stream")

    @route("POST", _UPLOAD)
    def upload(self, request: Request) -> Answer:
        """The whole blob at once, its digest in the query."""
        repository, wanted = self._repository(request, _PUSH), request.query.get("digest", "")
        if wanted != f"sha256:{hashlib.sha256(request.body).hexdigest()}":
            raise _refuse(HTTPStatus.BAD_REQUEST, "provided digest did not match uploaded content")
        location = request.path.removesuffix("uploads/") + repository.keep(request.body)
        return Answer(HTTPStatus.CREATED, headers={"Location": location, "Docker-Content-Digest": wanted})

    def _repository(self, request: Request, permission: str) -> Repository:
        start, end = f"projects/{request.params['project']}/locations/", f"/repositories/{request.params['repository']}"
        names = [name for name in self._repositories.by_name if name.startswith(start) and name.endswith(end)]
        name = names[0] if names else f"{start}-{end}"
        if not self._access.permits(request.principal, permission, name):
            raise _refuse(
                HTTPStatus.FORBIDDEN, f'Permission "{permission}" denied on resource "{name}" (or it may not exist)'
            )
        if not names:
            raise _refuse(HTTPStatus.NOT_FOUND, f'Repository "{request.params["repository"]}" not found')
        return self._repositories.by_name[name]


def _content(repository: Repository, digest: str, kind: str) -> Answer:
    content = repository.files.get(digest)
    if content is None:
        raise _refuse(HTTPStatus.NOT_FOUND, f"{digest} not found")
    return Answer(HTTPStatus.OK, content, {"Content-Type": kind, "Docker-Content-Digest": digest})


def _refuse(status: HTTPStatus, message: str) -> Refusal:
    return Refusal(Answer(status, {"errors": [{"code": _CODES[status], "message": message}]}))

"""The data plane of blob storage, below `/blob/<account>`: containers and block blobs, judged by roles.

No client of Azure Storage is installed here: the shapes are those of the REST reference, `Blob service REST API` (Put
Blob, Get Blob, Delete Blob, List Blobs, Create Container, Delete Container); the permissions are those of 'Permissions
for calling data operations'.
"""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import format_datetime
from hashlib import md5
from typing import Any, Final
from xml.sax.saxutils import escape

from tools.doubles.azure.delayed import Clock
from tools.doubles.azure.errors import storage
from tools.doubles.azure.gate import Gate
from tools.doubles.messages import Answer, Request
from tools.doubles.routes import route

_ACCOUNTS: Final = "Microsoft.Storage/storageAccounts"
_CONTAINERS: Final = f"{_ACCOUNTS}/blobServices/containers"
_ACCOUNT = "/blob/{account}"
_CONTAINER = _ACCOUNT + "/{container}"
_BLOB = _CONTAINER + "/{blob*}"
_OLDEST: Final = "2017-11-09"
"""The first version of the service that takes Entra's tokens."""


class Blobs:
    """What there is in the containers.

    Attributes:
        by_path: the content of each blob by account, container and name.
    """

    def __init__(self, gate: Gate, now: Clock) -> None:
        self.by_path: dict[tuple[str, str, str], bytes] = {}
        self._gate, self._now = gate, now

    @route("GET", _ACCOUNT + "/")
    def containers(self, request: Request) -> Any:
        account = self._account(request)
        self._judge(request, "read", f"{account['id']}/blobServices/default", data=False)
        inside = f"{account['id']}/blobServices/default/containers/".lower()
        names = [each["name"] for key, each in self._gate.resources.by_id.items() if key.startswith(inside)]
        shown = "".join(f"<Container><Name>{escape(each)}</Name></Container>" for each in sorted(names))
        return _xml(f"<EnumerationResults><Containers>{shown}</Containers><NextMarker /></EnumerationResults>")

    @route("PUT", _CONTAINER)
    def make_container(self, request: Request) -> Any:
        account, name = self._account(request), request.params["container"]
        scope = f"{account['id']}/blobServices/default/containers/{name}"
        self._judge(request, "write", scope, data=False)
        if self._gate.resources.find(scope):
            raise storage(409, "ContainerAlreadyExists", "The specified container already exists.")
        group = str(account["id"]).split("/")[4]
        self._gate.resources.make(_CONTAINERS, account["name"], "default", name, group=group)
        return Answer(201, None, self._stamped())

    @route("DELETE", _CONTAINER)
    def delete_container(self, request: Request) -> Any:
        scope = self._container(request)
        self._judge(request, "delete", scope, data=False)
        self._gate.resources.remove_within(scope)
        for key in [
            each for each in self.by_path if each[:2] == (request.params["account"], request.params["container"])
        ]:
            del self.by_path[key]
        return Answer(202, None, self._stamped())

    @route("GET", _CONTAINER)
    def listing(self, request: Request) -> Any:
        if request.query.get("comp") != "list":
            raise storage(400, "InvalidQueryParameterValue", "Value for one of the query parameters is not supported.")
        scope, prefix = self._container(request), request.query.get("prefix", "")
        about = {"suboperation": "Blob.List", "blobs:prefix": prefix}
        self._judge(request, "blobs/read", scope, data=True, about=about)
        owner = request.params["account"], request.params["container"]
        names = sorted(key[2] for key in self.by_path if key[:2] == owner and key[2].startswith(prefix))
        shown = "".join(f"<Blob><Name>{escape(each)}</Name></Blob>" for each in names)
        return _xml(f"<EnumerationResults><Blobs>{shown}</Blobs><NextMarker /></EnumerationResults>")

    @route("PUT", _BLOB)
    def put(self, request: Request) -> Any:
        key = self._path(request)
        if request.headers.get("x-ms-blob-type") != "BlockBlob":
            raise storage(400, "MissingRequiredHeader", "x-ms-blob-type must be BlockBlob, the double knows no other.")
        # Whoever may only add makes new blobs, and overwrites none.
        actions = ("blobs/write",) if key in self.by_path else ("blobs/write", "blobs/add/action")
        self._judge(request, *actions[:1], self._container(request), data=True, others=actions[1:])
        self.by_path[key] = request.body
        return Answer(201, None, self._stamped(request.body))

    @route("GET", _BLOB)
    @route("HEAD", _BLOB)
    def get(self, request: Request) -> Any:
        self._judge(request, "blobs/read", self._container(request), data=True)
        content = self._content(request)
        return Answer(200, content, {**self._stamped(content), "x-ms-blob-type": "BlockBlob"})

    @route("DELETE", _BLOB)
    def delete(self, request: Request) -> Any:
        self._judge(request, "blobs/delete", self._container(request), data=True)
        self._content(request)
        del self.by_path[self._path(request)]
        return Answer(202, None, self._stamped())

    def _account(self, request: Request) -> dict[str, Any]:
        if request.headers.get("x-ms-version", "") < _OLDEST:
            raise storage(400, "InvalidHeaderValue", f"x-ms-version must be {_OLDEST} or later with a bearer token.")
        found = self._gate.named(_ACCOUNTS, request.params["account"])
        if found is None:
            raise storage(404, "ResourceNotFound", "The specified resource does not exist.")
        return found

    def _container(self, request: Request) -> str:
        """The container's resource id, if there is one: who may not look at it is told so all the same."""
        return f"{self._account(request)['id']}/blobServices/default/containers/{request.params['container']}"

    def _content(self, request: Request) -> bytes:
        if self._gate.resources.find(self._container(request)) is None:
            raise storage(404, "ContainerNotFound", "The specified container does not exist.")
        content = self.by_path.get(self._path(request))
        if content is None:
            raise storage(404, "BlobNotFound", "The specified blob does not exist.")
        return content

    def _path(self, request: Request) -> tuple[str, str, str]:
        return request.params["account"], request.params["container"], request.params["blob"]

    def _judge(
        self,
        request: Request,
        action: str,
        scope: str,
        *,
        data: bool,
        about: Mapping[str, str] | None = None,
        others: tuple[str, ...] = (),
    ) -> None:
        told = {"containers:name": request.params.get("container", ""), "blobs:path": request.params.get("blob", "")}
        told |= about or {}
        for each in (action, *others):
            if self._gate.holds(request, f"{_CONTAINERS}/{each}", scope, data=data, about=told):
                break
        else:
            text = "This request is not authorized to perform this operation using this permission."
            raise storage(403, "AuthorizationPermissionMismatch", text)
        if action == "blobs/write" and self._gate.resources.find(scope) is None:
            raise storage(404, "ContainerNotFound", "The specified container does not exist.")

    def _stamped(self, content: bytes = b"") -> dict[str, str]:
        etag = md5(content, usedforsecurity=False).hexdigest()
        return {"ETag": f'"0x{etag[:15].upper()}"', "Last-Modified": format_datetime(self._now(), usegmt=True)}


def _xml(text: str) -> Answer:
    return Answer(200, f'<?xml version="1.0" encoding="utf-8"?>{text}', {"Content-Type": "application/xml"})

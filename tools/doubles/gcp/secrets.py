"""Secret Manager v1: secrets with labels, annotations and etags, and their versions."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from typing import Any

from tools.doubles.gcp.crc32c import crc32c
from tools.doubles.gcp.errors import refuse
from tools.doubles.gcp.names import Clock, new_etag, number_of, page_of, stamp
from tools.doubles.messages import Request
from tools.doubles.routes import route

_SECRETS = "/v1/projects/{project}/secrets"
_SECRET = _SECRETS + "/{secret}"
_VERSIONS = _SECRET + "/versions"
_VERSION = _VERSIONS + "/{version}"
_PATCHABLE = ("labels", "annotations", "version_aliases", "version_destroy_ttl")
_ID = re.compile(r"[A-Za-z0-9_-]{1,255}")
_LABEL_KEY = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_LABEL_VALUE = re.compile(r"[a-z0-9_-]{0,63}")
_ANNOTATION_KEY = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
_MOST_ANNOTATIONS = 16 * 1024
_LARGEST = 65_536
_CONDITION = re.compile(r'labels\.([\w-]+)\s*[:=]\s*"?([\w-]+)"?')


@dataclass(slots=True)
class Version:
    """One version; `data` is emptied when it is destroyed."""

    number: int
    made: str
    data: bytes = field(repr=False)
    state: str = "ENABLED"
    etag: str = field(default_factory=new_etag)
    destroyed: str = ""
    due: str = ""


@dataclass(slots=True)
class Secret:
    """One secret: what the API shows of it, and its versions by number."""

    facts: dict[str, Any]
    versions: dict[int, Version] = field(default_factory=dict)

    def newest(self) -> Version | None:
        """The one made last, whatever its state: what `latest` stands for."""
        return self.versions[max(self.versions)] if self.versions else None


class Secrets:
    """Every secret of every project.

    Attributes:
        by_name: each, by project number and id.
    """

    def __init__(self, now: Clock) -> None:
        self.by_name: dict[tuple[str, str], Secret] = {}
        self._now = now

    def find(self, project: str, secret: str) -> Secret | None:
        """Find one, without the API."""
        return self.by_name.get((number_of(project), secret))

    @route("POST", _SECRETS, needs="secretmanager.secrets.create")
    def create(self, request: Request) -> Any:
        number, id_, asked = number_of(request.params["project"]), request.query.get("secretId", ""), request.json()
        if not _ID.fullmatch(id_) or not asked.get("replication"):
            raise refuse("INVALID_ARGUMENT", "The request needs a secretId and a replication policy.")
        name = f"projects/{number}/secrets/{id_}"
        if (number, id_) in self.by_name:
            raise refuse("ALREADY_EXISTS", f"Secret [{name}] already exists.")
        _judge(asked)
        facts = {
            key: asked[key] for key in ("replication", "labels", "annotations", "versionDestroyTtl") if asked.get(key)
        }
        facts |= {"name": name, "createTime": stamp(self._now()), "etag": new_etag()}
        self.by_name[number, id_] = Secret(facts)
        return facts

    @route("GET", _SECRETS, needs="secretmanager.secrets.list")
    def list(self, request: Request) -> Any:
        wanted = _filter(request.query.get("filter", ""))
        number = number_of(request.params["project"])
        of_project = [each.facts for (owner, _), each in self.by_name.items() if owner == number]
        found = [facts for facts in of_project if wanted.items() <= facts.get("labels", {}).items()]
        page = page_of(found, "secrets", request.query.get("pageSize", ""), request.query.get("pageToken", ""))
        return {**page, "totalSize": len(found)}

    @route("GET", _SECRET, needs="secretmanager.secrets.get")
    def get(self, request: Request) -> Any:
        return self._secret(request).facts

    @route("PATCH", _SECRET, needs="secretmanager.secrets.update")
    def patch(self, request: Request) -> Any:
        facts, asked = self._secret(request).facts, request.json()
        _check_etag(facts["etag"], asked.get("etag"))
        _judge(asked)
        for name in filter(None, request.query.get("updateMask", "").split(",")):
            if re.sub("[A-Z]", lambda capital: f"_{capital[0].lower()}", name) not in _PATCHABLE:
                raise refuse("INVALID_ARGUMENT", f"updateMask names {name}")
            facts.pop(name, None)
            facts |= {name: asked[name]} if asked.get(name) else {}
        facts["etag"] = new_etag()
        return facts

    @route("DELETE", _SECRET, needs="secretmanager.secrets.delete")
    def delete(self, request: Request) -> Any:
        facts = self._secret(request).facts
        _check_etag(facts["etag"], request.query.get("etag"))
        del self.by_name[number_of(request.params["project"]), request.params["secret"]]
        return {}

    @route("POST", _SECRET + ":addVersion", needs="secretmanager.versions.add")
    def add_version(self, request: Request) -> Any:
        secret, payload = self._secret(request), request.json().get("payload", {})
        data = base64.b64decode(payload.get("data", ""))
        if not data or len(data) > _LARGEST:
            raise refuse("INVALID_ARGUMENT", "Secret Payload must be 1 to 65536 bytes.")
        if "dataCrc32c" in payload and int(payload["dataCrc32c"]) != crc32c(data):
            raise refuse("INVALID_ARGUMENT", "Secret Payload checksum does not match.")
        version = Version(max(secret.versions, default=0) + 1, stamp(self._now()), data)
        secret.versions[version.number] = version
        return _shown(secret, version)

    @route("GET", _VERSIONS, needs="secretmanager.versions.list")
    def versions(self, request: Request) -> Any:
        secret = self._secret(request)
        if request.query.get("filter"):
            raise refuse("INVALID_ARGUMENT", "the double knows no filter of versions")
        shown = [_shown(secret, secret.versions[number]) for number in sorted(secret.versions, reverse=True)]
        page = page_of(shown, "versions", request.query.get("pageSize", ""), request.query.get("pageToken", ""))
        return {**page, "totalSize": len(shown)}

    @route("GET", _VERSION, needs="secretmanager.versions.get")
    def version(self, request: Request) -> Any:
        return _shown(*self._version(request))

    @route("GET", _VERSION + ":access", needs="secretmanager.versions.access")
    def access(self, request: Request) -> Any:
        secret, version = self._version(request)
        name = _shown(secret, version)["name"]
        if version.state != "ENABLED":
            raise refuse("FAILED_PRECONDITION", f"Secret Version [{name}] is in {version.state} state.")
        data = base64.b64encode(version.data).decode()
        return {"name": name, "payload": {"data": data, "dataCrc32c": str(crc32c(version.data))}}

    @route("POST", _VERSION + ":disable", needs="secretmanager.versions.disable")
    def disable(self, request: Request) -> Any:
        return self._turned(request, "DISABLED")

    @route("POST", _VERSION + ":enable", needs="secretmanager.versions.enable")
    def enable(self, request: Request) -> Any:
        return self._turned(request, "ENABLED")

    @route("POST", _VERSION + ":destroy", needs="secretmanager.versions.destroy")
    def destroy(self, request: Request) -> Any:
        secret, version = self._version(request)
        if secret.facts.get("versionDestroyTtl"):
            version.due = "later"
            return self._turned(request, "DISABLED")
        answer = self._turned(request, "DESTROYED")
        version.data, version.destroyed = b"", stamp(self._now())
        return {**answer, "destroyTime": version.destroyed}

    def _turned(self, request: Request, state: str) -> Any:
        secret, version = self._version(request)
        _check_etag(version.etag, request.json().get("etag"))
        if version.state == "DESTROYED":
            raise refuse("FAILED_PRECONDITION", "SecretVersion.state is already DESTROYED.")
        version.state, version.etag = state, new_etag()
        return _shown(secret, version)

    def _secret(self, request: Request) -> Secret:
        number, id_ = number_of(request.params["project"]), request.params["secret"]
        secret = self.by_name.get((number, id_))
        if secret is None:
            raise refuse("NOT_FOUND", f"Secret [projects/{number}/secrets/{id_}] not found.")
        return secret

    def _version(self, request: Request) -> tuple[Secret, Version]:
        secret, asked = self._secret(request), request.params["version"]
        number = secret.facts.get("versionAliases", {}).get(asked, asked)
        found = secret.newest() if number == "latest" else secret.versions.get(int(number) if number.isdigit() else 0)
        if found is None:
            raise refuse("NOT_FOUND", f"Secret Version [{secret.facts['name']}/versions/{asked}] not found.")
        return secret, found


def _shown(secret: Secret, version: Version) -> dict[str, Any]:
    facts = {
        "name": f"{secret.facts['name']}/versions/{version.number}",
        "createTime": version.made,
        "state": version.state,
        "replicationStatus": {"automatic": {}},
        "etag": version.etag,
    }
    return facts | ({"destroyTime": version.destroyed} if version.destroyed else {})


def _check_etag(stands: str, asked: str | None) -> None:
    """Source: Secret Manager, 'Use entity tags': 400 FAILED_PRECONDITION; without an etag nothing is compared."""
    if asked and asked != stands:
        raise refuse("FAILED_PRECONDITION", "The etag provided does not match the current one of the resource.")


def _judge(asked: dict[str, Any]) -> None:
    for key, value in asked.get("labels", {}).items():
        if not _LABEL_KEY.fullmatch(key) or not _LABEL_VALUE.fullmatch(value):
            raise refuse("INVALID_ARGUMENT", f"Label {key!r} is not valid.")
    annotations = asked.get("annotations", {})
    if wrong := [key for key in annotations if not _ANNOTATION_KEY.fullmatch(key)]:
        raise refuse("INVALID_ARGUMENT", f"Annotation key {wrong[0]!r} is not valid.")
    if sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items()) > _MOST_ANNOTATIONS:
        raise refuse("INVALID_ARGUMENT", "The annotations are larger than 16 KiB.")


def _filter(text: str) -> dict[str, str]:
    wanted = {}
    for condition in filter(None, re.split(r"\s+AND\s+", text.strip())):
        found = _CONDITION.fullmatch(condition)
        if found is None:
            raise refuse("INVALID_ARGUMENT", f"the double knows no filter {condition!r}")
        wanted[found[1]] = found[2]
    return wanted

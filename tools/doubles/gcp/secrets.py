"""Secret Manager v1, `projects.secrets`: create, get, list, patch, delete, and their end by `expireTime`.

Sources: Secret Manager, REST reference, `projects.secrets`; 'Create and manage secrets with an expiration'; 'Access
control with IAM', 'Permissions and roles'.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from tools.doubles.gcp.errors import refuse
from tools.doubles.gcp.masks import change, chosen, masked
from tools.doubles.gcp.names import Clock, new_etag, number_of, page_of, stamp
from tools.doubles.gcp.policies import Policies
from tools.doubles.gcp.secret_versions import SECRET, Secret, SecretVersions, Version, check_etag
from tools.doubles.gcp.times import duration, moment
from tools.doubles.messages import Request
from tools.doubles.routes import route

__all__ = ["Secret", "Secrets", "Version"]

_SECRETS = "/v1/projects/{project}/secrets"
_PATCHABLE = ("labels", "annotations", "versionAliases", "versionDestroyTtl", "expireTime", "ttl", "rotation", "topics")
_FIELDS = ("replication", *_PATCHABLE)
_ID = re.compile(r"[A-Za-z0-9_-]{1,255}")
_LABEL_KEY = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_LABEL_VALUE = re.compile(r"[a-z0-9_-]{0,63}")
_ANNOTATION_KEY = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
_MOST_ANNOTATIONS = 16 * 1024
_MOST_TOPICS = 10
_DESTROY_DELAYS = timedelta(days=1), timedelta(days=1000)
_NEVER = "9999-12-31T23:59:59Z"
_CONDITION = re.compile(r'labels\.([\w-]+)\s*[:=]\s*"?([\w-]+)"?')


class Secrets(SecretVersions):
    """Every secret of every project.

    Attributes:
        by_name: each, by project number and id.
    """

    def __init__(self, now: Clock, policies: Policies) -> None:
        self.by_name: dict[tuple[str, str], Secret] = {}
        self._now, self._policies = now, policies

    def find(self, project: str, secret: str) -> Secret | None:
        """Find one, without the API."""
        self._pass_time()
        return self.by_name.get((number_of(project), secret))

    @route("POST", _SECRETS, needs="secretmanager.secrets.create")
    def create(self, request: Request) -> Any:
        self._pass_time()
        number, id_, asked = number_of(request.params["project"]), request.query.get("secretId", ""), request.json()
        if not _ID.fullmatch(id_) or not asked.get("replication"):
            raise refuse("INVALID_ARGUMENT", "The request needs a secretId and a replication policy.")
        name = f"projects/{number}/secrets/{id_}"
        if (number, id_) in self.by_name:
            raise refuse("ALREADY_EXISTS", f"Secret [{name}] already exists.")
        _judge(asked)
        facts = chosen(self._with_end(asked), _FIELDS)
        facts |= {"name": name, "createTime": stamp(self._now()), "etag": new_etag()}
        self.by_name[number, id_] = Secret(facts)
        project = f"projects/{request.params['project']}"
        self._policies.attach(f"{project}/secrets/{id_}", project)
        return facts

    @route("GET", _SECRETS, needs="secretmanager.secrets.list")
    def list(self, request: Request) -> Any:
        self._pass_time()
        wanted = _filter(request.query.get("filter", ""))
        number = number_of(request.params["project"])
        of_project = [each.facts for (owner, _), each in self.by_name.items() if owner == number]
        found = [facts for facts in of_project if wanted.items() <= facts.get("labels", {}).items()]
        page = page_of(found, "secrets", request.query.get("pageSize", ""), request.query.get("pageToken", ""))
        return {**page, "totalSize": len(found)}

    @route("GET", SECRET, needs="secretmanager.secrets.get")
    def get(self, request: Request) -> Any:
        return self._secret(request).facts

    @route("PATCH", SECRET, needs="secretmanager.secrets.update")
    def patch(self, request: Request) -> Any:
        facts, asked = self._secret(request).facts, request.json()
        check_etag(facts["etag"], asked.get("etag"))
        _judge(asked)
        names = masked(mask, _PATCHABLE) if (mask := request.query.get("updateMask", "")) else []
        # A lifetime is only how an end may be asked for; answers know the end alone.
        wanted = ["expireTime" if name == "ttl" else name for name in names]
        change(facts, self._with_end(asked), wanted)
        facts["etag"] = new_etag()
        return facts

    @route("DELETE", SECRET, needs="secretmanager.secrets.delete")
    def delete(self, request: Request) -> Any:
        facts = self._secret(request).facts
        check_etag(facts["etag"], request.query.get("etag"))
        self._remove((number_of(request.params["project"]), request.params["secret"]))
        return {}

    def _secret(self, request: Request) -> Secret:
        self._pass_time()
        number, id_ = number_of(request.params["project"]), request.params["secret"]
        secret = self.by_name.get((number, id_))
        if secret is None:
            raise refuse("NOT_FOUND", f"Secret [projects/{number}/secrets/{id_}] not found.")
        return secret

    def _pass_time(self) -> None:
        """Do what has been due since the last look: delete expired secrets, destroy versions after their delay."""
        now = self._now()
        ended = [key for key, each in self.by_name.items() if moment(each.facts.get("expireTime", _NEVER)) <= now]
        for key in ended:
            self._remove(key)
        for secret in self.by_name.values():
            for version in secret.versions.values():
                if version.due and version.due <= now:
                    version.destroy(version.due)

    def _remove(self, key: tuple[str, str]) -> None:
        self._policies.detach(self.by_name.pop(key).facts["name"])

    def _with_end(self, asked: dict[str, Any]) -> dict[str, Any]:
        """What is asked, with the end as a time."""
        told = {name: value for name, value in asked.items() if name != "ttl"}
        if "ttl" in asked and "expireTime" in asked:
            raise refuse("INVALID_ARGUMENT", "Secret.expiration: expire_time and ttl can't be set both.")
        if "ttl" in asked:
            told["expireTime"] = stamp(self._now() + duration(asked["ttl"]))
        if told.get("expireTime") and moment(told["expireTime"]) <= self._now():
            raise refuse("INVALID_ARGUMENT", "Secret.expire_time must be in the future.")
        return told


def _judge(asked: dict[str, Any]) -> None:
    for key, value in asked.get("labels", {}).items():
        if not _LABEL_KEY.fullmatch(key) or not _LABEL_VALUE.fullmatch(value):
            raise refuse("INVALID_ARGUMENT", f"Label {key!r} is not valid.")
    annotations = asked.get("annotations", {})
    if wrong := [key for key in annotations if not _ANNOTATION_KEY.fullmatch(key)]:
        raise refuse("INVALID_ARGUMENT", f"Annotation key {wrong[0]!r} is not valid.")
    if sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items()) > _MOST_ANNOTATIONS:
        raise refuse("INVALID_ARGUMENT", "The annotations are larger than 16 KiB.")
    shortest, longest = _DESTROY_DELAYS
    if (delay := asked.get("versionDestroyTtl")) and not shortest <= duration(delay) <= longest:
        raise refuse("INVALID_ARGUMENT", "Secret.version_destroy_ttl must be between 24 hours and 1000 days.")
    if len(asked.get("topics", [])) > _MOST_TOPICS:
        raise refuse("INVALID_ARGUMENT", "A secret has at most 10 topics.")


def _filter(text: str) -> dict[str, str]:
    wanted = {}
    for condition in filter(None, re.split(r"\s+AND\s+", text.strip())):
        found = _CONDITION.fullmatch(condition)
        if found is None:
            raise refuse("INVALID_ARGUMENT", f"the double knows no filter {condition!r}")
        wanted[found[1]] = found[2]
    return wanted

"""Cloud Logging v2, `projects.sinks`: create, get, list, delete; nothing is routed.

Permissions: Cloud Logging, 'Access control with IAM'; fields: REST reference, `sinks`.
"""

from __future__ import annotations

import re
from typing import Any

from tools.doubles.gcp.errors import refuse
from tools.doubles.gcp.masks import chosen
from tools.doubles.gcp.names import Clock, number_of, page_of, stamp
from tools.doubles.messages import Request
from tools.doubles.routes import route

_SINKS = "/v2/projects/{project}/sinks"
_SINK = _SINKS + "/{sink}"
_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,99}", re.ASCII)
_FIELDS = ("name", "destination", "filter", "description", "disabled", "includeChildren")


class LogSinks:
    """Every sink of every project.

    Attributes:
        by_name: each, by project and name.
    """

    def __init__(self, now: Clock) -> None:
        self.by_name: dict[tuple[str, str], dict[str, Any]] = {}
        self._now = now

    @route("POST", _SINKS, needs="logging.sinks.create")
    def create(self, request: Request) -> Any:
        project, asked = request.params["project"], request.json()
        name, number = str(asked.get("name", "")), number_of(project)
        if not _NAME.fullmatch(name) or not asked.get("destination"):
            raise refuse("INVALID_ARGUMENT", "A sink needs a name and a destination.")
        if (project, name) in self.by_name:
            raise refuse("ALREADY_EXISTS", f"Sink {name} already exists")
        writer = f"serviceAccount:service-{number}@gcp-sa-logging.iam.gserviceaccount.com"
        facts = {"writerIdentity": writer, "createTime": stamp(self._now()), **chosen(asked, _FIELDS)}
        self.by_name[project, name] = facts
        return facts

    @route("GET", _SINK, needs="logging.sinks.get")
    def get(self, request: Request) -> Any:
        return self.by_name[self._sink(request)]

    @route("GET", _SINKS, needs="logging.sinks.list")
    def list(self, request: Request) -> Any:
        found = [each for (owner, _), each in sorted(self.by_name.items()) if owner == request.params["project"]]
        return page_of(found, "sinks", request.query.get("pageSize", ""), request.query.get("pageToken", ""))

    @route("DELETE", _SINK, needs="logging.sinks.delete")
    def delete(self, request: Request) -> Any:
        del self.by_name[self._sink(request)]
        return {}

    def _sink(self, request: Request) -> tuple[str, str]:
        key = request.params["project"], request.params["sink"]
        if key not in self.by_name:
            raise refuse("NOT_FOUND", f"Sink {key[1]} does not exist")
        return key

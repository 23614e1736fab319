"""Cloud Logging v2, `entries`: write and list.

To read through a view needs `logging.views.access` on the view, to read a project's own logs `logging.logEntries.list`
on the project. Sources: Cloud Logging, 'Access control with IAM'; REST reference, `entries`; 'Logging query language',
of which the double knows comparisons joined by AND.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any
from urllib.parse import quote, unquote

from tools.doubles.gcp.access import Access
from tools.doubles.gcp.errors import refuse
from tools.doubles.gcp.log_buckets import LogBuckets
from tools.doubles.gcp.names import Clock, page_of, stamp
from tools.doubles.gcp.times import moment
from tools.doubles.messages import Request
from tools.doubles.routes import route

_LOG = re.compile(r"projects/(?P<project>[^/]+)/logs/(?P<log>[^/]+)")
_VIEW = re.compile(r"projects/(?P<project>[^/]+)/locations/[^/]+/buckets/[^/]+/views/[^/]+")
_SEVERITIES = ("DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY")
_TERM = re.compile(
    r'LOG_ID\("(?P<id>[^"]+)"\)|SOURCE\("(?P<source>[^"]+)"\)'
    r'|timestamp\s*>=\s*"(?P<since>[^"]+)"'
    r'|severity\s*>=\s*"?(?P<severity>[A-Z]+)"?|(?P<field>[\w.]+)\s*=\s*"?(?P<value>[^"]+)"?'
)
_PAYLOADS = ("textPayload", "jsonPayload", "protoPayload")
_Test = Callable[[dict[str, Any]], bool]


@dataclass(frozen=True, slots=True)
class _Source:
    """What is read: a project's entries, or what a view of it lets through."""

    project: str
    filter: str


class LogEntries:
    """Every entry of every project.

    Attributes:
        written: the entries, oldest first.
    """

    def __init__(self, buckets: LogBuckets, now: Clock, access: Access) -> None:
        self.written: list[dict[str, Any]] = []
        self._buckets, self._now, self._access = buckets, now, access
        self._numbers = count(1)

    @route("POST", "/v2/entries:write")
    def write(self, request: Request) -> Any:
        asked = request.json()
        shared = {key: asked[key] for key in ("logName", "resource", "labels") if asked.get(key)}
        entries = [{**shared, **each} for each in asked.get("entries", [])]
        if not entries:
            raise refuse("INVALID_ARGUMENT", "A write request has at least one entry.")
        for entry in entries:
            found = _LOG.fullmatch(str(entry.get("logName", "")))
            if found is None or not any(each in entry for each in _PAYLOADS):
                raise refuse("INVALID_ARGUMENT", "An entry needs a logName of a project, and a payload.")
            self._access.require(request, "logging.logEntries.create", f"projects/{found['project']}")
        if not asked.get("dryRun"):
            self.written += [self._received(entry) for entry in entries]
        return {}

    @route("POST", "/v2/entries:list")
    def list(self, request: Request) -> Any:
        asked = request.json()
        sources = [self._source(request, name) for name in asked.get("resourceNames", [])]
        if not sources:
            raise refuse("INVALID_ARGUMENT", "resource_names must not be empty.")
        wanted = tests_of(asked.get("filter", ""))
        found = [entry for entry in self.written if any(_within(entry, each) for each in sources)]
        found = [entry for entry in found if all(test(entry) for test in wanted)]
        if asked.get("orderBy") == "timestamp desc":
            found.reverse()
        return page_of(found, "entries", str(asked.get("pageSize", "")), asked.get("pageToken", ""))

    @route("GET", "/v2/projects/{project}/logs", needs="logging.logs.list")
    def logs(self, request: Request) -> Any:
        start = f"projects/{request.params['project']}/logs/"
        return {"logNames": sorted({entry["logName"] for entry in self.written if entry["logName"].startswith(start)})}

    @route("DELETE", "/v2/projects/{project}/logs/{log}", needs="logging.logs.delete")
    def delete(self, request: Request) -> Any:
        # The log's id is one segment, and stays encoded in its name.
        name = f"projects/{request.params['project']}/logs/{quote(request.params['log'], safe='')}"
        self.written = [entry for entry in self.written if entry["logName"] != name]
        return {}

    def _received(self, entry: dict[str, Any]) -> dict[str, Any]:
        now = self._now()
        told = {"insertId": f"{next(self._numbers):013x}", "timestamp": stamp(now), "severity": "DEFAULT", **entry}
        if moment(told["timestamp"]) > now + timedelta(hours=24):
            raise refuse("INVALID_ARGUMENT", "Log entry with timestamp more than 24 hours in the future.")
        return {**told, "receiveTimestamp": stamp(now)}

    def _source(self, request: Request, name: str) -> _Source:
        if view := _VIEW.fullmatch(name):
            self._access.require(request, "logging.views.access", name)
            return _Source(view["project"], self._buckets.view(name).get("filter", ""))
        if not re.fullmatch(r"projects/[^/]+", name):
            raise refuse("INVALID_ARGUMENT", f"the double reads projects and views, not {name}")
        self._access.require(request, "logging.logEntries.list", name)
        return _Source(name.removeprefix("projects/"), "")


def tests_of(query: str) -> list[_Test]:
    """Read a filter as tests that all must hold."""
    return [_test(term.strip()) for term in re.split(r"\s+AND\s+|\n", query) if term.strip()]


def _test(term: str) -> _Test:
    found = _TERM.fullmatch(term)
    if found is None:
        raise refuse("INVALID_ARGUMENT", f"the double knows no filter {term!r}")
    if found["id"]:
        return lambda entry: unquote(entry["logName"].rpartition("/")[2]) == found["id"]
    if found["source"]:
        return lambda entry: str(entry["logName"]).startswith(f"{found['source']}/")
    if found["since"]:
        since = moment(found["since"])
        return lambda entry: moment(entry["timestamp"]) >= since
    if found["severity"]:
        least = _SEVERITIES.index(found["severity"])
        return lambda entry: _SEVERITIES.index(entry["severity"]) >= least
    return lambda entry: _value(entry, found["field"]) == found["value"]


def _value(entry: Any, path: str) -> str:
    for name in path.split("."):
        entry = entry.get(name, {}) if isinstance(entry, dict) else {}
    return str(entry)


def _within(entry: dict[str, Any], source: _Source) -> bool:
    of_project = entry["logName"].startswith(f"projects/{source.project}/logs/")
    return of_project and all(test(entry) for test in tests_of(source.filter))

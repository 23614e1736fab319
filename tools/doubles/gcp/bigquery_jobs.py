"""BigQuery v2, `jobs`: query, copy and extract jobs, done at once: insert, query, get, list, getQueryResults.

Of queries the double knows `SELECT COLUMNS FROM TABLE` and `SELECT NUMBER` only; what matters is what a query needs:
`bigquery.jobs.create` on the project that pays, `bigquery.tables.getData` on what it reads (BigQuery, 'Run a query',
'Required permissions').
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import count
from typing import Any

from tools.doubles.gcp.access import Access
from tools.doubles.gcp.bigquery_tables import Tables, cells
from tools.doubles.gcp.bigquery_transfers import Transfers
from tools.doubles.gcp.json_errors import json_refuse
from tools.doubles.gcp.names import page_of
from tools.doubles.messages import Request
from tools.doubles.routes import route

_PROJECT = "/bigquery/v2/projects/{project}"
_SELECT = re.compile(r"\s*SELECT\s+(?P<columns>\*|[\w\s,]+?)\s+FROM\s+(?P<table>[\w.:`-]+)\s*;?\s*", re.IGNORECASE)
_CONSTANT = re.compile(r"\s*SELECT\s+(\d+)\s*;?\s*", re.IGNORECASE)
_TABLE = re.compile(r"(?:(?P<project>[\w-]+)\.)?(?P<dataset>\w+)\.(?P<table>[\w-]+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Job:
    """One job that is done: whose it is, what the API shows of it, what came out."""

    owner: str
    facts: dict[str, Any]
    result: dict[str, Any]


class Jobs:
    """Every job of every project.

    Attributes:
        by_id: each, by its id.
    """

    def __init__(self, tables: Tables, transfers: Transfers, access: Access) -> None:
        self.by_id: dict[str, Job] = {}
        self._tables, self._transfers, self._access = tables, transfers, access
        self._numbers = count(1)

    @route("POST", _PROJECT + "/jobs", needs="bigquery.jobs.create")
    def insert(self, request: Request) -> Any:
        match request.json().get("configuration", {}):
            case {"query": {"query": str(query)}}:
                return self._queried(request, query).facts
            case {"copy": dict(asked)}:
                self._transfers.copy(request, asked)
                return self._done(request, {"jobType": "COPY", "copy": asked}, {}).facts
            case {"extract": dict(asked)}:
                self._transfers.extract(request, asked)
                return self._done(request, {"jobType": "EXTRACT", "extract": asked}, {}).facts
        raise json_refuse("required", "the double knows query, copy and extract jobs only")

    @route("POST", _PROJECT + "/queries", needs="bigquery.jobs.create")
    def query(self, request: Request) -> Any:
        return self._queried(request, str(request.json().get("query", ""))).result

    @route("GET", _PROJECT + "/jobs", needs="bigquery.jobs.list")
    def list(self, request: Request) -> Any:
        everybody, project = request.query.get("allUsers", "").lower() == "true", request.params["project"]
        found = [
            job.facts
            for job in reversed(self.by_id.values())
            if job.facts["jobReference"]["projectId"] == project and (everybody or job.owner == request.principal)
        ]
        page = page_of(found, "jobs", request.query.get("maxResults", ""), request.query.get("pageToken", ""))
        return {"kind": "bigquery#jobList", **page}

    @route("GET", _PROJECT + "/jobs/{job}")
    def get(self, request: Request) -> Any:
        return self._job(request).facts

    @route("GET", _PROJECT + "/queries/{job}")
    def results(self, request: Request) -> Any:
        return self._job(request).result

    def _queried(self, request: Request, query: str) -> Job:
        rows = self._read(request, query)
        return self._done(request, {"jobType": "QUERY", "query": {"query": query, "useLegacySql": False}}, rows)

    def _done(self, request: Request, configuration: dict[str, Any], rows: dict[str, Any]) -> Job:
        project, id_ = request.params["project"], f"job_{next(self._numbers)}"
        reference = {"projectId": project, "jobId": id_, "location": "US"}
        facts = {
            "kind": "bigquery#job",
            "id": f"{project}:US.{id_}",
            "jobReference": reference,
            "user_email": request.principal,
            "configuration": configuration,
            "status": {"state": "DONE"},
        }
        told = {"kind": "bigquery#queryResponse", "jobReference": reference, "jobComplete": True}
        self.by_id[id_] = Job(request.principal, facts, {**told, **rows})
        return self.by_id[id_]

    def _read(self, request: Request, query: str) -> dict[str, Any]:
        if number := _CONSTANT.fullmatch(query):
            fields = [{"name": "f0_", "type": "INTEGER", "mode": "NULLABLE"}]
            return {"schema": {"fields": fields}, "totalRows": "1", "rows": cells(["f0_"], [{"f0_": number[1]}])}
        found = _SELECT.fullmatch(query)
        named = _TABLE.fullmatch(found["table"].replace("`", "").replace(":", ".")) if found else None
        if found is None or named is None:
            raise json_refuse("invalidQuery", "the double knows only SELECT … FROM one table")
        project = named["project"] or request.params["project"]
        resource = f"projects/{project}/datasets/{named['dataset']}/tables/{named['table']}"
        if not self._access.permits(request.principal, "bigquery.tables.getData", resource):
            name = f"{project}:{named['dataset']}.{named['table']}"
            why = f"User does not have permission to query table {name}, or perhaps it does not exist."
            raise json_refuse("accessDenied", f"Access Denied: Table {name}: {why}")
        table = self._tables.find(project, named["dataset"], named["table"])
        columns = table.columns if found["columns"] == "*" else re.findall(r"\w+", found["columns"])
        if unknown := [each for each in columns if each not in table.columns]:
            raise json_refuse("invalidQuery", f"Unrecognized name: {unknown[0]}")
        fields = [each for name in columns for each in table.facts["schema"]["fields"] if each["name"] == name]
        rows = cells(columns, table.rows)
        return {"schema": {"fields": fields}, "totalRows": str(len(rows))} | ({"rows": rows} if rows else {})

    def _job(self, request: Request) -> Job:
        """One's own, or with `bigquery.jobs.get` anybody's."""
        id_, project = request.params["job"], request.params["project"]
        job = self.by_id.get(id_)
        if job is None:
            raise json_refuse("notFound", f"Not found: Job {project}:US.{id_}")
        if job.owner != request.principal:
            self._access.require(request, "bigquery.jobs.get", f"projects/{project}")
        return job

"""Cloud Run v2, `projects.locations.jobs`: create, get, list, delete, run.

Permissions: Cloud Run, 'Access control with IAM'; to make a job, or to run it in another way than it says, is also to
act as the account that it runs as.
"""

from __future__ import annotations

from itertools import count
from typing import Any

from tools.doubles.gcp.access import Access
from tools.doubles.gcp.errors import refuse
from tools.doubles.gcp.masks import chosen
from tools.doubles.gcp.names import Clock, new_etag, page_of, stamp
from tools.doubles.gcp.operations import Operations
from tools.doubles.gcp.run import ID, PLACE
from tools.doubles.messages import Request
from tools.doubles.routes import route

_JOBS = f"/v2/{PLACE}/jobs"
_JOB = _JOBS + "/{job}"
_FIELDS = ("labels", "annotations", "launchStage", "template")
_KIND = "google.cloud.run.v2.Job"
_RAN = "google.cloud.run.v2.Execution"


class RunJobs:
    """Every Cloud Run job of every project.

    Attributes:
        by_name: each, as the API shows it.
        runs: who ran which job, oldest first.
    """

    def __init__(self, now: Clock, access: Access, operations: Operations) -> None:
        self.by_name: dict[str, dict[str, Any]] = {}
        self.runs: list[tuple[str, str]] = []
        self._now, self._access, self._operations = now, access, operations
        self._numbers = count(1)

    @route("POST", _JOBS, needs="run.jobs.create")
    def create(self, request: Request) -> Any:
        id_, asked, place = request.query.get("jobId", ""), request.json(), PLACE.format_map(request.params)
        name, moment = f"{place}/jobs/{id_}", stamp(self._now())
        if not ID.fullmatch(id_) or not asked.get("template"):
            raise refuse("INVALID_ARGUMENT", "job_id must be a label of DNS, template must not be empty.")
        if name in self.by_name:
            raise refuse("ALREADY_EXISTS", f"Resource '{id_}' already exists.")
        if runs_as := asked["template"].get("template", {}).get("serviceAccount"):
            self._access.require(request, "iam.serviceAccounts.actAs", f"projects/-/serviceAccounts/{runs_as}")
        facts = {"name": name, "createTime": moment, "updateTime": moment, "creator": request.principal}
        self.by_name[name] = facts | chosen(asked, _FIELDS) | {"etag": new_etag()}
        self._access.policies.attach(name, f"projects/{request.params['project']}")
        return self._operations.done(place, _KIND, self.by_name[name])

    @route("GET", _JOB, needs="run.jobs.get")
    def get(self, request: Request) -> Any:
        return self._job(request)

    @route("GET", _JOBS, needs="run.jobs.list")
    def list(self, request: Request) -> Any:
        start = f"{PLACE.format_map(request.params)}/jobs/"
        found = [facts for name, facts in sorted(self.by_name.items()) if name.startswith(start)]
        return page_of(found, "jobs", request.query.get("pageSize", ""), request.query.get("pageToken", ""))

    @route("DELETE", _JOB, needs="run.jobs.delete")
    def delete(self, request: Request) -> Any:
        facts = self._job(request)
        del self.by_name[facts["name"]]
        self._access.policies.detach(facts["name"])
        return self._operations.done(PLACE.format_map(request.params), _KIND, facts)

    @route("POST", _JOB + ":run", needs="run.jobs.run")
    def run(self, request: Request) -> Any:
        name = self._job(request)["name"]
        if request.json().get("overrides"):
            self._access.require(request, "run.jobs.runWithOverrides", name)
        self.runs.append((request.principal, name))
        execution = {"name": f"{name}/executions/{name.rpartition('/')[2]}-{next(self._numbers)}", "job": name}
        return self._operations.done(PLACE.format_map(request.params), _RAN, execution)

    def _job(self, request: Request) -> dict[str, Any]:
        name = f"{PLACE.format_map(request.params)}/jobs/{request.params['job']}"
        if name not in self.by_name:
            raise refuse("NOT_FOUND", f"Resource '{request.params['job']}' was not found.")
        return self.by_name[name]

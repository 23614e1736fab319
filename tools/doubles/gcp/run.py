"""Cloud Run v2, `projects.locations.services`: create, get, list, patch, delete; and a service's own URL.

Whoever deploys must be allowed to act as the account that the service runs as (`iam.serviceAccounts.actAs`). A
service's URL is a path of the double; whoever calls it needs `run.routes.invoke` (Cloud Run, 'Access control with IAM',
'Authenticate developers'); its 403 is a page, not JSON. Fields: REST reference, `projects.locations.services`.
"""

from __future__ import annotations

import re
import zlib
from typing import Any

from tools.doubles.gcp.access import Access
from tools.doubles.gcp.errors import refuse
from tools.doubles.gcp.masks import change, chosen, masked
from tools.doubles.gcp.names import Clock, new_etag, number_of, page_of, stamp
from tools.doubles.gcp.operations import Operations
from tools.doubles.messages import Answer, Request
from tools.doubles.routes import route

PLACE = "projects/{project}/locations/{location}"
_SERVICES = f"/v2/{PLACE}/services"
_SERVICE = _SERVICES + "/{service}"
_URL = "/run.app/{project}/{location}/{service}"
ID = re.compile(r"[a-z]([a-z0-9-]{0,47}[a-z0-9])?")
_FIELDS = (
    "description",
    "labels",
    "annotations",
    "ingress",
    "launchStage",
    "template",
    "traffic",
    "binaryAuthorization",
)
_KIND = "google.cloud.run.v2.Service"
_FORBIDDEN = "Your client does not have permission to get URL {} from this server."


class RunServices:
    """Every Cloud Run service of every project.

    Attributes:
        by_name: each, as the API shows it.
        calls: who called which service, oldest first.
    """

    def __init__(self, url: str, now: Clock, access: Access, operations: Operations) -> None:
        self.by_name: dict[str, dict[str, Any]] = {}
        self.calls: list[tuple[str, str]] = []
        self._url, self._now, self._access, self._operations = url, now, access, operations

    @route("POST", _SERVICES, needs="run.services.create")
    def create(self, request: Request) -> Any:
        id_, asked, params = request.query.get("serviceId", ""), request.json(), request.params
        place = PLACE.format_map(params)
        name, moment = f"{place}/services/{id_}", stamp(self._now())
        if not ID.fullmatch(id_) or not asked.get("template", {}).get("containers"):
            raise refuse(
                "INVALID_ARGUMENT", "service_id must be a label of DNS, template.containers must not be empty."
            )
        if name in self.by_name:
            raise refuse("ALREADY_EXISTS", f"Resource '{id_}' already exists.")
        self._may_act(request, asked)
        if request.query.get("validateOnly") == "true":
            return self._operations.done(place, _KIND, {"name": name})
        self.by_name[name] = facts = {
            "name": name,
            "uid": f"{zlib.crc32(name.encode()):08x}-0000-4000-8000-000000000000",
            "generation": "0",
            "createTime": moment,
            "creator": request.principal,
            "ingress": "INGRESS_TRAFFIC_ALL",
            "launchStage": "GA",
            "uri": self._url + _URL.format_map({**params, "service": id_}),
        }
        self._access.policies.attach(name, f"projects/{params['project']}")
        self._deploy(request, facts, asked)
        return self._operations.done(place, _KIND, facts)

    @route("GET", _SERVICE, needs="run.services.get")
    def get(self, request: Request) -> Any:
        return self._service(request)

    @route("GET", _SERVICES, needs="run.services.list")
    def list(self, request: Request) -> Any:
        start = f"{PLACE.format_map(request.params)}/services/"
        found = [facts for name, facts in sorted(self.by_name.items()) if name.startswith(start)]
        return page_of(found, "services", request.query.get("pageSize", ""), request.query.get("pageToken", ""))

    @route("PATCH", _SERVICE, needs="run.services.update")
    def patch(self, request: Request) -> Any:
        facts, asked = self._service(request), request.json()
        _check_etag(facts, asked.get("etag"))
        self._may_act(request, asked)
        change(facts, asked, masked(request.query.get("updateMask", ""), _FIELDS))
        self._deploy(request, facts, {})
        return self._operations.done(PLACE.format_map(request.params), _KIND, facts)

    @route("DELETE", _SERVICE, needs="run.services.delete")
    def delete(self, request: Request) -> Any:
        facts = self._service(request)
        _check_etag(facts, request.query.get("etag"))
        del self.by_name[facts["name"]]
        self._access.policies.detach(facts["name"])
        return self._operations.done(PLACE.format_map(request.params), _KIND, facts)

    @route("GET", _URL, public=True)
    @route("POST", _URL, public=True)
    def invoke(self, request: Request) -> Any:
        params = request.params
        name = PLACE.format_map(params) + f"/services/{params['service']}"
        if name not in self.by_name:
            return Answer(404, "<title>404 Page not found</title>")
        bears = bool(request.headers.get("authorization"))
        if bears and not request.principal:
            return Answer(401, "<title>401 Unauthorized</title>")
        if not self._access.permits(request.principal, "run.routes.invoke", name):
            return Answer(403, f"<title>403 Forbidden</title> {_FORBIDDEN.format(request.path)}")
        self.calls.append((request.principal, name))
        return Answer(200, "Hello World!")

    def _deploy(self, request: Request, facts: dict[str, Any], asked: dict[str, Any]) -> None:
        """A new generation, ready at once, with a revision of its own."""
        generation = str(int(facts["generation"]) + 1)
        project, service = request.params["project"], facts["name"].rpartition("/")[2]
        runs_as = f"{number_of(project)}-compute@developer.gserviceaccount.com"
        facts |= chosen(asked, _FIELDS)
        facts["template"] = {"serviceAccount": runs_as, **facts.get("template", {})}
        revision = f"{facts['name']}/revisions/{service}-{int(generation):05d}-dbl"
        ready = {"type": "Ready", "state": "CONDITION_SUCCEEDED", "lastTransitionTime": stamp(self._now())}
        facts |= {
            "generation": generation,
            "observedGeneration": generation,
            "updateTime": stamp(self._now()),
            "lastModifier": request.principal,
            "latestReadyRevision": revision,
            "latestCreatedRevision": revision,
            "terminalCondition": ready,
            "urls": [facts["uri"]],
            "etag": new_etag(),
        }

    def _may_act(self, request: Request, asked: dict[str, Any]) -> None:
        if runs_as := asked.get("template", {}).get("serviceAccount"):
            self._access.require(request, "iam.serviceAccounts.actAs", f"projects/-/serviceAccounts/{runs_as}")

    def _service(self, request: Request) -> dict[str, Any]:
        name = f"{PLACE.format_map(request.params)}/services/{request.params['service']}"
        if name not in self.by_name:
            raise refuse("NOT_FOUND", f"Resource '{request.params['service']}' was not found.")
        return self.by_name[name]


def _check_etag(facts: dict[str, Any], asked: str | None) -> None:
    if asked and asked != facts["etag"]:
        raise refuse("ABORTED", "The etag does not match the current one of the service.")

"""Resource Manager, `projects`: v1 as the real provider speaks it, v3 as Google's client does.

Projects are neither made nor deleted here: see `GcpDouble.only_projects`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tools.doubles.gcp.names import Clock, number_of, page_of, stamp
from tools.doubles.gcp.projects import ORGANIZATION, Projects
from tools.doubles.messages import Request
from tools.doubles.routes import route

_GET = "resourcemanager.projects.get"


class ResourceManager:
    """Shows projects.

    Attributes:
        organization: the number of the organisation that all lie in.
    """

    def __init__(self, projects: Projects, now: Clock, holds: Callable[[str, str, str], bool]) -> None:
        self.organization = ORGANIZATION
        self._projects, self._holds = projects, holds
        self._made = stamp(now())

    @route("GET", "/v1/projects/{project}", needs=_GET)
    def get(self, request: Request) -> Any:
        return self._v1(self._projects.id_of(request.params["project"]))

    @route("GET", "/v1/projects")
    def list(self, request: Request) -> Any:
        found = [self._v1(each) for each in self._of(request)]
        return page_of(found, "projects", request.query.get("pageSize", ""), request.query.get("pageToken", ""))

    @route("GET", "/v3/projects/{project}", needs=_GET)
    def get_v3(self, request: Request) -> Any:
        return self._v3(self._projects.id_of(request.params["project"]))

    @route("GET", "/v3/projects:search")
    def search(self, request: Request) -> Any:
        found = [self._v3(each) for each in self._of(request)]
        return page_of(found, "projects", request.query.get("pageSize", ""), request.query.get("pageToken", ""))

    def _of(self, request: Request) -> Sequence[str]:
        """The projects that the caller may see."""
        known = self._projects.known()
        return [each for each in known if self._holds(request.principal, _GET, f"projects/{each}")]

    def _v1(self, project: str) -> dict[str, Any]:
        return {
            "projectNumber": number_of(project),
            "projectId": project,
            "lifecycleState": "ACTIVE",
            "name": project,
            "createTime": self._made,
            "parent": {"type": "organization", "id": self.organization},
        }

    def _v3(self, project: str) -> dict[str, Any]:
        return {
            "name": f"projects/{number_of(project)}",
            "parent": f"organizations/{self.organization}",
            "projectId": project,
            "state": "ACTIVE",
            "displayName": project,
            "createTime": self._made,
            "updateTime": self._made,
            "etag": f'W/"{number_of(project)}"',
        }

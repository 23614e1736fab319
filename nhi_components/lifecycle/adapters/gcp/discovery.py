"""Reading the service accounts of Google Cloud's projects: keys, grants, ways in, last uses and what runs as them.

Projects are those that the connection names, or all that it can list. Sources: Resource Manager API, REST reference
`projects.search` (of v3), and what each part names. No part hides another: each has its own section in each project.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final

from nhi_components.core.connection import GcpConnection
from nhi_components.core.links import System
from nhi_components.lifecycle.adapters.gcp.discovery_policy import PROJECTS
from nhi_components.lifecycle.adapters.gcp.found_accounts import accounts, keys, ways_in
from nhi_components.lifecycle.adapters.gcp.found_dependents import dependents
from nhi_components.lifecycle.adapters.gcp.found_grants import custom_roles, grants, grants_above
from nhi_components.lifecycle.adapters.gcp.found_pools import pools
from nhi_components.lifecycle.adapters.gcp.found_reads import Looks
from nhi_components.lifecycle.adapters.gcp.found_uses import OF_ACCOUNTS, OF_KEYS, Uses
from nhi_components.lifecycle.adapters.gcp.session import RESOURCE_MANAGER
from nhi_components.lifecycle.discovery.ports import NotSeen, Page, Section

_PARTS: Final = (
    *("accounts", "keys", "ways-in", "roles", "pools", "grants", "dependents"),
    *("account-uses", "key-uses"),
)
"""What is read of each project."""
_AT_ONCE: Final = "300"


class Discovery:
    """The projects of one connection.

    Args:
        connection: its name.
        settings: how they are reached; `projects` are those that are read.
        clock: as every discovery is given it; what is told here bears Google's own times.
    """

    system = System.GCP

    def __init__(self, connection: str, settings: GcpConnection, clock: Callable[[], datetime]) -> None:
        self.connection = connection
        self._projects = settings.projects
        self._looks = Looks(connection, settings)
        self._uses = Uses(self._looks)

    def place(self) -> str:
        """Tell the first project that the connection names; whom it speaks for, when it reads all that it can list.

        Raises:
            SystemUnreachable: Google can't be reached, or takes the credentials for nobody's.
        """
        principal = self._looks.principal
        return self._projects[0] if self._projects else principal

    def beginnings(self) -> Sequence[str]:
        """Name the sections that every scan reads."""
        return _of_projects(self._projects) if self._projects else ("projects",)

    def section(self, name: str) -> Section:
        """Give a section by its name."""
        match name.split("/"):
            case ["projects"]:
                return Section(name, "which projects there are", PROJECTS, self._listed)
            case ["organization", "grants", number]:
                return grants_above(self._looks, name, number)
            case ["organization", "roles", number]:
                return custom_roles(self._looks, name, f"organizations/{number}")
            case [part, project]:
                return self._of_project(name, part, project)
            case _:
                raise ValueError(name)

    def _of_project(self, name: str, part: str, project: str) -> Section:
        looks, uses = self._looks, self._uses
        match part:
            case "accounts":
                return accounts(looks, uses, name, project)
            case "keys":
                return keys(looks, uses, name, project)
            case "ways-in":
                return ways_in(looks, name, project)
            case "roles":
                return custom_roles(looks, name, f"projects/{project}")
            case "pools":
                return pools(looks, name, project)
            case "grants":
                return grants(looks, name, project)
            case "dependents":
                return dependents(looks, name, project)
            case "account-uses":
                return uses.section(name, project, OF_ACCOUNTS)
            case "key-uses":
                return uses.section(name, project, OF_KEYS)
            case _:
                raise ValueError(name)

    def _listed(self, cursor: str | None) -> Page:
        query = {"pageSize": _AT_ONCE}
        part = self._looks.part(
            RESOURCE_MANAGER, "/v3/projects:search", "projects", needs=PROJECTS[0], query=query, cursor=cursor
        )
        # To whoever may see none, Google answers an empty list.
        if not part.items and not cursor and part.next is None:
            raise NotSeen(
                f"gcp.{self.connection}: no project can be seen; expected the permission {PROJECTS[0]}; fix: grant the "
                "connection's principal the role that `nhi permissions gcp` prints, or name the connection's `projects`"
            )
        alive = [str(each["projectId"]) for each in part.items if each.get("state", "ACTIVE") == "ACTIVE"]
        return Page((), part.next, _of_projects(alive))


def _of_projects(projects: Iterable[str]) -> list[str]:
    return [f"{part}/{project}" for project in dict.fromkeys(projects) for part in _PARTS]

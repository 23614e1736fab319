"""Which projects there are, by id and by number, and which APIs are disabled in them."""

from __future__ import annotations

import re
from collections.abc import Collection

from tools.doubles.gcp.names import number_of

ORGANIZATION = "400000000001"
"""The number of the organisation that all projects lie in."""

_IN_A_PATH = re.compile(r"(?<![\w-])projects/([^/:?]+)")
_ID = re.compile(r"(?:[a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]")


class Projects:
    """Every project that was ever named; each is there unless `only` says which are.

    Attributes:
        only: the ids of those that exist; None: whatever is named does.
    """

    def __init__(self) -> None:
        self.only: frozenset[str] | None = None
        self._by_number: dict[str, str] = {}
        self._disabled: set[tuple[str, str]] = set()

    def meet(self, *names: str) -> None:
        """Remember projects by the ids that stand in resource names or paths, so that their numbers are known too."""
        for name in names:
            for project in _IN_A_PATH.findall(name):
                if _ID.fullmatch(project):
                    self._by_number[number_of(project)] = project

    def id_of(self, project: str) -> str:
        """The id of a project that is given by id or number; a number that nobody's is stays a number."""
        return self._by_number.get(project, project)

    def exists(self, project: str) -> bool:
        """Tell whether there is a project, by id or number."""
        id_ = self.id_of(project)
        return id_ in self.only if self.only is not None else bool(_ID.fullmatch(id_) or id_.isdigit())

    def known(self) -> list[str]:
        """The ids of all that exist and were named."""
        return sorted(each for each in self._by_number.values() if self.exists(each))

    def restrict(self, projects: Collection[str]) -> None:
        """Let there be these projects and no others."""
        self.only = frozenset(projects)
        self.meet(*(f"projects/{each}" for each in projects))

    def disable(self, project: str, service: str) -> None:
        """Disable an API, such as `secretmanager.googleapis.com`, in a project."""
        self._disabled.add((self.id_of(project), service))

    def enable(self, project: str, service: str) -> None:
        """Enable an API again."""
        self._disabled.discard((self.id_of(project), service))

    def has_disabled(self, project: str, service: str) -> bool:
        """Tell whether an API is disabled in a project."""
        return (self.id_of(project), service) in self._disabled

    def canonical(self, resource: str) -> str:
        """A relative resource name with the project's id in the place of its number."""
        if not resource.startswith("projects/"):
            return resource
        collection, project, *rest = resource.split("/")
        return "/".join([collection, self.id_of(project), *rest])

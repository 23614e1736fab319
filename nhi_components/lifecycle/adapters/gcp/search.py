"""Finding, through Cloud Asset Inventory, on which resources anything is bound for an account or by a lease.

What it finds is only where to look: its index follows minutes later, so each policy is read again before it counts. A
query is compared with each binding's principals, role and condition (Cloud Asset, REST `searchAllIamPolicies`), so that
a lease's conditional bindings are also found by the title of their conditions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote

from nhi_components.core.links import NotChecked
from nhi_components.lifecycle.adapters.gcp.errors import Denied, Refused
from nhi_components.lifecycle.adapters.gcp.names import resource_of_asset
from nhi_components.lifecycle.adapters.gcp.session import ASSETS, GcpSession

PERMISSION: Final = "cloudasset.assets.searchAllIamPolicies"
_PAGE = "500"


class Search:
    """Searches of one survey; what they could not look for is in `unseen`.

    Attributes:
        unseen: the projects that could not be searched, each with the reason.
    """

    def __init__(self, session: GcpSession) -> None:
        self._session = session
        self.unseen: list[NotChecked] = []

    def resources(self, projects: Iterable[str], words: Iterable[str]) -> list[str]:
        """Find the resources, by relative name, of whose bindings any holds one of the words.

        Args:
            projects: where to look.
            words: e-mail addresses and lease ids.
        """
        self.unseen = []
        asked = list(dict.fromkeys(words))
        found: dict[str, None] = {}
        for project in dict.fromkeys(projects):
            try:
                found |= dict.fromkeys(resource for word in asked for resource in self._in(project, word))
            except (Denied, Refused) as failure:
                self.unseen.append(
                    NotChecked(
                        f"bindings on resources of {project} that no link names were not looked for: {_told(failure)}; "
                        f"fix: enable cloudasset.googleapis.com, and grant {PERMISSION} on the project"
                    )
                )
        return list(found)

    def _in(self, project: str, word: str) -> Iterator[str]:
        path = f"/v1/projects/{quote(project)}:searchAllIamPolicies"
        asked = {"query": f'policy:"{word}"', "pageSize": _PAGE}
        for told in self._session.pages(ASSETS, path, "results", needs=PERMISSION, query=asked):
            yield resource_of_asset(str(told.get("resource", "")), project)


def _told(failure: Denied | Refused) -> str:
    return failure.problem.got if isinstance(failure, Denied) else str(failure)

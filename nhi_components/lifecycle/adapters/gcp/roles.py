"""Custom roles of projects: known by their names, owned by their descriptions, deleted softly.

Source: IAM, REST reference, `projects.roles`: a deleted role can be undeleted for 7 days, is answered with `deleted`,
counts towards the limit until then, and keeps its id for about 37 days.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from nhi_components.core.tags import lease_of_description
from nhi_components.lifecycle.adapters.gcp.errors import NOT_FOUND, Refused
from nhi_components.lifecycle.adapters.gcp.session import IAM, GcpSession

RECOVERY: Final = timedelta(days=7)
"""How long a deleted role can be brought back."""

_PAGE = "300"


@dataclass(frozen=True, slots=True)
class CustomRole:
    """What a custom role is now.

    Attributes:
        name: its whole name.
        description: its description.
        kept_until: until when a deleted one can be brought back, at the latest: IAM tells that it is deleted, and not
            since when; None for one that is not.
    """

    name: str
    description: str
    kept_until: datetime | None

    @property
    def lease(self) -> str | None:
        """The lease that it bears."""
        return lease_of_description(self.description)


class CustomRoles:
    """The custom roles that one connection reaches."""

    def __init__(self, session: GcpSession) -> None:
        self._session = session

    def find(self, name: str) -> CustomRole | None:
        """Read a role by its whole name, also a deleted one; None when there is none."""
        reply = self._session.look(IAM, f"/v1/{quote(name)}", needs="iam.roles.get")
        if reply is None:
            return None
        kept_until = reply.time + RECOVERY if reply.body.get("deleted") else None
        return CustomRole(name, str(reply.body.get("description", "")), kept_until)

    def of_lease(self, project: str, lease_id: str) -> Iterator[str]:
        """List the names of a project's roles that bear a lease id, also of those that are deleted."""
        for told in self._all_of(project):
            if lease_of_description(str(told.get("description", ""))) == lease_id:
                yield str(told["name"])

    def count(self, project: str) -> int:
        """Count a project's roles, with those that are deleted: they count until they are gone."""
        return sum(1 for _ in self._all_of(project))

    def delete(self, name: str, lease_id: str) -> None:
        """Delete a role that bears the lease; another's, and one that is deleted, are left alone."""
        role = self.find(name)
        if role is None or role.kept_until or role.lease != lease_id:
            return
        try:
            self._session.ask("DELETE", IAM, f"/v1/{quote(name)}", needs="iam.roles.delete")
        except Refused as refused:
            if refused.code != NOT_FOUND:
                raise

    def _all_of(self, project: str) -> Iterator[Mapping[str, Any]]:
        path, query = f"/v1/projects/{quote(project)}/roles", {"pageSize": _PAGE, "showDeleted": "true"}
        return self._session.pages(IAM, path, "roles", needs="iam.roles.list", query=query)

"""Workload identity pools and their providers: known by their names, owned by their descriptions, deleted softly.

Source: IAM, REST reference, `workloadIdentityPools`: `state`, `expireTime`; a deleted pool or provider can be undeleted
for 30 days, and its id can't be used meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from nhi_components.core.gcp_names import pool_name, provider_name
from nhi_components.core.tags import lease_of_description
from nhi_components.lifecycle.adapters.gcp.errors import NOT_FOUND, Refused
from nhi_components.lifecycle.adapters.gcp.session import IAM, GcpSession, Reply

RECOVERY: Final = timedelta(days=30)
"""How long a deleted pool or provider can be brought back; its `expireTime` tells until when."""

_PROVIDERS = "/providers/"


@dataclass(frozen=True, slots=True)
class Pool:
    """What a pool, or a provider of one, is now.

    Attributes:
        name: its whole name, with its project's id.
        description: its description.
        disabled: whether nobody comes in through it.
        kept_until: until when a deleted one can be brought back; None for one that is not.
    """

    name: str
    description: str
    disabled: bool
    kept_until: datetime | None

    @property
    def lease(self) -> str | None:
        """The lease that it bears."""
        return lease_of_description(self.description)


class Pools:
    """The pools and providers that one connection reaches."""

    def __init__(self, session: GcpSession) -> None:
        self._session = session

    def find(self, name: str) -> Pool | None:
        """Read a pool or a provider by its whole name, also a deleted one; None when there is none."""
        reply = self._session.look(IAM, f"/v1/{quote(name)}", needs=f"{_permission_of(name)}.get")
        if reply is None:
            return None
        return Pool(
            name=name,
            description=str(reply.body.get("description", "")),
            disabled=bool(reply.body.get("disabled")),
            kept_until=_kept_until(reply),
        )

    def pools_of(self, project: str) -> Iterator[tuple[str, str | None]]:
        """List a project's pools, also deleted ones: the name of each, and the lease that it bears."""
        path = f"/v1/projects/{quote(project)}/locations/global/workloadIdentityPools"
        for told in self._listed(path, "workloadIdentityPools"):
            yield pool_name(project, _id_of(told)), lease_of_description(str(told.get("description", "")))

    def providers_of(self, pool: str) -> Iterator[tuple[str, str | None]]:
        """List a pool's providers, also deleted ones: the name of each, and the lease that it bears."""
        path = f"/v1/{quote(pool)}/providers"
        for told in self._listed(path, "workloadIdentityPoolProviders"):
            yield provider_name(pool, _id_of(told)), lease_of_description(str(told.get("description", "")))

    def delete(self, name: str, lease_id: str) -> None:
        """Delete a pool or provider that bears the lease; another's, and one that is deleted, are left alone."""
        found = self.find(name)
        if found is None or found.kept_until or found.lease != lease_id:
            return
        try:
            self._session.ask("DELETE", IAM, f"/v1/{quote(name)}", needs=f"{_permission_of(name)}.delete")
        except Refused as refused:
            if refused.code != NOT_FOUND:
                raise

    def _listed(self, path: str, field_name: str) -> Iterator[Mapping[str, Any]]:
        needs = f"{_permission_of(path)}.list"
        return self._session.pages(IAM, path, field_name, needs=needs, query={"pageSize": "50", "showDeleted": "true"})


def pool_of(provider: str) -> str:
    """Tell the pool that a provider is of, by its name."""
    return provider.partition(_PROVIDERS)[0]


def _permission_of(name: str) -> str:
    return f"iam.googleapis.com/workloadIdentityPool{'Providers' if _PROVIDERS in f'{name}/' else 's'}"


def _id_of(told: Mapping[str, Any]) -> str:
    return str(told["name"]).rpartition("/")[2]


def _kept_until(reply: Reply) -> datetime | None:
    if reply.body.get("state") != "DELETED":
        return None
    told = reply.body.get("expireTime")
    return datetime.fromisoformat(str(told)) if told else reply.time + RECOVERY

"""The principals of the tenant: service principals of applications and managed identities, people, and groups.

Sources: Microsoft Entra, 'Apps and service principals in Microsoft Entra ID', 'Recover from deletions' (30 days);
Azure RBAC, 'Troubleshoot Azure RBAC' (a new principal is replicated for a while before a role can be assigned to it).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import uuid4

from tools.doubles.azure.delayed import Clock

TENANT: Final = "7d1f6a20-0f2b-4e6e-9c55-1f1d6f0a9b11"
RESTORABLE: Final = timedelta(days=30)


class Kind(StrEnum):
    """What a principal is; the text is Graph's servicePrincipalType, but for people and groups."""

    APPLICATION = "Application"
    MANAGED_IDENTITY = "ManagedIdentity"
    USER = "User"
    GROUP = "Group"


@dataclass(slots=True)
class Principal:
    """One principal, living or deleted.

    Attributes:
        object_id: its id, by which roles are assigned to it.
        client_id: the application's id, by which it asks for tokens; empty for people.
        kind: what it is.
        made: when it was made.
        facts: what Graph shows of it.
        deleted: when it was deleted; None while it lives.
        is_gone: whether it cannot be restored any more.
        roles: Graph permissions that were consented to.
    """

    object_id: str
    client_id: str
    kind: Kind
    made: datetime
    facts: dict[str, Any]
    deleted: datetime | None = None
    is_gone: bool = False
    roles: set[str] = field(default_factory=set)

    @property
    def name(self) -> str:
        return str(self.facts["displayName"])

    @property
    def is_enabled(self) -> bool:
        return bool(self.facts["accountEnabled"])


class Directory:
    """Every principal that ever was.

    Attributes:
        by_id: each by its object id.
        lag: for how long a new principal is not seen yet by those who assign roles.
    """

    def __init__(self, now: Clock) -> None:
        self.by_id: dict[str, Principal] = {}
        self.lag = timedelta()
        self._now = now

    def __iter__(self) -> Iterator[Principal]:
        return (each for each in self.by_id.values() if each.deleted is None)

    def add(self, kind: Kind, name: str, client_id: str = "", **facts: Any) -> Principal:
        """Make a principal."""
        object_id = str(uuid4())
        shown: dict[str, Any] = {
            "id": object_id,
            "deletedDateTime": None,
            "accountEnabled": True,
            "alternativeNames": [],
            "appId": client_id or None,
            "appDisplayName": name,
            "appOwnerOrganizationId": TENANT,
            "displayName": name,
            "keyCredentials": [],
            "notes": None,
            "passwordCredentials": [],
            "servicePrincipalNames": [client_id] if client_id else [],
            "servicePrincipalType": str(kind),
            "tags": [],
        }
        principal = Principal(object_id, client_id, kind, self._now(), shown | facts)
        self.by_id[object_id] = principal
        return principal

    def person(self, name: str) -> Principal:
        """Make a user, as somebody to whom roles are assigned by hand."""
        return self.add(Kind.USER, name)

    def group(self, name: str) -> Principal:
        """Make a group."""
        return self.add(Kind.GROUP, name)

    def by_client(self, client_id: str) -> Principal | None:
        """Find the living service principal of a client id, whatever its letter case."""
        wanted = client_id.lower()
        return next((each for each in self if wanted and each.client_id.lower() == wanted), None)

    def find(self, object_id: str) -> Principal | None:
        """Find a living principal by its object id."""
        found = self.by_id.get(object_id.lower())
        return found if found is not None and found.deleted is None else None

    def is_replicated(self, principal: Principal) -> bool:
        """Tell whether a principal is seen everywhere by now."""
        return principal.made + self.lag <= self._now()

    def delete(self, principal: Principal, *, for_good: bool = False) -> None:
        """Delete a principal; the roles that were assigned to it stay assigned."""
        principal.deleted = self._now()
        principal.is_gone = for_good

    def restorable(self) -> list[Principal]:
        """Those that were deleted not more than 30 days ago."""
        return [each for each in self.by_id.values() if self.is_restorable(each)]

    def is_restorable(self, principal: Principal) -> bool:
        """Tell whether a principal was deleted and can be restored still."""
        if principal.deleted is None or principal.is_gone:
            return False
        return self._now() < principal.deleted + RESTORABLE

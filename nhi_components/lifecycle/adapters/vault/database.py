"""Roles of database secrets engines: a role takes no metadata, so its first creation statement bears the lease id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from nhi_components.core.links import Link, LinkKind
from nhi_components.core.tags import lease_of_statement
from nhi_components.lifecycle.adapters.vault.http import VaultHttp
from nhi_components.lifecycle.adapters.vault.judged import Found, Judge, Judged
from nhi_components.lifecycle.adapters.vault.leases import DynamicLease, DynamicLeases
from nhi_components.lifecycle.adapters.vault.places import mount_of
from nhi_components.lifecycle.adapters.vault.reach import Reach, engine_roles_of, leases_of

_Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class DatabaseRole:
    """What a database role is now.

    Attributes:
        mount: the secrets engine that it is on.
        name: its name there.
        lease: the lease that its first creation statement bears, if any.
    """

    mount: str
    name: str
    lease: str | None


class DatabaseRoles:
    """The database roles of one Vault."""

    def __init__(self, http: VaultHttp) -> None:
        self._http = http

    def find(self, mount: str, name: str) -> DatabaseRole | None:
        """Read a role; None when there is none of that name on that mount."""
        facts = self._http.read(f"{engine_roles_of(mount)}/{name}")
        if facts is None:
            return None
        statements = facts.get("creation_statements") or [""]
        return DatabaseRole(mount, name, lease_of_statement(str(statements[0])))

    def names_with_ending(self, mount: str, ending: str) -> list[str]:
        """List a mount's roles by the end of their names."""
        return [name for name in self._http.keys(engine_roles_of(mount)) if name.endswith(ending)]

    def delete(self, mount: str, name: str) -> None:
        """Delete a role; the users that were made through it live on until their leases end."""
        self._http.delete(f"{engine_roles_of(mount)}/{name}")


class DatabaseSearch:
    """One search for a lease's database roles and for the dynamic leases that were issued through them."""

    def __init__(self, http: VaultHttp, reach: Reach, judge: Judge, links: Sequence[Link]) -> None:
        self._roles, self._leases = DatabaseRoles(http), DynamicLeases(http)
        self._reach, self._judge = reach, judge
        self._linked = {(mount_of(k), k.name): k for k in links if k.kind is LinkKind.VAULT_DATABASE_ROLE}

    def roles(self) -> list[Judged[DatabaseRole]]:
        """Find the roles that are linked, and those whose names end as the lease's do."""
        places = dict.fromkeys(self._linked)
        for mount in self._reach.database_mounts:
            if self._reach.allows(engine_roles_of(mount)):
                names = self._roles.names_with_ending(mount, self._judge.ending)
                places |= dict.fromkeys((mount, name) for name in names)
        return [self._judge.verdict(found) for place in places if (found := self._found_role(place))]

    def leases(self, roles: Sequence[Judged[DatabaseRole]]) -> list[Judged[DynamicLease]]:
        """Find the leases of our roles, and of roles that are gone; none where that is a blind spot."""
        return [self._judge.verdict(found) for found in self._found_leases(roles)]

    def _found_role(self, place: _Place) -> Found[DatabaseRole] | None:
        role, link = self._roles.find(*place), self._linked.get(place)
        if role is None or not (link or self._judge.concerns(role.lease)):
            return None
        where = {"mount": role.mount}
        return Found(role, LinkKind.VAULT_DATABASE_ROLE, role.name, role.lease, link=link, attributes=where)

    def _found_leases(self, roles: Sequence[Judged[DatabaseRole]]) -> Iterator[Found[DynamicLease]]:
        standing = {(judged.what.mount, judged.what.name): judged.ours for judged in roles}
        places: Mapping[_Place, bool] = {**dict.fromkeys(self._linked, True), **standing}
        for mount in self._reach.database_mounts:
            if not self._reach.allows(leases_of(mount)):
                continue
            names = self._leases.roles_with_ending(mount, self._judge.ending)
            gone = {(mount, name): False for name in names if self._roles.find(mount, name) is None}
            for (on, role), ours in {**gone, **places}.items():
                if on == mount and (ours or (on, role) in gone):
                    yield from self._of_role(on, role, ours=ours)

    def _of_role(self, mount: str, role: str, *, ours: bool) -> Iterator[Found[DynamicLease]]:
        for lease in self._leases.of_role(mount, role):
            borne = self._judge.lease_id if ours else None
            detail = "its database user lives" if ours else "its role is gone, whose name ended as the lease's do"
            where = {"mount": mount, "role": role}
            yield Found(lease, LinkKind.VAULT_LEASE, lease.name, borne, None, None, where, detail)

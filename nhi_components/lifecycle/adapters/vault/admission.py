"""Taking links into a lease: what Vault knows each by, the lease's mark on it, an earlier cut-off undone."""

from __future__ import annotations

from typing import TypeVar

from nhi_components.core.errors import NhiError
from nhi_components.core.links import Link, LinkKind
from nhi_components.core.tags import LeaseTags, organization_mark, policy_mark, statement_mark
from nhi_components.lifecycle.adapters.ownership import SUSPENDED, is_suspended, refuse_foreign
from nhi_components.lifecycle.adapters.vault.approles import AppRoles
from nhi_components.lifecycle.adapters.vault.database import DatabaseRoles
from nhi_components.lifecycle.adapters.vault.entities import Entities, Entity
from nhi_components.lifecycle.adapters.vault.federated import FederatedRoles
from nhi_components.lifecycle.adapters.vault.http import VaultHttp
from nhi_components.lifecycle.adapters.vault.kv import Kv
from nhi_components.lifecycle.adapters.vault.marked_entry import MarkedEntry
from nhi_components.lifecycle.adapters.vault.pki import PkiRoles
from nhi_components.lifecycle.adapters.vault.places import mount_of
from nhi_components.lifecycle.adapters.vault.policies import Policies
from nhi_components.lifecycle.adapters.vault.reach import look
from nhi_components.lifecycle.adapters.vault.registry import Registry

Thing = TypeVar("Thing")


class Admission:
    """Admits links of one lease to one Vault."""

    def __init__(self, http: VaultHttp, lease: LeaseTags) -> None:
        self._http = http
        self._lease = lease

    def unique_id(self, link: Link) -> str | None:
        """Admit one link and tell the id that Vault knows it by, if it has one.

        Raises:
            NhiError: when it is not there, is somebody else's, or is of a kind that is not of Vault.
        """
        match link.kind:
            case LinkKind.VAULT_APPROLE:
                return self._approle(link)
            case LinkKind.VAULT_JWT_ROLE | LinkKind.VAULT_KUBERNETES_ROLE:
                return self._federated_role(link)
            case LinkKind.VAULT_ENTITY:
                return self._entity(link)
            case LinkKind.VAULT_ENTITY_ALIAS:
                return self._alias(link)
            case LinkKind.VAULT_POLICY:
                self._policy(link)
                return None
            case LinkKind.VAULT_DATABASE_ROLE:
                database_role = _existing(DatabaseRoles(self._http).find(mount_of(link), link.name), link)
                self._bears(link, database_role.lease, statement_mark(self._lease.lease))
                return None
            case LinkKind.VAULT_PKI_ROLE:
                pki_role = _existing(PkiRoles(self._http).find(mount_of(link), link.name), link)
                self._bears(link, pki_role.lease, organization_mark(self._lease.lease))
                return None
            case LinkKind.VAULT_KV_PATH:
                self._entry(link)
                return None
            case LinkKind.VAULT_API_KEYS:
                self._registry(link)
                return None
            case (
                LinkKind.VAULT_KV_VERSION
                | LinkKind.VAULT_SECRET_ID
                | LinkKind.VAULT_TOKEN
                | LinkKind.VAULT_LEASE
                | LinkKind.VAULT_CERTIFICATE
            ):
                return link.unique_id
            case _:
                raise NhiError(f"{link}: got a kind that is not of Vault; fix: link it to its own system")

    def _approle(self, link: Link) -> str:
        role = _existing(AppRoles(self._http).find(mount_of(link), link.name), link)
        refuse_foreign(self._lease.lease, None, role.unique_id, link)
        return role.unique_id

    def _federated_role(self, link: Link) -> str:
        roles = FederatedRoles(self._http, look(self._http).federated_mounts)
        role = _existing(roles.find(mount_of(link), link.name), link)
        refuse_foreign(self._lease.lease, role.lease, role.unique_id, link)
        if role.lease is None:
            raise NhiError(
                f"{link}: found no mark of the lease, expected {self._lease.lease!r} among its token policies; "
                "fix: declare the role through its component, which puts it there"
            )
        return role.unique_id

    def _entity(self, link: Link) -> str:
        entity = self._entity_named(link)
        refuse_foreign(self._lease.lease, entity.lease, entity.unique_id, link)
        Entities(self._http).admit(entity, self._lease, suspended=is_suspended(link))
        return entity.unique_id

    def _alias(self, link: Link) -> str:
        aliases = [alias for alias in self._entity_named(link).aliases if alias.mount == mount_of(link)]
        return _existing(aliases[0] if aliases else None, link).unique_id

    def _policy(self, link: Link) -> None:
        policy = _existing(Policies(self._http).find(link.name), link)
        refuse_foreign(self._lease.lease, policy.lease, None, link)
        if policy.lease is None:
            raise NhiError(
                f"{link}: found no mark of the lease, expected the first line {policy_mark(self._lease.lease)!r}; "
                "fix: declare the policy through its component, which writes it"
            )

    def _bears(self, link: Link, lease: str | None, mark: str) -> None:
        refuse_foreign(self._lease.lease, lease, None, link)
        if lease is None:
            raise NhiError(
                f"{link}: found no mark of the lease, expected {mark!r}; "
                "fix: declare it through its component, which writes it"
            )

    def _entry(self, link: Link) -> None:
        kv, mount = Kv(self._http), mount_of(link)
        MarkedEntry(self._http, mount, link.name).of(self._lease.lease)
        wanted = link.attributes.get("generate_bytes")
        kv.admit(self._lease, mount, link.name, int(wanted) if wanted else None)

    def _registry(self, link: Link) -> None:
        """Make and mark the registry of API keys; only a program that says that it is active has keys restored."""
        restore = link.attributes.get(SUSPENDED) == "false"
        Registry(self._http, mount_of(link), link.name).admit(self._lease, restore=restore)

    def _entity_named(self, link: Link) -> Entity:
        return _existing(Entities(self._http).by_name(link.name), link)


def _existing(found: Thing | None, link: Link) -> Thing:
    if found is None:
        raise NhiError(
            f"{link}: found nothing of that name, expected what was just made; "
            "fix: run `pulumi refresh`, then the same command again"
        )
    return found

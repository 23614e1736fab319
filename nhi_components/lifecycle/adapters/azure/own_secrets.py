"""The bundle's own secret of a Key Vault: made here, as the engine would keep its value in the state; found, deleted.

Its `exp` is the day on which access ends. Key Vault only tells it, and gives out a secret that is past it (Key Vault,
'About Azure Key Vault secrets'): what ends access is that the role on it goes. What a credential is delivered to is a
place instead (`place`); both bear the lease in their tags.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from nhi_components.core.azure_links import EXPIRES, GENERATE_BYTES, VAULT_ID
from nhi_components.core.errors import NhiError, SystemUnreachable
from nhi_components.core.links import Link
from nhi_components.core.tags import LeaseTags, lease_of
from nhi_components.lifecycle.adapters.azure.arm import VAULTS, Arm
from nhi_components.lifecycle.adapters.azure.search import VAULT_TYPE
from nhi_components.lifecycle.adapters.azure.session import AzureSession
from nhi_components.lifecycle.adapters.azure.vault import Deleted, Vault, lease_among
from nhi_components.lifecycle.adapters.ownership import refuse_foreign


@dataclass(frozen=True, slots=True)
class OwnSecret:
    """What stands at a name.

    Attributes:
        lease: the lease that it bears.
        deleted: what Key Vault keeps of it; None while it lives.
    """

    lease: str | None
    deleted: Deleted | None = None


class OwnSecrets:
    """The secrets that one connection reaches, by the names of their links, `VAULT/SECRET`."""

    def __init__(self, session: AzureSession) -> None:
        self._session = session

    def find(self, link: Link) -> OwnSecret | None:
        """Read what is known of a secret, never its value; None when there is none, not even a deleted one."""
        vault, name = self._place(link.name)
        try:
            if versions := vault.versions(name):
                return OwnSecret(lease_among(versions))
            deleted = vault.deleted(name)
        except SystemUnreachable:
            if not self._vault_is_gone(link):
                raise
            return None
        return OwnSecret(deleted.lease, deleted) if deleted else None

    def admit(self, lease: LeaseTags, link: Link) -> str:
        """Take a secret into the lease: its first value, where its link asks for one, its tags and its end.

        Returns:
            Where it is read, without a version.

        Raises:
            NhiError: it is somebody else's.
        """
        vault, name = self._place(link.name)
        self._admit(lease, link, vault, name)
        return vault.uri_of(name)

    def _admit(self, lease: LeaseTags, link: Link, vault: Vault, name: str) -> None:
        versions, expires = vault.versions(name), _end_of(link)
        if not versions:
            if GENERATE_BYTES in link.attributes:
                value = secrets.token_urlsafe(int(link.attributes[GENERATE_BYTES]))
                vault.set(name, value, lease.to_tags(), lease.lease, expires=expires)
            return
        borne = lease_among(versions)
        refuse_foreign(lease.lease, borne, None, link)
        if borne is None:
            raise NhiError(
                f"{link}: found a secret that bears no lease, expected none, or one that bears {lease.lease}; "
                "fix: delete it, or give the identity another vault"
            )
        for version in versions:
            is_marked = lease_of(version.tags) == lease.lease
            if version.enabled and (not is_marked or (expires and version.expires != expires)):
                tags: Mapping[str, str] | None = None if is_marked else {**version.tags, **lease.to_tags()}
                vault.update(name, version.id, tags=tags, expires=expires)

    def delete(self, link: Link, lease_id: str) -> None:
        """Delete and purge a secret that bears the lease; another's, and what can't be purged, are left alone."""
        vault, name = self._place(link.name)
        found = self.find(link)
        if found is None or found.lease != lease_id:
            return
        if found.deleted is None:
            vault.erase(name)
        elif found.deleted.purgeable:
            vault.purge(name)

    def _vault_is_gone(self, link: Link) -> bool:
        """Tell whether there is no such vault any more: nobody answers under its address then."""
        vault_id = link.attributes.get(VAULT_ID, "")
        return bool(vault_id) and Arm(self._session).look(vault_id, VAULTS, needs=f"{VAULT_TYPE}/read") is None

    def _place(self, link_name: str) -> tuple[Vault, str]:
        vault, _, name = link_name.partition("/")
        return Vault(self._session, vault), name


def _end_of(link: Link) -> datetime | None:
    told = link.attributes.get(EXPIRES)
    return datetime.fromisoformat(told).replace(tzinfo=UTC) if told else None

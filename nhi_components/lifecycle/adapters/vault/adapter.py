"""The adapter of Vault and OpenBao: one server, one namespace."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from nhi_components.core.connection import VaultConnection
from nhi_components.core.errors import NhiError
from nhi_components.core.links import Fact, Link, LinkKind, NotChecked, System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.elapsed import Elapsed
from nhi_components.lifecycle.adapters.ownership import admitted, refuse_elsewhere, refuse_namesake
from nhi_components.lifecycle.adapters.vault.accepted_keys import AcceptedKey
from nhi_components.lifecycle.adapters.vault.admission import Admission
from nhi_components.lifecycle.adapters.vault.approles import AppRoles
from nhi_components.lifecycle.adapters.vault.canary import OpenToken
from nhi_components.lifecycle.adapters.vault.census import CensusTaker
from nhi_components.lifecycle.adapters.vault.cut_off import LeaseCutOff
from nhi_components.lifecycle.adapters.vault.delivery import ENTRY, CertificateDelivery
from nhi_components.lifecycle.adapters.vault.entities import Entities
from nhi_components.lifecycle.adapters.vault.federated import FederatedRoles
from nhi_components.lifecycle.adapters.vault.grounds import require
from nhi_components.lifecycle.adapters.vault.issued import ISSUED, ListedCertificate, sweep_issued
from nhi_components.lifecycle.adapters.vault.kv import Kv
from nhi_components.lifecycle.adapters.vault.places import entry_of, mount_of
from nhi_components.lifecycle.adapters.vault.policies import Policies
from nhi_components.lifecycle.adapters.vault.reach import look
from nhi_components.lifecycle.adapters.vault.session import VaultSession
from nhi_components.lifecycle.ports import BlindSpot, Caller, Canary, CutOff, Room, Sighting


class VaultAdapter:
    """One Vault or OpenBao, one namespace, as `lifecycle.ports.SystemAdapter`."""

    def __init__(self, name: str, connection: VaultConnection) -> None:
        self._session = VaultSession(name, connection)

    @property
    def system(self) -> System:
        """Vault."""
        return System.VAULT

    @property
    def connection(self) -> str:
        """The name of the connection in `nhi.Provider`."""
        return self._session.name

    def caller(self) -> Caller:
        """Tell whom the connection speaks for: the token's display name, the cluster's id and the namespace."""
        identity = self._session.identity
        return Caller(self.system, self.connection, identity.display_name, identity.place)

    def require(self, links: Sequence[Link]) -> None:
        """Refuse links to roles whose database connection or CA does not admit them; see the port."""
        require(self._session.http, links)

    def room_for(self, links: Sequence[Link]) -> Room:
        """Vault knows no quota on identities; see the port."""
        return Room()

    def admit(self, lease: LeaseTags, links: Sequence[Link], now: datetime) -> list[Link]:
        """Take links into the lease; see the port."""
        self._refuse_elsewhere(links)
        admission = Admission(self._session.http, lease)
        return [self._admitted(admission, self._delivered(lease, link, now)) for link in links]

    def survey(self, lease_id: str, links: Sequence[Link]) -> list[Sighting]:
        """Find everything alive of the lease; see the port."""
        self._refuse_elsewhere(links)
        return CensusTaker(self._session, lease_id, links).run().sightings()

    def blind_spots(self, links: Sequence[Link]) -> list[BlindSpot]:
        """Tell which lists the connection's token may not ask for; see the port."""
        return look(self._session.http).blind_spots(self.connection)

    def cut_off(self, lease_id: str, links: Sequence[Link], now: datetime) -> list[CutOff]:
        """Cut the lease's auth roles, entities and tokens off, whether linked or not; see the port."""
        self._refuse_elsewhere(links)
        return LeaseCutOff(self._session, lease_id, links, now).run()

    def revoke_live(self, lease_id: str, links: Sequence[Link], now: datetime) -> list[Link]:
        """Destroy secret ids and revoke tokens, with the leases that were made with them; see the port."""
        self._refuse_elsewhere(links)
        return LeaseCutOff(self._session, lease_id, links, now).revoke_live()

    def try_canary(self, canary: Canary, now: datetime) -> Fact:
        """Let a token look itself up, or a certificate or an API key be looked up, once more; see the port."""
        held: OpenToken | ListedCertificate | AcceptedKey = canary.credential
        elapsed = Elapsed(now)
        if held.ends and now >= held.ends:
            return NotChecked(f"the canary ended by itself at {held.ends.isoformat()}")
        return None if held.works() else elapsed.now()

    def sweep(self, sighting: Sighting) -> None:
        """Delete a leftover; see the port."""
        refuse_namesake(sighting)
        link, http = sighting.link, self._session.http
        match link.kind:
            case LinkKind.VAULT_APPROLE:
                AppRoles(http).delete(mount_of(link), link.name, link.unique_id)
            case LinkKind.VAULT_JWT_ROLE | LinkKind.VAULT_KUBERNETES_ROLE:
                FederatedRoles(http, look(http).federated_mounts).delete(mount_of(link), link.name, link.unique_id)
            case LinkKind.VAULT_SECRET_ID:
                AppRoles(http).destroy_secret_id_named(mount_of(link), link.attributes["role"], link.name)
            case LinkKind.VAULT_TOKEN:
                self._session.tokens.revoke_named(link.name)
            case LinkKind.VAULT_ENTITY if link.unique_id:
                Entities(http).delete(link.unique_id)
            case LinkKind.VAULT_ENTITY_ALIAS if link.unique_id:
                Entities(http).delete_alias(link.unique_id)
            case LinkKind.VAULT_POLICY:
                Policies(http).delete(link.name)
            case kind if kind in ISSUED:
                sweep_issued(self._session, link)
            case LinkKind.VAULT_KV_PATH | LinkKind.VAULT_API_KEYS:
                Kv(http).delete(mount_of(link), link.name)
            case LinkKind.VAULT_KV_VERSION:
                Kv(http).destroy_version(mount_of(link), *entry_of(link))
            case _:
                raise NhiError(
                    f"{link}: got a kind that is not of Vault, or no unique id; fix: sweep what a survey found"
                )

    def _admitted(self, admission: Admission, link: Link) -> Link:
        return admitted(link, admission.unique_id(link), self._place(link))

    def _delivered(self, lease: LeaseTags, link: Link, now: datetime) -> Link:
        """Have a certificate delivered into its entry where a link asks for one."""
        if link.kind is not LinkKind.VAULT_CERTIFICATE or ENTRY not in link.attributes:
            return link
        return CertificateDelivery(self._session.http, self._session.certificates, lease, link, now).admit()

    def _refuse_elsewhere(self, links: Sequence[Link]) -> None:
        refuse_elsewhere(self.system, self.connection, links, self._place)

    def _place(self, link: Link) -> str:
        return f"cluster {self._session.identity.place}"

"""The adapter of Azure and Entra: subscriptions, their tenant's directory and vaults, through one connection.

An identity's own bundle - managed identities, federated credentials, roles and their assignments, a secret, an
application with its service principal - is looked after here. What credentials have brought, client secrets and the
secrets that they are delivered to, is looked after as on every other system that holds credentials: by `HolderAdapter`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from threading import Lock

from nhi_components.core.connection import AzureConnection
from nhi_components.core.credential.links import place_of_link
from nhi_components.core.credential.places import KeyVaultPlace
from nhi_components.core.credential.sources import SPEC, EntraClientSecretSource
from nhi_components.core.lease_id import PREFIX
from nhi_components.core.links import Fact, Link, LinkKind, System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.azure.admission import Admission
from nhi_components.lifecycle.adapters.azure.credentials import Credentials
from nhi_components.lifecycle.adapters.azure.grounds import refuse_access_policies, require
from nhi_components.lifecycle.adapters.azure.lease_cut_off import LeaseCutOff
from nhi_components.lifecycle.adapters.azure.names_taken import taken
from nhi_components.lifecycle.adapters.azure.quotas import Quotas
from nhi_components.lifecycle.adapters.azure.search import Search
from nhi_components.lifecycle.adapters.azure.subscriptions import Subscriptions
from nhi_components.lifecycle.adapters.azure.survey import Survey
from nhi_components.lifecycle.adapters.azure.sweeping import Sweeping
from nhi_components.lifecycle.adapters.elapsed import Elapsed
from nhi_components.lifecycle.adapters.holders import HolderAdapter
from nhi_components.lifecycle.adapters.ownership import refuse_elsewhere, refuse_namesake
from nhi_components.lifecycle.ports import BlindSpot, Caller, Canary, CutOff, Room, Sighting

_KEY, _SECRET = LinkKind.ENTRA_CLIENT_SECRET, LinkKind.KEY_VAULT_SECRET
_NAMED_WHOLLY = (LinkKind.AZURE_ROLE_DEFINITION, LinkKind.AZURE_ROLE_ASSIGNMENT)
"""Their attribute `account` is the Cosmos DB account that keeps them; their names tell wholly where they are."""

_NOBODY_S = f"{PREFIX}{'a' * 16}"


class AzureAdapter:
    """Azure and Entra through one connection, as `lifecycle.ports.SystemAdapter`."""

    def __init__(self, name: str, connection: AzureConnection) -> None:
        credentials = _Unsearched(name, connection)
        self._session = credentials.session
        self._holder = HolderAdapter(System.AZURE, name, credentials)
        self._subscriptions = Subscriptions(self._session)
        self._quotas = Quotas(self._session, self._subscriptions)
        self._sweeping = Sweeping(self._session)
        self._lock = Lock()
        self._unseen: tuple[BlindSpot, ...] | None = None

    @property
    def system(self) -> System:
        """Azure."""
        return System.AZURE

    @property
    def connection(self) -> str:
        """The name of the connection in `nhi.Provider`."""
        return self._session.name

    def caller(self) -> Caller:
        """Tell whom the connection speaks for, and the tenant; see the port."""
        return self._holder.caller()

    def require(self, links: Sequence[Link]) -> None:
        """Refuse links that rest on what is not there, and prove that places can be looked at; see the port."""
        require(self._session, _bundles(links))
        self._holder.require(_credentials(links))

    def room_for(self, links: Sequence[Link]) -> Room:
        """Tell whether quotas have room for them, and whether their names are free; see the port."""
        room = self._quotas.room_for(links)
        return Room((*room.problems, *taken(self._session, links)), room.not_checked)

    def admit(self, lease: LeaseTags, links: Sequence[Link], now: datetime) -> list[Link]:
        """Take links into the lease; an earlier cut-off is undone, the principals' marks of it last. See the port."""
        self._refuse_elsewhere(links)
        refuse_access_policies(self._session, links)
        taken = Admission(self._session, lease, _bundles(links)).run()
        if theirs := _credentials(links):
            taken |= {link.key: link for link in self._holder.admit(lease, theirs, now)}
        return [taken[link.key] for link in links]

    def survey(self, lease_id: str, links: Sequence[Link]) -> list[Sighting]:
        """Find everything alive of the lease; see the port.

        What an identity's bundle has is looked for where links say that there is one, or say nothing.
        """
        self._refuse_elsewhere(links)
        own, theirs, found = _bundles(links), _credentials(links), list[Sighting]()
        subscriptions = self._subscriptions.to_look_through(links)
        search = Search(self._session, lease_id)
        searched: list[Link] = []
        if theirs or not links:
            vaults = [place.vault for place in map(place_of_link, theirs) if isinstance(place, KeyVaultPlace)]
            searched = [*search.secrets(subscriptions, vaults), *search.client_secrets()]
            found += self._holder.survey(lease_id, [*(link for link in searched if SPEC in link.attributes), *theirs])
        unseen = search.unseen
        if own or not links:
            secrets = [link for link in searched if SPEC not in link.attributes and not links]
            survey = Survey(self._session, lease_id, own, subscriptions, secrets)
            found += survey.run()
            unseen += survey.unseen
        with self._lock:
            self._unseen = tuple(dict.fromkeys(unseen))
        # Something that was deleted and what stands at its name now are told both.
        told = {(sighting.link.key, sighting.link.unique_id): sighting for sighting in reversed(found)}
        return [self._sweeping.seen(sighting) for sighting in list(told.values())[::-1]]

    def blind_spots(self, links: Sequence[Link]) -> list[BlindSpot]:
        """Tell what the newest survey could not look for; see the port."""
        if self._unseen is None:
            self.survey(_NOBODY_S, [])
        return list(self._unseen or ())

    def cut_off(self, lease_id: str, links: Sequence[Link], now: datetime) -> list[CutOff]:
        """Cut the principals among the links off, and the client secrets of credentials; see the port."""
        self._refuse_elsewhere(links)
        elapsed, theirs, own = Elapsed(now), _credentials(links), _bundles(links)
        applications = {link.name.partition("/")[0] for link in theirs if link.kind is _KEY}
        done = LeaseCutOff(self._session, lease_id, own, self._subscriptions.to_look_through(own)).run(
            applications, now
        )
        return [*done, *(self._holder.cut_off(lease_id, theirs, elapsed.now()) if theirs else ())]

    def revoke_live(self, lease_id: str, links: Sequence[Link], now: datetime) -> list[Link]:
        """Take what was assigned by hand and who was let in by hand from suspended principals; see the port.

        Azure knows no deny of a whole principal: such an assignment works whatever the program has removed.
        """
        self._refuse_elsewhere(links)
        theirs, own = _credentials(links), _bundles(links)
        revoked = LeaseCutOff(self._session, lease_id, own, self._subscriptions.to_look_through(own)).revoke()
        return [*revoked, *(self._holder.revoke_live(lease_id, theirs, now) if theirs else ())]

    def try_canary(self, canary: Canary, now: datetime) -> Fact:
        """Tell that there is none: whoever holds a client secret tries it; see the port."""
        return self._holder.try_canary(canary, now)

    def sweep(self, sighting: Sighting) -> None:
        """Delete a leftover; what is deleted and kept for a while is purged, where that is allowed; see the port."""
        refuse_namesake(sighting)
        if _is_of_credential(sighting.link):
            self._holder.sweep(sighting)
        else:
            self._sweeping.sweep(sighting)

    def _refuse_elsewhere(self, links: Sequence[Link]) -> None:
        noted = [link for link in links if link.kind not in _NAMED_WHOLLY]
        refuse_elsewhere(self.system, self.connection, noted, lambda _: self._session.tenant())


class _Unsearched(Credentials):
    """Credentials whose search is the survey's: that tells what it may not look at, and this can't."""

    def search(self, lease_id: str) -> list[Link]:
        """Nothing."""
        return []


def _is_of_credential(link: Link) -> bool:
    return link.kind is _KEY or (link.kind is _SECRET and SPEC in link.attributes)


def _bundles(links: Iterable[Link]) -> list[Link]:
    return [link for link in links if not _is_of_credential(link)]


def _credentials(links: Iterable[Link]) -> list[Link]:
    """Choose the links of credentials; a secret that evidence knows by name only gets its source back."""
    return [_with_source(link) for link in links if _is_of_credential(link)]


def _with_source(link: Link) -> Link:
    if SPEC in link.attributes or link.kind is not _KEY:
        return link
    application, _, key_id = link.name.partition("/")
    source = EntraClientSecretSource.at(application, link.connection)
    return source.key_link(key_id) if key_id else source.link()

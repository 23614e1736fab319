"""The adapter of Google Cloud: its projects through one connection.

An identity's own bundle - accounts, custom roles, bindings, pools, a secret - is looked after here. What credentials
have brought, the keys of a source and the places that they are delivered to, is looked after as on every other system
that holds credentials: by `HolderAdapter`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from threading import Lock

from nhi_components.core.connection import GcpConnection
from nhi_components.core.credential.sources import SPEC, GcpServiceAccountKeySource
from nhi_components.core.errors import SpecError
from nhi_components.core.lease_id import PREFIX
from nhi_components.core.links import Fact, Link, LinkKind, NotChecked, System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.elapsed import Elapsed
from nhi_components.lifecycle.adapters.gcp import bindings
from nhi_components.lifecycle.adapters.gcp.accounts import Accounts
from nhi_components.lifecycle.adapters.gcp.admission import EVERYWHERE, Admission, not_ours
from nhi_components.lifecycle.adapters.gcp.adopted_accounts import adoption_problems
from nhi_components.lifecycle.adapters.gcp.canary import AccountToken
from nhi_components.lifecycle.adapters.gcp.credentials import Credentials
from nhi_components.lifecycle.adapters.gcp.grounds import require
from nhi_components.lifecycle.adapters.gcp.lease_cut_off import LeaseCutOff
from nhi_components.lifecycle.adapters.gcp.own_secrets import OwnSecrets
from nhi_components.lifecycle.adapters.gcp.pools import Pools
from nhi_components.lifecycle.adapters.gcp.quotas import Quotas
from nhi_components.lifecycle.adapters.gcp.roles import CustomRoles
from nhi_components.lifecycle.adapters.gcp.survey import POOL, PROVIDER, Survey
from nhi_components.lifecycle.adapters.holders import LEASE, HolderAdapter
from nhi_components.lifecycle.adapters.ownership import refuse_elsewhere, refuse_namesake
from nhi_components.lifecycle.ports import BlindSpot, Caller, Canary, CutOff, Room, Sighting

_KEY, _SECRET = LinkKind.GCP_SERVICE_ACCOUNT_KEY, LinkKind.GCP_SECRET
_ABOUT_AN_ACCOUNT = (LinkKind.GCP_BINDING, _SECRET)
"""Their attribute `account` names the account that they are about."""

_NOBODY_S = f"{PREFIX}{'a' * 16}"


class GcpAdapter:
    """Google Cloud through one connection, as `lifecycle.ports.SystemAdapter`."""

    def __init__(self, name: str, connection: GcpConnection) -> None:
        credentials = Credentials(name, connection)
        self._session = credentials.session
        self._holder = HolderAdapter(System.GCP, name, credentials)
        self._quotas = Quotas(self._session)
        self._lock = Lock()
        self._unseen: tuple[BlindSpot, ...] | None = None

    @property
    def system(self) -> System:
        """Google Cloud."""
        return System.GCP

    @property
    def connection(self) -> str:
        """The name of the connection in `nhi.Provider`."""
        return self._session.name

    def caller(self) -> Caller:
        """Tell whom the connection speaks for, and the ambient project; see the port."""
        return self._holder.caller()

    def require(self, links: Sequence[Link]) -> None:
        """Refuse links whose pool admits nobody, or whose id is reserved, and prove that places can be looked at.

        An account that is to be adopted has to be the one that it was, enabled, and without keys.
        """
        require(self._session, _bundles(links))
        if problems := list(adoption_problems(self._session, links)):
            raise SpecError("what is to be adopted", problems)
        self._holder.require(_credentials(links))

    def room_for(self, links: Sequence[Link]) -> Room:
        """Tell whether there is room for the accounts, custom roles and keys among the links; see the port."""
        return self._quotas.room_for(links)

    def admit(self, lease: LeaseTags, links: Sequence[Link], now: datetime) -> list[Link]:
        """Take links into the lease; see the port."""
        self._refuse_elsewhere(links)
        admission = Admission(self._session, lease, links)
        theirs = iter(self._holder.admit(lease, _credentials(links), now) if _credentials(links) else ())
        return [next(theirs) if _is_of_credential(link) else admission.admitted(link) for link in links]

    def survey(self, lease_id: str, links: Sequence[Link]) -> list[Sighting]:
        """Find everything alive of the lease; see the port.

        What an identity's bundle has is looked for where links say that there is one, or say nothing.
        """
        self._refuse_elsewhere(links)
        own, theirs, unseen = _bundles(links), _credentials(links), list[BlindSpot]()
        found: list[Sighting] = []
        if own or not links:
            survey = Survey(self._session, lease_id, own)
            found += survey.run()
            unseen += survey.unseen
        if theirs:
            found += self._holder.survey(lease_id, theirs)
            unseen += self._holder.blind_spots(theirs)
        with self._lock:
            self._unseen = tuple(unseen)
        return list({sighting.link.key: sighting for sighting in reversed(found)}.values())[::-1]

    def blind_spots(self, links: Sequence[Link]) -> list[BlindSpot]:
        """Tell what the newest survey could not look for; see the port."""
        if self._unseen is None:
            self.survey(_NOBODY_S, [])
        return list(self._unseen or ())

    def cut_off(self, lease_id: str, links: Sequence[Link], now: datetime) -> list[CutOff]:
        """Cut the accounts among the links off, and the keys of credentials; see the port."""
        self._refuse_elsewhere(links)
        elapsed, theirs = Elapsed(now), _credentials(links)
        keys = [link.name.partition("/")[0] for link in theirs if link.kind is _KEY]
        done = LeaseCutOff(self._session, lease_id, _bundles(links), now).run(keys)
        return [*done, *(self._holder.cut_off(lease_id, theirs, elapsed.now()) if theirs else ())]

    def revoke_live(self, lease_id: str, links: Sequence[Link], now: datetime) -> list[Link]:
        """Disable the keys of credentials; see the port.

        Of accounts nothing: the program has them disabled, and a disabled account's tokens and keys are refused.
        """
        self._refuse_elsewhere(links)
        theirs = _credentials(links)
        return self._holder.revoke_live(lease_id, theirs, now) if theirs else []

    def try_canary(self, canary: Canary, now: datetime) -> Fact:
        """Let the canary's token be used once more; see the port."""
        token = canary.credential
        if not isinstance(token, AccountToken):
            return self._holder.try_canary(canary, now)
        elapsed = Elapsed(now)
        if now >= token.ends:
            return NotChecked(f"the canary's token ended by itself at {token.ends.isoformat()}")
        return None if token.works() else elapsed.now()

    def sweep(self, sighting: Sighting) -> None:
        """Delete a leftover; what is deleted and kept by Google for a while is left alone; see the port."""
        refuse_namesake(sighting)
        link = sighting.link
        lease_id = link.attributes.get(LEASE, "")
        match link.kind:
            case LinkKind.GCP_BINDING:
                bindings.sweep(self._session, link)
            case LinkKind.GCP_SERVICE_ACCOUNT:
                Accounts(self._session).delete(link.name, link.unique_id or "")
            case LinkKind.GCP_CUSTOM_ROLE:
                CustomRoles(self._session).delete(link.name, lease_id)
            case kind if kind in (POOL, PROVIDER):
                Pools(self._session).delete(link.name, lease_id)
            case kind if kind is _SECRET and SPEC not in link.attributes:
                OwnSecrets(self._session).delete(link.name, lease_id)
            case kind if kind in (_KEY, _SECRET):
                self._holder.sweep(sighting)
            case _:
                raise not_ours(link)

    def _refuse_elsewhere(self, links: Sequence[Link]) -> None:
        noted = [link for link in links if link.kind not in _ABOUT_AN_ACCOUNT]
        refuse_elsewhere(self.system, self.connection, noted, lambda _: EVERYWHERE)


def _is_of_credential(link: Link) -> bool:
    return link.kind is _KEY or (link.kind is _SECRET and SPEC in link.attributes)


def _bundles(links: Iterable[Link]) -> list[Link]:
    return [link for link in links if not _is_of_credential(link)]


def _credentials(links: Iterable[Link]) -> list[Link]:
    """Choose the links of credentials; a key that evidence knows by name only gets its source back."""
    return [_with_source(link) for link in links if _is_of_credential(link)]


def _with_source(link: Link) -> Link:
    if SPEC in link.attributes:
        return link
    account, _, key_id = link.name.partition("/")
    source = GcpServiceAccountKeySource(account=account, connection=link.connection)
    return source.key_link(key_id) if key_id else source.link()

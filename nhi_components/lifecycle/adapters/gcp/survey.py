"""Finding what is alive of a lease on Google Cloud: by the names of its links, and from its lease id alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

from nhi_components.core.credential.sources import GcpServiceAccountKeySource
from nhi_components.core.links import Link, LinkKind, NotChecked, System
from nhi_components.lifecycle.adapters.gcp.accounts import Accounts
from nhi_components.lifecycle.adapters.gcp.adopted_accounts import is_yet_to_be_adopted
from nhi_components.lifecycle.adapters.gcp.binding_census import BindingCensus, projects_of, take_census
from nhi_components.lifecycle.adapters.gcp.errors import Denied
from nhi_components.lifecycle.adapters.gcp.keys import ServiceAccountKeys
from nhi_components.lifecycle.adapters.gcp.known_accounts import Known, KnownAccounts
from nhi_components.lifecycle.adapters.gcp.marked import Marked
from nhi_components.lifecycle.adapters.gcp.own_secrets import OwnSecrets
from nhi_components.lifecycle.adapters.gcp.pools import Pools, pool_of
from nhi_components.lifecycle.adapters.gcp.roles import CustomRoles
from nhi_components.lifecycle.adapters.gcp.session import GcpSession
from nhi_components.lifecycle.adapters.holders import LEASE, keys_seen
from nhi_components.lifecycle.adapters.ownership import is_suspended, links_by_name, ownership_of
from nhi_components.lifecycle.ports import BlindSpot, Ownership, Sighting

PROVIDER, POOL = LinkKind.GCP_WORKLOAD_IDENTITY_PROVIDER, LinkKind.GCP_WORKLOAD_IDENTITY_POOL
OF_IAM = frozenset({LinkKind.GCP_SERVICE_ACCOUNT, LinkKind.GCP_CUSTOM_ROLE, LinkKind.GCP_BINDING, POOL, PROVIDER})
"""What only an identity's bundle has; whoever has none of it is not looked for in IAM."""

Told = TypeVar("Told")

_NO_PROJECT = NotChecked(
    "no project is known; to look through one, name the connection's `projects`, or set GOOGLE_CLOUD_PROJECT"
)


class Survey:
    """One look at everything.

    Attributes:
        unseen: what could not be looked for.
    """

    def __init__(self, session: GcpSession, lease_id: str, links: Sequence[Link]) -> None:
        self._session = session
        self._lease_id = lease_id
        self._links = links
        self._projects: list[str] = []
        self.unseen: list[BlindSpot] = []

    def run(self) -> list[Sighting]:
        """Look at bindings, keys, accounts, roles, providers, pools and secrets, in the order to sweep in."""
        if self._links and not any(link.kind in OF_IAM for link in self._links):
            return list(self._secrets())
        self._projects = projects_of(self._session, self._links)
        if not self._projects:
            kinds = sorted({*OF_IAM, LinkKind.GCP_SECRET, LinkKind.GCP_SERVICE_ACCOUNT_KEY})
            self.unseen += [BlindSpot(System.GCP, self._session.name, kind, _NO_PROJECT) for kind in kinds]
        accounts = KnownAccounts(self._session, self._lease_id, self._links)
        for email in self._listed(LinkKind.GCP_SERVICE_ACCOUNT, Accounts(self._session).of_lease):
            accounts.meet(email)
        census = take_census(self._session, self._lease_id, self._links, accounts, self._projects)
        self.unseen += census.unseen
        return [
            # What says who may become an account goes with it; by itself it counts where it was declared.
            *(found.sighting for found in census.bindings if found.declared or not found.on_account),
            *(key for known in accounts if known.ours for key in self._keys(known.email)),
            *(self._account(known, census) for known in accounts if known.ours or _is_namesake(known)),
            *self._roles(),
            *self._pools(),
            *self._secrets(),
        ]

    def _account(self, known: Known, census: BindingCensus) -> Sighting:
        account = known.account
        if account is None:
            raise ValueError(f"{known.email}: nothing stands there")
        link = known.link or self._link(LinkKind.GCP_SERVICE_ACCOUNT, known.email)
        found = replace(link, unique_id=account.unique_id)
        if not known.ours:
            return Sighting(found, Ownership.NAMESAKE, _foreign(account.lease))
        extras = ", ".join(extra.name for extra in census.extras_of(known))
        detail = f"bound by hand, which the lease does not list: {extras}" if extras else ""
        return Sighting(found, Ownership.OURS, detail, cut_off=account.disabled and not is_suspended(link))

    def _keys(self, email: str) -> Iterator[Sighting]:
        source = GcpServiceAccountKeySource(account=email, connection=self._session.name)
        return keys_seen(ServiceAccountKeys(self._session, source), self._lease_id, source.link())

    def _roles(self) -> Iterator[Sighting]:
        kind, roles = LinkKind.GCP_CUSTOM_ROLE, CustomRoles(self._session)
        return self._marked(kind, roles.find, self._listed(kind, roles.of_lease))

    def _pools(self) -> Iterator[Sighting]:
        """Tell of providers and pools; where links are known and none is of them, the lease has none."""
        if self._links and not any(link.kind in (POOL, PROVIDER) for link in self._links):
            return
        pools = Pools(self._session)
        listed = [each for p in self._projects for each in self._asked(POOL, p, partial(pools.pools_of, p))]
        own = [name for name, borne in listed if borne == self._lease_id]
        linked = map(pool_of, links_by_name(self._links, PROVIDER))
        looked_at = dict.fromkeys([*own, *linked] if self._links else [name for name, _ in listed])
        found = [each for pool in looked_at for each in self._asked(PROVIDER, pool, partial(pools.providers_of, pool))]
        providers = [name for name, borne in found if borne == self._lease_id]
        yield from self._marked(PROVIDER, pools.find, providers)
        yield from self._marked(POOL, pools.find, own)

    def _secrets(self) -> Iterator[Sighting]:
        """Tell of the bundle's own, and, where no links are known, of all that bear the lease; no value is read."""
        kind, secrets = LinkKind.GCP_SECRET, OwnSecrets(self._session)
        linked = links_by_name(self._links, kind)
        for name in dict.fromkeys([*linked, *([] if self._links else self._listed(kind, secrets.of_lease))]):
            if secret := secrets.find(name):
                yield self._judged(linked.get(name) or self._link(kind, name), secret.lease)

    def _marked(self, kind: LinkKind, find: Callable[[str], Marked | None], more: Iterable[str]) -> Iterator[Sighting]:
        """Tell of what is owned by its description; what is deleted is kept for a while, and nobody can purge it."""
        linked = links_by_name(self._links, kind)
        for name in dict.fromkeys([*linked, *more]):
            found = find(name)
            if found is None:
                continue
            sighting = self._judged(linked.get(name) or self._link(kind, name), found.lease)
            if found.kept_until and sighting.ownership is Ownership.OURS:
                until = found.kept_until
                detail = f"deleted; can be brought back until {until:%Y-%m-%d}"
                sighting = replace(sighting, detail=detail, retained_until=until)
            if not found.kept_until or sighting.ownership is Ownership.OURS:
                yield sighting

    def _judged(self, link: Link, borne: str | None) -> Sighting:
        ownership = ownership_of(self._lease_id, borne, None, link)
        noted = replace(link, attributes={**link.attributes, LEASE: self._lease_id})
        return Sighting(noted, ownership, "" if ownership is Ownership.OURS else _foreign(borne))

    def _listed(self, kind: LinkKind, names: Callable[[str, str], Iterable[str]]) -> list[str]:
        """List what bears the lease in every project; what the connection may not list is told."""
        found = list[str]()
        for project in self._projects:
            found += self._asked(kind, project, partial(names, project, self._lease_id))
        return found

    def _asked(self, kind: LinkKind, where: str, question: Callable[[], Iterable[Told]]) -> list[Told]:
        try:
            return list(question())
        except Denied as denied:
            reason = NotChecked(f"those of {where} that no link names were not looked for: {denied.problem}")
            self.unseen.append(BlindSpot(System.GCP, self._session.name, kind, reason))
            return []

    def _link(self, kind: LinkKind, name: str) -> Link:
        return Link(System.GCP, kind, name, self._session.name)


def _is_namesake(known: Known) -> bool:
    """Tell whether another account stands at a linked address, and not one that is only meant to be adopted."""
    account = known.account
    return account is not None and known.link is not None and not is_yet_to_be_adopted(account, known.link)


def _foreign(borne: str | None) -> str:
    return f"another of that name, it bears {borne or 'no lease'}"

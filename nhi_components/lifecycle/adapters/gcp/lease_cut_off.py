"""Cutting a lease off: each of its accounts, with its keys, and what is bound for it and on it by hand reported."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

from nhi_components.core.credential.sources import GcpServiceAccountKeySource
from nhi_components.core.links import Link, LinkKind, NeverCreated
from nhi_components.lifecycle.adapters.every import every
from nhi_components.lifecycle.adapters.gcp.accounts import ServiceAccount
from nhi_components.lifecycle.adapters.gcp.binding_census import projects_of, take_census
from nhi_components.lifecycle.adapters.gcp.cut_off import AccountCutOff
from nhi_components.lifecycle.adapters.gcp.keys import ServiceAccountKeys
from nhi_components.lifecycle.adapters.gcp.known_accounts import Known, KnownAccounts
from nhi_components.lifecycle.adapters.gcp.session import GcpSession
from nhi_components.lifecycle.adapters.holders import tags_of
from nhi_components.lifecycle.ports import CutOff

_AT_ONCE = 8
"""Accounts: fewer than the ten connections that a requests session keeps open to one host."""


class LeaseCutOff:
    """Cuts the accounts of one lease off."""

    def __init__(self, session: GcpSession, lease_id: str, links: Sequence[Link], now: datetime) -> None:
        self._session = session
        self._lease_id = lease_id
        self._links = links
        self._now = now

    def run(self, with_credentials: Sequence[str]) -> list[CutOff]:
        """Cut them off; namesakes are left alone, and what was never created is told.

        Args:
            with_credentials: accounts whose keys credentials have brought, and that are looked after with those.
        """
        linked = {link.name: link for link in self._links if link.kind is LinkKind.GCP_SERVICE_ACCOUNT}
        if not linked:
            return []
        accounts = KnownAccounts(self._session, self._lease_id, self._links)
        absent = [link for email, link in linked.items() if not (known := accounts.get(email)) or not known.account]
        never = [CutOff(link, NeverCreated(), NeverCreated()) for link in absent if not link.unique_id]
        ours = [known for known in accounts if known.ours and known.email in linked]
        if not ours:
            return never
        done = self._cut_off_all(ours)
        # What is bound by hand is looked for last: by now nothing of it can be used.
        projects = projects_of(self._session, self._links)
        census = take_census(self._session, self._lease_id, self._links, accounts, projects)
        for i, known in enumerate(ours):
            keys = [] if known.email in with_credentials else self._disable_keys(known.email)
            done[i] = replace(done[i], extras=(*census.extras_of(known), *keys))
        return [*done, *never]

    def _cut_off_all(self, ours: Sequence[Known]) -> list[CutOff]:
        """Cut them off side by side: each may wait a while for its canary, and none shall wait for another's."""
        with ThreadPoolExecutor(min(len(ours), _AT_ONCE)) as threads:
            under_way = [
                threads.submit(self._cut_off, known.ours, known.link) for known in ours if known.ours and known.link
            ]
        return every(each.result for each in under_way)

    def _cut_off(self, account: ServiceAccount, link: Link) -> CutOff:
        found = replace(link, unique_id=account.unique_id)
        return AccountCutOff(self._session, account, found, self._lease_id, self._now).run()

    def _disable_keys(self, email: str) -> list[Link]:
        """Disable the keys of an account that was disabled, lest they work again should it be brought back."""
        source = GcpServiceAccountKeySource(account=email, connection=self._session.name)
        keys = ServiceAccountKeys(self._session, source)
        listed = keys.keys(tags_of(self._lease_id))
        for key in listed:
            if key.enabled:
                keys.disable(key.id)
        return [source.key_link(key.id) for key in listed]

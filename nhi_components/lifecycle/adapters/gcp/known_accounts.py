"""Which accounts a lease has, or had: what stands at each address now, whose it is, and the lease's unique ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from nhi_components.core.gcp_links import ACCOUNT
from nhi_components.core.links import Link, LinkKind
from nhi_components.lifecycle.adapters.gcp.accounts import Accounts, ServiceAccount
from nhi_components.lifecycle.adapters.gcp.names import account_resource
from nhi_components.lifecycle.adapters.gcp.session import GcpSession
from nhi_components.lifecycle.adapters.ownership import ownership_of
from nhi_components.lifecycle.ports import Ownership

_ABOUT_AN_ACCOUNT = (LinkKind.GCP_BINDING, LinkKind.GCP_SECRET)


@dataclass(frozen=True, slots=True)
class Known:
    """One address.

    Attributes:
        email: the address.
        account: what stands there now; None when nothing does.
        ownership: whose that is; None when nothing stands there.
        uids: the unique ids that the lease's account has, or had, there.
        link: what the lease knows of it; None when it was found otherwise.
    """

    email: str
    account: ServiceAccount | None
    ownership: Ownership | None
    uids: frozenset[str]
    link: Link | None

    @property
    def ours(self) -> ServiceAccount | None:
        """The account, if it is the lease's."""
        return self.account if self.ownership is Ownership.OURS else None

    @property
    def resource(self) -> str:
        """Its relative name, under which its own policy is found."""
        return account_resource(self.email)


class KnownAccounts:
    """The accounts of one lease; each is looked at once."""

    def __init__(self, session: GcpSession, lease_id: str, links: Iterable[Link]) -> None:
        self._accounts = Accounts(session)
        self._lease_id = lease_id
        links = list(links)
        self._links: dict[str, list[Link]] = {}
        for link in links:
            if link.kind is LinkKind.GCP_SERVICE_ACCOUNT:
                self._links.setdefault(link.name, []).append(link)
        self._known: dict[str, Known] = {}
        for email in dict.fromkeys([*self._links, *emails_in(links)]):
            self.meet(email)

    def __iter__(self) -> Iterator[Known]:
        """Tell of each, in the order in which they were met."""
        return iter(list(self._known.values()))

    def meet(self, email: str) -> Known:
        """Look at an address, unless that was done."""
        if email not in self._known:
            self._known[email] = self._look(email)
        return self._known[email]

    def get(self, email: str) -> Known | None:
        """Tell what is known of an address; None for one that nothing has led to."""
        return self._known.get(email)

    def _look(self, email: str) -> Known:
        links = self._links.get(email, [])
        account = self._accounts.find(email)
        uids = {link.unique_id for link in links if link.unique_id}
        if account is None:
            return Known(email, None, None, frozenset(uids), links[0] if links else None)
        # The same address may have been linked twice, as two accounts in turn.
        link = next((link for link in links if link.unique_id == account.unique_id), links[0] if links else None)
        ownership = ownership_of(self._lease_id, account.lease, account.unique_id, link)
        own = {account.unique_id} if ownership is Ownership.OURS else set[str]()
        return Known(email, account, ownership, frozenset(uids | own), link)


def emails_in(links: Iterable[Link]) -> list[str]:
    """Tell which accounts the bindings and secrets among links are about."""
    told = [link.attributes.get(ACCOUNT, "") for link in links if link.kind in _ABOUT_AN_ACCOUNT]
    return [email for email in told if "@" in email]

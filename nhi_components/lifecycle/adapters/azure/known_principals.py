"""Which principals a lease has, or had: what stands at each name now, whose it is, and the lease's object ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from nhi_components.core.azure_links import PRINCIPAL
from nhi_components.core.links import Link, LinkKind
from nhi_components.lifecycle.adapters.azure.identities import Identities
from nhi_components.lifecycle.adapters.azure.names import owner_of
from nhi_components.lifecycle.adapters.azure.principals import Principal, Principals
from nhi_components.lifecycle.adapters.azure.service_principals import ServicePrincipals
from nhi_components.lifecycle.adapters.azure.session import AzureSession
from nhi_components.lifecycle.adapters.ownership import ownership_of
from nhi_components.lifecycle.ports import Ownership

KINDS = (LinkKind.AZURE_MANAGED_IDENTITY, LinkKind.ENTRA_SERVICE_PRINCIPAL)
"""The kinds of principals."""

_ABOUT_A_PRINCIPAL = (LinkKind.AZURE_ROLE_ASSIGNMENT, LinkKind.AZURE_FEDERATED_CREDENTIAL, LinkKind.KEY_VAULT_SECRET)


@dataclass(frozen=True, slots=True)
class Known:
    """One name.

    Attributes:
        kind: what it is the name of.
        name: a resource id, or a display name.
        principal: what stands there now; None when nothing does.
        ownership: whose that is; None when nothing stands there.
        ids: the object ids that the lease's principal has, or had, there; in lower case.
        link: what the lease knows of it; None when it was found otherwise.
    """

    kind: LinkKind
    name: str
    principal: Principal | None
    ownership: Ownership | None
    ids: frozenset[str]
    link: Link | None

    @property
    def ours(self) -> Principal | None:
        """The principal, if it is the lease's."""
        return self.principal if self.ownership is Ownership.OURS else None


class KnownPrincipals:
    """The principals of one lease; each is looked at once."""

    def __init__(self, session: AzureSession, lease_id: str, links: Iterable[Link]) -> None:
        self._lease_id = lease_id
        self._identities, self._services = Identities(session), ServicePrincipals(session)
        links = list(links)
        self._links: dict[str, list[Link]] = {}
        for link in links:
            if link.kind in KINDS:
                self._links.setdefault(link.name.lower(), []).append(link)
        self._known: dict[str, Known] = {}
        for name in [*(link.name for link in links if link.kind in KINDS), *_named_in(links)]:
            self.meet(name)

    def __iter__(self) -> Iterator[Known]:
        """Tell of each, in the order in which they were met."""
        return iter(list(self._known.values()))

    def meet(self, name: str) -> Known:
        """Look at a name, unless that was done."""
        if name.lower() not in self._known:
            found = self._links.get(name.lower(), [])
            kind = found[0].kind if found else kind_of(name)
            object_id = next((link.unique_id for link in found if link.unique_id), None)
            self._take(name, kind, self.store(kind).find(name, object_id, self._lease_id))
        return self._known[name.lower()]

    def meet_again(self, name: str) -> Known:
        """Look at a name, also when nothing stood there before."""
        if (known := self.get(name)) and known.principal is None:
            del self._known[name.lower()]
        return self.meet(name)

    def take(self, principal: Principal) -> None:
        """Take in a principal that was found otherwise."""
        if principal.name.lower() not in self._known:
            self._take(principal.name, principal.kind, principal)

    def of(self, object_id: str) -> Known | None:
        """Tell which of them has, or had, an object id; None for nobody's."""
        return next((known for known in self if object_id.lower() in known.ids), None)

    def get(self, name: str) -> Known | None:
        """Tell what is known of a name; None for one that nothing has led to."""
        return self._known.get(name.lower())

    def store(self, kind: LinkKind) -> Principals:
        """Give what keeps principals of a kind."""
        return self._identities if kind is LinkKind.AZURE_MANAGED_IDENTITY else self._services

    def _take(self, name: str, kind: LinkKind, principal: Principal | None) -> None:
        links = self._links.get(name.lower(), [])
        ids = {link.unique_id.lower() for link in links if link.unique_id}
        if principal is None:
            self._known[name.lower()] = Known(kind, name, None, None, frozenset(ids), links[0] if links else None)
            return
        # The same name may have been linked twice, as two principals in turn.
        link = next((link for link in links if link.unique_id == principal.object_id), links[0] if links else None)
        ownership = ownership_of(self._lease_id, principal.lease, principal.object_id, link)
        own = {principal.object_id.lower()} if ownership is Ownership.OURS else set[str]()
        self._known[name.lower()] = Known(kind, name, principal, ownership, frozenset(ids | own), link)


def kind_of(name: str) -> LinkKind:
    """Tell of which kind the principal of a name is."""
    return LinkKind.AZURE_MANAGED_IDENTITY if name.startswith("/") else LinkKind.ENTRA_SERVICE_PRINCIPAL


def _named_in(links: Iterable[Link]) -> list[str]:
    """Tell which principals federated credentials, assignments and secrets among links are about."""
    told = [link for link in links if link.kind in _ABOUT_A_PRINCIPAL]
    owners = [owner_of(link.name) for link in told if link.kind is LinkKind.AZURE_FEDERATED_CREDENTIAL]
    return [*owners, *filter(None, (link.attributes.get(PRINCIPAL, "") for link in told))]

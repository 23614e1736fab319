"""Finding what is alive of a lease in one cluster: by the names of its links, and from its lease id alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

from nhi_components.core.kubernetes_links import ACCOUNT
from nhi_components.core.links import Link, LinkKind
from nhi_components.lifecycle.adapters.kubernetes.bindings import Bindings
from nhi_components.lifecycle.adapters.kubernetes.objects import Objects, uid_of
from nhi_components.lifecycle.adapters.kubernetes.session import KubernetesSession, Object
from nhi_components.lifecycle.adapters.kubernetes.token_secrets import TokenSecrets
from nhi_components.lifecycle.adapters.ownership import links_by_name
from nhi_components.lifecycle.ports import Ownership, Sighting

_ACCOUNT, _ROLE = LinkKind.KUBERNETES_SERVICE_ACCOUNT, LinkKind.KUBERNETES_ROLE
_BINDING = LinkKind.KUBERNETES_ROLE_BINDING


class Survey:
    """One look at everything that an identity is made of.

    Args:
        session: the cluster.
        lease_id: the lease.
        links: what the lease knows of.
    """

    def __init__(self, session: KubernetesSession, lease_id: str, links: Sequence[Link]) -> None:
        self._lease_id, self._links = lease_id, links
        self._objects, self._bindings, self._secrets = Objects(session), Bindings(session), TokenSecrets(session)

    def run(self) -> list[Sighting]:
        """Look at everything, in the order in which it is to be swept: what gives rights first, the account last."""
        by_hand = [Sighting(link, Ownership.OURS, _by_hand(link), by_hand=True) for link in self.subjects]
        kept = [Sighting(link, Ownership.OURS, _by_hand(link), by_hand=True) for link in self.secrets]
        made = [sighting for kind in (_BINDING, _ROLE) for sighting, _ in self._seen(kind)]
        return [*by_hand, *made, *kept, *(sighting for sighting, _ in self.accounts)]

    @cached_property
    def accounts(self) -> list[tuple[Sighting, Object]]:
        """The service accounts at the names of links, and those that bear the lease."""
        return list(self._seen(_ACCOUNT))

    @cached_property
    def own_bindings(self) -> list[Object]:
        """The lease's own bindings."""
        return [found for sighting, found in self._seen(_BINDING) if sighting.ownership is Ownership.OURS]

    @cached_property
    def subjects(self) -> list[Link]:
        """The bindings made by hand that name one of the lease's accounts.

        Where an account of the name is somebody else's by now, what names it is left to its owner.
        """
        named = {link.attributes[ACCOUNT] for link in self._links if ACCOUNT in link.attributes}
        named |= set(links_by_name(self._links, _ACCOUNT)) | {sighting.link.name for sighting, _ in self.accounts}
        foreign = {s.link.name for s, _ in self.accounts if s.ownership is Ownership.NAMESAKE}
        return list(self._bindings.naming(self._lease_id, named - foreign, self._namespaces))

    @cached_property
    def secrets(self) -> list[Link]:
        """The Secrets made by hand that keep tokens of the lease's accounts."""
        ours = {uid_of(found) for sighting, found in self.accounts if sighting.ownership is Ownership.OURS}
        known = {link.unique_id for link in self._links if link.kind is _ACCOUNT and link.unique_id}
        return list(self._secrets.of(ours | known, self._namespaces))

    @cached_property
    def _namespaces(self) -> list[str]:
        return list(dict.fromkeys(link.name.partition("/")[0] for link in self._links if "/" in link.name))

    def _seen(self, kind: LinkKind) -> Iterator[tuple[Sighting, Object]]:
        linked = links_by_name(self._links, kind)
        found = {name: self._objects.find(link) for name, link in linked.items()}
        marked = self._objects.marked(kind, self._lease_id, self._namespaces)
        for each in [*(each for each in found.values() if each), *marked]:
            name = f"{each['metadata']['namespace']}/{each['metadata']['name']}"
            if name in linked and each is not found[name]:
                continue
            yield self._objects.sighting(self._lease_id, kind, each, linked.get(name)), each


def _by_hand(link: Link) -> str:
    if link.kind is LinkKind.KUBERNETES_SECRET:
        return f"made by hand: it keeps a token of {link.attributes[ACCOUNT]}"
    return f"made by hand: it names {link.attributes[ACCOUNT]}"

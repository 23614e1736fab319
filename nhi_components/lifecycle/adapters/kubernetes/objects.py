"""Objects of a lease in a cluster: finding them by name and by their labels, admitting them, deleting them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Final

from nhi_components.core.kubernetes_links import NAMESPACE, object_name
from nhi_components.core.kubernetes_marks import lease_of, marks, selector
from nhi_components.core.links import Link, LinkKind, System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.appearance import appeared
from nhi_components.lifecycle.adapters.kubernetes.errors import Conflict, Denied
from nhi_components.lifecycle.adapters.kubernetes.session import Kind, KubernetesSession, Object
from nhi_components.lifecycle.adapters.ownership import ownership_of, refuse_foreign
from nhi_components.lifecycle.ports import Ownership, Sighting

CUT_OFF: Final = "nhi_cut-off"
"""The annotation by which a cut-off is known, with its time; it is taken off again when it is undone."""

KINDS: Final[Mapping[LinkKind, Kind]] = MappingProxyType(
    {
        LinkKind.KUBERNETES_SERVICE_ACCOUNT: Kind.SERVICE_ACCOUNT,
        LinkKind.KUBERNETES_ROLE: Kind.ROLE,
        LinkKind.KUBERNETES_ROLE_BINDING: Kind.ROLE_BINDING,
    }
)
"""The kinds that an identity is made of."""


class Objects:
    """The objects of identities in one cluster."""

    def __init__(self, session: KubernetesSession) -> None:
        self._session = session

    def find(self, link: Link) -> Object | None:
        """Read what stands at a link's name; None when nothing does."""
        namespace, _, name = link.name.partition("/")
        return self._session.read(KINDS[link.kind], namespace, name)

    def admit(self, lease: LeaseTags, link: Link) -> Object:
        """Take an object into the lease: refuse somebody else's, mark it; the caller undoes an earlier cut-off."""
        found = appeared(lambda _: self.find(link), link)
        refuse_foreign(lease.lease, lease_of(found), uid_of(found), link)
        if lease_of(found) is None:
            patch: Object = {"metadata": marks(lease)}
            found = self._session.edit(KINDS[link.kind], found, lambda _: patch) or found
        return found

    def marked(self, kind: LinkKind, lease_id: str, namespaces: Iterable[str]) -> Iterator[Object]:
        """List the objects that bear a lease: of the whole cluster, or of those of the namespaces that may be read."""
        chosen = selector(lease_id)
        yield from everywhere(
            lambda namespace: self._session.listed(KINDS[kind], namespace, labels=chosen, whole=True), namespaces
        )

    def sighting(self, lease_id: str, kind: LinkKind, found: Object, link: Link | None) -> Sighting:
        """Tell of an object that was found, by a link or by its labels."""
        namespace, borne = found["metadata"]["namespace"], lease_of(found)
        ownership = ownership_of(lease_id, borne, uid_of(found), link)
        name = object_name(namespace, found["metadata"]["name"])
        known = link or Link(System.KUBERNETES, kind, name, self._session.name, attributes={NAMESPACE: namespace})
        ours = ownership is Ownership.OURS
        detail = _kept(found) if ours else f"another of that name, it bears {borne or 'no lease'}"
        # The account's mark comes last: one that only a binding bears is that of a cut-off that was not finished.
        is_marked, is_account = cut_off_at(found) is not None, kind is LinkKind.KUBERNETES_SERVICE_ACCOUNT
        whole, half = is_marked and is_account, is_marked and not is_account
        here = replace(known, unique_id=uid_of(found))
        return Sighting(here, ownership, detail, cut_off=whole, half_cut_off=half)

    def delete(self, link: Link) -> None:
        """Delete an object, if it still is the one that was linked; one that is not there is fine."""
        found = self.find(link)
        if found is None or uid_of(found) != link.unique_id:
            return
        try:
            self._session.delete(KINDS[link.kind], found, whatever_version=True)
        except Conflict:
            return  # by now another object of that name stands there


def everywhere(listed: Callable[[str], list[Object]], namespaces: Iterable[str]) -> Iterator[Object]:
    """List objects of the whole cluster; where that is not allowed, those of the namespaces in which it is.

    What is left out so is what `blind_spots` tells.
    """
    try:
        yield from listed("")
    except Denied:
        for namespace in dict.fromkeys(namespaces):
            try:
                yield from listed(namespace)
            except Denied:
                continue


def _kept(found: Object) -> str:
    """Tell since when an object is being deleted and what keeps it; empty when it is not."""
    deleted, keeping = (found["metadata"].get(key) for key in ("deletionTimestamp", "finalizers"))
    if not deleted:
        return ""
    what = f"its finalizers ({', '.join(keeping)}) keep it" if keeping else "the API server has not removed it yet"
    return f"deleted at {deleted}, but {what}; fix: see `kubectl describe`, and let their controllers finish"


def uid_of(found: Object) -> str:
    """Tell an object's own id."""
    return str(found["metadata"]["uid"])


def annotations_of(found: Object) -> Mapping[str, str]:
    """Read an object's annotations."""
    return found["metadata"].get("annotations") or {}


def cut_off_at(found: Object) -> datetime | None:
    """Tell when an object was cut off; None when it was not, or the cut-off was undone."""
    told = annotations_of(found).get(CUT_OFF)
    return datetime.fromisoformat(told) if told else None

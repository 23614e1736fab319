"""Who has a role: a lease's own bindings, emptied and filled again, and those made by hand that name its account.

RBAC knows no deny: what an account may do ends only when no binding names it any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial
from typing import Any

from nhi_components.core.errors import NhiError
from nhi_components.core.kubernetes_links import ACCOUNT, CLUSTER_WIDE, object_name, subject_of
from nhi_components.core.kubernetes_marks import lease_of
from nhi_components.core.links import Link, LinkKind, System
from nhi_components.lifecycle.adapters.kubernetes.errors import Conflict
from nhi_components.lifecycle.adapters.kubernetes.objects import CUT_OFF, cut_off_at, everywhere, uid_of
from nhi_components.lifecycle.adapters.kubernetes.session import Kind, KubernetesSession, Object
from nhi_components.lifecycle.adapters.ownership import is_suspended

_TRIES = 5


class Bindings:
    """The bindings of one cluster."""

    def __init__(self, session: KubernetesSession) -> None:
        self._session = session

    def empty(self, binding: Object, at: datetime) -> None:
        """Leave nobody in a binding of the lease, and note since when."""

        def patch(now: Object) -> Object | None:
            if not now.get("subjects") and cut_off_at(now):
                return None
            since = cut_off_at(now) or at
            return {"metadata": {"annotations": {CUT_OFF: since.isoformat()}}, "subjects": []}

        self._session.edit(Kind.ROLE_BINDING, binding, patch)

    def restore(self, binding: Object, link: Link) -> None:
        """Undo that: the account has the role again, unless the program suspends it."""
        account = link.attributes.get(ACCOUNT)

        def patch(now: Object) -> Object | None:
            if cut_off_at(now) is None:
                return None
            undone: Object = {"metadata": {"annotations": {CUT_OFF: None}}}
            if account is None or is_suspended(link):
                return undone
            namespace, _, name = account.partition("/")
            return {**undone, "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": namespace}]}

        self._session.edit(Kind.ROLE_BINDING, binding, patch)

    def naming(self, lease_id: str, accounts: Iterable[str], namespaces: Iterable[str]) -> Iterator[Link]:
        """Find the bindings that name an account and are not the lease's own, wherever they may be listed.

        Args:
            lease_id: the lease.
            accounts: `NAMESPACE/NAME` of each.
            namespaces: where to look when the whole cluster may not be listed.
        """
        wanted = set(accounts)
        if not wanted:
            return
        whole = partial(self._session.listed, whole=True)
        for binding in everywhere(partial(whole, Kind.ROLE_BINDING), namespaces):
            if lease_of(binding) != lease_id:
                yield from self._links(binding, wanted)
        for binding in everywhere(partial(whole, Kind.CLUSTER_ROLE_BINDING), ()):
            yield from self._links(binding, wanted)

    def take_out(self, link: Link) -> bool:
        """Take an account out of a binding made by hand; one that named nobody else goes with it.

        Returns:
            Whether it was still in there.
        """
        kind = Kind.CLUSTER_ROLE_BINDING if link.attributes.get(CLUSTER_WIDE) == "true" else Kind.ROLE_BINDING
        namespace, _, name = link.name.rpartition("/")
        account = link.attributes[ACCOUNT]
        for _ in range(_TRIES):
            found = self._session.read(kind, namespace, name)
            if found is None or uid_of(found) != link.unique_id or not _names(found, account):
                return False
            try:
                if _without(found, account):
                    self._session.edit(kind, found, partial(_taken_out, account))
                else:
                    self._session.delete(kind, found)
            except Conflict:
                continue
            return True
        raise NhiError(
            f"{link}: got another version at each of {_TRIES} tries, expected one of them to be the newest; "
            "fix: see what else writes that binding, and run it again"
        )

    def _links(self, binding: Object, accounts: Iterable[str]) -> Iterator[Link]:
        return (self._link(binding, account) for account in sorted(accounts) if _names(binding, account))

    def _link(self, binding: Object, account: str) -> Link:
        namespace, name = binding["metadata"].get("namespace", ""), binding["metadata"]["name"]
        attributes = {ACCOUNT: account, CLUSTER_WIDE: "false" if namespace else "true"}
        return Link(
            System.KUBERNETES,
            LinkKind.KUBERNETES_SUBJECT,
            object_name(namespace, name) if namespace else name,
            self._session.name,
            uid_of(binding),
            attributes,
        )


def places_of(binding: Object, account: str) -> list[tuple[int, Object]]:
    """Tell the subjects of a binding that are an account, `NAMESPACE/NAME`, each with its place among all of them."""
    namespace = binding["metadata"].get("namespace", "")
    return [(at, each) for at, each in enumerate(binding.get("subjects") or []) if _is(each, account, namespace)]


def _names(binding: Object, account: str) -> bool:
    namespace = binding["metadata"].get("namespace", "")
    return any(_is(subject, account, namespace) for subject in binding.get("subjects") or [])


def _taken_out(account: str, now: Object) -> Object | None:
    return {"subjects": _without(now, account)} if _names(now, account) else None


def _without(binding: Object, account: str) -> list[Any]:
    namespace = binding["metadata"].get("namespace", "")
    return [subject for subject in binding.get("subjects") or [] if not _is(subject, account, namespace)]


def _is(subject: Object, account: str, namespace: str) -> bool:
    """Tell whether a subject is an account, also by the name of the user that it is taken for."""
    if subject.get("kind") == "ServiceAccount":
        return object_name(subject.get("namespace") or namespace, subject["name"]) == account
    return subject.get("kind") == "User" and subject.get("name") == subject_of(account)

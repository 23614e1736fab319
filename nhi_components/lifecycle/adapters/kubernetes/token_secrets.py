"""Secrets that keep a service account's token, made by hand: such a token does not end by itself.

Source: Kubernetes documentation, 'Managing Service Accounts', 'Manual Secret management for ServiceAccounts'.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Final

from nhi_components.core.kubernetes_links import ACCOUNT, object_name
from nhi_components.core.links import Link, LinkKind, System
from nhi_components.lifecycle.adapters.kubernetes.errors import Conflict
from nhi_components.lifecycle.adapters.kubernetes.objects import annotations_of, everywhere, uid_of
from nhi_components.lifecycle.adapters.kubernetes.session import Kind, KubernetesSession

_TYPE: Final = "type=kubernetes.io/service-account-token"
_NAME: Final = "kubernetes.io/service-account.name"
_UID: Final = "kubernetes.io/service-account.uid"


class TokenSecrets:
    """The token Secrets of one cluster; their values are never read."""

    def __init__(self, session: KubernetesSession) -> None:
        self._session = session

    def of(self, account_uids: Collection[str], namespaces: Iterable[str]) -> Iterator[Link]:
        """Find those of accounts, which they name by uid."""
        if not account_uids:
            return
        for found in everywhere(lambda where: self._session.listed(Kind.SECRET, where, fields=_TYPE), namespaces):
            metadata, told = found["metadata"], annotations_of(found)
            if told.get(_UID) in account_uids:
                name = object_name(metadata["namespace"], metadata["name"])
                attributes = {ACCOUNT: object_name(metadata["namespace"], told.get(_NAME, ""))}
                kind = LinkKind.KUBERNETES_SECRET
                yield Link(System.KUBERNETES, kind, name, self._session.name, uid_of(found), attributes)

    def delete(self, link: Link) -> bool:
        """Delete one, whose token is refused from then on; tell whether it was there."""
        namespace, _, name = link.name.partition("/")
        metadata = {"namespace": namespace, "name": name, "uid": link.unique_id}
        there = any(
            uid_of(found) == link.unique_id
            for found in self._session.listed(Kind.SECRET, namespace, fields=f"metadata.name={name}")
        )
        if not there:
            return False
        try:
            self._session.delete(Kind.SECRET, {"metadata": metadata}, whatever_version=True)
        except Conflict:
            return False
        return True

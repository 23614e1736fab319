"""Credentials in Secrets of a Kubernetes cluster.

The connection's user needs, in the namespace of each place, `get`, `create`, `patch` and `delete` of secrets and
configmaps; and `list` of both in every namespace, so that what bears a lease is found from its id alone.
"""

from __future__ import annotations

from nhi_components.core.connection import KubernetesConnection
from nhi_components.core.credential.places import KubernetesSecretPlace, PlaceSpec
from nhi_components.core.credential.sources import SourceSpec
from nhi_components.core.kubernetes_marks import selector
from nhi_components.core.links import Link, System
from nhi_components.lifecycle.adapters.kubernetes.companion import SUFFIX
from nhi_components.lifecycle.adapters.kubernetes.errors import Denied
from nhi_components.lifecycle.adapters.kubernetes.secret_place import SecretOfCluster
from nhi_components.lifecycle.adapters.kubernetes.session import Kind, KubernetesSession
from nhi_components.lifecycle.credentials.ports import NoSuchKind, NotSearchable, Place, Source
from nhi_components.lifecycle.ports import Caller


class Credentials:
    """One cluster, as `CredentialSystem`."""

    def __init__(self, name: str, connection: KubernetesConnection, session: KubernetesSession | None = None) -> None:
        self._session = session or KubernetesSession(name, connection)

    def caller(self) -> Caller:
        """Tell the user's name; the account is the uid of the cluster's first namespace, which no other shares."""
        return Caller(System.KUBERNETES, self._session.name, self._session.who(), self._session.cluster())

    def source(self, spec: SourceSpec) -> Source:
        """Refuse: tokens of service accounts are bound to pods, and need no places."""
        fix = "choose another source; for a pod, use its own service account"
        raise NoSuchKind(f"kubernetes.{self._session.name}: got {spec.kind}, expected kubernetes-secret; fix: {fix}")

    def place(self, spec: PlaceSpec) -> Place:
        """Open a Secret; it can be a home."""
        if not isinstance(spec, KubernetesSecretPlace):
            raise NoSuchKind(
                f"kubernetes.{self._session.name}: got {spec.kind}, expected kubernetes-secret; fix: correct the kind"
            )
        return SecretOfCluster(self._session, spec)

    def search(self, lease_id: str) -> list[Link]:
        """Find the Secrets, and notes without one, by their labels; values are not read."""
        chosen = selector(lease_id)
        try:
            secrets = self._session.labelled(Kind.SECRET, chosen)
            companions = self._session.labelled(Kind.CONFIG_MAP, chosen)
        except Denied as denied:
            raise NotSearchable(str(denied)) from None
        beside = ((namespace, name.removesuffix(SUFFIX)) for namespace, name in companions)
        return [self._link(*found) for found in dict.fromkeys((*secrets, *beside))]

    def _link(self, namespace: str, name: str) -> Link:
        return KubernetesSecretPlace(connection=self._session.name, namespace=namespace, name=name).link()

"""Reading the non-human identities of one Kubernetes cluster: service accounts, tokens, roles, and what runs as them.

An account's key is the one by which ways from identity to identity know it, with the uid of the cluster's first
namespace before it, as clusters have no names of their own. Sources: Kubernetes API reference, the lists of all
namespaces; and the pages that each part names.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from nhi_components.core.connection import KubernetesConnection
from nhi_components.core.links import System
from nhi_components.lifecycle.adapters.kubernetes.discovery_policy import BINDINGS, ROLES, WORKLOADS
from nhi_components.lifecycle.adapters.kubernetes.found_accounts import accounts, token_secrets
from nhi_components.lifecycle.adapters.kubernetes.found_lists import Lists
from nhi_components.lifecycle.adapters.kubernetes.found_rbac import bindings, roles
from nhi_components.lifecycle.adapters.kubernetes.found_workloads import workloads
from nhi_components.lifecycle.discovery.ports import Section


class Discovery:
    """One cluster through one connection.

    Args:
        connection: its name.
        settings: how it is reached.
        clock: tells the time.
    """

    system = System.KUBERNETES

    def __init__(self, connection: str, settings: KubernetesConnection, clock: Callable[[], datetime]) -> None:
        self.connection = connection
        self._lists = Lists(connection, settings)
        self._clock = clock

    def place(self) -> str:
        """Tell the uid of the cluster's first namespace, which no other cluster shares.

        Raises:
            SystemUnreachable: it can't be reached, or that namespace may not be read.
        """
        return self._lists.cluster

    def beginnings(self) -> Sequence[str]:
        """Name the sections that every scan reads: each is a resource that is listed."""
        return ("serviceaccounts", "secrets", *ROLES, *BINDINGS, *WORKLOADS)

    def section(self, name: str) -> Section:
        """Give a section by its name."""
        if name == "serviceaccounts":
            return accounts(self._lists, name)
        if name == "secrets":
            return token_secrets(self._lists, name, self._clock)
        for resources, of in ((ROLES, roles), (BINDINGS, bindings), (WORKLOADS, workloads)):
            if name in resources:
                return of(self._lists, name)
        raise ValueError(name)

"""How discovery reads one cluster: lists of all namespaces, a page at a time, what is denied told by its permission.

Source: Kubernetes API concepts, 'Retrieving large results sets in chunks': a list goes on by its `continue` token,
which the API server forgets after some minutes, and then answers 410.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from threading import RLock
from typing import Final

from nhi_components.core.connection import KubernetesConnection
from nhi_components.core.inventory.records import Record
from nhi_components.facts.kubernetes.objects import key_of
from nhi_components.facts.kubernetes.reach import Reach, Target
from nhi_components.lifecycle.adapters.kubernetes.errors import Denied, Expired, TooBusy, translated
from nhi_components.lifecycle.adapters.kubernetes.session import TIMEOUT_SECONDS, Kind, KubernetesSession, Object
from nhi_components.lifecycle.discovery.ports import Busy, CursorLapsed, NotSeen, Page

PAGE: Final = 500
"""Objects on a page; kubectl asks for as many."""
PAGE_OF_ROLES: Final = 100
"""Roles on a page; each is some dozen records."""

_ACCOUNT_USER: Final = "system:serviceaccount:"


@dataclass(frozen=True, slots=True)
class Listing:
    """A resource that is listed.

    Attributes:
        api: the client's part that lists it.
        method: that part's method.
        kind: as in a manifest.
        type: as the readers of facts know it.
    """

    api: str
    method: str
    kind: str
    type: str


def _of(api: str, version: str, kind: str, method: str = "") -> Listing:
    words = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in kind)
    return Listing(api, method or f"list{words}_for_all_namespaces", kind, f"kubernetes:{version}:{kind}")


_RBAC: Final = "rbac.authorization.k8s.io"
LISTINGS: Final[Mapping[str, Listing]] = {
    "serviceaccounts": _of("core", "core/v1", "ServiceAccount"),
    "secrets": _of("listing", "core/v1", "Secret"),
    f"roles.{_RBAC}": _of("rbac", f"{_RBAC}/v1", "Role"),
    f"clusterroles.{_RBAC}": _of("rbac", f"{_RBAC}/v1", "ClusterRole", "list_cluster_role"),
    f"rolebindings.{_RBAC}": _of("rbac", f"{_RBAC}/v1", "RoleBinding"),
    f"clusterrolebindings.{_RBAC}": _of("rbac", f"{_RBAC}/v1", "ClusterRoleBinding", "list_cluster_role_binding"),
    "pods": _of("core", "core/v1", "Pod"),
    "replicationcontrollers": _of("core", "core/v1", "ReplicationController"),
    "daemonsets.apps": _of("apps", "apps/v1", "DaemonSet"),
    "deployments.apps": _of("apps", "apps/v1", "Deployment"),
    "replicasets.apps": _of("apps", "apps/v1", "ReplicaSet"),
    "statefulsets.apps": _of("apps", "apps/v1", "StatefulSet"),
    "cronjobs.batch": _of("batch", "batch/v1", "CronJob"),
    "jobs.batch": _of("batch", "batch/v1", "Job"),
}
"""By resource, with its API group; of Secrets the `listing` part of the client has no values sent."""


class Lists:
    """One cluster, as discovery looks at it.

    Every look raises `NotSeen` naming the permission when it is denied, `Busy` when the API server has too much to do,
    `CursorLapsed` when it has forgotten a list, and `SystemUnreachable` when it does not answer.

    Args:
        name: of the connection.
        settings: how it is reached.
    """

    def __init__(self, name: str, settings: KubernetesConnection) -> None:
        self.name = name
        self._session = KubernetesSession(name, settings, waits=False)
        self._lock = RLock()

    @property
    def cluster(self) -> str:
        """The uid of the cluster's first namespace, by which records tell it from others."""
        with self._lock:
            return self._cluster

    @property
    def caller(self) -> str:
        """The service account that the connection speaks for, `NAMESPACE/NAME`; empty when it is none."""
        with self._lock:
            return self._caller

    def account(self, namespace: str, name: str) -> str:
        """Give the key of a service account."""
        return key_of(self.cluster, Target(Reach.ACCOUNT, namespace, name))

    def group(self, name: str) -> str:
        """Give the key of a group."""
        return key_of(self.cluster, Target(Reach.GROUP, "", name))

    def user(self, name: str) -> str:
        """Give the key of a user who is no service account."""
        return key_of(self.cluster, Target(Reach.USER, "", name))

    def object(self, kind: str, namespace: str, name: str) -> str:
        """Give the key of an object that is no identity."""
        return f"{self.cluster}: kubernetes {kind.lower()}:{namespace}{'/' if namespace else ''}{name}"

    def page(
        self,
        resource: str,
        cursor: str | None,
        records: Callable[[Object], Iterable[Record]],
        *,
        most: int | None = None,
        fields: str = "",
    ) -> Page:
        """Read a page of a list.

        Args:
            resource: one of `LISTINGS`.
            cursor: the `continue` token of the page before; None for the first page.
            records: reads what there is to tell of one object.
            most: objects on it.
            fields: a field selector.
        """
        asked = {"field_selector": fields} if fields else {}
        more = {"_continue": cursor} if cursor else {}
        listing = LISTINGS[resource]

        with self._told():
            self.cluster  # noqa: B018 - read before the list, so that an empty one does not hide that it is denied
            parts = self._session.parts()
            method = getattr(getattr(parts, listing.api), listing.method)
            with translated(self.name, f"list {resource}"):
                raw = {"_preload_content": False, "_request_timeout": TIMEOUT_SECONDS}
                answer = json.loads(method(limit=most or PAGE, **asked, **more, **raw).data)
            found = [record for each in answer["items"] for record in records(each)]
        return Page(found, answer["metadata"].get("continue") or None)

    def config_map(self, namespace: str, name: str) -> Mapping[str, str]:
        """Read a ConfigMap's data; empty when there is none."""
        with self._told():
            found = self._session.read(Kind.CONFIG_MAP, namespace, name)
        return (found or {}).get("data") or {}

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what the cluster refuses into what a scan understands."""
        try:
            yield
        except Denied as error:
            raise NotSeen(
                f"kubernetes.{self.name}: {error.problem.got}; fix: allow it in a ClusterRole of the connection's "
                "user, as `nhi permissions kubernetes` prints one"
            ) from None
        except TooBusy as error:
            raise Busy(f"kubernetes.{self.name}: {error.problem.got}", error.after) from None
        except Expired as error:
            raise CursorLapsed(str(error)) from None

    @cached_property
    def _cluster(self) -> str:
        return self._session.uid()

    @cached_property
    def _caller(self) -> str:
        user = self._session.who()
        return user.removeprefix(_ACCOUNT_USER).replace(":", "/", 1) if user.startswith(_ACCOUNT_USER) else ""


def time_of(found: Object) -> datetime | None:
    """Tell when an object was made."""
    told = found["metadata"].get("creationTimestamp")
    return datetime.fromisoformat(told) if told else None

"""Reaching one cluster, and asking it for objects as plain data.

The client's answers are read as they come, instead of as its models: older versions of it write what they have read
into the debug log, and newer ones quote what they take for wrong in their errors. Secrets are among that.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from threading import Lock
from typing import Any

from kubernetes import client

from nhi_components.core.connection import KubernetesConnection
from nhi_components.lifecycle.adapters.kubernetes.errors import Absent, Conflict, Denied, translated, unreachable
from nhi_components.lifecycle.adapters.kubernetes.opening import Opened, opened, speaking_with

TIMEOUT_SECONDS = (3, 20)
"""To connect, to answer. Short, because the services repeat with pauses of their own."""

_PAGE = 500
Object = dict[str, Any]


class Kind(StrEnum):
    """What is kept in the cluster, as the client's methods call it; all but the last in namespaces."""

    SECRET = "secret"  # noqa: S105 - a kind, not a secret
    CONFIG_MAP = "config_map"
    SERVICE_ACCOUNT = "service_account"
    RESOURCE_QUOTA = "resource_quota"
    ROLE = "role"
    ROLE_BINDING = "role_binding"
    CLUSTER_ROLE_BINDING = "cluster_role_binding"


_OF_RBAC = frozenset({Kind.ROLE, Kind.ROLE_BINDING, Kind.CLUSTER_ROLE_BINDING})
_MANAGER = "nhi_components"
"""Who the API server notes as the manager of the fields that are changed here."""

_TRIES = 8
"""Runs that change an object at the same time read again and repeat."""


class KubernetesSession:
    """One connection; its kubeconfig is read on first use.

    Every method raises `SystemUnreachable` when the cluster does not answer, or refuses credentials or permission.
    """

    def __init__(self, name: str, connection: KubernetesConnection, *, waits: bool = True) -> None:
        self.name = name
        self._waits = waits
        self._connection = connection
        self._lock = Lock()
        self._open: Opened | None = None

    def who(self) -> str:
        """Tell whom the credentials speak for; clusters before 1.28 do not tell."""
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
        with translated(self.name, "who am I"):
            try:
                answer = _read(self.parts().authentication.create_self_subject_review(body, **_raw()))
            except client.exceptions.ApiException as error:
                if error.status != 404:
                    raise
                return "a user that a cluster before 1.28 does not name"
        return str(answer["status"]["userInfo"]["username"])

    def cluster(self) -> str:
        """Tell the cluster's id: the uid of its first namespace; its address where that may not be read."""
        try:
            return self.uid()
        except (Denied, Absent):
            return self.parts().address

    def uid(self) -> str:
        """Tell the uid of the cluster's first namespace, which no other cluster shares."""
        with translated(self.name, "get namespaces kube-system"):
            answer = _read(self.parts().core.read_namespace("kube-system", **_raw()))
        return str(answer["metadata"]["uid"])

    def time(self) -> datetime:
        """Tell the API server's own time."""
        with translated(self.name, "tell the time"):
            told = self.parts().version.get_code(**_raw()).headers.get("Date")
        if not told:
            raise unreachable(self.name, "an answer without a Date", "an API server's answer", "check what is between")
        return parsedate_to_datetime(told)

    def speaking_with(self, token: str) -> Any:
        """Make a client of the same cluster that speaks with a token and nothing else."""
        return speaking_with(self.parts(), token)

    def namespace_lack(self, name: str) -> str:
        """Tell why nothing can be made in a namespace; empty when something can, or it may not be read."""
        try:
            with translated(self.name, f"get namespaces {name}"):
                found = _read(self.parts().core.read_namespace(name, **_raw()))
        except Absent:
            return "which is not there"
        except Denied:
            return ""
        return "which is being deleted" if (found.get("status") or {}).get("phase") == "Terminating" else ""

    def read(self, kind: Kind, namespace: str, name: str) -> Object | None:
        """Read an object; None when there is none."""
        try:
            with translated(self.name, f"get {kind} {_place(namespace, name)}"):
                return _read(self._method("read", kind)(name, *_where(kind, namespace), **_raw()))
        except Absent:
            return None

    def create(self, kind: Kind, namespace: str, body: Object, hidden: Iterable[str] = ()) -> Object:
        """Make an object.

        Raises:
            Absent: there is no such namespace.
            Conflict: one of that name is there.
        """
        with translated(self.name, f"create {kind} {namespace}/{body['metadata']['name']}", hidden):
            return _read(self._method("create", kind)(namespace, body, **_raw()))

    def change(self, kind: Kind, found: Object, patch: Object, hidden: Iterable[str] = ()) -> Object:
        """Merge a patch into an object, if it still is the version that was read, and return what it is then.

        A patch leaves alone what it does not name, also fields that this version of the client does not know.

        Raises:
            Absent: it is not there any more.
            Conflict: another version is there by now.
        """
        metadata = found["metadata"]
        namespace, name = metadata.get("namespace", ""), metadata["name"]
        seen = {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]}
        body = {**patch, "metadata": {**patch.get("metadata", {}), **seen}}
        patching = self._method("patch", kind)
        with translated(self.name, f"patch {kind} {_place(namespace, name)}", hidden):
            return _read(patching(name, *_where(kind, namespace), body, field_manager=_MANAGER, **_raw()))

    def edit(self, kind: Kind, found: Object, patched: Callable[[Object], Object | None]) -> Object | None:
        """Change an object, reading it again for as long as others change it too.

        Args:
            kind: its kind.
            found: the object as it was read.
            patched: makes the patch from what the object is now; None when there is nothing to change.

        Returns:
            What it is then; None when it is gone by now, or another object of its name is there.

        Raises:
            Conflict: others change it all the time.
        """
        metadata, now = found["metadata"], found
        for attempt in range(_TRIES):
            patch = patched(now)
            if patch is None:
                return now
            try:
                return self.change(kind, now, patch)
            except Absent:
                return None
            except Conflict:
                if attempt == _TRIES - 1:
                    raise
            read = self.read(kind, metadata.get("namespace", ""), metadata["name"])
            if read is None or read["metadata"]["uid"] != metadata["uid"]:
                return None
            now = read
        return None

    def delete(self, kind: Kind, found: Object, *, whatever_version: bool = False) -> None:
        """Delete an object, if it still is the version that was read; one that is not there is fine.

        Args:
            kind: its kind.
            found: the object as it was read.
            whatever_version: delete it also when it was changed since.

        Raises:
            Conflict: another version, or another object of that name, is there by now.
        """
        metadata = found["metadata"]
        namespace, name = metadata.get("namespace", ""), metadata["name"]
        version = {} if whatever_version else {"resourceVersion": metadata["resourceVersion"]}
        body = {"preconditions": {"uid": metadata["uid"], **version}}
        try:
            with translated(self.name, f"delete {kind} {_place(namespace, name)}"):
                self._method("delete", kind)(name, *_where(kind, namespace), body=body, **_raw())
        except Absent:
            return

    def labelled(self, kind: Kind, selector: str) -> Iterator[tuple[str, str]]:
        """List namespace and name of every object of the cluster with such labels; no values are read."""
        found = self.listed(kind, labels=selector)
        return ((each["metadata"]["namespace"], each["metadata"]["name"]) for each in found)

    def listed(
        self, kind: Kind, namespace: str = "", *, labels: str = "", fields: str = "", whole: bool = False
    ) -> list[Object]:
        """List objects, by default their metadata alone, so that nobody's values are read.

        Args:
            kind: their kind.
            namespace: only of this one; empty for the whole cluster.
            labels: a label selector.
            fields: a field selector.
            whole: whether the rest of the objects is read as well.
        """
        found: list[Object] = []
        following = ""
        while True:
            page = self._page(kind, namespace, {"label_selector": labels, "field_selector": fields}, following, whole)
            found += page["items"]
            following = page["metadata"].get("continue") or ""
            if not following:
                return found

    def may_list(self, kind: Kind) -> bool:
        """Tell whether objects of a kind may be listed in the whole cluster."""
        try:
            self._page(kind, "", {"label_selector": "", "field_selector": ""}, "", whole=False, most=1)
        except Denied:
            return False
        return True

    def request_token(self, namespace: str, account: str, seconds: int) -> Object:
        """Have a token of a service account issued, for the API server; its status tells the value and the end."""
        body = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"expirationSeconds": seconds},
        }
        requested = self.parts().core.create_namespaced_service_account_token
        with translated(self.name, f"create serviceaccounts/token {namespace}/{account}"):
            return _read(requested(account, namespace, body, **_raw()))

    def read_deployment(self, namespace: str, name: str) -> Object | None:
        """Read a Deployment; None when there is none."""
        try:
            with translated(self.name, f"get deployment {namespace}/{name}"):
                return _read(self.parts().apps.read_namespaced_deployment(name, namespace, **_raw()))
        except Absent:
            return None

    def patch_deployment(self, namespace: str, name: str, patch: Object) -> Object:
        """Change a Deployment by a strategic merge patch, and return what it is then."""
        with translated(self.name, f"patch deployment {namespace}/{name}"):
            return _read(self.parts().apps.patch_namespaced_deployment(name, namespace, patch, **_raw()))

    def _method(self, verb: str, kind: Kind) -> Any:
        opened = self.parts()
        name = f"{verb}_{kind}" if kind is Kind.CLUSTER_ROLE_BINDING else f"{verb}_namespaced_{kind}"
        return getattr(opened.rbac if kind in _OF_RBAC else opened.core, name)

    def _page(
        self, kind: Kind, namespace: str, selectors: dict[str, str], following: str, whole: bool, most: int = _PAGE
    ) -> Object:
        opened = self.parts()
        known = (opened.rbac, opened.core) if whole else (opened.listing_rbac, opened.listing)
        name = f"list_namespaced_{kind}" if namespace else f"list_{kind}_for_all_namespaces"
        name = f"list_{kind}" if kind is Kind.CLUSTER_ROLE_BINDING else name
        listing = getattr(known[0] if kind in _OF_RBAC else known[1], name)
        given = {each: value for each, value in selectors.items() if value}
        more = {"_continue": following} if following else {}
        with translated(self.name, f"list {kind} of {namespace or 'every namespace'}"):
            return _read(listing(*_where(kind, namespace), **given, limit=most, **more, **_raw()))

    def parts(self) -> Opened:
        """Give the client's parts."""
        with self._lock:
            if self._open is None:
                self._open = opened(self.name, self._connection, waits=self._waits)
            return self._open


def _raw() -> dict[str, Any]:
    return {"_preload_content": False, "_request_timeout": TIMEOUT_SECONDS}


def _read(answer: Any) -> Object:
    found: Object = json.loads(answer.data)
    return found


def _where(kind: Kind, namespace: str) -> tuple[str, ...]:
    """Give what a client's method takes after the name: the namespace, for what is in one."""
    return (namespace,) if namespace and kind is not Kind.CLUSTER_ROLE_BINDING else ()


def _place(namespace: str, name: str) -> str:
    return f"{namespace}/{name}" if namespace else name

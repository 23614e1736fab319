"""Reaching one cluster, and asking it for objects as plain data.

The client's answers are read as they come, instead of as its models: older versions of it write what they have read
into the debug log, and newer ones quote what they take for wrong in their errors. Secrets are among that.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from pathlib import Path
from threading import Lock
from typing import Any

from kubernetes import client, config
from yaml import YAMLError

from nhi_components.core.connection import KubernetesConnection
from nhi_components.lifecycle.adapters.kubernetes.errors import Absent, Denied, translated, unreachable
from nhi_components.lifecycle.adapters.kubernetes.patience import patience

TIMEOUT_SECONDS = (3, 20)
"""To connect, to answer. Short, because the services repeat with pauses of their own."""

_CONNECTIONS = 64
"""As many as `nhi rotate` may work on at once: what has no place in the pool is connected anew for each request."""

_PAGE = 500
_USUAL = "~/.kube/config"
_IN_A_POD = "KUBERNETES_SERVICE_HOST"
_METADATA_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
"""Lists names and labels, so that looking for a lease reads nobody's values (Kubernetes, 'API concepts')."""

Object = dict[str, Any]

_configuring: Any = config
"""This part of the client has no types."""

_UNUSABLE = (config.ConfigException, YAMLError, AttributeError, OSError, TypeError, ValueError)
"""What the client raises for a kubeconfig that it can't read, or that is no kubeconfig at all."""


class Kind(StrEnum):
    """What is kept in a namespace, as the client's methods call it."""

    SECRET = "secret"  # noqa: S105 - a kind, not a secret
    CONFIG_MAP = "config_map"


@dataclass(frozen=True, slots=True)
class _Open:
    core: Any
    listing: Any
    apps: Any
    authentication: Any
    version: Any
    address: str


class KubernetesSession:
    """One connection; its kubeconfig is read on first use.

    Every method raises `SystemUnreachable` when the cluster does not answer, or refuses credentials or permission.
    """

    def __init__(self, name: str, connection: KubernetesConnection) -> None:
        self.name = name
        self._connection = connection
        self._lock = Lock()
        self._open: _Open | None = None

    def who(self) -> str:
        """Tell whom the credentials speak for; clusters before 1.28 do not tell."""
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
        with translated(self.name, "who am I"):
            try:
                answer = _read(self._opened().authentication.create_self_subject_review(body, **_raw()))
            except client.exceptions.ApiException as error:
                if error.status != 404:
                    raise
                return "a user that a cluster before 1.28 does not name"
        return str(answer["status"]["userInfo"]["username"])

    def cluster(self) -> str:
        """Tell the cluster's id: the uid of its first namespace; its address where that may not be read."""
        try:
            with translated(self.name, "get namespaces kube-system"):
                answer = _read(self._opened().core.read_namespace("kube-system", **_raw()))
        except (Denied, Absent):
            return self._opened().address
        return str(answer["metadata"]["uid"])

    def time(self) -> datetime:
        """Tell the API server's own time."""
        with translated(self.name, "tell the time"):
            told = self._opened().version.get_code(**_raw()).headers.get("Date")
        if not told:
            raise unreachable(self.name, "an answer without a Date", "an API server's answer", "check what is between")
        return parsedate_to_datetime(told)

    def read(self, kind: Kind, namespace: str, name: str) -> Object | None:
        """Read an object; None when there is none."""
        try:
            with translated(self.name, f"get {kind} {namespace}/{name}"):
                return _read(getattr(self._opened().core, f"read_namespaced_{kind}")(name, namespace, **_raw()))
        except Absent:
            return None

    def create(self, kind: Kind, namespace: str, body: Object, hidden: Iterable[str] = ()) -> Object:
        """Make an object.

        Raises:
            Absent: there is no such namespace.
            Conflict: one of that name is there.
        """
        with translated(self.name, f"create {kind} {namespace}/{body['metadata']['name']}", hidden):
            return _read(getattr(self._opened().core, f"create_namespaced_{kind}")(namespace, body, **_raw()))

    def change(self, kind: Kind, found: Object, patch: Object, hidden: Iterable[str] = ()) -> Object:
        """Merge a patch into an object, if it still is the version that was read, and return what it is then.

        A patch leaves alone what it does not name, also fields that this version of the client does not know.

        Raises:
            Absent: it is not there any more.
            Conflict: another version is there by now.
        """
        metadata = found["metadata"]
        namespace, name = metadata["namespace"], metadata["name"]
        seen = {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]}
        body = {**patch, "metadata": {**patch.get("metadata", {}), **seen}}
        with translated(self.name, f"patch {kind} {namespace}/{name}", hidden):
            return _read(getattr(self._opened().core, f"patch_namespaced_{kind}")(name, namespace, body, **_raw()))

    def delete(self, kind: Kind, found: Object) -> None:
        """Delete an object, if it still is the version that was read; one that is not there is fine.

        Raises:
            Conflict: another version, or another object of that name, is there by now.
        """
        metadata = found["metadata"]
        namespace, name = metadata["namespace"], metadata["name"]
        body = {"preconditions": {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]}}
        try:
            with translated(self.name, f"delete {kind} {namespace}/{name}"):
                getattr(self._opened().core, f"delete_namespaced_{kind}")(name, namespace, body=body, **_raw())
        except Absent:
            return

    def labelled(self, kind: Kind, selector: str) -> Iterator[tuple[str, str]]:
        """List namespace and name of every object of the cluster with such labels; no values are read."""
        found, following = [], ""
        while True:
            page = self._page(kind, selector, following)
            found += [(each["metadata"]["namespace"], each["metadata"]["name"]) for each in page["items"]]
            following = page["metadata"].get("continue") or ""
            if not following:
                return iter(found)

    def read_deployment(self, namespace: str, name: str) -> Object | None:
        """Read a Deployment; None when there is none."""
        try:
            with translated(self.name, f"get deployment {namespace}/{name}"):
                return _read(self._opened().apps.read_namespaced_deployment(name, namespace, **_raw()))
        except Absent:
            return None

    def patch_deployment(self, namespace: str, name: str, patch: Object) -> Object:
        """Change a Deployment by a strategic merge patch, and return what it is then."""
        with translated(self.name, f"patch deployment {namespace}/{name}"):
            return _read(self._opened().apps.patch_namespaced_deployment(name, namespace, patch, **_raw()))

    def _page(self, kind: Kind, selector: str, following: str) -> Object:
        more = {"_continue": following} if following else {}
        with translated(self.name, f"list {kind} of every namespace"):
            listing = getattr(self._opened().listing, f"list_{kind}_for_all_namespaces")
            return _read(listing(label_selector=selector, limit=_PAGE, **more, **_raw()))

    def _opened(self) -> _Open:
        with self._lock:
            if self._open is None:
                self._open = self._configured()
            return self._open

    def _configured(self) -> _Open:
        api = self._api()
        listing: Any = client.ApiClient(api.configuration)
        listing.set_default_header("Accept", _METADATA_ONLY)
        return _Open(
            core=client.CoreV1Api(api),
            listing=client.CoreV1Api(listing),
            apps=client.AppsV1Api(api),
            authentication=client.AuthenticationV1Api(api),
            version=client.VersionApi(api),
            address=str(api.configuration.host),
        )

    def _api(self) -> Any:
        # The client looks KUBECONFIG up once, when it is imported; it may have been set since.
        usual = str(Path(_USUAL).expanduser())
        file = self._connection.kubeconfig or os.environ.get("KUBECONFIG") or usual
        context = self._connection.context
        configuration: Any = client.Configuration()
        configuration.retries, configuration.connection_pool_maxsize = patience(), _CONNECTIONS
        there = [part for part in file.split(os.pathsep) if part and Path(part).expanduser().is_file()]
        try:
            if there:
                known = {"persist_config": False, "client_configuration": configuration}
                return _configuring.new_client_from_config(file, context, **known)
            if file == usual and context is None and _IN_A_POD in os.environ:
                _configuring.load_incluster_config(client_configuration=configuration)
                return client.ApiClient(configuration)
        except _UNUSABLE:
            named = f"context {context}" if context else "current context"
            fix = "check it with `kubectl config view` and `kubectl cluster-info`"
            raise unreachable(self.name, f"{file}, whose {named} can't be used", "a usable kubeconfig", fix) from None
        fix = "set the connection's kubeconfig, or KUBECONFIG"
        raise unreachable(self.name, f"no file {file}", "a kubeconfig, or a pod's service account", fix)


def _raw() -> dict[str, Any]:
    return {"_preload_content": False, "_request_timeout": TIMEOUT_SECONDS}


def _read(answer: Any) -> Object:
    found: Object = json.loads(answer.data)
    return found

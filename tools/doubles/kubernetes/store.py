"""The objects of a cluster, as they are kept: versions, uids, what can't be changed, and what goes with what."""

from __future__ import annotations

import base64
import copy
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tools.doubles.kubernetes.answers import Key, denied, missing, terminating
from tools.doubles.kubernetes.applying import Managers
from tools.doubles.kubernetes.rbac import Rbac
from tools.doubles.kubernetes.tokens import LEGACY, NAME, UID, Tokens
from tools.doubles.kubernetes.validation import normal, refuse_immutable
from tools.doubles.server import HttpDouble

Object = dict[str, Any]
INSTANT = "%Y-%m-%dT%H:%M:%SZ"
_SYSTEM_S = ("default", "kube-system", "kube-public", "kube-node-lease")


class Store:
    """What the cluster holds.

    Args:
        server: its clock counts.

    Attributes:
        objects: by resource, namespace and name.
        namespaces: by name, their uids.
        spaces: by name, the namespaces themselves.
        tokens: of its service accounts.
        rbac: who may do what.
        managers: who manages which fields.
        refused: by resource, why a policy of admission refuses every new one.
    """

    def __init__(self, server: HttpDouble) -> None:
        self._server = server
        self._version = 1000
        self.objects: dict[Key, Object] = {}
        self.refused: dict[str, str] = {}
        self.namespaces: dict[str, str] = {}
        self.spaces: dict[str, Object] = {}
        self.tokens, self.rbac, self.managers = Tokens(server, self.objects), Rbac(self.objects), Managers()
        for name in _SYSTEM_S:
            self.add_namespace(name)

    def add_namespace(self, name: str, labels: dict[str, str] | None = None) -> Object:
        """Make a namespace."""
        body: Object = {"metadata": {"name": name, "labels": {**(labels or {}), "kubernetes.io/metadata.name": name}}}
        made = self._stamped(("namespaces", "", name), body)
        made["status"] = {"phase": "Active"}
        self.spaces[name] = made
        self.namespaces[name] = made["metadata"]["uid"]
        return made

    def put(self, kinds: str, namespace: str, name: str, body: Object) -> Object:
        """Make or replace an object by hand, whoever's it is."""
        key = (kinds, namespace, name)
        whole = copy.deepcopy(body)
        whole["metadata"] = {
            **body.get("metadata", {}),
            "name": name,
            **({"namespace": namespace} if namespace else {}),
        }
        return self._update(key, whole) if key in self.objects else self._insert(key, whole)

    def admit(self, key: Key) -> None:
        """Refuse what a policy refuses, and anything new in a namespace that is being deleted."""
        kinds, namespace, name = key
        if why := self.refused.get(kinds):
            raise denied(kinds, name, why)
        space = self.spaces.get(namespace)
        if space and space["status"]["phase"] == "Terminating":
            raise terminating(kinds, name, namespace)

    def found_at(self, key: Key) -> Object:
        if key not in self.objects:
            raise missing(key[0], key[2])
        return self.objects[key]

    def _insert(self, key: Key, body: Object) -> Object:
        made = self._stamped(key, body)
        self.objects[key] = made
        if made.get("type") == LEGACY:
            self._keep_token(key, made)
        return made

    def _update(self, key: Key, body: Object) -> Object:
        before = self.objects[key]
        refuse_immutable(key, before, normal(key, body))
        kept = {
            name: before["metadata"][name] for name in ("uid", "creationTimestamp", "generation", "resourceVersion")
        }
        after = {**normal(key, body), "metadata": {**body["metadata"], **kept}}
        after.setdefault("status", before["status"]) if "status" in before else None
        if after == before:
            return before
        self._version += 1
        after["metadata"]["resourceVersion"] = str(self._version)
        if after.get("spec") != before.get("spec"):
            after["metadata"]["generation"] += 1
        self.objects[key] = after
        if "deletionTimestamp" in before["metadata"] and not after["metadata"].get("finalizers"):
            self.remove(key)
        return after

    def remove(self, key: Key) -> None:
        gone = self.objects.pop(key)
        self.managers.forget(key)
        self.tokens.gone(gone["metadata"]["uid"])
        if key[0] == "serviceaccounts":
            uid = gone["metadata"]["uid"]
            for other in [k for k, each in self.objects.items() if _keeps_token_of(each, uid)]:
                self.remove(other)

    def _stamped(self, key: Key, body: Object) -> Object:
        self._version += 1
        at = self._server.now().strftime(INSTANT)
        own = {"uid": str(uuid.uuid4()), "resourceVersion": str(self._version), "creationTimestamp": at}
        return {**normal(key, body), "metadata": {**body["metadata"], **own, "generation": 1}}

    def _keep_token(self, key: Key, made: Object) -> None:
        """Do what the controller of such Secrets does: fill it, or remove it where there is no such account."""
        annotations = made["metadata"].setdefault("annotations", {})
        if NAME not in annotations:
            return
        account = self.objects.get(("serviceaccounts", key[1], annotations[NAME]))
        if account is None:
            del self.objects[key]
            return
        annotations[UID] = account["metadata"]["uid"]
        kept = {"token": self.tokens.keep(made, account), "namespace": key[1], "ca.crt": "the double's"}
        made["data"] |= {name: base64.b64encode(value.encode()).decode() for name, value in kept.items()}

    @contextmanager
    def kept_unless(self, dry: bool) -> Iterator[None]:
        before = (copy.deepcopy(self.objects), dict(self.namespaces), self._version) if dry else None
        try:
            yield
        finally:
            if before:
                objects, namespaces, self._version = before
                self.objects.clear()
                self.objects.update(objects)
                self.namespaces.clear()
                self.namespaces.update(namespaces)


def _keeps_token_of(found: Object, uid: str) -> bool:
    return found.get("type") == LEGACY and (found["metadata"].get("annotations") or {}).get(UID) == uid

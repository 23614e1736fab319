"""The verbs on the objects of a cluster.

It keeps `resourceVersion`, `uid`, `generation`, immutability and finalizers as the Kubernetes API concepts document
them, refuses with `Status` objects, and rolls a Deployment out by one pod each time somebody looks. Patches are merged
key by key and lists are replaced, which for what is patched here is the same as a strategic merge; an apply is done as
`applying` tells. With `dryRun=All` nothing is kept.
"""

from __future__ import annotations

import copy
import json
import uuid
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

import yaml

from tools.doubles.kubernetes.answers import Key, bad, conflict, exists, missing, status
from tools.doubles.kubernetes.deployments import of_scale, roll, scale_of
from tools.doubles.kubernetes.kinds import RBAC, Kind
from tools.doubles.kubernetes.paging import paged
from tools.doubles.kubernetes.rbac import Asked, User
from tools.doubles.kubernetes.selectors import by_fields, by_labels, merged
from tools.doubles.kubernetes.store import INSTANT, Object, Store
from tools.doubles.messages import Answer, Refusal, Request
from tools.doubles.server import HttpDouble

_ROLES = {"roles", "clusterroles"}
_BINDINGS = {"rolebindings", "clusterrolebindings"}


class Cluster(Store):
    """A cluster as it is asked.

    Args:
        server: its clock counts.
        require: refuses a request whose caller may not do something.
        judged: whom RBAC judges; None for an operator.

    Attributes:
        stuck: Deployments, by namespace and name, whose new pods never come up.
        forgotten: lists of versions before this one cannot be gone on with.
    """

    def __init__(
        self,
        server: HttpDouble,
        require: Callable[[Request, Asked], None],
        judged: Callable[[Request], User | None],
    ) -> None:
        super().__init__(server)
        self._require, self._judged = require, judged
        self.stuck: set[tuple[str, str]] = set()
        self.forgotten = 0

    def act(self, request: Request, kind: Kind, namespace: str, name: str, part: str) -> Any:
        """Answer a request about one object, about those of a namespace, or about those of the cluster."""
        with self.kept_unless(request.query.get("dryRun") == "All"):
            if part:
                return self._part(request, kind, namespace, name, part)
            if kind.plural == "namespaces":
                return self._namespace(request, kind, name)
            return self._one(request, kind, namespace, name) if name else self._many(request, kind, namespace)

    def _one(self, request: Request, kind: Kind, namespace: str, name: str) -> Any:
        key = (kind.plural, namespace, name)
        match request.method:
            case "GET":
                self._may(request, "get", kind, namespace, name)
                found = self.found_at(key)
                if kind.plural == "deployments":
                    roll(found, stuck=key[1:] in self.stuck)
                return _shown(request, found)
            case "PUT":
                self._may(request, "update", kind, namespace, name)
                body = request.json()
                self._refuse_old(key, self.found_at(key), body["metadata"].get("resourceVersion"))
                return self._written(request, key, body)
            case "PATCH":
                return self._patch(request, kind, key)
            case _:
                self._may(request, "delete", kind, namespace, name)
                return self._delete(key, request.json() or {})

    def _many(self, request: Request, kind: Kind, namespace: str) -> Any:
        match request.method:
            case "GET":
                watched = request.query.get("watch") in ("1", "true")
                self._may(request, "watch" if watched else "list", kind, namespace, _only(request))
                found = list(self._chosen(request, kind, namespace))
                return _watched(found) if watched else self._page(request, kind, found)
            case "POST":
                return self._create(request, kind, namespace)
            case _:
                self._may(request, "deletecollection", kind, namespace, "")
                for each in list(self._chosen(request, kind, namespace)):
                    metadata = each["metadata"]
                    self._delete((kind.plural, metadata.get("namespace", ""), metadata["name"]), {})
                return {"kind": "Status", "apiVersion": "v1", "status": "Success"}

    def _chosen(self, request: Request, kind: Kind, namespace: str) -> Iterator[Object]:
        labelled = by_labels(request.query.get("labelSelector", ""))
        told = by_fields(request.query.get("fieldSelector", ""))
        for key in sorted(key for key in self.objects if key[0] == kind.plural and namespace in ("", key[1])):
            found = self.objects[key]
            if labelled(found) and told(found):
                yield found

    def _page(self, request: Request, kind: Kind, found: list[Object]) -> Object:
        page, metadata = paged(request.query, found, self._version, self.forgotten)
        if "as=PartialObjectMetadataList" in request.headers.get("accept", ""):
            partial = {"apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadata"}
            items = [{**partial, "metadata": each["metadata"]} for each in page]
            return {**partial, "kind": "PartialObjectMetadataList", "metadata": metadata, "items": items}
        return {"apiVersion": kind.version, "kind": f"{kind.name}List", "metadata": metadata, "items": page}

    def forget(self) -> None:
        """Compact: lists that were begun until now cannot be gone on with, as after some minutes."""
        self._version += 1
        self.forgotten = self._version

    def _create(self, request: Request, kind: Kind, namespace: str) -> Answer:
        body = request.json()
        name = body["metadata"].get("name") or ""
        if not name and body["metadata"].get("generateName"):
            name = body["metadata"]["name"] = body["metadata"]["generateName"] + uuid.uuid4().hex[:5]
        # A creation names no object, so that no rule that is limited to names permits it.
        self._may(request, "create", kind, namespace, "")
        if kind.namespaced and namespace not in self.namespaces:
            raise missing("namespaces", namespace)
        key = (kind.plural, namespace, name)
        self.admit(key)
        if key in self.objects:
            raise exists(kind.plural, name)
        if namespace:
            body["metadata"]["namespace"] = namespace
        self._refuse_escalation(request, key, body)
        made = self._insert(key, body)
        self.managers.wrote(key, _manager(request), {}, made)
        return Answer(HTTPStatus.CREATED, made)

    def _patch(self, request: Request, kind: Kind, key: Key) -> Any:
        content = request.headers.get("content-type", "")
        if "apply-patch" in content:
            return self._apply(request, kind, key)
        self._may(request, "patch", kind, key[1], key[2])
        if "merge-patch" not in content:
            text = "the body of the request was in an unknown format"
            raise Refusal(status(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaType", text))
        found, body = self.found_at(key), request.json()
        metadata = body.get("metadata") or {}
        self._refuse_old(key, found, metadata.get("resourceVersion"))
        if metadata.get("uid") not in (None, found["metadata"]["uid"]):
            raise conflict(key, f"Precondition failed: UID in precondition: {metadata['uid']}")
        return self._written(request, key, merged(found, body))

    def _apply(self, request: Request, kind: Kind, key: Key) -> Any:
        manager = request.query.get("fieldManager")
        if not manager:
            raise bad("PatchOptions.meta.k8s.io is invalid: fieldManager: Required value: is required for apply patch")
        self._may(request, "patch", kind, key[1], key[2])
        wanted = yaml.safe_load(request.body)
        if key not in self.objects:
            self._may(request, "create", kind, key[1], "")
            if kind.namespaced and key[1] not in self.namespaces:
                raise missing("namespaces", key[1])
            self.admit(key)
            wanted["metadata"] = {**wanted["metadata"], **({"namespace": key[1]} if key[1] else {}), "name": key[2]}
            self._refuse_escalation(request, key, wanted)
            made = self._insert(key, wanted)
            self.managers.apply(key, manager, made, wanted, force=True)
            return Answer(HTTPStatus.CREATED, made)
        force = request.query.get("force") == "true"
        after = self.managers.apply(key, manager, self.found_at(key), wanted, force=force)
        self._refuse_escalation(request, key, after)
        return self._update(key, after)

    def _delete(self, key: Key, options: Object) -> Answer:
        wanted, metadata = options.get("preconditions") or {}, self.found_at(key)["metadata"]
        for name, said in (("uid", "UID"), ("resourceVersion", "ResourceVersion")):
            if wanted.get(name) not in (None, metadata[name]):
                found = f"{said} in precondition: {wanted[name]}, {said} in object meta: {metadata[name]}"
                raise conflict(key, f"Precondition failed: {found}")
        if metadata.get("finalizers"):
            metadata["deletionTimestamp"] = self._server.now().strftime(INSTANT)
            return Answer(HTTPStatus.OK, self.found_at(key))
        self.remove(key)
        details = {"name": key[2], "kind": key[0], "uid": metadata["uid"]}
        return Answer(HTTPStatus.OK, {"kind": "Status", "apiVersion": "v1", "status": "Success", "details": details})

    def _part(self, request: Request, kind: Kind, namespace: str, name: str, part: str) -> Any:
        verb = {"GET": "get", "POST": "create", "PUT": "update", "PATCH": "patch"}[request.method]
        self._require(request, Asked(verb, kind.group, f"{kind.plural}/{part}", namespace, name))
        found = self.found_at((kind.plural, namespace, name))
        match kind.plural, part, request.method:
            case "serviceaccounts", "token", "POST":
                asked = request.json()
                token, ends = self.tokens.request(found, asked.get("spec") or {})
                told = {"token": token, "expirationTimestamp": ends.strftime(INSTANT)}
                return Answer(HTTPStatus.CREATED, {"metadata": {}, **asked, "status": told})
            case "deployments", "scale", "GET":
                return scale_of(found)
            case "deployments", "scale", _:
                key = (kind.plural, namespace, name)
                return scale_of(self._written(request, key, of_scale(found, merged(scale_of(found), request.json()))))
            case "pods", "log", "GET":
                return f"{name} is up\n"
        raise Refusal(status(HTTPStatus.NOT_IMPLEMENTED, "NotImplemented", f"{part}: this double only permits it"))

    def _namespace(self, request: Request, kind: Kind, name: str) -> Any:
        found = self.spaces
        verb = {"GET": "get" if name else "list", "POST": "create", "DELETE": "delete"}.get(request.method, "patch")
        self._require(request, Asked(verb, "", "namespaces", name, name))
        if not name and verb == "list":
            chosen = by_labels(request.query.get("labelSelector", ""))
            return self._page(request, kind, [each for each in found.values() if chosen(each)])
        if verb == "create":
            body = request.json()["metadata"]
            if body["name"] in found:
                raise exists("namespaces", body["name"])
            made = self.add_namespace(body["name"], body.get("labels"))
            made["metadata"]["annotations"] = body.get("annotations") or {}
            return Answer(HTTPStatus.CREATED, made)
        if name not in found:
            raise missing("namespaces", name)
        if verb == "patch":
            found[name] = merged(found[name], yaml.safe_load(request.body))
        elif verb == "delete":
            for key in [key for key in self.objects if key[1] == name]:
                self.remove(key)
            del self.namespaces[name]
            return found.pop(name)
        return found[name]

    def _may(self, request: Request, verb: str, kind: Kind, namespace: str, name: str) -> None:
        self._require(request, Asked(verb, kind.group, kind.plural, namespace, name))

    def _refuse_old(self, key: Key, found: Object, version: str | None) -> None:
        if version not in (None, "", found["metadata"]["resourceVersion"]):
            text = "the object has been modified; please apply your changes to the latest version and try again"
            raise conflict(key, text)

    def _refuse_escalation(self, request: Request, key: Key, body: Object) -> None:
        """Refuse a role, or any change of a binding of one, that gives more than the caller has."""
        user = self._judged(request)
        if user is None or key[0] not in _ROLES | _BINDINGS:
            return
        place, rules, verb = key, body.get("rules") or [], "escalate"
        if key[0] in _BINDINGS:
            reference = body.get("roleRef") or {}
            of_namespace = reference.get("kind") == "Role"
            place = (
                "roles" if of_namespace else "clusterroles",
                key[1] if of_namespace else "",
                reference.get("name", ""),
            )
            rules, verb = self.objects.get(place, {}).get("rules") or [], "bind"
        if self.rbac.permits(user, Asked(verb, RBAC, place[0], key[1], place[2])):
            return
        if not self.rbac.covers(user, key[1], rules):
            why = f'user "{user.name}" is attempting to grant RBAC permissions not currently held'
            text = f'{key[0]} "{key[2]}" is forbidden: {why}'
            raise Refusal(status(HTTPStatus.FORBIDDEN, "Forbidden", text, key[0], key[2]))

    def _written(self, request: Request, key: Key, body: Object) -> Object:
        before = copy.deepcopy(self.found_at(key))
        self._refuse_escalation(request, key, body)
        after = self._update(key, body)
        self.managers.wrote(key, _manager(request), before, after)
        return after


def _only(request: Request) -> str:
    """Name the one object that a field selector leaves: a rule that names it permits to list and watch it."""
    fields = dict(
        part.replace("==", "=").split("=", 1) for part in request.query.get("fieldSelector", "").split(",") if part
    )
    return fields.get("metadata.name", "")


def _manager(request: Request) -> str:
    return request.query.get("fieldManager") or request.headers.get("user-agent", "unknown").split("/")[0]


def _shown(request: Request, found: Object) -> Object:
    if "as=PartialObjectMetadata;" in request.headers.get("accept", ""):
        return {"apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadata", "metadata": found["metadata"]}
    return found


def _watched(found: list[Object]) -> str:
    return "".join(json.dumps({"type": "ADDED", "object": each}) + "\n" for each in found)

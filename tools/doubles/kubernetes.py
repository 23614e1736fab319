"""A double of a Kubernetes API server: Secrets, ConfigMaps and Deployments of its namespaces, over plain HTTP.

It keeps `resourceVersion`, `uid`, `generation`, immutability and finalizers as the Kubernetes API concepts document
them, refuses with `Status` objects, and rolls a Deployment out by one pod each time somebody looks. Patches are merged
key by key and lists are replaced, which for what is patched here is the same as a strategic merge.
"""

from __future__ import annotations

import base64
import binascii
import copy
import uuid
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from tools.doubles.messages import Answer, Refusal, Request
from tools.doubles.routes import route
from tools.doubles.server import HttpDouble

KINDS = {"secrets": "Secret", "configmaps": "ConfigMap", "deployments": "Deployment"}
_ONE = "/namespaces/{namespace}/{kinds}/{name}"
_MANY = "/namespaces/{namespace}/{kinds}"
_CORE, _APPS = "/api/v1", "/apis/apps/v1"

Key = tuple[str, str, str]
Object = dict[str, Any]


class KubernetesDouble(HttpDouble):
    """One cluster. A token is granted to a user; a permission to be denied is written `list secrets`."""

    def __init__(self) -> None:
        self.cluster = Cluster(self)
        super().__init__(self.cluster)

    def unauthorized(self, request: Request) -> Answer:
        return status(HTTPStatus.UNAUTHORIZED, "Unauthorized", "Unauthorized")

    def absent(self, request: Request) -> Answer:
        return status(HTTPStatus.NOT_FOUND, "NotFound", "the server could not find the requested resource")

    def busy(self, request: Request, status_code: int) -> Answer:
        return status(status_code, "ServiceUnavailable", "the server is currently unable to handle the request")

    def kubeconfig(self, token: str) -> str:
        """Write a kubeconfig, as JSON, which is YAML: one context, `double`, with that token."""
        import json

        named = "double"
        return json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": named,
                "clusters": [{"name": named, "cluster": {"server": self.url}}],
                "users": [{"name": named, "user": {"token": token}}],
                "contexts": [{"name": named, "context": {"cluster": named, "user": named}}],
            }
        )


class Cluster:
    """What the cluster holds.

    Attributes:
        objects: by kind in the plural, namespace and name.
        namespaces: by name, their uids.
        stuck: Deployments, by namespace and name, whose new pods never come up.
    """

    def __init__(self, server: HttpDouble) -> None:
        self._server = server
        self._version = 1000
        self.objects: dict[Key, Object] = {}
        self.namespaces = {name: str(uuid.uuid4()) for name in ("default", "kube-system")}
        self.stuck: set[tuple[str, str]] = set()

    def add_namespace(self, name: str) -> None:
        self.namespaces[name] = str(uuid.uuid4())

    def put(self, kinds: str, namespace: str, name: str, body: Object) -> Object:
        """Make or replace an object by hand, whoever's it is."""
        key = (kinds, namespace, name)
        body = {**copy.deepcopy(body), "metadata": {**body.get("metadata", {}), "namespace": namespace, "name": name}}
        return self._update(key, body) if key in self.objects else self._insert(key, body)

    @route("GET", "/version/")
    def version(self, request: Request) -> Object:
        return {"major": "1", "minor": "34", "gitVersion": "v1.34.0-double"}

    @route("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews")
    def review(self, request: Request) -> Answer:
        answer = {"userInfo": {"username": request.principal, "groups": ["system:authenticated"]}}
        return Answer(HTTPStatus.CREATED, {**request.json(), "metadata": {}, "status": answer})

    @route("GET", _CORE + "/namespaces/{name}")
    def read_namespace(self, request: Request) -> Object:
        name = request.params["name"]
        self._require(request, "get", "namespaces", "", name)
        if name not in self.namespaces:
            raise Refusal(missing("namespaces", name))
        metadata = {"name": name, "uid": self.namespaces[name]}
        return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata, "status": {"phase": "Active"}}

    @route("GET", _CORE + _ONE)
    @route("GET", _APPS + _ONE)
    def read(self, request: Request) -> Object:
        key = self._key(request, "get")
        found = self._found(key)
        if key[0] == "deployments":
            self._roll(key, found)
        return found

    @route("GET", _CORE + "/{kinds}")
    @route("GET", _CORE + _MANY)
    def list(self, request: Request) -> Object:
        kinds, namespace = request.params["kinds"], request.params.get("namespace", "")
        self._require(request, "list", kinds, namespace, "")
        wanted = selected(request.query.get("labelSelector", ""))
        keys = sorted(key for key in self.objects if key[0] == kinds and namespace in ("", key[1]))
        found = [self.objects[key] for key in keys if wanted(self.objects[key]["metadata"].get("labels") or {})]
        start, limit = int(request.query.get("continue") or 0), int(request.query.get("limit") or len(found) or 1)
        metadata = {"resourceVersion": str(self._version)}
        if start + limit < len(found):
            metadata["continue"] = str(start + limit)
        page = found[start : start + limit]
        if "as=PartialObjectMetadataList" in request.headers.get("accept", ""):
            partial = {"apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadata"}
            items = [{**partial, "metadata": each["metadata"]} for each in page]
            return {**partial, "kind": "PartialObjectMetadataList", "metadata": metadata, "items": items}
        return {"apiVersion": "v1", "kind": f"{KINDS[kinds]}List", "metadata": metadata, "items": page}

    @route("POST", _CORE + _MANY)
    @route("POST", _APPS + _MANY)
    def create(self, request: Request) -> Answer:
        body = request.json()
        kinds, namespace, name = request.params["kinds"], request.params["namespace"], body["metadata"]["name"]
        self._require(request, "create", kinds, namespace, name)
        if namespace not in self.namespaces:
            raise Refusal(missing("namespaces", namespace))
        if (kinds, namespace, name) in self.objects:
            text = f'{kinds} "{name}" already exists'
            raise Refusal(status(HTTPStatus.CONFLICT, "AlreadyExists", text, kinds, name))
        body["metadata"]["namespace"] = namespace
        return Answer(HTTPStatus.CREATED, self._insert((kinds, namespace, name), body))

    @route("PUT", _CORE + _ONE)
    @route("PUT", _APPS + _ONE)
    def replace(self, request: Request) -> Object:
        key, body = self._key(request, "update"), request.json()
        self._refuse_old(key, self._found(key), body["metadata"].get("resourceVersion"))
        return self._update(key, body)

    @route("PATCH", _CORE + _ONE)
    @route("PATCH", _APPS + _ONE)
    def patch(self, request: Request) -> Object:
        key, body = self._key(request, "patch"), request.json()
        if "merge-patch" not in request.headers.get("content-type", ""):
            text = "the body of the request was in an unknown format"
            raise Refusal(status(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaType", text))
        found = self._found(key)
        self._refuse_old(key, found, (body.get("metadata") or {}).get("resourceVersion"))
        return self._update(key, merged(found, body))

    @route("DELETE", _CORE + _ONE)
    @route("DELETE", _APPS + _ONE)
    def delete(self, request: Request) -> Answer:
        key, wanted = self._key(request, "delete"), request.json().get("preconditions") or {}
        metadata = self._found(key)["metadata"]
        for name, said in (("uid", "UID"), ("resourceVersion", "ResourceVersion")):
            if wanted.get(name) not in (None, metadata[name]):
                found = f"{said} in precondition: {wanted[name]}, {said} in object meta: {metadata[name]}"
                raise Refusal(conflict(key, f"Precondition failed: {found}"))
        if metadata.get("finalizers"):
            metadata["deletionTimestamp"] = self._server.now().strftime("%Y-%m-%dT%H:%M:%SZ")
            return Answer(HTTPStatus.OK, self._found(key))
        del self.objects[key]
        details = {"name": key[2], "kind": key[0], "uid": metadata["uid"]}
        return Answer(HTTPStatus.OK, {"kind": "Status", "apiVersion": "v1", "status": "Success", "details": details})

    def _key(self, request: Request, verb: str) -> Key:
        key = (request.params["kinds"], request.params["namespace"], request.params["name"])
        self._require(request, verb, *key)
        return key

    def _require(self, request: Request, verb: str, kinds: str, namespace: str, name: str) -> None:
        if self._server.may(request, f"{verb} {kinds}"):
            return
        named, where = f'{kinds} "{name}"' if name else kinds, f'in the namespace "{namespace}"' if namespace else ""
        group = "apps" if kinds == "deployments" else ""
        text = (
            f'{named} is forbidden: User "{request.principal}" cannot {verb} resource "{kinds}" in API group "{group}" '
            f"{where or 'at the cluster scope'}"
        )
        raise Refusal(status(HTTPStatus.FORBIDDEN, "Forbidden", text, kinds, name))

    def _found(self, key: Key) -> Object:
        if key not in self.objects:
            raise Refusal(missing(key[0], key[2]))
        return self.objects[key]

    def _refuse_old(self, key: Key, found: Object, version: str | None) -> None:
        if version not in (None, "", found["metadata"]["resourceVersion"]):
            text = "the object has been modified; please apply your changes to the latest version and try again"
            raise Refusal(conflict(key, text))

    def _insert(self, key: Key, body: Object) -> Object:
        self._version += 1
        at = self._server.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        own = {"uid": str(uuid.uuid4()), "resourceVersion": str(self._version), "creationTimestamp": at}
        made = {**normal(key, body), "metadata": {**body["metadata"], **own, "generation": 1}}
        self.objects[key] = made
        return made

    def _update(self, key: Key, body: Object) -> Object:
        before = self.objects[key]
        self._refuse_immutable(key, before, normal(key, body))
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
            del self.objects[key]
        return after

    def _refuse_immutable(self, key: Key, before: Object, after: Object) -> None:
        fixed = ("data", "immutable") if before.get("immutable") else ()
        for field in (*fixed, *(["type"] if key[0] == "secrets" else [])):
            if before.get(field) != after.get(field):
                why = "field is immutable" + (" when `immutable` is set" if field != "type" else "")
                raise Refusal(invalid(key, field, why))

    def _roll(self, key: Key, found: Object) -> None:
        """Let the controller do one step: see the new generation, then make one new pod available."""
        wanted, generation = int(found["spec"].get("replicas", 1)), found["metadata"]["generation"]
        now = found.setdefault("status", {})
        if now.get("observedGeneration") != generation:
            now |= {
                "observedGeneration": generation,
                "updatedReplicas": 0,
                "replicas": wanted,
                "availableReplicas": wanted,
            }
        elif key[1:] in self.stuck:
            late = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}
            now["conditions"] = [late]
        elif now["updatedReplicas"] < wanted:
            now["updatedReplicas"] += 1


def normal(key: Key, body: Object) -> Object:
    """Fill in what the server fills in, and refuse what is not base64."""
    group = "apps/v1" if key[0] == "deployments" else "v1"
    made = {"apiVersion": group, "kind": KINDS[key[0]], **{name: body[name] for name in body if name != "stringData"}}
    if key[0] == "secrets":
        told = body.get("stringData") or {}
        added = {name: base64.b64encode(value.encode()).decode() for name, value in told.items()}
        made["data"] = {**(body.get("data") or {}), **added}
        made.setdefault("type", "Opaque")
        for value in made["data"].values():
            _refuse_no_base64(value)
    return made


def _refuse_no_base64(value: str) -> None:
    try:
        base64.b64decode(value, validate=True)
    except binascii.Error:
        text = 'Secret in version "v1" cannot be handled as a Secret: illegal base64 data'
        raise Refusal(status(HTTPStatus.BAD_REQUEST, "BadRequest", text)) from None


def merged(before: Any, patch: Any) -> Any:
    """Merge a patch (RFC 7386)."""
    if not isinstance(patch, dict) or not isinstance(before, dict):
        return copy.deepcopy(patch)
    kept = {name: value for name, value in before.items() if name not in patch}
    changed = {name: merged(before.get(name, {}), value) for name, value in patch.items() if value is not None}
    return copy.deepcopy({**kept, **changed})


def selected(selector: str) -> Callable[[dict[str, str]], bool]:
    """Read a label selector of equalities and bare keys, joined by commas."""
    parts = [part.replace("==", "=").partition("=") for part in selector.split(",") if part]
    return lambda labels: all(
        name in labels and labels[name] == value if equals else name in labels for name, equals, value in parts
    )


def status(code: int, reason: str, message: str, kinds: str = "", name: str = "") -> Answer:
    """Refuse, as the server words it."""
    details = {"details": {"name": name, "kind": kinds}} if kinds else {}
    told = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message}
    return Answer(code, {**told, "reason": reason, **details, "code": int(code)})


def missing(kinds: str, name: str) -> Answer:
    """Tell that there is no such object."""
    return status(HTTPStatus.NOT_FOUND, "NotFound", f'{kinds} "{name}" not found', kinds, name)


def conflict(key: Key, why: str) -> Answer:
    """Tell that it is another version, or another object, by now."""
    text = f'Operation cannot be fulfilled on {key[0]} "{key[2]}": {why}'
    return status(HTTPStatus.CONFLICT, "Conflict", text, key[0], key[2])


def invalid(key: Key, field: str, why: str) -> Answer:
    """Tell that a field may not be so."""
    text = f'{KINDS[key[0]]} "{key[2]}" is invalid: {field}: Forbidden: {why}'
    return status(HTTPStatus.UNPROCESSABLE_ENTITY, "Invalid", text, key[0], key[2])

"""The objects that are served. Source of what makes an object anew: pulumi-kubernetes, `provider/diff.go`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from nhi_components.core.errors import Problem
from nhi_components.provider.known import contains_unknown
from tools.plugins.kubernetes.cluster import Cluster, ClusterError, Object
from tools.plugins.resource import Properties, Resource

_FORCE = "pulumi.com/patchForce"
_KEPT = ("labels", "annotations")
_BY_SERVER = ("uid", "resourceVersion", "creationTimestamp", "generation")
FILLED_IN = frozenset({"metadata.namespace", *(f"metadata.{name}" for name in _BY_SERVER)})


@dataclass(frozen=True, kw_only=True)
class KubernetesObject(Resource[Cluster]):
    """One kind of object.

    Attributes:
        version: group and version, such as `v1`.
        kind: as manifests name it.
        plural: as paths name it.
        content: its inputs besides those that every object has.
        namespaced: whether it lies in a namespace.
    """

    version: str
    kind: str
    plural: str
    content: frozenset[str] = frozenset()
    namespaced: bool = True

    @property
    def served(self) -> frozenset[str]:
        """What every object has, and its content."""
        return frozenset({"apiVersion", "kind", "metadata"}) | self.content

    def problems(self, inputs: Properties) -> list[Problem]:
        """A name is needed; the real provider would make one."""
        metadata = inputs.get("metadata")
        named = isinstance(metadata, Mapping) and metadata.get("name")
        missing = [] if named else [Problem("metadata.name", "nothing", "a name", "name it: the test plugin does not")]
        return super().problems(inputs) + missing

    def foreseen(self, client: Cluster, inputs: Properties) -> Properties:
        """Try a dry run where everything is known; the name alone is known of what it would make."""
        if not contains_unknown(inputs):
            try:
                client.create(self._folder(client, inputs), self._manifest(client, inputs), "preview", dry=True)
            except ClusterError as error:
                if error.status != HTTPStatus.FORBIDDEN and not error.lacks_namespace:
                    raise self._failed("created", client, inputs, error) from None
        return {}

    def create(self, client: Cluster, inputs: Properties) -> tuple[str, Properties]:
        """Make it; one that is there already is somebody else's."""
        manager = _manager(self._place(client, inputs))
        try:
            made = client.create(self._folder(client, inputs), self._manifest(client, inputs), manager)
        except ClusterError as error:
            raise self._failed("created", client, inputs, error) from None
        return self._place(client, inputs), self._shown(made, inputs)

    def read(self, client: Cluster, resource_id: str, state: Properties) -> Properties | None:
        """Read it."""
        found = client.find(self._path(resource_id))
        return None if found is None else self._shown(found, state)

    def update(self, client: Cluster, resource_id: str, olds: Properties, news: Properties) -> Properties:
        """Apply what is wanted; a field that somebody else has set since is a conflict, unless it is to be forced."""
        annotations = (news.get("metadata") or {}).get("annotations") or {}
        force = client.settings.force or annotations.get(_FORCE) == "true"
        try:
            applied = client.apply(
                self._path(resource_id), self._manifest(client, news), _manager(resource_id), force=force
            )
        except ClusterError as error:
            raise self._failed("updated", client, news, error) from None
        return self._shown(applied, news)

    def delete(self, client: Cluster, resource_id: str, state: Properties) -> None:
        """Delete it, by its name."""
        client.delete(self._path(resource_id))

    def _manifest(self, client: Cluster, inputs: Properties) -> Object:
        metadata = {**inputs["metadata"]}
        if self.namespaced:
            metadata.setdefault("namespace", client.settings.namespace)
        content = {name: inputs[name] for name in self.content if inputs.get(name) is not None}
        return {"apiVersion": self.version, "kind": self.kind, "metadata": metadata, **content}

    def _place(self, client: Cluster, inputs: Properties) -> str:
        metadata = self._manifest(client, inputs)["metadata"]
        return f"{metadata['namespace']}/{metadata['name']}" if self.namespaced else str(metadata["name"])

    def _folder(self, client: Cluster, inputs: Properties) -> str:
        return self._path(self._place(client, inputs)).rpartition("/")[0]

    def _path(self, place: str) -> str:
        base = f"/apis/{self.version}" if "/" in self.version else f"/api/{self.version}"
        namespace, _, name = place.rpartition("/")
        return f"{base}/namespaces/{namespace}/{self.plural}/{name}" if namespace else f"{base}/{self.plural}/{name}"

    def _shown(self, found: Object, asked: Properties) -> dict[str, Any]:
        """Show what was asked for and what the server adds; what others have put on it is not the program's."""
        wanted, live = asked.get("metadata") or {}, found["metadata"]
        metadata = {name: live[name] for name in ("name", "namespace", *_BY_SERVER) if name in live}
        for name in _KEPT:
            own = (live.get(name) or {}).items()
            kept = {key: value for key, value in own if not wanted or key in (wanted.get(name) or {})}
            if kept:
                metadata[name] = kept
        content = {name: found[name] for name in self.content if name in found}
        return {"apiVersion": self.version, "kind": self.kind, "metadata": metadata, **content}

    def _failed(self, what: str, client: Cluster, inputs: Properties, error: ClusterError) -> ClusterError:
        place = self._place(client, inputs)
        return error.during(f"resource {place} was not successfully {what} by the Kubernetes API server")


def _manager(place: str) -> str:
    """Name who manages the fields of one object; the real provider draws lots and keeps the name in the state."""
    return f"pulumi-kubernetes-{hashlib.sha256(place.encode()).hexdigest()[:8]}"


_RBAC = "rbac.authorization.k8s.io/v1"

OBJECTS = (
    KubernetesObject(
        token="kubernetes:core/v1:Namespace",  # noqa: S106 - a type
        version="v1",
        kind="Namespace",
        plural="namespaces",
        namespaced=False,
        filled_in=FILLED_IN | {"spec"},
    ),
    KubernetesObject(
        token="kubernetes:core/v1:ConfigMap",  # noqa: S106 - a type
        version="v1",
        kind="ConfigMap",
        plural="configmaps",
        content=frozenset({"data", "binaryData", "immutable"}),
        replaces=frozenset({"data", "binaryData"}),
        filled_in=FILLED_IN,
    ),
    KubernetesObject(
        token="kubernetes:core/v1:ServiceAccount",  # noqa: S106 - a type
        version="v1",
        kind="ServiceAccount",
        plural="serviceaccounts",
        content=frozenset({"automountServiceAccountToken", "imagePullSecrets", "secrets"}),
        filled_in=FILLED_IN,
    ),
    KubernetesObject(
        token=f"kubernetes:{_RBAC}:Role",
        version=_RBAC,
        kind="Role",
        plural="roles",
        content=frozenset({"rules"}),
        filled_in=FILLED_IN,
    ),
    KubernetesObject(
        token=f"kubernetes:{_RBAC}:RoleBinding",
        version=_RBAC,
        kind="RoleBinding",
        plural="rolebindings",
        content=frozenset({"roleRef", "subjects"}),
        replaces=frozenset({"roleRef"}),
        filled_in=FILLED_IN | {"subjects.apiGroup"},
    ),
)

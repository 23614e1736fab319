"""What identities of a cluster need to know of its objects: names, namespaces, accounts, who runs as them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from nhi_components.facts.chain.model import Part
from nhi_components.facts.chain.naming import logical_name, value_at
from nhi_components.facts.kubernetes.reach import Reach, Target
from nhi_components.facts.kubernetes.workloads import ACCOUNT_KINDS, WORKLOADS
from nhi_components.facts.values import UNKNOWN

MANIFEST: Final = "kubernetes:yaml:Manifest"
"""What a manifest of Terraform's `kubernetes_manifest` is read as."""

_VERSIONS: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(
        ("Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"),
        tuple(f"rbac.authorization.k8s.io/{version}" for version in ("v1", "v1beta1", "v1alpha1")),
    ),
    **dict.fromkeys(
        ("ServiceAccount", "DefaultServiceAccount", "Secret", "Namespace", "Pod", "ReplicationController"), ("core/v1",)
    ),
    **dict.fromkeys(
        ("Deployment", "DaemonSet", "StatefulSet", "ReplicaSet"),
        ("apps/v1", "apps/v1beta1", "apps/v1beta2", "extensions/v1beta1"),
    ),
    "Job": ("batch/v1",),
    "CronJob": ("batch/v1", "batch/v1beta1", "batch/v2alpha1"),
}
TYPES: Final = frozenset(
    {
        MANIFEST,
        *(
            f"kubernetes:{version}:{kind}{suffix}"
            for kind, versions in _VERSIONS.items()
            for version in versions
            for suffix in ("", "Patch")
        ),
    }
)
_DEFAULT: Final = "default"
_TOKEN: Final = "kubernetes.io/service-account-token"  # noqa: S105 - a type of secret
_ACCOUNT_OF_TOKEN: Final = "kubernetes.io/service-account.name"  # noqa: S105 - an annotation
_MOUNT: Final = "automountServiceAccountToken"


class ClusterObject(NamedTuple):
    """One object of a cluster.

    Attributes:
        part: what it was read from.
        file: the file that it stands in, where several are read together.
        kind: as in a manifest.
        namespace: of it; that of a resource whose namespace is not known yet is like no other.
        name: of it; the name that the program has for it where it is not known yet.
        token_of: the account of which it is a standing token; empty for none.
        runs_as: the account that its pods run as; empty for none.
        mounts: whether its pods get the account's token; None where the account decides.
        subjects: of a binding, as they are written.
    """

    part: Part
    file: str
    kind: str
    namespace: str
    name: str
    token_of: str = ""
    runs_as: str = ""
    mounts: bool | None = None
    subjects: Any = None

    @property
    def is_account(self) -> bool:
        """Tell whether it is a service account."""
        return self.kind in ACCOUNT_KINDS

    @property
    def keeps_token(self) -> bool:
        """Tell whether an account keeps its token from pods that do not ask for it."""
        return self.mounts is False

    @property
    def plural(self) -> str:
        """Give the name of its kind in roles."""
        return f"{self.kind.lower()}s"

    def gets_token(self, account_keeps_it: bool) -> bool:
        """Tell whether its pods get the token of their account."""
        return self.mounts if self.mounts is not None else not account_keeps_it


class Names:
    """The names of namespaces that resources refer to.

    Args:
        parts: the resources of one stack.
    """

    def __init__(self, parts: Iterable[Part]) -> None:
        self._namespaces = {
            part.resource.name: _name(part, part.inputs)
            for part in parts
            if part.resource.type.endswith((":Namespace", ":NamespacePatch"))
        }

    def namespace(self, part: Part, manifest: Mapping[str, Any]) -> str:
        """Give the namespace of an object, also by reference; a mark that is like no other where it is not known."""
        given = value_at(manifest, "metadata.namespace")
        if isinstance(given, str) and given:
            return given
        if given is not UNKNOWN:
            return _DEFAULT
        referenced = (name for names in part.references.values() for name in names)
        known = (self._namespaces[name] for name in referenced if name in self._namespaces)
        return next(known, f"?{part.resource.name}")


def object_of(part: Part, names: Names) -> ClusterObject | None:
    """Give what a resource is in the cluster; None for a namespace, and for what is no object."""
    manifest: Any = part.inputs
    kind: Any = part.resource.type.rpartition(":")[2].removesuffix("Patch")
    if part.resource.type == MANIFEST:
        manifest = part.inputs.get("manifest")
        kind = manifest.get("kind") if isinstance(manifest, Mapping) else None
    if not isinstance(manifest, Mapping) or not isinstance(kind, str) or kind not in _VERSIONS or kind == "Namespace":
        return None
    found = ClusterObject(part, _file(part), kind, names.namespace(part, manifest), _name(part, manifest))
    if kind in WORKLOADS:
        return _workload(found, manifest)
    if found.is_account:
        name = _DEFAULT if kind == "DefaultServiceAccount" else found.name
        return found._replace(name=name, mounts=_boolean(manifest.get(_MOUNT)))
    if kind == "Secret":
        return found._replace(token_of=_token_of(manifest))
    return found._replace(subjects=manifest.get("subjects", manifest.get("subject")))


def key_of(file: str, target: Target) -> str:
    """Give the key of an identity: for accounts the one that AWS roles know them by."""
    prefix = f"{file}: " if file else ""
    if target.reach is Reach.ACCOUNT:
        return f"{prefix}kubernetes:{target.namespace}/{target.name}"
    return f"{prefix}kubernetes {target.reach}:{target.name}"


def _workload(found: ClusterObject, manifest: Mapping[str, Any]) -> ClusterObject:
    spec = value_at(manifest, ".".join(WORKLOADS[found.kind]))
    if isinstance(spec, list) and len(spec) == 1:
        spec = spec[0]
    if not isinstance(spec, Mapping):
        return found
    account = spec.get("serviceAccountName") or spec.get("serviceAccount") or _DEFAULT
    mounts = True if _projects_token(spec) else _boolean(spec.get(_MOUNT))
    return found._replace(runs_as=account if isinstance(account, str) else "", mounts=mounts)


def _projects_token(spec: Mapping[str, Any]) -> bool:
    volumes = spec.get("volumes", spec.get("volume"))
    for volume in volumes if isinstance(volumes, list) else ():
        sources = value_at(volume, "projected.sources") if isinstance(volume, Mapping) else None
        for source in sources if isinstance(sources, list) else ():
            if isinstance(source, Mapping) and source.get("serviceAccountToken"):
                return True
    return False


def _token_of(manifest: Mapping[str, Any]) -> str:
    annotations = value_at(manifest, "metadata.annotations")
    if manifest.get("type") != _TOKEN or not isinstance(annotations, Mapping):
        return ""
    account = annotations.get(_ACCOUNT_OF_TOKEN)
    return account if isinstance(account, str) else ""


def _name(part: Part, manifest: Mapping[str, Any]) -> str:
    given = value_at(manifest, "metadata.name")
    if isinstance(given, str) and given:
        return given
    known = part.outputs.get("id")
    return known.rpartition("/")[2] if isinstance(known, str) and known else logical_name(part.resource)


def _file(part: Part) -> str:
    """Give the file that a name was told apart by, as `Part.inside` does."""
    file, separator, _ = part.resource.name.partition(": ")
    return file if separator and "[" not in file and not file.startswith("urn:pulumi:") else ""


def _boolean(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None

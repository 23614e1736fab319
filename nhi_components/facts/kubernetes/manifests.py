"""Takes Kubernetes manifests apart: JSON or YAML text, lists, several documents in one text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from nhi_components.facts.kubernetes.model import RbacBinding, Subject
from nhi_components.facts.kubernetes.notes import Notes
from nhi_components.facts.kubernetes.rbac import (
    BINDINGS,
    ROLES,
    is_rule,
    read_binding,
    read_role,
    read_rules,
    subject,
)
from nhi_components.facts.kubernetes.workloads import ACCOUNT_KINDS, WORKLOADS, read_account, read_secret, read_workload
from nhi_components.facts.model import Fact, NotYetKnown, Resource
from nhi_components.facts.values import UNKNOWN, MalformedJson, parse_json

_EXPECTED: Final = "a Kubernetes manifest in YAML or JSON"
_DEEPEST_LIST: Final = 8
"""Lists inside lists that are taken apart; kubectl writes one."""

_KINDS: Final = frozenset({*ROLES, *BINDINGS, *ACCOUNT_KINDS, *WORKLOADS, "Secret", ""})
_BY_LOWER_CASE: Final = {kind.lower(): kind for kind in (*ROLES, *BINDINGS)}
_PREFIXES: Final = {"user": "User", "group": "Group", "serviceaccount": "ServiceAccount"}


def read_manifests(resource: Resource, path: str, value: object, *, cluster: bool = True) -> list[Fact]:
    """Read every object of a text or of data.

    Args:
        resource: what it was found in.
        path: the place inside the resource.
        value: YAML or JSON text, the same as data, or UNKNOWN.
        cluster: whether rules without a kind apply in the whole cluster.
    """
    if value is UNKNOWN:
        return [NotYetKnown(resource, path, "manifest")]
    reader = _Manifests(resource, cluster=cluster)
    facts = list(reader.read(path, value))
    return facts + reader.notes.facts


def read_object(resource: Resource, kind: str, path: str, manifest: Mapping[str, Any]) -> list[Fact]:
    """Read one object whose kind is known beforehand, as from a resource of a program."""
    reader = _Manifests(resource, cluster=True)
    facts = list(reader.object(kind, path, manifest))
    return facts + reader.notes.facts


class _Manifests:
    def __init__(self, resource: Resource, *, cluster: bool) -> None:
        self.notes = Notes(resource)
        self._cluster = cluster

    def read(self, path: str, value: object) -> Iterator[Fact]:
        documents = self._parsed(path, value) if isinstance(value, str) else [value]
        for index, document in enumerate(documents):
            yield from self._any(path if len(documents) == 1 else f"{path}[{index}]", document, 0)

    def _parsed(self, path: str, text: str) -> list[Any]:
        if text.lstrip("\ufeff \t\r\n").startswith(("{", "[")):
            try:
                return [parse_json(text)]
            except MalformedJson:
                pass
        from nhi_components.core.yaml_text import MalformedYaml, parse_yaml

        try:
            documents = [document.value for document in parse_yaml(text)]
        except MalformedYaml as error:
            self.notes.wrong(path, f"text that is not a manifest: {error}", _EXPECTED, "correct the syntax")
            return []
        if not documents:
            self.notes.wrong(path, "a text without content", _EXPECTED)
        return documents

    def _any(self, path: str, value: object, depth: int) -> Iterator[Fact]:
        if isinstance(value, list) and value and depth < _DEEPEST_LIST:
            if all(is_rule(member) for member in value):
                yield from read_rules(self.notes, path, value, cluster=self._cluster)
                return
            for index, member in enumerate(value):
                yield from self._any(f"{path}[{index}]", member, depth + 1)
        elif isinstance(value, Mapping):
            kind = value.get("kind")
            if isinstance(kind, str) and kind.endswith("List") and isinstance(value.get("items"), list):
                yield from self._items(path, kind.removesuffix("List"), value["items"], depth)
            else:
                yield from self.object(kind, path, value)
        else:
            self.notes.note(path, value, _EXPECTED)

    def _items(self, path: str, kind: str, items: Iterable[object], depth: int) -> Iterator[Fact]:
        for index, member in enumerate(items):
            place = f"{path}.items[{index}]"
            if kind and isinstance(member, Mapping) and "kind" not in member:
                yield from self.object(kind, place, member)
            elif depth < _DEEPEST_LIST:
                yield from self._any(place, member, depth + 1)
            else:
                self.notes.wrong(place, "a list in too many lists", _EXPECTED)

    def object(self, kind: object, path: str, manifest: Mapping[str, Any]) -> Iterator[Fact]:
        """Yield the facts of one object."""
        if not isinstance(kind, str | None):
            self.notes.note(f"{path}.kind", kind, "the kind of the object")
            return
        if kind and kind not in _KINDS:
            kind = self._misspelt(kind, path, manifest)
        if kind in ROLES:
            yield from read_role(self.notes, path, manifest, cluster=kind == "ClusterRole")
        elif kind in BINDINGS:
            yield from read_binding(self.notes, path, manifest, cluster=kind == "ClusterRoleBinding")
        elif kind in ACCOUNT_KINDS:
            yield from read_account(self.notes, path, manifest)
        elif kind == "Secret":
            yield from read_secret(self.notes, path, manifest)
        elif kind in WORKLOADS:
            yield from read_workload(self.notes, kind, path, manifest)
        elif not kind:
            yield from self._without_kind(path, manifest)

    def _misspelt(self, kind: str, path: str, manifest: Mapping[str, Any]) -> str:
        """Give the kind that is meant by one that the API server would refuse, and note it; others stay as they are."""
        meant = _BY_LOWER_CASE.get(kind.lower())
        if meant is None and ("roleRef" in manifest or _has_rules(manifest)):
            meant = ""
        if meant is None:
            return kind
        self.notes.wrong(f"{path}.kind", kind, meant or "the kind of a role or binding", "correct the kind")
        return meant

    def _without_kind(self, path: str, manifest: Mapping[str, Any]) -> Iterator[Fact]:
        if "rules" in manifest or "rule" in manifest:
            yield from read_role(self.notes, path, manifest, cluster=self._cluster)
        elif "roleRef" in manifest or "role_ref" in manifest:
            yield from read_binding(self.notes, path, manifest, cluster=self._cluster)
        elif is_rule(manifest):
            yield from read_rules(self.notes, path, [manifest], cluster=self._cluster)
        elif isinstance(manifest.get("role"), str):
            yield from self._plain_binding(path, manifest)
        else:
            self.notes.wrong(path, "an object without `kind`", _EXPECTED)

    def _plain_binding(self, path: str, manifest: Mapping[str, Any]) -> Iterator[Fact]:
        """Read `{"role": …, "members": […]}`, the form that bindings of other platforms have."""
        name = next((name for name in ("members", "member", "subjects", "subject") if name in manifest), "members")
        subjects = []
        for at, member in self.notes.members(f"{path}.{name}", manifest.get(name)):
            if isinstance(member, str) and member:
                subjects.append(_member(at, member))
            else:
                self.notes.note(at, member, "the name of a user, group or service account")
        yield RbacBinding(
            self.notes.resource,
            path,
            cluster=self._cluster,
            role=manifest["role"],
            role_of_cluster=True,
            subjects=tuple(subjects),
        )


def _has_rules(manifest: Mapping[str, Any]) -> bool:
    rules = manifest.get("rules")
    return isinstance(rules, list) and any(is_rule(member) for member in rules)


def _member(path: str, name: str) -> Subject:
    """Make a subject of a name: the prefixes `User:`, `Group:` and `ServiceAccount:` tell what it is, else the name."""
    kind, colon, rest = name.partition(":")
    if colon and kind.lower() in _PREFIXES and rest:
        kind = _PREFIXES[kind.lower()]
        if kind == "ServiceAccount":
            namespace, _, account = rest.replace("/", ":").rpartition(":")
            return subject(path, kind, account, namespace)
        return subject(path, kind, rest)
    is_group = name.startswith("system:") and not name.startswith("system:serviceaccount:")
    return subject(path, "Group" if is_group and name != "system:anonymous" else "User", name)

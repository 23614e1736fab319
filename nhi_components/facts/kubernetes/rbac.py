"""Reads roles and bindings of Kubernetes' RBAC.

Source: Kubernetes API reference, rbac.authorization.k8s.io/v1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from nhi_components.facts.kubernetes.model import ANY, UNKNOWN_NAME, RbacBinding, RbacRole, RbacRule, Subject
from nhi_components.facts.kubernetes.notes import Notes
from nhi_components.facts.model import Fact
from nhi_components.facts.values import UNKNOWN

ROLES: Final = frozenset({"Role", "ClusterRole"})
BINDINGS: Final = frozenset({"RoleBinding", "ClusterRoleBinding"})

_FIELDS: Final = {
    "apiGroups": "groups",
    "api_groups": "groups",
    "resources": "resources",
    "verbs": "verbs",
    "resourceNames": "names",
    "resource_names": "names",
    "nonResourceURLs": "urls",
    "nonResourceUrls": "urls",
    "non_resource_urls": "urls",
}
"""The fields of a rule in manifests, in Pulumi programs and in Terraform's Kubernetes provider."""

_ACCOUNT_USER: Final = "system:serviceaccount:"
_SUBJECTS: Final = ("User", "Group", "ServiceAccount")


def read_role(notes: Notes, path: str, manifest: Mapping[str, Any], *, cluster: bool) -> Iterator[Fact]:
    """Yield the role of a manifest; what it aggregates stands in other roles and is judged there."""
    place = f"{path}.rules" if "rules" in manifest or "rule" not in manifest else f"{path}.rule"
    value = manifest.get("rules", manifest.get("rule"))
    if value is not None and not isinstance(value, list | tuple | Mapping):
        notes.note(place, value, "a list of rules")
    else:
        rules = tuple(rule for at, member in notes.members(place, value) if (rule := _rule(notes, at, member)))
        if rules:
            yield RbacRole(notes.resource, path, name_of(manifest), cluster, rules)
    _refuse_boundless_aggregation(notes, path, manifest)


def read_rules(notes: Notes, path: str, members: list[Any], *, cluster: bool) -> Iterator[Fact]:
    """Yield the role that a bare list of rules makes."""
    rules = tuple(rule for at, member in notes.members(path, members) if (rule := _rule(notes, at, member)))
    if rules:
        yield RbacRole(notes.resource, path, "", cluster, rules)


def is_rule(value: object) -> bool:
    """Tell whether a mapping looks like one rule of a role."""
    return isinstance(value, Mapping) and "verbs" in value and not _FIELDS.keys().isdisjoint(value)


def name_of(manifest: Mapping[str, Any]) -> str:
    """Give the name of an object; empty when it has none, or none that is known."""
    metadata = manifest.get("metadata")
    if isinstance(metadata, list) and metadata:
        metadata = metadata[0]
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    return name if isinstance(name, str) else ""


def _rule(notes: Notes, path: str, value: object) -> RbacRule | None:
    if not isinstance(value, Mapping):
        notes.note(path, value, "a rule with `apiGroups`, `resources` and `verbs`")
        return None
    found: dict[str, tuple[str, ...]] = {}
    for key, member in value.items():
        field = _FIELDS.get(key)
        if field is None:
            notes.wrong(f"{path}.{str(key)[:40]}", "a field that no rule has", "only the fields of a PolicyRule")
        elif member is not None:
            found[field] = _texts(notes, f"{path}.{key}", member)
            if field == "names" and not found[field] and isinstance(member, list | tuple) and UNKNOWN in member:
                found[field] = (UNKNOWN_NAME,)
    verbs = _lower(notes, f"{path}.verbs", found.get("verbs"))
    resources = _lower(notes, f"{path}.resources", found.get("resources", ()))
    urls = found.get("urls", ())
    groups = found.get("groups", ())
    if not resources and not urls:
        _note_absence(notes, path, value, "resources")
    elif resources and not groups:
        _note_absence(notes, path, value, "apiGroups")
        groups = (ANY,)
    if not verbs:
        _note_absence(notes, path, value, "verbs")
        return None
    names = found.get("names", ())
    return RbacRule(path, groups, resources, frozenset(verbs), () if ANY in names else names, urls)


def _note_absence(notes: Notes, path: str, rule: Mapping[str, Any], field: str) -> None:
    """Note that a field is missing or empty, unless its members were noted already."""
    written = [key for key in rule if _FIELDS.get(key) == _FIELDS[field]]
    if not any(rule[key] for key in written):
        notes.wrong(f"{path}.{field}", "nothing", f"at least one of `{field}`")


def _texts(notes: Notes, path: str, value: object) -> tuple[str, ...]:
    if isinstance(value, list):
        if all(isinstance(member, str) for member in value):
            return tuple(value)
    elif isinstance(value, str):
        notes.wrong(path, "a string", "a list of strings", "write it as a list of one")
        return (value,)
    elif not isinstance(value, tuple):
        notes.note(path, value, "a list of strings")
        return ()
    texts: list[str] = []
    for at, member in notes.members(path, value):
        if isinstance(member, str):
            texts.append(member)
        else:
            notes.note(at, member, "a string")
    return tuple(texts)


def _lower(notes: Notes, path: str, texts: tuple[str, ...] | None) -> tuple[str, ...]:
    """Give the texts in lower case; RBAC compares letter by letter, so that a capital is a mistake."""
    if not texts:
        return ()
    lower = tuple(text.lower() for text in texts)
    if lower != texts:
        wrong = next(text for text in texts if text != text.lower())
        fix = "write verbs and resources in lower case, resources in the plural"
        notes.wrong(path, wrong, "names in lower case, the only ones that RBAC matches", fix)
    return lower


def _refuse_boundless_aggregation(notes: Notes, path: str, manifest: Mapping[str, Any]) -> None:
    key = "aggregationRule" if "aggregationRule" in manifest else "aggregation_rule"
    value = manifest.get(key)
    if value is None:
        return
    place = f"{path}.{key}"
    rule = notes.mapping(place, value, "an object with `clusterRoleSelectors`")
    selectors = rule.get("clusterRoleSelectors", rule.get("cluster_role_selectors"))
    for at, selector in notes.members(f"{place}.clusterRoleSelectors", selectors):
        if not isinstance(selector, Mapping):
            notes.note(at, selector, "a label selector")
        elif not any(selector.values()):
            notes.wrong(at, "a selector of every ClusterRole", "labels that choose the roles", "name a label")


def read_binding(notes: Notes, path: str, manifest: Mapping[str, Any], *, cluster: bool) -> Iterator[Fact]:
    """Yield the binding of a manifest."""
    key = "role_ref" if "role_ref" in manifest else "roleRef"
    place = f"{path}.{key}"
    given = manifest.get(key)
    if given is None:
        notes.wrong(place, "nothing", "the role that is bound")
    reference = notes.mapping(place, given, "an object with `kind` and `name`")
    role = notes.text(f"{place}.name", reference.get("name"), "the name of a role")
    if reference and not role and reference.get("name") is not UNKNOWN:
        notes.wrong(f"{place}.name", "nothing", "the name of a role")
    kind = reference.get("kind")
    if reference and (not isinstance(kind, str) or kind not in ROLES):
        notes.note(f"{place}.kind", kind, "`Role` or `ClusterRole`")
    value = manifest.get("subjects", manifest.get("subject"))
    members = notes.members(f"{path}.subjects", value)
    namespace = _namespace(manifest)
    subjects = tuple(subject for at, member in members if (subject := _subject(notes, at, member, namespace)))
    yield RbacBinding(notes.resource, path, cluster, role, kind != "Role", subjects)


def _namespace(manifest: Mapping[str, Any]) -> str:
    metadata = manifest.get("metadata")
    namespace = metadata.get("namespace") if isinstance(metadata, Mapping) else None
    return namespace if isinstance(namespace, str) else ""


def _subject(notes: Notes, path: str, value: object, namespace: str) -> Subject | None:
    if not isinstance(value, Mapping):
        notes.note(path, value, "a subject with `kind` and `name`")
        return None
    kind, name = value.get("kind"), value.get("name")
    if kind not in _SUBJECTS or not isinstance(name, str) or not name:
        wrong, got = ("kind", kind) if kind not in _SUBJECTS else ("name", name)
        expected = "`User`, `Group` or `ServiceAccount`" if wrong == "kind" else "the name of the subject"
        notes.note(f"{path}.{wrong}", got, expected)
        return None
    own = value.get("namespace")
    return subject(path, str(kind), name, own if isinstance(own, str) else namespace)


def subject(path: str, kind: str, name: str, namespace: str = "") -> Subject:
    """Make a subject; the user by which a service account is known becomes the account."""
    if kind == "User" and name.startswith(_ACCOUNT_USER):
        namespace, _, name = name.removeprefix(_ACCOUNT_USER).partition(":")
        return Subject(path, "ServiceAccount", name, namespace)
    return Subject(path, kind, name, namespace if kind == "ServiceAccount" else "")

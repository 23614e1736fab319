"""Roles and bindings as records: what a role permits, and who has it.

Source: Kubernetes documentation, 'Using RBAC Authorization'. A binding is a carrier between its subjects and its role:
a `kubernetes-role-binding` gives what the role permits in the binding's namespace only, also where the role is one of
the whole cluster; a `kubernetes-cluster-role-binding` gives it everywhere. A grant's privilege is the verb. Its target
is the resource as `kubectl auth can-i --list` writes it, such as `deployments.apps/scale`, with the name of the one
object behind a space where the rule names objects; or the URL that is no resource.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from nhi_components.core.inventory.records import FoundCarrier, FoundDocument, FoundGrant, Record
from nhi_components.core.links import LinkKind
from nhi_components.facts.documents import DocumentKind
from nhi_components.facts.kubernetes.manifests import read_object
from nhi_components.facts.kubernetes.model import RbacBinding, RbacRole, RbacRule, Subject
from nhi_components.facts.model import Fact, Resource
from nhi_components.lifecycle.adapters.kubernetes.discovery_policy import to_list
from nhi_components.lifecycle.adapters.kubernetes.found_lists import LISTINGS, PAGE_OF_ROLES, Lists
from nhi_components.lifecycle.adapters.kubernetes.session import Object
from nhi_components.lifecycle.discovery.ports import Page, Section

_CLUSTER_ROLE: Final = "kubernetes-cluster-role"
_CLUSTER_ROLE_BINDING: Final = "kubernetes-cluster-role-binding"


def roles(lists: Lists, name: str) -> Section:
    """Give the section of one kind of roles, by its resource."""

    def read(cursor: str | None) -> Page:
        return lists.page(name, cursor, lambda found: _role(lists, name, found), most=PAGE_OF_ROLES)

    return Section(name, f"what {name.partition('.')[0]} permit", to_list(name), read)


def bindings(lists: Lists, name: str) -> Section:
    """Give the section of one kind of bindings, by its resource."""

    def read(cursor: str | None) -> Page:
        return lists.page(name, cursor, lambda found: _binding(lists, name, found))

    return Section(name, f"who has roles by {name.partition('.')[0]}", to_list(name), read)


def _role(lists: Lists, resource: str, found: Object) -> Iterator[Record]:
    holder, name = _key(lists, resource, found), found["metadata"]["name"]
    yield _document(holder, DocumentKind.KUBERNETES_ROLE, resource, found)
    seen = set()
    for fact in _facts(resource, found):
        for rule in fact.rules if isinstance(fact, RbacRole) else ():
            for verb, target in _permitted(rule):
                if (verb, target) not in seen:
                    seen.add((verb, target))
                    yield FoundGrant(holder, verb, target, via=name)


def _permitted(rule: RbacRule) -> Iterator[tuple[str, str]]:
    resources = [_called(group, resource) for group in rule.groups for resource in rule.resources]
    named = [f"{each} {name}" for each in resources for name in rule.names] if rule.names else resources
    for verb in sorted(rule.verbs):
        for target in (*named, *rule.urls):
            yield verb, target


def _called(group: str, resource: str) -> str:
    if not group:
        return resource
    kinds, slash, part = resource.partition("/")
    return f"{kinds}.{group}{slash}{part}"


def _binding(lists: Lists, resource: str, found: Object) -> Iterator[Record]:
    holder = _key(lists, resource, found)
    yield _document(holder, DocumentKind.BINDING, resource, found)
    kind = LinkKind.KUBERNETES_ROLE_BINDING if resource.startswith("rolebindings") else _CLUSTER_ROLE_BINDING
    for fact in _facts(resource, found):
        if isinstance(fact, RbacBinding):
            for subject in dict.fromkeys(_subject(lists, each) for each in fact.subjects):
                yield FoundCarrier(subject, holder, kind)
            if fact.role_of_cluster:
                yield FoundCarrier(holder, lists.object("ClusterRole", "", fact.role), _CLUSTER_ROLE)
            else:
                role = lists.object("Role", found["metadata"]["namespace"], fact.role)
                yield FoundCarrier(holder, role, LinkKind.KUBERNETES_ROLE)


def _subject(lists: Lists, subject: Subject) -> str:
    match subject.kind:
        case "ServiceAccount":
            return lists.account(subject.namespace, subject.name)
        case "Group":
            return lists.group(subject.name)
        case _:
            return lists.user(subject.name)


def _key(lists: Lists, resource: str, found: Object) -> str:
    metadata = found["metadata"]
    return lists.object(LISTINGS[resource].kind, metadata.get("namespace", ""), metadata["name"])


def _facts(resource: str, found: Object) -> list[Fact]:
    """Read an object; what of it is out of shape stays in the document, for the rules to tell."""
    listing = LISTINGS[resource]
    return read_object(Resource(found["metadata"]["name"], listing.type), listing.kind, "manifest", found)


def _document(holder: str, kind: DocumentKind, resource: str, found: Object) -> FoundDocument:
    metadata = found["metadata"]
    kept = {name: metadata[name] for name in ("name", "namespace", "labels") if name in metadata}
    parts: Object = {name: found[name] for name in ("rules", "aggregationRule", "roleRef", "subjects") if name in found}
    manifest: Object = {"kind": LISTINGS[resource].kind, "metadata": kept, **parts}
    return FoundDocument(holder, kind, metadata["name"], json.dumps(manifest, sort_keys=True))

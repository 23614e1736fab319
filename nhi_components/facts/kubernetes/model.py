"""Facts about Kubernetes: roles as rules on resources, bindings, and the accounts that workloads run as.

The grammar is that of the Kubernetes documentation, 'Using RBAC Authorization'.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nhi_components.facts.model import Resource

ANY = "*"

UNKNOWN_NAME = "?"
"""Stands for the objects of a rule that is limited to some of which no name is known yet; it is no object's name."""


def permission_text(verb: str, group: str, resource: str, name: str = "") -> str:
    """Write one permission, such as `get deployments.apps/scale api`; of every object of the resource with `*`."""
    kind, slash, part = resource.partition("/")
    plural = f"{kind}.{group}" if group else kind
    return f"{verb} {plural}{slash}{part} {name or ANY}"


@dataclass(frozen=True, slots=True)
class RbacRule:
    """One rule of a role: it permits each verb on each resource of each API group, or on each URL.

    Attributes:
        path: where it stands in the document.
        groups: API groups; the empty text is the core group.
        resources: resources, as `pods` or `pods/exec`.
        verbs: verbs in lower case.
        names: the objects to which the rule is limited, as far as they are known; `UNKNOWN_NAME` when none is. Empty
            for all, also where `*` is meant to be a wildcard.
        urls: URLs that are no resources.
    """

    path: str
    groups: tuple[str, ...]
    resources: tuple[str, ...]
    verbs: frozenset[str]
    names: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()

    def permissions(self) -> Iterator[str]:
        """Yield what it permits as far as it is known, each as `permission_text` writes it, or verb and URL."""
        for verb in sorted(self.verbs):
            yield from (f"{verb} {url}" for url in self.urls)
            for group in self.groups:
                for resource in self.resources:
                    known = (name for name in self.names or ("",) if name != UNKNOWN_NAME)
                    yield from (permission_text(verb, group, resource, name) for name in known)


@dataclass(frozen=True, slots=True)
class RbacRole:
    """A Role or ClusterRole.

    Attributes:
        resource: what it was read from.
        path: the place inside the resource.
        name: its name; empty when it is not known.
        cluster: it may be granted in the whole cluster; so may rules of which nobody says where they apply.
        rules: its rules, in the order of the document.
    """

    resource: Resource
    path: str
    name: str
    cluster: bool
    rules: tuple[RbacRule, ...]


@dataclass(frozen=True, slots=True)
class Subject:
    """Who gets a role.

    Attributes:
        path: where it stands in the document.
        kind: `User`, `Group` or `ServiceAccount`.
        name: its name; a user that is a service account has been turned into one.
        namespace: of a service account; empty where it is not told.
    """

    path: str
    kind: str
    name: str
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class RbacBinding:
    """A RoleBinding or ClusterRoleBinding.

    Attributes:
        resource: what it was read from.
        path: the place inside the resource.
        cluster: it grants in the whole cluster.
        role: the name of the role; empty when it is not known.
        role_of_cluster: the role is a ClusterRole.
        subjects: who gets it.
    """

    resource: Resource
    path: str
    cluster: bool
    role: str
    role_of_cluster: bool
    subjects: tuple[Subject, ...]


@dataclass(frozen=True, slots=True)
class MountedDefaultAccount:
    """Pods get the token of their namespace's service account `default`.

    Attributes:
        resource: what it was read from.
        path: the place inside the resource that decides it.
        what: what mounts it, such as `Deployment orders`.
    """

    resource: Resource
    path: str
    what: str

"""The subjects of a Kubernetes cluster: which are as good as administrators, and who may become which.

Sources: Kubernetes documentation, 'Using RBAC Authorization' and 'Configure Service Accounts for Pods'.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from nhi_components.facts.chain.model import (
    Budget,
    Combination,
    Identity,
    Part,
    Power,
    Rewriting,
    Step,
    Unlinked,
)
from nhi_components.facts.chain.naming import called
from nhi_components.facts.kubernetes.model import RbacBinding, RbacRole, RbacRule, Subject
from nhi_components.facts.kubernetes.objects import (
    MANIFEST,
    TYPES,
    ClusterObject,
    Names,
    key_of,
    object_of,
)
from nhi_components.facts.kubernetes.reach import Held, Reach, Target, Way, permits_everything, ways
from nhi_components.facts.values import UNKNOWN

__all__ = ["TERRAFORM", "TYPES", "KubernetesIdentities", "system_of"]

TERRAFORM: Final[Mapping[str, str]] = {
    "kubernetes_manifest": MANIFEST,
    "kubernetes_namespace": "kubernetes:core/v1:Namespace",
    "kubernetes_namespace_v1": "kubernetes:core/v1:Namespace",
}

_MASTERS: Final = "system:masters"
_CONTROL_PLANE: Final = "kube-system"
_EVERY_ACCOUNT: Final = "system:serviceaccounts"
_EVERYBODY: Final = "system:authenticated"


def _rule(groups: str, resources: str, verbs: str) -> RbacRule:
    names = tuple("" if name == "core" else name for name in groups.split())
    return RbacRule("rules", names, tuple(resources.split()), frozenset(verbs.split()))


_EDIT: Final = (
    _rule("core", "pods replicationcontrollers secrets", "get list watch create update patch delete"),
    _rule("core", "pods/exec pods/attach serviceaccounts/token", "get create"),
    _rule("core", "serviceaccounts", "impersonate create update patch delete"),
    _rule("apps batch", "deployments daemonsets statefulsets replicasets jobs cronjobs", "create update patch delete"),
)
_BUILT_IN: Final[Mapping[str, tuple[RbacRule, ...]]] = {
    "cluster-admin": (_rule("*", "*", "*"),),
    "admin": _EDIT,
    "edit": _EDIT,
    "system:aggregate-to-edit": _EDIT,
}
"""Roles that every cluster has, as far as they lead to other identities ('Default roles and role bindings')."""


class _RoleKey(NamedTuple):
    file: str
    namespace: str
    name: str


class KubernetesIdentities:
    """An `IdentitySystem` of Kubernetes; resources of one file or stack are taken for those of one cluster.

    Args:
        parts: the resources of one stack.
    """

    def __init__(self, parts: Iterable[Part]) -> None:
        parts = list(parts)
        self._names = Names(parts)
        objects = [found for part in parts if (found := object_of(part, self._names))]
        self.identities: dict[str, Identity] = {}
        self._at: dict[str, tuple[str, Target]] = {}
        self._by_resource: dict[str, str] = {}
        self._running: set[str] = set()
        self._with_token: set[str] = set()
        self._named: defaultdict[tuple[str, Reach, str], dict[tuple[str, str], Target]] = defaultdict(dict)
        self._roles: defaultdict[_RoleKey, list[RbacRule]] = defaultdict(list)
        self._role_of: dict[str, _RoleKey] = {}
        self._ways: defaultdict[tuple[str, Target], dict[str, Way]] = defaultdict(dict)
        self._unlinked: list[Unlinked] = []
        keeping = {self._account(each, each.name) for each in objects if each.is_account and each.keeps_token}
        for each in objects:
            self._read(each, keeping)
        self._bind_all(objects)

    @property
    def unlinked(self) -> Sequence[Unlinked]:
        """Bindings that lead to other identities, whose subjects are not known."""
        return self._unlinked

    def powers(self, now: datetime) -> Mapping[str, Power]:
        """As `IdentitySystem.powers`: whoever is administrator of the cluster, or becomes any account of it."""
        powers: dict[str, Power] = {}
        for (_, target), found in self._ways.items():
            for key, way in found.items():
                how = _power(target, way)
                if how and (key not in powers or target.reach is Reach.ADMINISTRATOR):
                    powers[key] = Power(how, way.place, way.told)
        for key, (_, target) in self._at.items():
            if target.reach is Reach.GROUP and target.name == _MASTERS:
                powers[key] = Power("is administrator of the cluster", called(self.identities[key].resource))
        return powers

    def combinations(self, now: datetime) -> Iterable[Combination]:
        """As `IdentitySystem.combinations`; the rules about roles tell each half of a way."""
        return ()

    def rewritings(self, now: datetime, budget: Budget) -> Iterable[Rewriting]:
        """As `IdentitySystem.rewritings`; who writes roles gets to all accounts of their namespace already."""
        return ()

    def into(self, key: str, now: datetime, among: Collection[str], budget: Budget) -> Iterator[Step]:
        """As `IdentitySystem.into`."""
        if key not in self._at:
            return
        file, target = self._at[key]
        for wanted in self._targets(key, target):
            found = self._ways.get((file, wanted), {})
            for source in list(among) if len(among) < len(found) else list(found):
                if source == key or source not in found or source not in among:
                    continue
                if not budget.spend():
                    return
                way = found[source]
                yield Step(source, key, way.how, way.note, way.place)
        if target.reach is Reach.GROUP:
            yield from self._members(key, file, target.name, among, budget)

    def _targets(self, key: str, target: Target) -> Iterator[Target]:
        """Yield what leads to one identity."""
        if target.reach is not Reach.ACCOUNT:
            yield target
            return
        for namespace in (target.namespace, ""):
            yield Target(Reach.EVERY, namespace)
            yield Target(Reach.ACCOUNT, namespace, target.name)
            if key in self._running:
                yield Target(Reach.RUNNING, namespace)
            if key in self._with_token:
                yield Target(Reach.TOKENS, namespace)

    def _members(self, key: str, file: str, group: str, among: Collection[str], budget: Budget) -> Iterator[Step]:
        everybody = group == _EVERYBODY
        namespace = group.removeprefix(_EVERY_ACCOUNT).removeprefix(":")
        if not everybody and group != _EVERY_ACCOUNT and group != f"{_EVERY_ACCOUNT}:{namespace}":
            return
        for source in list(among):
            of_file, its = self._at.get(source, ("", Target(Reach.GROUP, "")))
            is_member = its.reach is Reach.ACCOUNT and namespace in ("", its.namespace)
            if of_file == file and ((everybody and its.reach is not Reach.GROUP) or (not everybody and is_member)):
                if not budget.spend():
                    return
                yield Step(source, key, "act as a member of", "", called(self.identities[key].resource))

    def _identity(self, found: ClusterObject, target: Target, resource_of: Part) -> str:
        key = key_of(found.file, target)
        if key not in self.identities:
            shown = f"{target.namespace}/{target.name}" if target.reach is Reach.ACCOUNT else target.name
            kind = "Kubernetes service account" if target.reach is Reach.ACCOUNT else f"Kubernetes {target.reach}"
            self.identities[key] = Identity(key, shown, kind, resource_of.resource)
            self._at[key] = found.file, target
        return key

    def _account(self, found: ClusterObject, name: str) -> str:
        return self._identity(found, Target(Reach.ACCOUNT, found.namespace, name), found.part)

    def _read(self, found: ClusterObject, keeping: Collection[str]) -> None:
        """Take in what one object is: an account, a token, what runs as an account, or a role."""
        if found.is_account:
            self._by_resource[found.part.resource.name] = self._account(found, found.name)
        if found.token_of:
            account = self._account(found, found.token_of)
            self._with_token.add(account)
            self._remember(found, Reach.STORED, found.name, self._at[account][1])
        if found.runs_as:
            account = self._account(found, found.runs_as)
            for name in (found.name, ""):
                self._remember(found, Reach.CONTROLLER, f"{found.plural}/{name}", Target(Reach.EVERY, found.namespace))
            if found.gets_token(account in keeping):
                self._running.add(account)
                if found.kind == "Pod":
                    self._remember(found, Reach.POD, found.name, self._at[account][1])
        for fact in found.part.facts:
            if isinstance(fact, RbacRole):
                key = _RoleKey(found.file, "" if fact.cluster else found.namespace, found.name)
                self._roles[key] += fact.rules
                self._role_of[found.part.resource.name] = key

    def _bind_all(self, objects: Iterable[ClusterObject]) -> None:
        """Give each identity its rules, and find where they lead."""
        held: defaultdict[str, defaultdict[str, list[Held]]] = defaultdict(lambda: defaultdict(list))
        for found in objects:
            for fact in found.part.facts:
                if isinstance(fact, RbacBinding):
                    scope = "" if fact.cluster else found.namespace
                    rules = self._rules(found, fact)
                    holders = self._holders(found, fact)
                    for key in holders:
                        held[key][scope] += rules
                    if rules and not holders and _has_unknown(found.subjects) and any(ways(rules, scope)):
                        self._unlinked.append(Unlinked(fact.resource, "subjects", "a subject that is not known yet"))
        strong: defaultdict[str, set[str]] = defaultdict(set)
        for role, its in self._roles.items():
            if not role.namespace and any(permits_everything(rule) for rule in its):
                strong[role.file].add(role.name)
        for key, by_scope in held.items():
            file = self._at[key][0]
            for scope, some in by_scope.items():
                together = [*some, *by_scope.get("", ())] if scope else some
                for target, way in ways(together, scope, strong[file]):
                    for reached in self._resolved(file, target):
                        self._ways[file, reached].setdefault(key, way)

    def _remember(self, found: ClusterObject, reach: Reach, name: str, leads_to: Target) -> None:
        self._named[found.file, reach, name][found.namespace, found.part.resource.name] = leads_to

    def _resolved(self, file: str, target: Target) -> Iterator[Target]:
        """Yield the accounts that a pod, a secret or what makes pods leads to; others as they are."""
        if target.reach not in (Reach.POD, Reach.STORED, Reach.CONTROLLER):
            yield target
            return
        for (namespace, _), leads_to in self._named.get((file, target.reach, target.name), {}).items():
            if target.namespace in ("", namespace):
                yield leads_to

    def _rules(self, found: ClusterObject, binding: RbacBinding) -> list[Held]:
        place = f"{called(binding.resource)} {binding.path}.roleRef".replace(" inputs.", " ")
        key = _RoleKey(found.file, "" if binding.role_of_cluster else found.namespace, binding.role)
        rules: Iterable[RbacRule] = self._roles.get(key, ())
        if not binding.role:
            referenced = found.part.references.get("roleRef", ())
            key = next((self._role_of[name] for name in referenced if name in self._role_of), key)
            rules = self._roles.get(key, ())
        elif binding.role_of_cluster and key not in self._roles:
            rules = _BUILT_IN.get(binding.role, ())
        kind = "Role" if key.namespace else "ClusterRole"
        return [Held(rule, place, (kind, key.name)) for rule in rules]

    def _holders(self, found: ClusterObject, binding: RbacBinding) -> list[str]:
        referenced: list[str] = []
        if _has_unknown(found.subjects):
            names = (*found.part.references.get("subjects", ()), *found.part.references.get("subject", ()))
            referenced = [self._by_resource[name] for name in names if name in self._by_resource]
        keys = [] if found.subjects is UNKNOWN else [self._subject(found, each) for each in binding.subjects]
        return list(dict.fromkeys((*keys, *referenced)))

    def _subject(self, found: ClusterObject, subject: Subject) -> str:
        if subject.kind == "ServiceAccount":
            target = Target(Reach.ACCOUNT, subject.namespace or found.namespace, subject.name)
        else:
            target = Target(Reach.USER if subject.kind == "User" else Reach.GROUP, "", subject.name)
        return self._identity(found, target, found.part)


def _has_unknown(subjects: Any) -> bool:
    if subjects is UNKNOWN:
        return True
    members = subjects if isinstance(subjects, list) else [subjects]
    return any(each is UNKNOWN or (isinstance(each, Mapping) and UNKNOWN in each.values()) for each in members)


def _power(target: Target, way: Way) -> str:
    """Tell why a way makes an administrator of the cluster; nothing when it does not."""
    if target.reach is Reach.ADMINISTRATOR:
        return f"{way.how} ({way.note})"
    if target.reach is Reach.GROUP and target.name in ("", _MASTERS):
        return f"may impersonate {_MASTERS} ({way.note})"
    if target == Target(Reach.USER, ""):
        return f"may impersonate any user ({way.note})"
    if target.reach is Reach.EVERY and target.namespace in ("", _CONTROL_PLANE):
        where = target.namespace or "the cluster"
        return f"may {way.how} any service account of {where} ({way.note})"
    if target == Target(Reach.RUNNING, ""):
        return f"may {way.how} any service account of the cluster ({way.note})"
    return ""


def system_of(parts: Iterable[Part]) -> KubernetesIdentities:
    """Make the identities of Kubernetes from the resources of one stack."""
    return KubernetesIdentities(parts)

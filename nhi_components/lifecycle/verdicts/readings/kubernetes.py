"""Kubernetes: what accounts, users and groups hold together in each namespace, and which accounts they reach.

What somebody holds counts together, that of its groups included; what many hold alike is followed once. As for stacks,
whoever becomes any account of a cluster, or of `kube-system`, is as good as its administrator.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from nhi_components.core.links import System
from nhi_components.facts.documents import DocumentKind
from nhi_components.facts.kubernetes.manifests import read_object
from nhi_components.facts.kubernetes.model import ANY, RbacRole, RbacRule
from nhi_components.facts.kubernetes.objects import key_of
from nhi_components.facts.kubernetes.reach import Held, Reach, Target, Way, permits_everything, ways
from nhi_components.facts.model import Resource, Unjudged
from nhi_components.lifecycle.verdicts.readings.federation import Federation
from nhi_components.lifecycle.verdicts.readings.found import Found
from nhi_components.lifecycle.verdicts.readings.rows import Degree, Rows

_OBJECT: Final = ": kubernetes "
_ACCOUNT: Final = ": kubernetes:"
_MASTERS: Final = "system:masters"
_CONTROL_PLANE: Final = "kube-system"
_GROUP: Final = "kubernetes-group"
_BINDINGS: Final = ("kubernetes-role-binding", "kubernetes-cluster-role-binding")
_TOKEN: Final = "token-secret"  # noqa: S105 - a kind of credential


class _Bound(NamedTuple):
    """A role holds in a namespace, or in the whole cluster where that is empty."""

    namespace: str
    role: str


@dataclass(slots=True)
class _Cluster:
    """One cluster.

    Attributes:
        accounts: keys by namespace.
        running: accounts that pods run as, by namespace.
        pods: which account each pod runs as, by namespace and name.
        makers: what makes pods, as `deployments/orders`, by namespace.
        tokens: which account a secret is a token of, by namespace and name.
        strong: names of cluster roles that permit everything.
        has_roles: roles of it were read.
    """

    accounts: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    running: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    pods: dict[tuple[str, str], str] = field(default_factory=dict)
    makers: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    tokens: dict[tuple[str, str], str] = field(default_factory=dict)
    strong: set[str] = field(default_factory=set)
    has_roles: bool = False


def read(found: Found, rows: Rows, federation: Federation) -> None:
    """Tell what the accounts of all clusters may do and become.

    Args:
        found: the estate.
        rows: takes what is told.
        federation: not asked: what accounts become elsewhere, those tell who let them in.
    """
    del federation
    _Reader(found, rows).read()


class _Reader:
    def __init__(self, found: Found, rows: Rows) -> None:
        self._found, self._rows = found, rows
        self._clusters: dict[str, _Cluster] = defaultdict(_Cluster)
        self._roles: dict[str, tuple[RbacRule, ...]] = {}
        self._unjudged: dict[str, str] = {}
        self._told: set[str] = set()

    def read(self) -> None:
        self._read_roles()
        self._read_objects()
        groups: dict[str, list[str]] = defaultdict(list)
        bound: dict[str, list[str]] = defaultdict(list)
        roles: dict[str, str] = {}
        for identity, carrier, kind in self._found.rows("carriers", System.KUBERNETES, "identity", "carrier", "kind"):
            if kind == _GROUP:
                groups[identity].append(carrier)
            elif kind in _BINDINGS:
                bound[identity].append(carrier)
            else:
                roles[identity] = carrier
        alike: dict[tuple[str, frozenset[_Bound]], list[str]] = defaultdict(list)
        for subject in sorted(bound.keys() | groups.keys()):
            bindings = {binding for holder in (subject, *groups[subject]) for binding in bound.get(holder, ())}
            holds = frozenset(_Bound(_namespace_of(each), roles[each]) for each in bindings if each in roles)
            if holds:
                alike[_cluster_of(subject), holds].append(subject)
        for (cluster, holds), subjects in alike.items():
            self._tell(cluster, holds, subjects)

    def _read_roles(self) -> None:
        kinds = {DocumentKind.KUBERNETES_ROLE: ("Role", "ClusterRole")}
        for holder, kind, name, content in self._found.rows(
            "documents", System.KUBERNETES, "holder", "kind", "name", "content"
        ):
            if kind not in kinds:
                continue
            manifest: dict[str, Any] = json.loads(content)
            facts = read_object(Resource(name, "role"), str(manifest["kind"]), "manifest", manifest)
            rules = tuple(rule for fact in facts if isinstance(fact, RbacRole) for rule in fact.rules)
            wrong = next((fact for fact in facts if isinstance(fact, Unjudged)), None)
            cluster = self._clusters[_cluster_of(holder)]
            cluster.has_roles, self._roles[holder] = True, rules
            if wrong is not None:
                self._unjudged[holder] = f"{name} {wrong.path}: {wrong.got}"
            if manifest["kind"] == "ClusterRole" and any(permits_everything(rule) for rule in rules):
                cluster.strong.add(name)

    def _read_objects(self) -> None:
        for known in self._found.identities(System.KUBERNETES):
            self._clusters[_cluster_of(known.key)].accounts[known.name.partition("/")[0]].append(known.key)
        for account, kind, name in self._found.rows("dependents", System.KUBERNETES, "identity", "kind", "name"):
            cluster, (namespace, called) = self._clusters[_cluster_of(account)], _placed(name)
            cluster.running[namespace].add(account)
            if kind == "pod":
                cluster.pods[namespace, called] = account
            elif not kind.startswith("pods of "):
                cluster.makers[namespace].update((f"{kind}s/{called}", f"{kind}s/"))
        for account, kind, id_ in self._found.rows("credentials", System.KUBERNETES, "identity", "kind", "id"):
            if kind == _TOKEN:
                namespace, _, name = id_.partition("/")
                self._clusters[_cluster_of(account)].tokens[namespace, name] = account

    def _tell(self, cluster: str, holds: frozenset[_Bound], subjects: list[str]) -> None:
        told: dict[tuple[Degree, str], None] = {}
        doors: dict[str, None] = {}
        by_namespace: dict[str, list[Held]] = defaultdict(list)
        for namespace, role in sorted(holds):
            if role in self._unjudged:
                told[Degree.UNJUDGED, f"holds a role that cannot be judged: {self._unjudged[role]}"] = None
            elif role not in self._roles and not self._clusters[cluster].has_roles:
                told[Degree.UNJUDGED, f"holds {role}, which was not read"] = None
            kind, _, name = role.partition(_OBJECT)[2].partition(":")
            called = ("ClusterRole" if kind == "clusterrole" else "Role", name.rpartition("/")[2])
            by_namespace[namespace] += [Held(rule, role, called) for rule in self._roles.get(role, ())]
        for namespace, some in by_namespace.items():
            together = [*some, *by_namespace.get("", ())] if namespace else some
            for target, way in ways(together, namespace, self._clusters[cluster].strong):
                if power := _power(target, way):
                    told[power] = None
                elif door := self._door(cluster, target, way):
                    doors[door] = None
            if wide := _widest(some):
                told[Degree.WILDCARD, f"may do everything in {namespace or 'the cluster'} ({wide})"] = None
        for subject in subjects:
            for degree, how in told:
                self._rows.power(subject, degree, how)
            for door in doors:
                self._rows.name(subject, door)

    def _door(self, cluster: str, target: Target, way: Way) -> str:
        """Give the name of those who get to some accounts in one way, and tell whom they become; empty for nobody."""
        where = f"{target.reach} {target.namespace} {target.name}".strip()
        door = f"{cluster}: kubernetes way: {way.how} {where}"
        if door not in self._told:
            self._told.add(door)
            for account in self._reached(cluster, target):
                self._rows.step(door, account, way.how)
        return door

    def _reached(self, cluster: str, target: Target) -> Iterable[str]:
        of, namespace = self._clusters[cluster], target.namespace
        match target.reach:
            case Reach.EVERY:
                return of.accounts.get(namespace, ())
            case Reach.CONTROLLER:
                spaces = [namespace] if namespace else list(of.makers)
                makers = (space for space in spaces if target.name in of.makers.get(space, ()))
                return [account for space in makers for account in of.accounts.get(space, ())]
            case Reach.RUNNING:
                return sorted(of.running.get(namespace, ()))
            case Reach.TOKENS:
                return _chosen(of.tokens, namespace, "")
            case Reach.STORED:
                return _chosen(of.tokens, namespace, target.name)
            case Reach.POD:
                return _chosen(of.pods, namespace, target.name)
            case Reach.ACCOUNT:
                spaces = [namespace] if namespace else list(of.accounts)
                keys = ((space, key_of(cluster, Target(Reach.ACCOUNT, space, target.name))) for space in spaces)
                return [key for space, key in keys if key in of.accounts.get(space, ())]
            case _:
                return [key_of(cluster, target)]


def _chosen(accounts: dict[tuple[str, str], str], namespace: str, name: str) -> Iterator[str]:
    for (space, called), account in accounts.items():
        if namespace in ("", space) and name in ("", called):
            yield account


def _power(target: Target, way: Way) -> tuple[Degree, str] | None:
    """Tell why a way makes an administrator of the cluster; None when it does not. As `facts.kubernetes.identities`."""
    if target.reach is Reach.ADMINISTRATOR:
        degree = Degree.ADMINISTRATOR if way.how.startswith("is ") else Degree.SELF_ESCALATING
        return degree, f"{way.how} ({way.note})"
    if target.reach is Reach.GROUP and target.name in ("", _MASTERS):
        return Degree.SELF_ESCALATING, f"may impersonate {_MASTERS} ({way.note})"
    if target == Target(Reach.USER, ""):
        return Degree.SELF_ESCALATING, f"may impersonate any user ({way.note})"
    if target.reach is Reach.EVERY and target.namespace in ("", _CONTROL_PLANE):
        where = target.namespace or "the cluster"
        return Degree.SELF_ESCALATING, f"may {way.how} any service account of {where} ({way.note})"
    if target == Target(Reach.RUNNING, ""):
        return Degree.SELF_ESCALATING, f"may {way.how} any service account of the cluster ({way.note})"
    return None


def _widest(held: Iterable[Held]) -> str:
    """Tell which role permits every verb on every resource of a group; empty for none."""
    for each in held:
        if ANY in each.rule.verbs and ANY in each.rule.resources and not each.rule.names:
            return " ".join(each.role)
    return ""


def _cluster_of(key: str) -> str:
    for mark in (_ACCOUNT, _OBJECT):
        cluster, found, _ = key.partition(mark)
        if found:
            return cluster
    return ""


def _placed(key: str) -> tuple[str, str]:
    """Give namespace and name of an object."""
    namespace, _, name = key.partition(_OBJECT)[2].partition(":")[2].rpartition("/")
    return namespace, name


def _namespace_of(binding: str) -> str:
    return _placed(binding)[0]

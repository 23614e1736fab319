"""What the rules of RBAC that one identity holds together let it become.

Sources: Kubernetes documentation, 'Role Based Access Control Good Practices: privilege escalation risks', 'Using RBAC
Authorization: Privilege escalation prevention and bootstrapping' and 'User impersonation'.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from nhi_components.facts.kubernetes.model import ANY, RbacRule

_CORE: Final = ""
_RBAC: Final = "rbac.authorization.k8s.io"
_STRONG: Final = frozenset({"cluster-admin"})
_STRONG_IN_NAMESPACE: Final = frozenset({"cluster-admin", "admin", "edit"})
_PODS: Final = ((_CORE, "pods"),)
CONTROLLERS: Final = (
    (_CORE, "replicationcontrollers"),
    ("apps", "deployments"),
    ("apps", "daemonsets"),
    ("apps", "statefulsets"),
    ("apps", "replicasets"),
    ("batch", "jobs"),
    ("batch", "cronjobs"),
)
"""API group and plural of what makes pods."""


class Reach(StrEnum):
    """What a way leads to; the first four need no name."""

    ADMINISTRATOR = "administrator"
    EVERY = "every account of a namespace"
    RUNNING = "the accounts that pods of a namespace run as"
    TOKENS = "the accounts that have a standing token in a namespace"
    CONTROLLER = "what makes pods"
    POD = "pod"
    STORED = "secret"
    ACCOUNT = "account"
    USER = "user"
    GROUP = "group"


class Target(NamedTuple):
    """What a way leads to.

    Attributes:
        reach: which kind of it.
        namespace: where; empty for the whole cluster.
        name: its name; empty for all. Of what makes pods `deployments/orders`, or `deployments/`.
    """

    reach: Reach
    namespace: str
    name: str = ""


class Way(NamedTuple):
    """How an identity becomes another.

    Attributes:
        how: what it may do to it, as in `chain.model.Step`.
        note: the permission.
        place: the binding that gives it.
        told: a rule about a single role or binding tells it.
    """

    how: str
    note: str
    place: str
    told: bool = True


class Held(NamedTuple):
    """A rule that an identity holds.

    Attributes:
        rule: it.
        place: the binding that gives it.
        role: the kind and name of the role that it stands in.
    """

    rule: RbacRule
    place: str
    role: tuple[str, str]


class _Method(NamedTuple):
    verbs: tuple[str, ...]
    objects: tuple[tuple[str, str], ...]
    how: str
    unnamed: Reach
    named: Reach | None = None


_CHANGES: Final = ("update", "patch")
_READS: Final = ("get", "list", "watch")
_METHODS: Final = (
    _Method(("create",), (*_PODS, *CONTROLLERS), "run pods as", Reach.EVERY),
    _Method(("create",), ((_CORE, "serviceaccounts/token"),), "make tokens of", Reach.EVERY, Reach.ACCOUNT),
    _Method(("impersonate",), ((_CORE, "serviceaccounts"),), "impersonate", Reach.EVERY, Reach.ACCOUNT),
    _Method(
        ("create", "get"),
        ((_CORE, "pods/exec"), (_CORE, "pods/attach")),
        "run commands in pods of",
        Reach.RUNNING,
        Reach.POD,
    ),
    _Method(
        _CHANGES,
        (*_PODS, (_CORE, "pods/ephemeralcontainers")),
        "change the containers of pods of",
        Reach.RUNNING,
        Reach.POD,
    ),
    _Method(_READS, ((_CORE, "secrets"),), "read the token of", Reach.TOKENS, Reach.STORED),
    _Method(_CHANGES, CONTROLLERS, "run pods as", Reach.CONTROLLER, Reach.CONTROLLER),
)
_METHODS_OF_CLUSTER: Final = (
    _Method(("create", "get"), ((_CORE, "nodes/proxy"),), "run commands in pods of", Reach.RUNNING),
)
"""What is a way where it holds in the whole cluster, beside the others."""


def ways(held: Sequence[Held], namespace: str, strong: Collection[str] = ()) -> Iterator[tuple[Target, Way]]:
    """Yield where an identity gets to, in the order in which it is told.

    Args:
        held: the rules that it holds there.
        namespace: where; empty for the whole cluster.
        strong: names of roles that permit everything, beside those that every cluster has.
    """
    if not namespace:
        yield from _administrator(held)
        yield from _impersonation(held)
    for method in (*_METHODS, *(() if namespace else _METHODS_OF_CLUSTER)):
        yield from _by(method, held, namespace)
    reading = _first(held, _READS, _CORE, "secrets")
    making = _first(held, ("create",), _CORE, "secrets")
    if reading and making:
        yield Target(Reach.EVERY, namespace), Way("make a standing token of", "create and read secrets", making.place)
    yield from _by_binding(held, namespace, strong)
    yield from _by_widening(held, namespace)


def _by(method: _Method, held: Iterable[Held], namespace: str) -> Iterator[tuple[Target, Way]]:
    for each in held:
        for group, kind in method.objects:
            verb = next((verb for verb in method.verbs if _permits(each.rule, verb, group, kind)), "")
            if not verb:
                continue
            way = Way(method.how, f"{verb} {kind}", each.place)
            reach = method.named if each.rule.names else method.unnamed
            for name in each.rule.names or ("",):
                if reach is Reach.CONTROLLER:
                    yield Target(reach, namespace, f"{kind}/{name}"), way
                elif reach is not None:
                    yield Target(reach, namespace, name), way


def _administrator(held: Iterable[Held]) -> Iterator[tuple[Target, Way]]:
    for each in held:
        if permits_everything(each.rule):
            yield Target(Reach.ADMINISTRATOR, ""), Way("is administrator of the cluster", each.role[1], each.place)


def _impersonation(held: Sequence[Held]) -> Iterator[tuple[Target, Way]]:
    """Yield whom it may impersonate; a group is asked for together with a user or account."""
    anybody = False
    for each in held:
        if _permits(each.rule, "impersonate", _CORE, "users"):
            anybody = True
            way = Way("impersonate", "impersonate users", each.place)
            for name in each.rule.names or ("",):
                yield Target(Reach.USER, "", name), way
        anybody = anybody or _permits(each.rule, "impersonate", _CORE, "serviceaccounts")
    for each in held if anybody else ():
        if _permits(each.rule, "impersonate", _CORE, "groups"):
            way = Way("impersonate", "impersonate groups", each.place)
            for name in each.rule.names or ("",):
                yield Target(Reach.GROUP, "", name), way


def _by_binding(held: Sequence[Held], namespace: str, strong: Collection[str]) -> Iterator[tuple[Target, Way]]:
    """Yield that it gives itself every permission, by binding itself to a role that has them."""
    bindings = "rolebindings" if namespace else "clusterrolebindings"
    known = _STRONG_IN_NAMESPACE if namespace else _STRONG
    if not _first(held, ("create", *_CHANGES), _RBAC, bindings):
        return
    for each in held:
        names = each.rule.names
        told = not names or not known.isdisjoint(names)
        if (told or any(name in strong for name in names)) and _permits(each.rule, "bind", _RBAC, "clusterroles"):
            yield _all_of(namespace, f"bind clusterroles, and write {bindings}", each.place, told=told)


def _by_widening(held: Sequence[Held], namespace: str) -> Iterator[tuple[Target, Way]]:
    """Yield that it gives itself every permission, by widening a role that it has."""
    plural, kind = ("roles", "Role") if namespace else ("clusterroles", "ClusterRole")
    mine = {each.role[1] for each in held if each.role[0] == kind}
    escalating = _over(held, ("escalate",), plural, mine)
    both = escalating.keys() & _over(held, _CHANGES, plural, mine).keys()
    if both:
        name = min(both)
        found = escalating[name]
        yield _all_of(namespace, f"escalate {plural}, on {name}, which it has", found.place, told=not found.rule.names)


def _all_of(namespace: str, note: str, place: str, *, told: bool) -> tuple[Target, Way]:
    if namespace:
        how = "give itself every permission in the namespace of"
        return Target(Reach.EVERY, namespace), Way(how, note, place, told)
    return Target(Reach.ADMINISTRATOR, ""), Way("may give itself every permission", note, place, told)


def _over(held: Iterable[Held], verbs: Sequence[str], kind: str, mine: set[str]) -> dict[str, Held]:
    """Give those of its own roles that it may do something to, each with the rule that says so."""
    found: dict[str, Held] = {}
    for each in held:
        if any(_permits(each.rule, verb, _RBAC, kind) for verb in verbs):
            for name in mine.intersection(each.rule.names) if each.rule.names else mine:
                found.setdefault(name, each)
    return found


def _first(held: Iterable[Held], verbs: Sequence[str], group: str, kind: str) -> Held | None:
    """Give the first rule that permits any of some verbs on all objects of a kind."""
    for each in held:
        if not each.rule.names and any(_permits(each.rule, verb, group, kind) for verb in verbs):
            return each
    return None


def permits_everything(rule: RbacRule) -> bool:
    """Tell whether a rule permits every verb on every resource of every API group."""
    return ANY in rule.groups and ANY in rule.resources and ANY in rule.verbs and not rule.names


def _permits(rule: RbacRule, verb: str, group: str, kind: str) -> bool:
    if verb not in rule.verbs and ANY not in rule.verbs:
        return False
    if group not in rule.groups and ANY not in rule.groups:
        return False
    part = kind.partition("/")[2]
    return kind in rule.resources or ANY in rule.resources or (part != "" and f"*/{part}" in rule.resources)

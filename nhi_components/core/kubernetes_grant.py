"""Grants on Kubernetes: what is wrong with them, and which rules of which namespace's role they become.

A target is written as `NAMESPACE/RESOURCE[.GROUP][/NAME[/SUBRESOURCE]]`, as in the paths of the API:
`shop/configmaps/rates`, `shop/leases.coordination.k8s.io`, `shop/deployments.apps/api/scale`. `*` stands for every
object before a subresource: `shop/pods/*/log`. Sources: Kubernetes documentation, 'Using RBAC Authorization' and
'Role Based Access Control Good Practices'.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from nhi_components.core.errors import Problem
from nhi_components.core.grant import Grant
from nhi_components.core.kubernetes_resources import (
    CORE,
    RBAC,
    UNNAMED_VERBS,
    VERBS,
    is_of_the_cluster,
    is_unknown,
    suggestion,
)
from nhi_components.core.text import shown

NAMESPACE_NAME: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
OBJECT_NAME: Final = r"[A-Za-z0-9](?:[\w.:-]{0,251}[A-Za-z0-9])?"
"""Kubernetes documentation, 'Object names and IDs': DNS names, and path segments for what RBAC itself is made of."""

_RESOURCE: Final = r"(?P<resource>[a-z][a-z0-9-]*)(?:\.(?P<group>[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?))?"
_TARGET: Final = re.compile(
    rf"(?P<namespace>{NAMESPACE_NAME})/{_RESOURCE}(?:/(?P<name>{OBJECT_NAME}|\*(?=/))(?:/(?P<sub>[a-z]+))?)?", re.ASCII
)
_EXAMPLE: Final = "write it like `shop/configmaps/rates`, `shop/leases.coordination.k8s.io` or `shop/pods/*/log`"

_READS: Final = frozenset({"get", "list", "watch"})
_INTO_PODS: Final = frozenset({"exec", "attach", "portforward", "proxy", "ephemeralcontainers"})


@dataclass(frozen=True, slots=True)
class Target:
    """What a grant names.

    Attributes:
        namespace: the namespace.
        group: the API group; empty for the core group.
        resource: the resource, in the plural.
        name: of the one object that is meant; empty for all.
        subresource: such as `log`; empty for the object itself.
    """

    namespace: str
    group: str
    resource: str
    name: str = ""
    subresource: str = ""

    @property
    def ruled(self) -> str:
        """The resource as a rule names it, such as `pods/log`."""
        return f"{self.resource}/{self.subresource}" if self.subresource else self.resource


@dataclass(frozen=True, slots=True)
class LaterTarget:
    """One object whose name is known at deployment only; namespace and resource decide now which role it goes into.

    Attributes:
        within: namespace and resource, such as `shop/configmaps` or `shop/leases.coordination.k8s.io`.
        name: the object's name, as a Pulumi output.
        subresource: such as `scale`; empty for the object itself.
    """

    within: str
    name: Any
    subresource: str = ""

    def written(self, name: str) -> str:
        """Write it as the text of a target, once the name is known."""
        return f"{self.within}/{name}/{self.subresource}" if self.subresource else f"{self.within}/{name}"


@dataclass(frozen=True, slots=True)
class RuleNeeded:
    """One rule of a role.

    Attributes:
        group: the API group.
        resource: the resource, with its subresource.
        verbs: what may be done, in the order of `VERBS`.
        names: of the objects that alone are meant, texts or outputs; empty for all.
    """

    group: str
    resource: str
    verbs: tuple[str, ...]
    names: tuple[Any, ...] = ()

    def written(self) -> dict[str, Any]:
        """Write it as a rule of RBAC."""
        rule: dict[str, Any] = {"apiGroups": [self.group], "resources": [self.resource], "verbs": list(self.verbs)}
        return {**rule, "resourceNames": list(self.names)} if self.names else rule


def target_of(text: str) -> Target | None:
    """Read what a grant names; None when it is nothing that a role of a namespace can name."""
    found = _TARGET.fullmatch(text)
    if found is None:
        return None
    name = "" if found["name"] == "*" else found["name"] or ""
    return Target(found["namespace"], found["group"] or CORE, found["resource"], name, found["sub"] or "")


def rules_needed(grants: Iterable[Grant]) -> Mapping[str, list[RuleNeeded]]:
    """Compile grants that have no problems into rules, by namespace; the same verbs on the same resource are merged."""
    found: dict[str, dict[tuple[str, str, tuple[str, ...], bool], list[Any]]] = {}
    for grant in grants:
        verbs = _verbs_of(grant)
        for given in grant.targets:
            target, name = _read(given)
            rules = found.setdefault(target.namespace, {})
            names = rules.setdefault((target.group, target.ruled, verbs, name is not None), [])
            if name is not None and not any(each is name or _is_same(each, name) for each in names):
                names.append(name)
    return {
        namespace: [
            RuleNeeded(group, resource, verbs, tuple(names)) for (group, resource, verbs, _), names in rules.items()
        ]
        for namespace, rules in found.items()
    }


def kubernetes_grant_problems(grants: Iterable[Grant]) -> list[Problem]:
    """Find everything that is wrong with grants on Kubernetes."""
    problems: list[Problem] = []
    for i, grant in enumerate(grants):
        place = f"grants[{i}]"
        if grant.conditions is not None:
            fix = "remove them, and name the objects"
            problems.append(
                Problem(f"{place}.conditions", shown(", ".join(grant.conditions)), "none on Kubernetes", fix)
            )
        problems += _verb_problems(place, grant)
        for j, given in enumerate(grant.targets):
            problems += _target_problems(f"{place}.targets[{j}]", given, grant)
    return problems


def later_name_problems(resource: str, name: str) -> list[Problem]:
    """Judge the name of an object of a resource that was known at deployment only."""
    if re.fullmatch(OBJECT_NAME, name, re.ASCII):
        return []
    return [Problem(resource, shown(name), "the name of one object", "name one, without `/` and `*`")]


def _verbs_of(grant: Grant) -> tuple[str, ...]:
    return tuple(verb for verb in VERBS if verb in grant.actions)


def _read(given: Any) -> tuple[Target, Any]:
    """Give a target, and the name that its rule is limited to; None for no limit."""
    if isinstance(given, LaterTarget):
        target = _later_as_target(given)
        if target is not None:
            return target, given.name
    elif isinstance(given, str) and (target := target_of(given)) is not None:
        return target, target.name or None
    raise ValueError("a target that was not found to be right")


def _later_as_target(later: LaterTarget) -> Target | None:
    return target_of(later.written("known-later"))


def _is_same(one: Any, other: Any) -> bool:
    return isinstance(one, str) and isinstance(other, str) and one == other


def _verb_problems(place: str, grant: Grant) -> Iterator[Problem]:
    for j, verb in enumerate(grant.actions):
        if verb in VERBS:
            continue
        fix = "list the verbs that are needed"
        if verb in ("bind", "escalate", "impersonate"):
            fix = "remove it: by it the holder becomes others, or more than it is"
        yield Problem(f"{place}.actions[{j}]", shown(verb), "one of " + ", ".join(VERBS), fix)


def _target_problems(at: str, given: object, grant: Grant) -> Iterator[Problem]:
    if isinstance(given, LaterTarget):
        target = _later_as_target(given)
        if target is None:
            fix = "write it like `shop/configmaps`, with an output as the name"
            yield Problem(at, shown(given.within), "namespace and resource of an object", fix)
    elif isinstance(given, str):
        target = target_of(given)
        if target is None:
            yield Problem(at, shown(given), "a resource of a namespace", _EXAMPLE)
    else:
        target = None
        expected = "text, or one object whose namespace and resource are known: they decide which role is made"
        fix = "write LaterTarget('shop/configmaps', config.metadata.name), or use an intent"
        yield Problem(at, "a value that is known at deployment only", expected, fix)
    if target is not None:
        yield from _resource_problems(at, target)
        yield from _power_problems(at, target, grant)


def _resource_problems(at: str, target: Target) -> Iterator[Problem]:
    group = target.group or "the core group"
    if is_of_the_cluster(target.group, target.resource):
        fix = "remove it: an identity has roles in namespaces only"
        yield Problem(at, target.resource, f"a resource of a namespace; {group} has this one for the cluster", fix)
    elif is_unknown(target.group, target.resource):
        meant = suggestion(target.group, target.resource)
        fix = f"did you mean `{meant}`?" if meant else "see `kubectl api-resources --namespaced`"
        yield Problem(at, target.ruled, f"a resource that {group} serves, in the plural", fix)


def _power_problems(at: str, target: Target, grant: Grant) -> Iterator[Problem]:
    """Find what no workload needs: ways to more than is granted, and verbs that name no object on one that is named."""
    verbs = frozenset(_verbs_of(grant))
    unnamed = sorted(UNNAMED_VERBS & verbs)
    if target.name and not target.subresource and unnamed:
        fix = f"grant {', '.join(unnamed)} on `{target.namespace}/{_plain(target)}` in a grant of its own"
        yield Problem(at, f"{', '.join(unnamed)} on one object", "verbs of requests that name an object", fix)
    if grant.exception is None and (why := _too_much(target, verbs)):
        yield Problem(at, f"{_said(verbs)} on {target.ruled}", f"less: it {why}", "narrow it, or name an exception")


def _too_much(target: Target, verbs: frozenset[str]) -> str | None:
    if target.group == RBAC and verbs - _READS:
        return "changes who may do what"
    if target.group != CORE:
        return None
    match target.resource, target.subresource:
        case "secrets", "" if verbs & _READS and not target.name:
            return "returns every secret of the namespace, tokens of others among them"
        case "serviceaccounts", "token" if verbs & {"create"}:
            return "makes tokens of service accounts"
        case "pods", sub if sub in _INTO_PODS:
            return "reaches into the pods of others"
        case "services", "proxy":
            return "reaches into the pods of others"
    return None


def _plain(target: Target) -> str:
    return f"{target.resource}.{target.group}" if target.group else target.resource


def _said(verbs: frozenset[str]) -> str:
    return ", ".join(verb for verb in VERBS if verb in verbs) or "nothing"


def namespaces_of(grants: Sequence[Grant]) -> list[str]:
    """Name the namespaces that grants are about, in their order."""
    return list(rules_needed(grants))

"""Who may do what: roles and bindings, evaluated as 'Using RBAC Authorization' documents it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tools.doubles.kubernetes.answers import Key

Object = dict[str, Any]
_SELF_REVIEWS = {"selfsubjectreviews", "selfsubjectaccessreviews", "selfsubjectrulesreviews"}


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who asks.

    Attributes:
        name: the user name.
        groups: the groups.
        uid: the uid; empty for none.
    """

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for.

    Attributes:
        verb: such as `get`.
        group: the API group.
        resource: the resource, with its subresource.
        namespace: empty for the whole cluster.
        name: of one object; empty for none.
    """

    verb: str
    group: str
    resource: str
    namespace: str = ""
    name: str = ""


class Rbac:
    """The roles and bindings of a cluster.

    Args:
        objects: of the cluster, by key.
    """

    def __init__(self, objects: Mapping[Key, Object]) -> None:
        self._objects = objects

    def permits(self, user: User, asked: Asked) -> bool:
        """Tell whether a user may do something; everybody may ask about itself (`system:basic-user`)."""
        if asked.verb == "create" and asked.resource in _SELF_REVIEWS:
            return True
        return any(matches(rule, asked) for rule in self.rules(user, asked.namespace))

    def rules(self, user: User, namespace: str) -> Iterator[Object]:
        """Yield the rules that a user has in a namespace; those of the whole cluster where none is named."""
        for (kinds, where, _), binding in self._objects.items():
            bound = kinds == "clusterrolebindings" or (kinds == "rolebindings" and namespace and where == namespace)
            if bound and any(is_subject(subject, user) for subject in binding.get("subjects") or []):
                reference = binding["roleRef"]
                place = ("roles", where) if reference["kind"] == "Role" else ("clusterroles", "")
                yield from (self._objects.get((*place, reference["name"])) or {}).get("rules") or []

    def covers(self, user: User, namespace: str, rules: list[Object]) -> bool:
        """Tell whether a user has every permission of some rules: nobody gives more than it has."""
        return all(
            any(matches(own, Asked(verb, group, resource, namespace, name)) for own in self.rules(user, namespace))
            for rule in rules
            for verb in rule.get("verbs") or []
            for group in rule.get("apiGroups") or []
            for resource in rule.get("resources") or []
            for name in rule.get("resourceNames") or [""]
        )


def matches(rule: Object, asked: Asked) -> bool:
    """Tell whether a rule permits what is asked for."""
    names, resources = rule.get("resourceNames") or [], rule.get("resources") or []
    part = asked.resource.partition("/")[2]
    return (
        _any(rule.get("verbs"), asked.verb)
        and _any(rule.get("apiGroups"), asked.group)
        and (_any(resources, asked.resource) or bool(part and f"*/{part}" in resources))
        and (not names or asked.name in names)
    )


def is_subject(subject: Mapping[str, Any], user: User) -> bool:
    """Tell whether a subject of a binding is a user."""
    match subject.get("kind"):
        case "ServiceAccount":
            return user.name == f"system:serviceaccount:{subject.get('namespace', '')}:{subject['name']}"
        case "User":
            return bool(user.name == subject["name"])
        case "Group":
            return subject["name"] in user.groups
        case _:
            return False


def _any(allowed: Any, wanted: str) -> bool:
    return "*" in (allowed or ()) or wanted in (allowed or ())

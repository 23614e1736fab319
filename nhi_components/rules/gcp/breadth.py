"""What a set of permissions amounts to. Verdicts are kept: bindings share the sets of predefined roles."""

from __future__ import annotations

from collections import Counter
from functools import cache, lru_cache

from nhi_components.core.gcp_catalogue import all_permissions, permissions_of_service
from nhi_components.rules.gcp.methods import ALONE, WITH_ACT_AS, WITH_EACH_OTHER
from nhi_components.rules.gcp.permissions import ACT_AS, BULK_READS, CHILDREN, CONTENT_TYPES, DATA_PLANE, INFRASTRUCTURE

_KEPT = 8192
_READS = (
    *("get", "list", "search", "query", "fetch", "lookup", "view", "check", "analyze", "test", "read", "wait"),
    *("evaluate", "verify", "resolve", "discover", "derive", "watch", "request", "complete", "generate"),
    *("estimate", "explain", "compute", "validate", "calculate", "simulate", "summarize", "describe", "report"),
)
_CHANGES = frozenset({"create", "delete", "update", "patch", "destroy", "enable", "disable", "deploy", "insert"})
_OF_TAGS = ("TagBinding", "TagBindings", "Tag", "PolicyBinding")
_NEARLY_ALL_OF_A_SERVICE = 0.95
_SMALLEST_SERVICE = 6
_NEARLY_ALL = 0.5
_SETS_POLICY = ".setIamPolicy"


def is_read(permission: str) -> bool:
    """Tell whether a permission reads settings or data, by its verb."""
    return permission.rpartition(".")[2].startswith(_READS)


@lru_cache(_KEPT)
def is_nearly_everything(permissions: frozenset[str]) -> bool:
    """Tell whether they are most of all permissions that there are; `roles/editor` has 87 of 100."""
    return len(permissions) >= _NEARLY_ALL * len(all_permissions())


@lru_cache(_KEPT)
def whole_services(permissions: frozenset[str]) -> tuple[str, ...]:
    """Give the services of which they are nearly all permissions: all that set policies, and some that change."""
    counts = Counter(permission.partition(".")[0] for permission in permissions)
    found = []
    for service, count in counts.items():
        if count < _SMALLEST_SERVICE:
            continue
        every = permissions_of_service(service)
        held = permissions.intersection(every)
        policies_too = all(name in held for name in every if name.endswith(_SETS_POLICY))
        if len(held) >= _NEARLY_ALL_OF_A_SERVICE * len(every) and policies_too and _changes_something(held):
            found.append(service)
    return tuple(sorted(found))


@lru_cache(_KEPT)
def escalations(permissions: frozenset[str]) -> tuple[str, ...]:
    """Give the known ways to more privilege among them; a way of several permissions is written with `+`."""
    found = sorted(permissions & ALONE)
    found += [" + ".join(sorted(way)) for way in WITH_EACH_OTHER if way <= permissions]
    if ACT_AS in permissions:
        found += [f"{name} + {ACT_AS}" for name in sorted(permissions & WITH_ACT_AS)]
    return tuple(found)


@lru_cache(_KEPT)
def exposures(permissions: frozenset[str]) -> tuple[str, ...]:
    """Give the permissions that change who may reach a resource."""
    return tuple(sorted(permission for permission in permissions if permission.endswith(_SETS_POLICY)))


@lru_cache(_KEPT)
def could_be_scoped(permissions: frozenset[str]) -> tuple[str, ...]:
    """Give those that change, use or read out resources which have IAM policies of their own."""
    return tuple(sorted(permission for permission in permissions if _is_scopable(permission)))


@lru_cache(_KEPT)
def changes_of_infrastructure(permissions: frozenset[str]) -> tuple[str, ...]:
    """Give those that create, change or delete infrastructure."""
    return tuple(sorted(permission for permission in permissions if _changes_infrastructure(permission)))


@cache
def _with_policies() -> frozenset[str]:
    named = {name.removesuffix(_SETS_POLICY) for name in all_permissions() if name.endswith(_SETS_POLICY)}
    own = {name for name in named if not name.startswith(("resourcemanager.", "billing.", "iap."))}
    return frozenset(own | CHILDREN.keys())


def _is_scopable(permission: str) -> bool:
    kind, _, verb = permission.rpartition(".")
    if kind not in _with_policies() or verb.endswith(_OF_TAGS):
        return False
    if verb == "create":
        return kind in CHILDREN
    return permission in BULK_READS or permission in DATA_PLANE or not verb.startswith(_READS)


def _changes_infrastructure(permission: str) -> bool:
    service = permission.partition(".")[0]
    if service not in INFRASTRUCTURE:
        return False
    kind, _, verb = permission.rpartition(".")
    changes = verb in _CHANGES or verb.startswith("set")
    return changes and kind not in CONTENT_TYPES and not kind.endswith("Reviews")


def _changes_something(permissions: frozenset[str]) -> bool:
    return not _CHANGES.isdisjoint(permission.rpartition(".")[2] for permission in permissions)

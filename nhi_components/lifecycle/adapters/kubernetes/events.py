"""What records of a cluster's audit log say: which sections of discovery are stale, and which accounts were used.

Sources: Kubernetes documentation, 'Auditing' and the reference of `audit.k8s.io/v1`: a record of the stage
`ResponseComplete` tells how a request has ended, and stands once for it. A cluster's records do not name the cluster.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from nhi_components.core.links import System
from nhi_components.facts.kubernetes.objects import key_of
from nhi_components.facts.kubernetes.reach import Reach, Target
from nhi_components.lifecycle.adapters.kubernetes.discovery_policy import BINDINGS, ROLES, WORKLOADS
from nhi_components.lifecycle.events.ports import (
    EVERYTHING,
    NOTHING,
    Event,
    Told,
    Unreadable,
    Used,
    required,
    text_in,
    time_in,
)

SECTIONS: Final = frozenset({"serviceaccounts", "secrets", *ROLES, *BINDINGS, *WORKLOADS})
"""What discovery lists: each resource is a section."""

_RBAC: Final = "rbac.authorization.k8s.io"
_ENDED: Final = frozenset({"ResponseComplete", "Panic"})
_READS: Final = frozenset({"get", "list", "watch", "proxy", "connect"})
_OTHERWISE_READ: Final = frozenset(
    {"status", "log", "exec", "attach", "portforward", "proxy", "token", "scale", "binding", "finalize"}
)
"""Parts of objects that discovery does not read; changes by controllers, such as a pod's state, come by the second."""
_ACCOUNT: Final = "system:serviceaccount:"
_REFUSED: Final = 400


def told(record: Mapping[str, Any], place: str = "") -> Told:
    """Tell what a record of the audit log says.

    Args:
        record: of the kind `Event` of `audit.k8s.io/v1`.
        place: the uid of the cluster's first namespace; empty where that is not known, and no use can be told then.

    Raises:
        Unreadable: it is none.
    """
    if record.get("kind") != "Event" or not text_in(record, "apiVersion").startswith("audit.k8s.io/"):
        raise Unreadable("kind: another, expected Event of audit.k8s.io/v1")
    status = record.get("responseStatus")
    code = status.get("code") if isinstance(status, Mapping) else None
    if required(record, "stage") not in _ENDED or (isinstance(code, int) and code >= _REFUSED):
        return NOTHING
    at = time_in(record, "stageTimestamp")
    uses = tuple(_uses(record, place))
    verb, sections = required(record, "verb"), sections_of(record.get("objectRef"))
    if verb in _READS or not sections:
        return Told(uses=uses)
    resource, namespace = text_in(record, "objectRef", "resource"), text_in(record, "objectRef", "namespace")
    name = text_in(record, "objectRef", "name")
    about = (key_of(place, Target(Reach.ACCOUNT, namespace, name)),) if resource == "serviceaccounts" and name else ()
    what = f"{verb} {resource}"
    return Told((Event(System.KUBERNETES, place, required(record, "auditID"), at, what, sections, about=about),), uses)


def sections_of(target: Any) -> tuple[str, ...]:
    """Tell which sections a change of an object makes stale; everything for an unknown resource of access control.

    Args:
        target: the record's `objectRef`; None for requests that are about no object.
    """
    if not isinstance(target, Mapping) or text_in(target, "subresource") in _OTHERWISE_READ:
        return ()
    resource, group = text_in(target, "resource"), text_in(target, "apiGroup")
    section = f"{resource}.{group}" if group else resource
    if section in SECTIONS:
        return (section,)
    return EVERYTHING if group == _RBAC else ()


def _uses(record: Mapping[str, Any], place: str) -> Iterator[Used]:
    user = text_in(record, "user", "username")
    if place and user.startswith(_ACCOUNT):
        namespace, _, name = user.removeprefix(_ACCOUNT).partition(":")
        key = key_of(place, Target(Reach.ACCOUNT, namespace, name))
        yield Used(System.KUBERNETES, key, time_in(record, "stageTimestamp"), text_in(record, "user", "uid"))

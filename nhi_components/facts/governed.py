"""Reads who answers for a resource and when it ends: from tags, metadata, annotations, or a component's inputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from nhi_components.core import tags
from nhi_components.facts.model import Fact, Ownership, Resource
from nhi_components.facts.values import UNKNOWN, Unknown

_METADATA = "metadata"
_LABEL_INPUTS = ("tags", _METADATA, "customMetadata", "labels")
_METADATA_PREFIX, _TAG_PREFIX = "nhi_", "nhi:"
_KUBERNETES = "kubernetes:"
_COMPONENTS_END_WITH = ("Identity", "ServiceUser")
_LEASE = "nhi:index:Lease"
_INACTIVE = frozenset({"suspended", "retired"})


def is_component(type_token: str) -> bool:
    """Tell whether a type token is one of our identity components, such as `nhi:aws:WorkloadIdentity`."""
    return type_token.startswith("nhi:") and type_token.endswith(_COMPONENTS_END_WITH)


def read_ownership(resource: Resource, inputs: Mapping[str, Any]) -> Iterator[Fact]:
    """Yield the one `Ownership` of a resource, whether or not it says anything."""
    if is_component(resource.type) or resource.type == _LEASE:
        yield _of_identity(resource, inputs)
        return
    path = next((name for name in _LABEL_INPUTS if inputs.get(name) is not None), _LABEL_INPUTS[0])
    if path == _METADATA and resource.type.startswith(_KUBERNETES):
        path, labels = f"{_METADATA}.annotations", _annotations(inputs[_METADATA])
    else:
        labels = _labels(inputs.get(path))
    managed = not isinstance(labels, Unknown) and labels.get(tags.MANAGED_BY) == tags.MANAGER
    yield Ownership(resource, path, labels, managed)


def _annotations(metadata: object) -> Mapping[str, str | Unknown] | Unknown:
    """Read the annotations of a Kubernetes object, whose keys may hold no colon either: `nhi_owner`."""
    if isinstance(metadata, list) and len(metadata) == 1:
        metadata = metadata[0]
    if metadata is UNKNOWN:
        return UNKNOWN
    return _labels(metadata.get("annotations")) if isinstance(metadata, Mapping) else {}


def _labels(value: object) -> Mapping[str, str | Unknown] | Unknown:
    if value is UNKNOWN:
        return UNKNOWN
    if not isinstance(value, Mapping):
        return {}
    nested = value.get("data")
    members = nested if isinstance(nested, Mapping) else value
    return {_tag_key(str(key)): member for key, member in members.items() if isinstance(member, str | Unknown)}


def _tag_key(key: str) -> str:
    return _TAG_PREFIX + key.removeprefix(_METADATA_PREFIX) if key.startswith(_METADATA_PREFIX) else key


def _of_identity(resource: Resource, inputs: Mapping[str, Any]) -> Ownership:
    identity = inputs.get("identity")
    if identity is UNKNOWN:
        return Ownership(resource, "identity", UNKNOWN, managed=True)
    fields = identity if isinstance(identity, Mapping) else {}
    owner, expires = fields.get("owner"), fields.get("expires")
    days = None
    if isinstance(owner, Mapping):
        owner = owner.get("email")
    if isinstance(expires, Mapping):
        after = expires.get("after_days")
        days = int(after) if isinstance(after, int | float) and after >= 1 else None
        expires = expires.get("on")
    ends = inputs.get("ends")
    given = {tags.OWNER: owner, tags.ENDS: expires if ends is None else ends}
    labels = {key: value for key, value in given.items() if isinstance(value, str | Unknown)}
    suspended = inputs.get("state", fields.get("state")) in _INACTIVE
    return Ownership(resource, "identity", labels, managed=True, lifetime_days=days, suspended=suspended)

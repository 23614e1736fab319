"""Reads Pulumi's Google Cloud resources: bindings, custom roles, identity providers, keys, workloads."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from nhi_components.facts.gcp.access_lists import read_acl, read_acl_entry, read_dataset, read_dataset_access
from nhi_components.facts.gcp.bindings import read_binding
from nhi_components.facts.gcp.documents import read_policy_data
from nhi_components.facts.gcp.model import RunsAs, Scope
from nhi_components.facts.gcp.parts import Notes
from nhi_components.facts.gcp.providers import read_provider
from nhi_components.facts.gcp.pulumi_types import (
    ACL_ENTRIES,
    ACLS,
    CUSTOM_ROLES,
    DATASET,
    DATASET_ACCESS,
    PROVIDERS,
    SCOPES,
    SECRETS,
    WORKLOADS,
    Workload,
)
from nhi_components.facts.gcp.roles import read_permissions
from nhi_components.facts.model import Fact, Resource, StandingCredential
from nhi_components.facts.values import UNKNOWN

_BINDING = re.compile(r"([a-z0-9]+)/[a-z0-9]*iam(member|binding|policy)")
_OTHERS: dict[str, Callable[[Notes, Mapping[str, Any]], Iterator[Fact]]] = {
    **dict.fromkeys(ACLS, read_acl),
    **dict.fromkeys(ACL_ENTRIES, read_acl_entry),
    DATASET: read_dataset,
    DATASET_ACCESS: read_dataset_access,
}
_NOTHING: Mapping[str, Any] = {}


def read_resource(resource: Resource, inputs: Mapping[str, Any]) -> Iterator[Fact]:
    """Yield what one resource says of who may do what; bindings are known by the pattern of their types' names."""
    token = resource.type.partition(":")[2].partition(":")[0].lower()
    notes = Notes(resource)
    binding = _BINDING.fullmatch(token)
    if binding is not None:
        yield from _read_binding(notes, inputs, SCOPES.get(binding[1], Scope.RESOURCE), binding[2])
    elif token in CUSTOM_ROLES:
        yield from read_permissions(notes, "permissions", inputs.get("permissions"))
    elif token in PROVIDERS:
        yield from read_provider(notes, "", inputs)
    elif token in SECRETS:
        yield from _secret(resource, inputs, token)
    elif token in WORKLOADS:
        yield from _runs_as(resource, inputs, WORKLOADS[token])
    elif token in _OTHERS:
        yield from _OTHERS[token](notes, inputs)
    yield from notes.facts


def _read_binding(notes: Notes, inputs: Mapping[str, Any], scope: Scope, kind: str) -> Iterator[Fact]:
    if kind == "policy":
        yield from read_policy_data(notes, "policyData", inputs.get("policyData"), scope, _NOTHING)
    else:
        names = ("role", "member", "members", "condition")
        yield from read_binding(notes, "", {name: inputs[name] for name in names if name in inputs}, scope, _NOTHING)


def _secret(resource: Resource, inputs: Mapping[str, Any], token: str) -> Iterator[Fact]:
    secret = SECRETS[token]
    if not secret.only_with or inputs.get(secret.only_with) not in (None, ""):
        yield StandingCredential(resource, "", secret.what, None, None, secret.instead)


def _runs_as(resource: Resource, inputs: Mapping[str, Any], workload: Workload) -> Iterator[Fact]:
    if (workload.block and _value(inputs, workload.block) in (None, UNKNOWN)) or inputs.get(workload.unless) is True:
        return
    account, scopes = _value(inputs, workload.account), _value(inputs, workload.scopes) if workload.scopes else None
    listed = tuple(scope for scope in scopes if isinstance(scope, str)) if isinstance(scopes, list) else ()
    if account is None or isinstance(account, str):
        yield RunsAs(resource, workload.account, account or None, listed)


def _value(inputs: Mapping[str, Any], path: str) -> object:
    """Give a value inside objects, each of which may stand alone in a list; UNKNOWN when one of them is not known."""
    value: object = inputs
    for name in path.split("."):
        if isinstance(value, list):
            value = value[0] if value else None
        if value is UNKNOWN:
            return UNKNOWN
        value = value.get(name) if isinstance(value, Mapping) else None
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], Mapping):
        return value[0]
    return None if value == [] else value

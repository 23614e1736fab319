"""Reads access lists that are older than IAM: those of Cloud Storage and of BigQuery's datasets.

Entries for single users, groups and the project's own teams are left out; the roles that stand for them are data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from nhi_components.core.gcp_catalogue import permissions_of
from nhi_components.facts.gcp.bindings import read_binding
from nhi_components.facts.gcp.model import Binding, Scope
from nhi_components.facts.gcp.parts import Notes
from nhi_components.facts.gcp.pulumi_types import DATASET_MEMBERS, DATASET_ROLES, PREDEFINED_ACLS, STORAGE_ROLES
from nhi_components.facts.model import Fact
from nhi_components.facts.values import Located

_EVERYBODY = {"allusers": "allUsers", "allauthenticatedusers": "allAuthenticatedUsers"}
_NOTHING: Mapping[str, Any] = {}


def read_acl(notes: Notes, inputs: Mapping[str, Any]) -> Iterator[Fact]:
    """Read a list of `ROLE:entity`, or the name of a predefined one."""
    for name in ("predefinedAcl", "defaultAcl"):
        level, member = PREDEFINED_ACLS.get(str(inputs.get(name)), ("", ""))
        if member:
            yield from _entry(notes, name, level, member)
    if inputs.get("roleEntities") is not None:
        for entry in notes.texts("roleEntities", inputs["roleEntities"], "access list", "`READER:user-…`"):
            level, _, entity = entry.text.partition(":")
            yield from _entry(notes, entry.path, level, entity)


def read_acl_entry(notes: Notes, inputs: Mapping[str, Any]) -> Iterator[Fact]:
    """Read one entry, `{"role": …, "entity": …}`."""
    for entity in notes.texts("entity", inputs.get("entity"), "entity", "an entity such as `user-…`"):
        yield from _entry(notes, entity.path, str(inputs.get("role", "READER")), entity.text)


def read_dataset(notes: Notes, inputs: Mapping[str, Any]) -> Iterator[Fact]:
    """Read the access list of a dataset."""
    accesses = inputs.get("accesses")
    if isinstance(accesses, list):
        for index, access in enumerate(accesses):
            if isinstance(access, Mapping):
                yield from read_dataset_access(notes, access, f"accesses[{index}]")
            else:
                notes.note(f"accesses[{index}]", access, "access", "an object with `role` and who has it")
    elif accesses is not None:
        notes.note("accesses", accesses, "access list", "a list of accesses")


def read_dataset_access(notes: Notes, access: Mapping[str, Any], path: str = "") -> Iterator[Fact]:
    """Read one entry of the access list of a dataset; entries for views and routines grant nothing to anybody new."""
    for name, pattern in DATASET_MEMBERS.items():
        value = access.get(name)
        if value is None or (name == "specialGroup" and str(value).lower() not in _EVERYBODY):
            continue
        member = pattern.format(_EVERYBODY.get(value.lower(), value)) if isinstance(value, str) else value
        role = access.get("role", "READER")
        if isinstance(role, str):
            role = DATASET_ROLES.get(role, role)
        yield from read_binding(notes, path, {"role": role, "member": member}, Scope.RESOURCE, _NOTHING)


def _entry(notes: Notes, path: str, level: str, entity: str) -> Iterator[Fact]:
    kind, dash, domain = entity.partition("-")
    member = f"domain:{domain}" if kind == "domain" and dash else _EVERYBODY.get(entity.lower())
    if member is not None:
        role = STORAGE_ROLES.get(level.upper(), STORAGE_ROLES["READER"])
        members, permissions = (Located(member, path),), permissions_of(role) or frozenset()
        yield Binding(notes.resource, path, role, path, members, Scope.RESOURCE, None, permissions)

"""BigQuery v2: a dataset's `access` list, which is its allow policy in other words.

An entry names a role and one of `userByEmail`, `groupByEmail`, `domain`, `specialGroup`, `iamMember`, perhaps with a
condition; an entry of an authorized view, routine or dataset is no binding and is kept beside. Answers say the basic
roles for the three that they stand for.
Sources: BigQuery, REST reference, `datasets`, `Dataset.access` and `accessPolicyVersion`; 'Basic roles for datasets'.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from tools.doubles.gcp.json_errors import json_refuse
from tools.doubles.messages import Request

_BASIC: Final = {
    "OWNER": "roles/bigquery.dataOwner",
    "WRITER": "roles/bigquery.dataEditor",
    "READER": "roles/bigquery.dataViewer",
}
_SHORT: Final = {role: basic for basic, role in _BASIC.items()}
_GROUPS: Final = {
    "projectOwners": "projectOwner",
    "projectWriters": "projectEditor",
    "projectReaders": "projectViewer",
}
_GROUPS_BY_KIND: Final = {kind: group for group, kind in _GROUPS.items()}
_FIELDS: Final = {
    "user": "userByEmail",
    "serviceAccount": "userByEmail",
    "group": "groupByEmail",
    "domain": "domain",
}
_UNBOUND: Final = ("view", "routine", "dataset")
_VERSIONS: Final = ("", "0", "1", "3")
WITH_CONDITIONS: Final = 3
"""The version of policies that knows conditions."""


def version_of(request: Request) -> int:
    """The version of policies that a request speaks: `accessPolicyVersion`."""
    asked = request.query.get("accessPolicyVersion", "")
    if asked not in _VERSIONS:
        raise json_refuse("invalid", f"Invalid value for accessPolicyVersion: {asked}; it is one of 0, 1, 3.")
    return int(asked or 1)


def first_entries(creator: str) -> list[dict[str, Any]]:
    """Who has access to a new dataset if nothing else is asked: the project's basic roles, and who made it."""
    groups = {"projectWriters": "WRITER", "projectOwners": "OWNER", "projectReaders": "READER"}
    entries = [{"role": role, "specialGroup": group} for group, role in groups.items()]
    field = "iamMember" if creator.startswith("principal:") else "userByEmail"
    return [*entries, {"role": "OWNER", field: creator}] if ":" in creator or "@" in creator else entries


def unbound(entries: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The entries that are no bindings."""
    return [dict(each) for each in entries if any(field in each for field in _UNBOUND)]


def bindings_of(entries: Iterable[Mapping[str, Any]], project: str, version: int) -> list[dict[str, Any]]:
    """Read the bindings from a dataset's entries."""
    bindings = []
    for entry in entries:
        if any(field in entry for field in _UNBOUND):
            continue
        if not entry.get("role"):
            raise json_refuse("required", "Required parameter is missing: access.role")
        binding = {"role": _BASIC.get(entry["role"], entry["role"]), "members": [_member(entry, project)]}
        if entry.get("condition"):
            if version < WITH_CONDITIONS:
                message = "A conditional access entry needs accessPolicyVersion 3"
                raise json_refuse("invalid", f"{message}, which the request must specify.")
            binding["condition"] = dict(entry["condition"])
        bindings.append(binding)
    return bindings


def entries_of(bindings: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Write bindings as entries, one for each member."""
    return [
        {"role": _SHORT.get(binding["role"], binding["role"]), **_named(member)}
        | ({"condition": binding["condition"]} if "condition" in binding else {})
        for binding in bindings
        for member in binding["members"]
    ]


def _member(entry: Mapping[str, Any], project: str) -> str:
    match entry:
        case {"userByEmail": str(email)}:
            return f"{'serviceAccount' if email.endswith('gserviceaccount.com') else 'user'}:{email}"
        case {"groupByEmail": str(email)}:
            return f"group:{email}"
        case {"domain": str(domain)}:
            return f"domain:{domain}"
        case {"iamMember": str(member)}:
            return member
        case {"specialGroup": "allAuthenticatedUsers"}:
            return "allAuthenticatedUsers"
        case {"specialGroup": str(group)} if group in _GROUPS:
            return f"{_GROUPS[group]}:{project}"
    raise json_refuse("invalid", f"An access entry names nobody, or somebody unknown: {sorted(entry)}")


def _named(member: str) -> dict[str, str]:
    kind, _, name = member.partition(":")
    if kind in _GROUPS_BY_KIND:
        return {"specialGroup": _GROUPS_BY_KIND[kind]}
    if member == "allAuthenticatedUsers":
        return {"specialGroup": member}
    return {_FIELDS[kind]: name} if kind in _FIELDS else {"iamMember": member}

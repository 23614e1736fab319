"""How far a binding reaches, from the many ways to name what it stands on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from nhi_components.facts.gcp.model import Scope

_WORDS: Final[dict[str, Scope]] = {
    "organization": Scope.ORGANIZATION,
    "organizations": Scope.ORGANIZATION,
    "organisation": Scope.ORGANIZATION,
    "org": Scope.ORGANIZATION,
    "folder": Scope.FOLDER,
    "folders": Scope.FOLDER,
    "project": Scope.PROJECT,
    "projects": Scope.PROJECT,
    "serviceaccount": Scope.SERVICE_ACCOUNT,
    "serviceaccounts": Scope.SERVICE_ACCOUNT,
}
_TERRAFORM = re.compile(r"(?:google_)?(.+?)(?:_iam(?:_(?:member|binding|policy))?)?")
_TYPE_KEYS = ("resource_type", "resourceType", "scope", "level", "attached_to")
_NAME_KEYS = ("resource", "resource_name", "resourceName", "name")


def scope_of(given: Mapping[str, Any], context: Mapping[str, Any]) -> Scope | None:
    """Give the scope that a binding, or what is known around it, tells; None when neither does."""
    for source in (given, context):
        for key in _TYPE_KEYS:
            value = source.get(key)
            if isinstance(value, str) and value:
                return scope_of_name(value) if "/" in value else scope_of_type(value)
        for key in _NAME_KEYS:
            value = source.get(key)
            if isinstance(value, str) and value.lstrip("/").count("/"):
                return scope_of_name(value)
    return None


@lru_cache(1024)
def scope_of_type(name: str) -> Scope:
    """Give the scope of a type's name: `project`, `google_folder_iam_member`, `serviceAccount`, `bucket`."""
    terraform = _TERRAFORM.fullmatch(name)
    bare = terraform[1] if terraform else name
    return _WORDS.get(re.sub(r"[^a-z]", "", bare.lower()), Scope.RESOURCE)


@lru_cache(1024)
def scope_of_name(name: str) -> Scope:
    """Give the scope of a name: `projects/p`, `//storage.googleapis.com/b`, `iam.googleapis.com/ServiceAccount`."""
    segments = [segment for segment in name.split("/") if segment]
    if len(segments) > 1 and "." in segments[0]:
        segments = segments[1:]
    if len(segments) < 2:
        return scope_of_type("".join(segments))
    kind = segments[-2] if len(segments) % 2 == 0 else segments[-1]
    return _WORDS.get(re.sub(r"[^a-z]", "", kind.lower()), Scope.RESOURCE)

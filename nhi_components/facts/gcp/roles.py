"""Reads definitions of custom roles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from nhi_components.core.gcp_catalogue import all_permissions, in_another_letter_case, matching, version
from nhi_components.core.text import shown
from nhi_components.facts.gcp.model import RoleDefinition
from nhi_components.facts.gcp.parts import Notes, inside, part
from nhi_components.facts.model import Fact
from nhi_components.facts.values import Located

_MOST_WILDCARDS = 100
"""Those beyond are reported as not judged."""
_EXPECTED = "a permission such as `pubsub.topics.publish`"


def read_role(notes: Notes, path: str, given: Mapping[str, Any]) -> Iterator[Fact]:
    """Read a custom role, `{"title": …, "includedPermissions": […]}`.

    Args:
        notes: takes what cannot be read.
        path: the place of the role inside the resource.
        given: the role.
    """
    key, value = part(given, "includedPermissions", "permissions")
    yield from read_permissions(notes, inside(path, key), value)


def read_permissions(notes: Notes, path: str, value: object) -> Iterator[Fact]:
    """Read the permissions of a custom role; arguments as `read_role`."""
    if isinstance(value, list) and all(type(member) is str for member in value):
        listed = tuple(value)
    else:
        listed = tuple(text for text, _ in notes.texts(path, value, "permission", _EXPECTED))
    names = frozenset(listed)
    unknown = sorted(names - all_permissions())
    places = {name: f"{path}[{index}]" for index, name in enumerate(listed)} if unknown else {}
    wildcards = {name: matching(name) for name in [name for name in unknown if "*" in name][:_MOST_WILDCARDS]}
    meant = {in_another_letter_case(name) for name in unknown} - {""}
    for name in unknown:
        if not wildcards.get(name):
            got = f"{shown(name)}, unknown to the data of {version()}"
            fix = "correct its name, or judge it by hand when it is newer than the data"
            notes.wrong(places[name], got, _EXPECTED, fix)
    if names:
        located = tuple(Located(name, places[name]) for name in wildcards)
        yield RoleDefinition(notes.resource, path, listed, located, names.union(meant, *wildcards.values()))

"""Fields of Azure's documents, however their names are spelt: `notActions`, `NotActions`, `not_actions`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from nhi_components.facts.azure.template import with_values
from nhi_components.facts.model import Fact, NotYetKnown, Resource, Unjudged
from nhi_components.facts.values import UNKNOWN, Located, MalformedJson, kind_of, parse_json

_CACHED = 1024
_ANSWER = frozenset({"value", "nextlink", "@odata.context", "@odata.nextlink"})


@lru_cache(maxsize=_CACHED)
def plain(name: str) -> str:
    """Give a field's name without letter case, underscores and hyphens."""
    return name.lower().replace("_", "").replace("-", "")


def fields_of(value: Mapping[Any, Any]) -> dict[str, tuple[str, Any]]:
    """Give the members of an object by plain name, each with its name as written; of namesakes the last."""
    return {plain(name): (name, member) for name, member in value.items() if isinstance(name, str)}


def at(path: str, name: str) -> str:
    """Give the place of a field below another place, which may be the whole."""
    return f"{path}.{name}" if path else name


def members_of(value: object, path: str) -> Iterator[tuple[str, object]]:
    """Yield the members of a list, or a single value, each with its place."""
    if isinstance(value, list | tuple):
        for index, member in enumerate(value):
            yield f"{path}[{index}]", member
    else:
        yield path, value


def entries_of(document: object, path: str, kind: str) -> Iterator[tuple[str, object]]:
    """Yield the documents in a document: the members of a list, of an answer of the REST API, of an ARM template.

    Args:
        document: as it was read.
        path: its place.
        kind: how the type of such a resource ends in a template, in lower case, such as `/roleassignments`.
    """
    fields = fields_of(document) if isinstance(document, Mapping) else {}
    name, resources = fields.get("resources", ("", None))
    if isinstance(resources, list) and ("$schema" in fields or "contentversion" in fields):
        for place, member in members_of(resources, at(path, name)):
            if isinstance(member, Mapping) and str(fields_of(member).get("type", ("", ""))[1]).lower().endswith(kind):
                yield place, with_values(member, fields)
        return
    name, value = fields.get("value", ("", None))
    if isinstance(value, list) and fields.keys() <= _ANSWER:
        yield from members_of(value, at(path, name))
    else:
        yield from members_of(document, path)


def parsed(resource: Resource, path: str, value: object, subject: str, noted: list[Fact]) -> object:
    """Give a document as data; None, with what is wrong noted, when it is not known or not JSON."""
    if value is UNKNOWN:
        noted.append(NotYetKnown(resource, path, subject))
        return None
    if not isinstance(value, str):
        return value
    try:
        return parse_json(value)
    except MalformedJson as error:
        noted.append(
            Unjudged(resource, path, f"no JSON: {error}", f"a {subject} as JSON", f"write the {subject} as JSON")
        )
        return None


def text_of(
    resource: Resource, path: str, value: object, subject: str, noted: list[Fact], *, required: bool = False
) -> Located | None:
    """Give a text with its place; None, and what is wrong noted, when it is none or not known yet."""
    match value:
        case str() if value.strip():
            return Located(value.strip(), path)
        case None | "" if not required:
            return None
    if value is UNKNOWN:
        noted.append(NotYetKnown(resource, path, subject))
    else:
        noted.append(Unjudged(resource, path, kind_of(value), f"a {subject}", f"give the {subject} as a string"))
    return None

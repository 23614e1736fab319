"""What Microsoft Graph's collections have in common: filters, pages, alternate keys, unknown properties.

Source: Microsoft Graph documentation, 'Use the $filter query parameter', 'Paging', 'Error responses'.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from tools.doubles.azure import errors
from tools.doubles.messages import Refusal, Request

READ: Final = "Application.Read.All"
WRITE: Final = "Application.ReadWrite.OwnedBy"
ALL: Final = "Application.ReadWrite.All"

_BY_MEMBER = re.compile(r"(?P<field>\w+)/any\((?P<each>\w+): ?(?P=each) eq '(?P<value>[^']*)'\)")
_BY_FIELD = re.compile(r"(?P<field>\w+) eq '(?P<value>[^']*)'")
_PAGE = 100
_EXPANDED = 20
_EXPIRED = "Directory_ExpiredPageToken"

Relations = Mapping[str, Callable[[Mapping[str, Any]], list[dict[str, Any]]]]
"""What `$expand` shows beside an entry, by its name."""


def bad(text: str, code: str = "Request_BadRequest") -> Refusal:
    """A request that can't be."""
    return Refusal(errors.graph(400, code, text))


def absent(id_: str) -> Refusal:
    """What is not there."""
    text = f"Resource '{id_}' does not exist or one of its queried reference-property objects are not present."
    return Refusal(errors.graph(404, "Request_ResourceNotFound", text))


def chosen(entries: Iterable[Mapping[str, Any]], wanted: str) -> list[Mapping[str, Any]]:
    """Those of the entries that a filter chooses: equal fields, and members of collections, joined by `and`."""
    found = list(entries)
    for clause in filter(None, (each.strip() for each in wanted.split(" and "))):
        match = _BY_MEMBER.fullmatch(clause) or _BY_FIELD.fullmatch(clause)
        if match is None:
            raise bad(f"the double knows no filter {clause!r}", "Request_UnsupportedQuery")
        name, value = match["field"], match["value"]
        if "each" in match.groupdict():
            found = [each for each in found if value in (each.get(name) or ())]
        else:
            found = [each for each in found if str(each.get(name) or "").lower() == value.lower()]
    return found


def page(
    entries: Iterable[Mapping[str, Any]],
    request: Request,
    url: str,
    size: int = _PAGE,
    relations: Relations | None = None,
) -> dict[str, Any]:
    """A collection's answer, with a link to what follows; one relation may be shown, at most 20 of it each."""
    found, token = chosen(entries, request.query.get("$filter", "")), request.query.get("$skiptoken", "0")
    if not token.isdigit():
        raise bad("The specified page token value has expired and can no longer be included in your request.", _EXPIRED)
    start = int(token)
    end = start + min(size, int(request.query.get("$top", size)))
    answer: dict[str, Any] = {"value": [*found[start:end]]}
    if wanted := request.query.get("$expand"):
        shown = (relations or {}).get(wanted)
        if shown is None:
            raise bad(f"Could not find a property named '{wanted}' to expand.")
        answer["value"] = [{**each, wanted: shown(each)[:_EXPANDED]} for each in answer["value"]]
    if end < len(found):
        kept = "&".join(f"{name}={value}" for name, value in request.fields if name != "$skiptoken")
        answer["@odata.nextLink"] = f"{url}{request.path}?{kept}&$skiptoken={end}".replace(" ", "%20")
    return answer


def known(asked: Mapping[str, Any], fields: Iterable[str]) -> dict[str, Any]:
    """The properties that were given, all of which must be known."""
    allowed = set(fields)
    for name in asked:
        if name not in allowed and "@odata" not in name:
            raise bad(f"Invalid property '{name}'.")
    if asked.get("tags") is not None and not all(isinstance(each, str) for each in asked["tags"]):
        raise bad("Property 'tags' must be a collection of strings.")
    return {name: value for name, value in asked.items() if name in allowed}


def bound(asked: Mapping[str, Any], name: str) -> set[str]:
    """The object ids that a creation binds under a name, such as `owners`."""
    return {str(each).rpartition("/")[2].lower() for each in asked.get(f"{name}@odata.bind") or ()}

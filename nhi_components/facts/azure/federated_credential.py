"""Reads federated identity credentials: as ARM, the CLI, Terraform and Microsoft Graph write them.

Sources: Entra documentation, 'Workload identity federation' and 'Flexible federated identity credentials'; Microsoft
Graph, `federatedIdentityCredential`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from nhi_components.facts.azure.fields import at, entries_of, fields_of, members_of, parsed
from nhi_components.facts.azure.model import FederatedCredential
from nhi_components.facts.model import Fact, NotYetKnown, Resource, Unjudged
from nhi_components.facts.values import UNKNOWN, Located, Unknown, kind_of

Fields = Mapping[str, tuple[str, Any]]

_SUBJECT = "federated credential"
_ABSENT: tuple[str, Any] = ("", None)
_FIX = "write the federated credential as Azure documents it"
_TELLING = frozenset({"issuer", "subject", "audiences", "audience", "claimsmatchingexpression"})


def read_federated_credential(resource: Resource, path: str, value: object) -> Iterator[Fact]:
    """Yield one federated credential, or each of a list, and what could not be understood of it."""
    noted: list[Fact] = []
    document = parsed(resource, path, value, _SUBJECT, noted)
    if document is not None or not noted:
        for place, member in entries_of(document, path, "/federatedidentitycredentials"):
            _read(resource, place, member, noted)
        if isinstance(document, list | Mapping) and not noted:
            noted.append(Unjudged(resource, path, f"no {_SUBJECT}", f"a {_SUBJECT}", _FIX))
    return iter(noted)


def _read(resource: Resource, path: str, value: object, noted: list[Fact]) -> None:
    if not isinstance(value, Mapping):
        noted.append(Unjudged(resource, path, kind_of(value), "an object", _FIX))
        return
    outer = fields_of(value)
    name, inner = outer.get("properties", _ABSENT)
    fields, place = (fields_of(inner), at(path, name)) if isinstance(inner, Mapping) else (outer, path)
    if not _TELLING.intersection(fields):
        noted.append(Unjudged(resource, place, "none of issuer, subject and audiences", f"a {_SUBJECT}", _FIX))
        return
    texts = {key: _text(resource, place, fields, key, noted) for key in ("issuer", "subject")}
    expression = _expression(resource, place, fields, noted)
    audiences = _audiences(resource, place, fields, noted)
    noted.append(FederatedCredential(resource, place, texts["issuer"], texts["subject"], expression, audiences))


def _text(resource: Resource, place: str, fields: Fields, key: str, noted: list[Fact]) -> Located | Unknown | None:
    name, value = fields.get(key, _ABSENT)
    return _located(resource, at(place, name), value, key, noted)


def _located(resource: Resource, path: str, value: object, subject: str, noted: list[Fact]) -> Located | Unknown | None:
    match value:
        case None:
            return None
        case str():
            return Located(value.strip(), path)
        case Unknown():
            noted.append(NotYetKnown(resource, path, subject))
            return UNKNOWN
    noted.append(Unjudged(resource, path, kind_of(value), f"the {subject} as a string", _FIX))
    return None


def _expression(resource: Resource, place: str, fields: Fields, noted: list[Fact]) -> Located | Unknown | None:
    name, value = fields.get("claimsmatchingexpression", _ABSENT)
    path = at(place, name)
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, Mapping):
        inner, value = fields_of(value).get("value", _ABSENT)
        path = at(path, inner)
    return _located(resource, path, value, "expression", noted)


def _audiences(resource: Resource, place: str, fields: Fields, noted: list[Fact]) -> tuple[Located, ...] | Unknown:
    name, value = fields.get("audiences", fields.get("audience", _ABSENT))
    if value is None:
        return ()
    texts = []
    for path, member in members_of(value, at(place, name)):
        located = _located(resource, path, member, "audience", noted)
        if located is UNKNOWN:
            return UNKNOWN
        if isinstance(located, Located):
            texts.append(located)
    return tuple(texts)

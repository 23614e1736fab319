"""Reads providers of workload identity pools."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from nhi_components.facts.gcp.model import Federation, IdentityProvider
from nhi_components.facts.gcp.parts import Notes, inside, part, spellings, text_of
from nhi_components.facts.model import Fact
from nhi_components.facts.values import UNKNOWN, Unknown

_OF_A_PROVIDER = tuple(
    spelling
    for name in ("oidc", "aws", "saml", "x509", "issuerUri", "issuer", "attributeMapping", "attributeCondition")
    for spelling in spellings(name)
)
_EXPECTED = "an object such as {`issuerUri`: `https://token.actions.githubusercontent.com`}"


def is_provider(given: Mapping[str, Any]) -> bool:
    """Tell whether an object is meant as a provider of a pool."""
    return any(key in given for key in _OF_A_PROVIDER)


def read_provider(notes: Notes, path: str, given: Mapping[str, Any]) -> Iterator[Fact]:
    """Read one provider.

    Args:
        notes: takes what cannot be read.
        path: the place of the provider inside the resource.
        given: the provider: `oidc`, `aws`, `saml` or `x509`, with mapping and condition; the issuer may also stand
            beside them.
    """
    federation, place, issuer = _issuer(notes, path, given)
    if federation is None:
        return
    if not issuer and federation in (Federation.OIDC, Federation.AWS):
        notes.wrong(place, "no issuer", "the address of the issuer, or the id of the AWS account")
    oidc = given.get("oidc")
    block = oidc[0] if isinstance(oidc, list) and oidc else oidc
    key, value = part(block if isinstance(block, Mapping) else given, "allowedAudiences", "audiences", "audience")
    audiences = () if value is None else tuple(notes.texts(f"{place}.{key}", value, "audience", "an audience"))
    key, condition = part(given, "attributeCondition", "condition")
    yield IdentityProvider(
        notes.resource,
        path,
        federation,
        issuer,
        audiences,
        _mapping(notes, path, given),
        notes.condition(inside(path, key), condition),
        given.get("disabled") is True or given.get("state") in ("DELETED", "DISABLED"),
    )


def _issuer(notes: Notes, path: str, given: Mapping[str, Any]) -> tuple[Federation | None, str, str | Unknown]:
    for federation, names in (
        (Federation.OIDC, ("issuerUri", "issuer")),
        (Federation.AWS, ("accountId",)),
        (Federation.SAML, ("idpMetadataXml",)),
        (Federation.X509, ("trustStore",)),
    ):
        key = federation.value.lower().replace(".", "")
        if given.get(key) in (None, []):
            continue
        place = inside(path, key)
        if given[key] is UNKNOWN:
            notes.not_yet_known(place, "issuer")
            return federation, place, UNKNOWN
        block = notes.block(place, given[key], _EXPECTED)
        issuer = text_of(part(block, *names)[1]) if block else ""
        return federation, place, issuer
    key, issuer = part(given, "issuerUri", "issuer")
    if issuer is None:
        notes.wrong(path, "a provider without `oidc`, `aws`, `saml` or `x509`", _EXPECTED)
        return None, path, ""
    return Federation.OIDC, path, text_of(issuer)


def _mapping(notes: Notes, path: str, given: Mapping[str, Any]) -> dict[str, str]:
    key, value = part(given, "attributeMapping")
    place = inside(path, key)
    if value is UNKNOWN:
        notes.not_yet_known(place, "attribute mapping")
    block = notes.block(place, value, "an object of expressions") if value is not UNKNOWN else None
    found = {}
    for name, expression in (block or {}).items():
        if isinstance(expression, str):
            found[name] = expression
        else:
            notes.note(f"{place}.{name}", expression, "attribute mapping", "an expression as a string")
    return found

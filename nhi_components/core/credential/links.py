"""Between a credential and the linked resources that its source, its places and its identity's accounts are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, ClassVar

from nhi_components.core.credential.accounts import AccountSpec, AnyAccount
from nhi_components.core.credential.places import AnyPlace, PlaceSpec
from nhi_components.core.credential.sources import SPEC, AnySource, SourceSpec
from nhi_components.core.credential.spec import CredentialSpec
from nhi_components.core.links import Link
from nhi_components.core.model import Spec
from nhi_components.core.tags import LeaseTags

DELIVERED = "delivered"
"""The field of a lease's part that has a place, a source or an account in it, instead of a kind and a system."""


class _OnePlace(Spec):
    subject: ClassVar[str] = "place"

    place: AnyPlace


class _OneSource(Spec):
    subject: ClassVar[str] = "source"

    source: AnySource


class _OneAccount(Spec):
    subject: ClassVar[str] = "account"

    account: AnyAccount


def delivered_links(spec: CredentialSpec) -> list[Callable[[LeaseTags], Link]]:
    """Give, for each linked resource that a credential brings, what makes its link once the lease is known."""
    told: list[PlaceSpec | SourceSpec] = [*spec.places, *([spec.source] if _has_link(spec.source) else [])]
    return [partial(_link_of, each) for each in told]


def delivered_parts(spec: CredentialSpec) -> list[dict[str, Any]]:
    """Write the same as a lease's parts, before the lease is known."""
    parts: list[dict[str, Any]] = [{DELIVERED: {"place": _written(place)}} for place in spec.places]
    return [*parts, {DELIVERED: {"source": _written(spec.source)}}] if _has_link(spec.source) else parts


def account_parts(accounts: Iterable[AccountSpec]) -> list[dict[str, Any]]:
    """Write an identity's accounts as a lease's parts, before the lease is known."""
    return [{DELIVERED: {"account": _written(account)}} for account in accounts]


def place_of_part(delivered: Mapping[str, Any], tags: LeaseTags) -> PlaceSpec:
    """Read the place of a lease's part that has one; resolved."""
    return _OnePlace.parse(delivered).place.resolved(tags)


def link_of_part(delivered: Mapping[str, Any], tags: LeaseTags) -> Link:
    """Make the link of a lease's part."""
    if "place" in delivered:
        return place_of_part(delivered, tags).link()
    if "account" in delivered:
        return _OneAccount.parse(delivered).account.resolved(tags).link()
    return _link_of(_OneSource.parse(delivered).source, tags)


def place_of_link(link: Link) -> PlaceSpec | None:
    """Read the place back from a link that carries one; None when it carries a source, or nothing."""
    told = link.attributes.get(SPEC, "")
    return _OnePlace.model_validate_json(f'{{"place":{told}}}').place if told and not _is_source(told) else None


def source_of_link(link: Link) -> SourceSpec | None:
    """Read the source back from a link that carries one; None when it carries a place, or nothing."""
    told = link.attributes.get(SPEC, "")
    return _OneSource.model_validate_json(f'{{"source":{told}}}').source if told and _is_source(told) else None


def _is_source(told: str) -> bool:
    from json import loads

    from nhi_components.core.credential.rotation import SourceKind

    return loads(told).get("kind") in set(SourceKind)


def _written(spec: Spec) -> dict[str, Any]:
    return spec.model_dump(mode="json", exclude_none=True)


def _has_link(source: SourceSpec) -> bool:
    return type(source).link is not SourceSpec.link


def _link_of(spec: PlaceSpec | SourceSpec, tags: LeaseTags) -> Link:
    link = spec.resolved(tags).link()
    if link is None:
        raise TypeError(f"{spec.kind} has no linked resource of its own")
    return link

"""User-assigned managed identities of a subscription, who becomes them, and what runs as them.

A resource id in small letters is the key, as Azure's services write the same one in letter cases of their own; the
identity carries its service principal, by whose object id roles are assigned. What runs as one is looked for among the
kinds of resources below; others may as well, which nobody lists without reading everything. Sources: REST reference
`User Assigned Identities`, `Federated Identity Credentials` (at most 20 an identity) and the list of each kind;
Microsoft Entra, 'Azure services that can use managed identities to access other services'; Azure Kubernetes Service,
'Use a managed identity' (`identityProfile`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from nhi_components.core.inventory.records import (
    FoundCarrier,
    FoundDependent,
    FoundIdentity,
    Guard,
    Record,
)
from nhi_components.core.links import LinkKind, System
from nhi_components.lifecycle.adapters.azure.arm import IDENTITIES as VERSION
from nhi_components.lifecycle.adapters.azure.discovery_policy import CARRIERS, FEDERATED, IDENTITIES
from nhi_components.lifecycle.adapters.azure.found_reads import Looks, Part, Told
from nhi_components.lifecycle.adapters.azure.found_relations import step_of
from nhi_components.lifecycle.adapters.azure.found_sign_ins import SignIns
from nhi_components.lifecycle.adapters.azure.identities import TYPE
from nhi_components.lifecycle.discovery.ports import Page, Section

KINDS: Final = tuple(each.removesuffix("/read") for each in CARRIERS)
"""The kinds of resources that are looked through for what runs as an identity."""

_VERSIONS: Final = {
    "Microsoft.App": "2024-03-01",
    "Microsoft.Automation": "2023-11-01",
    "Microsoft.Compute": "2024-07-01",
    "Microsoft.ContainerInstance": "2023-05-01",
    "Microsoft.ContainerService": "2024-09-01",
    "Microsoft.DataFactory": "2018-06-01",
    "Microsoft.Logic": "2019-05-01",
    "Microsoft.Web": "2023-12-01",
}


def key_of(id_: str) -> str:
    """Name a managed identity in the whole organisation, from its resource id however that is written."""
    return id_.lower()


def identities(looks: Looks, sign_ins: SignIns, name: str, subscription: str) -> Section:
    """Make the section of a subscription's user-assigned managed identities."""

    def read(cursor: str | None) -> Page:
        part = _part(looks, subscription, cursor)
        return Page([record for each in part.items for record in _identity(looks, sign_ins, each)], part.next)

    return Section(name, f"managed identities of subscription {subscription}", IDENTITIES, read)


def federated(looks: Looks, name: str, subscription: str) -> Section:
    """Make the section of whose tokens a subscription's managed identities trust."""

    def read(cursor: str | None) -> Page:
        part = _part(looks, subscription, cursor)
        return Page([record for each in part.items for record in _steps(looks, str(each["id"]))], part.next)

    return Section(name, f"federated credentials of subscription {subscription}", FEDERATED, read)


def carriers(looks: Looks, name: str, subscription: str, kind: str) -> Section:
    """Make the section of the resources of one kind that run as user-assigned managed identities."""
    path, needs = f"/subscriptions/{subscription}/providers/{kind}", f"{kind}/read"
    version = _VERSIONS[kind.partition("/")[0]]

    def read(cursor: str | None) -> Page:
        part = looks.manage(path, version, needs=needs, cursor=cursor)
        return Page([record for each in part.items for record in _dependents(kind, each)], part.next)

    return Section(name, f"{kind} of subscription {subscription}", (needs,), read)


def _part(looks: Looks, subscription: str, cursor: str | None) -> Part:
    path = f"/subscriptions/{subscription}/providers/{TYPE}"
    return looks.manage(path, VERSION, needs=IDENTITIES[0], cursor=cursor)


def _identity(looks: Looks, sign_ins: SignIns, told: Told) -> Iterator[Record]:
    key, properties = key_of(str(told["id"])), told["properties"]
    principal = str(properties["principalId"])
    made = (told.get("systemData") or {}).get("createdAt")
    yield FoundIdentity(
        key=key,
        system=System.AZURE,
        place=looks.tenant,
        kind=LinkKind.AZURE_MANAGED_IDENTITY,
        name=str(told["name"]),
        unique_id=principal,
        created_at=datetime.fromisoformat(str(made)) if made else None,
        use=sign_ins.of(str(properties["clientId"]), covered=False),
        marks=dict(told.get("tags") or {}),
        guard=Guard.CALLER if principal == looks.caller.get("oid") else None,
    )
    yield FoundCarrier(key, principal, "service-principal")


def _steps(looks: Looks, id_: str) -> Iterator[Record]:
    path = f"{id_}/federatedIdentityCredentials"
    for each in looks.manage_whole(path, VERSION, needs=FEDERATED[0]):
        yield step_of(key_of(id_), each["properties"])


def _dependents(kind: str, told: Told) -> Iterator[Record]:
    assigned = (told.get("identity") or {}).get("userAssignedIdentities") or {}
    profile = (told.get("properties") or {}).get("identityProfile") or {}
    within = (str(each["resourceId"]) for each in profile.values() if each.get("resourceId"))
    for identity in dict.fromkeys(map(key_of, [*assigned, *within])):
        yield FoundDependent(identity, kind, str(told["id"]).lower())

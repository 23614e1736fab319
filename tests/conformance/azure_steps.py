"""What the tests of Azure's adapter do and look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from nhi_components.core.azure_links import ACCOUNT, PRINCIPAL, SUSPENDED
from nhi_components.core.azure_names import (
    assignment_guid,
    cosmos_assignment_id,
    cosmos_role_id,
    group_scope,
    operations_digest,
    role_guid,
    role_name,
)
from nhi_components.core.lease_id import suffix_of
from nhi_components.core.links import Link, LinkKind, System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.azure.adapter import AzureAdapter
from nhi_components.lifecycle.ports import CutOff, Ownership, Sighting
from tests.conformance.azure_world import AzureWorld, identity_of
from tests.conformance.world import now
from tools.doubles.azure.subscriptions import GROUP, LOCATION
from tools.doubles.azure.subscriptions import SUBSCRIPTION as S

IDENTITY, SERVICE = LinkKind.AZURE_MANAGED_IDENTITY, LinkKind.ENTRA_SERVICE_PRINCIPAL
CREDENTIAL, ROLE = LinkKind.AZURE_FEDERATED_CREDENTIAL, LinkKind.AZURE_ROLE_DEFINITION
ASSIGNMENT, SECRET = LinkKind.AZURE_ROLE_ASSIGNMENT, LinkKind.KEY_VAULT_SECRET
COSMOS = f"{group_scope(S, GROUP)}/providers/Microsoft.DocumentDB/databaseAccounts/orders"
_READS = "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/items/read"
READER = "00000000-0000-0000-0000-000000000001"
"""Cosmos DB Built-in Data Reader."""


def adapter_of(world: AzureWorld) -> AzureAdapter:
    made = world.adapter()
    assert isinstance(made, AzureAdapter)
    return made


def admitted(world: AzureWorld, adapter: AzureAdapter, tags: LeaseTags) -> list[Link]:
    return adapter.admit(tags, world.create(tags), now())


def cut_off_of(done: Sequence[CutOff]) -> CutOff:
    return next(each for each in done if each.link.kind in (IDENTITY, SERVICE))


def named(sightings: Sequence[Sighting], *kinds: LinkKind) -> list[Sighting]:
    return [sighting for sighting in sightings if sighting.link.kind in kinds]


def sweep_all(adapter: AzureAdapter, lease_id: str, links: Sequence[Link]) -> None:
    for sighting in adapter.survey(lease_id, links):
        if sighting.ownership is Ownership.OURS:
            adapter.sweep(sighting)


def suspended(links: Sequence[Link]) -> list[Link]:
    """The links of an identity that the program suspends: nothing is assigned to it any more."""
    return list(_suspended(links))


def _suspended(links: Sequence[Link]) -> Iterator[Link]:
    for link in links:
        if link.kind in (IDENTITY, SERVICE):
            yield Link(**{**_fields(link), "attributes": {**link.attributes, SUSPENDED: "true"}})
        elif link.kind is not ASSIGNMENT:
            yield link


def _fields(link: Link) -> dict[str, Any]:
    return {name: getattr(link, name) for name in ("system", "kind", "name", "connection", "unique_id", "attributes")}


def cosmos(world: AzureWorld, tags: LeaseTags) -> list[Link]:
    """A custom role of a Cosmos DB account's own, and a built-in one, both assigned to the identity by the engine."""
    world.ask("PUT", COSMOS, {"location": LOCATION, "kind": "GlobalDocumentDB", "properties": _ACCOUNT})
    guid = role_guid(tags.lease, COSMOS, operations_digest([f"data {_READS}"]))
    role, name = cosmos_role_id(COSMOS, guid), role_name(tags.identity, tags.environment, suffix_of(tags.lease), guid)
    properties = {
        "roleName": name,
        "type": "CustomRole",
        "assignableScopes": [COSMOS],
        "permissions": [{"dataActions": [_READS]}],
    }
    world.ask("PUT", role, {"properties": properties})
    links = [Link(System.AZURE, ROLE, role, attributes={ACCOUNT: COSMOS})]
    about = {PRINCIPAL: identity_of(tags), ACCOUNT: COSMOS}
    for which, scope in ((role, f"{COSMOS}/dbs/shop/colls/orders"), (cosmos_role_id(COSMOS, READER), COSMOS)):
        made = cosmos_assignment_id(COSMOS, assignment_guid(tags.lease, scope, which, identity_of(tags)))
        told = {"roleDefinitionId": which, "scope": scope, "principalId": world.principal_of(tags).object_id}
        world.ask("PUT", made, {"properties": told})
        links.append(Link(System.AZURE, ASSIGNMENT, made, attributes=about))
    return links


_ACCOUNT = {"databaseAccountOfferType": "Standard", "locations": [{"locationName": LOCATION, "failoverPriority": 0}]}

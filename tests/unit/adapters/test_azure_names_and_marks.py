"""What names of Azure tell, and what a cut-off writes into tags."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from nhi_components.core.azure_links import VAULT_ID
from nhi_components.core.connection import AzureConnection
from nhi_components.core.errors import SpecError
from nhi_components.core.links import Link, LinkKind, System
from nhi_components.lifecycle.adapters.azure.marks import (
    LONGEST_VALUE,
    MOST_TAGS,
    CutOffMark,
    Taken,
    mark_of,
    with_mark,
    without_mark,
)
from nhi_components.lifecycle.adapters.azure.names import (
    account_of,
    group_of,
    is_of_cosmos,
    owner_of,
    same,
    scope_of,
    subscription_of,
    subscriptions_in,
)

S = "0B1F6E5A-3c1d-4b8e-9f57-5a0f5a6b7c01"
GROUP = f"/subscriptions/{S}/resourceGroups/shop"
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/orders"
ACCOUNT = f"{GROUP}/providers/Microsoft.DocumentDB/databaseAccounts/orders"
AT = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_names_tell_where_things_are() -> None:
    assert subscription_of(IDENTITY) == S.lower()
    assert subscription_of("orders-dev-abcdef") == ""
    assert group_of(IDENTITY) == GROUP
    assert group_of(f"/subscriptions/{S}") == ""
    assert owner_of(f"{IDENTITY}/federatedIdentityCredentials/github") == IDENTITY
    assert owner_of("applications/orders-dev/federatedidentitycredentials/github") == "orders-dev"
    assert same(IDENTITY, IDENTITY.upper())


@pytest.mark.parametrize(
    "scope", [IDENTITY, f"/subscriptions/{S}", "/providers/Microsoft.Management/managementGroups/m"]
)
def test_an_assignment_s_scope_is_what_it_is_below(scope: str) -> None:
    assert scope_of(f"{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid4()}") == scope
    assert scope_of(f"{scope}/providers/microsoft.authorization/roleassignments/{uuid4()}") == scope


def test_one_of_the_tenant_is_at_its_root() -> None:
    assert scope_of(f"/providers/Microsoft.Authorization/roleAssignments/{uuid4()}") == "/"


def test_cosmos_db_keeps_roles_of_its_own() -> None:
    for kind in ("sqlRoleAssignments", "sqlroledefinitions"):
        assert is_of_cosmos(f"{ACCOUNT}/{kind}/{uuid4()}")
        assert account_of(f"{ACCOUNT}/{kind}/{uuid4()}") == ACCOUNT
    assert not is_of_cosmos(f"{ACCOUNT}/providers/Microsoft.Authorization/roleAssignments/{uuid4()}")


def test_links_tell_their_subscriptions() -> None:
    other = "00000000-3c1d-4b8e-9f57-5a0f5a6b7c01"
    vault = f"/subscriptions/{other}/resourceGroups/x/providers/Microsoft.KeyVault/vaults/v"
    links = [
        Link(System.AZURE, LinkKind.AZURE_MANAGED_IDENTITY, IDENTITY),
        Link(System.AZURE, LinkKind.KEY_VAULT_SECRET, "v/orders", attributes={VAULT_ID: vault}),
        Link(System.AZURE, LinkKind.ENTRA_APPLICATION, "orders-dev"),
    ]
    assert subscriptions_in(links, VAULT_ID) == [S.lower(), other]


def test_a_mark_is_read_as_it_was_written() -> None:
    taken = {str(uuid4()): Taken(str(uuid4())) for _ in range(7)}
    taken |= {str(uuid4()): Taken(str(uuid4()), "/dbs/my shop/colls/orders")}
    tags = {"team": "orders", "nhi:lease": "lease-x"}
    written = with_mark(tags, CutOffMark(AT, taken))
    assert mark_of(written) == CutOffMark(AT, taken)
    assert without_mark(written) == tags
    assert all(len(value) <= LONGEST_VALUE for value in written.values())
    assert mark_of(tags) is None


def test_a_mark_replaces_the_one_before() -> None:
    first = with_mark({}, CutOffMark(AT, {str(uuid4()): Taken(str(uuid4())) for _ in range(9)}))
    again = with_mark(first, CutOffMark(AT))
    assert again == {"nhi:cut-off": "2030-01-02T03:04:05Z"}


def test_there_is_room_for_the_assignments_of_an_identity_and_no_more_tags_than_azure_takes() -> None:
    tags = {f"tag-{number}": "x" for number in range(8)}
    taken = {str(uuid4()): Taken(str(uuid4())) for _ in range(100)}
    whole = mark_of(with_mark(tags, CutOffMark(AT, taken)))
    assert whole is not None
    assert whole.taken == taken
    full = {f"tag-{number}": "x" for number in range(MOST_TAGS - 2)}
    written = with_mark(full, CutOffMark(AT, taken))
    assert len(written) == MOST_TAGS
    assert len((mark_of(written) or whole).taken) == 3
    long = {str(uuid4()): Taken(str(uuid4()), f"/dbs/{'d' * 250}")}
    assert (mark_of(with_mark({}, CutOffMark(AT, long))) or whole).taken == {}


@pytest.mark.parametrize("since", ["", "yesterday", "2030-13-01T00:00:00Z"])
def test_what_is_no_time_is_no_mark(since: str) -> None:
    assert mark_of({"nhi:cut-off": since}) is None


def test_a_connection_of_an_older_state_is_read() -> None:
    older = {"tenant": "t", "vaults": ["v"], "endpoint": "https://a.example.com", "authority": "https://b.example.com"}
    found = AzureConnection.parse(older)
    assert (found.vaults, found.subscriptions, found.management) == (("v",), (), None)


def test_a_subscription_is_named_by_its_id() -> None:
    with pytest.raises(SpecError, match="subscriptions"):
        AzureConnection.parse({"subscriptions": ["production"]})

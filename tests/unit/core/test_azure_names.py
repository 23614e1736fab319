"""Names on Azure stay within what it takes, bear the lease's suffix, and follow from the lease alone."""

from __future__ import annotations

import re
import string
from datetime import date
from itertools import combinations
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nhi_components.core.azure_names import (
    assignment_guid,
    assignment_id,
    cosmos_assignment_id,
    cosmos_role_id,
    credential_id,
    credential_name,
    group_scope,
    identity_id,
    identity_name,
    operations_digest,
    role_guid,
    role_id,
    role_name,
    vault_secret_name,
)
from nhi_components.core.credential.sources import EntraClientSecretSource
from nhi_components.core.lease_id import name_of
from nhi_components.core.links import LinkKind
from nhi_components.core.tags import LeaseTags

LEASE, SUFFIX = "lease-abcdefghijklmnop", "abcdef"
SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shop-dev"
ACCOUNT = f"{GROUP}/providers/Microsoft.DocumentDB/databaseAccounts/shop"
IDENTITIES = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
LABELS = st.from_regex(r"[a-z](-?[a-z0-9]){0,19}", fullmatch=True)
TAGS = LeaseTags(
    lease=LEASE,
    identity="orders",
    environment="dev",
    owner="payments@example.com",
    purpose="send order events",
    ends=date(2026, 12, 31),
    stack="shop/dev",
)
TOOLS = st.from_regex(r"[a-z][a-z0-9_-]{0,63}", fullmatch=True)


@given(LABELS, LABELS, st.one_of(st.just(""), TOOLS))
def test_names_of_managed_identities_fit_and_end_with_the_suffix(identity: str, environment: str, tool: str) -> None:
    made = identity_name(identity, environment, SUFFIX, tool)
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{2,127}", made)
    assert made.endswith(f"-{SUFFIX}")
    assert (identity_name(identity, environment, SUFFIX) == made) is (tool == "")


def test_the_longest_names_fit() -> None:
    made = identity_name("i" * 40, "e" * 16, SUFFIX, "t" * 64)
    assert len(made) <= 128
    assert made != identity_name("i" * 40, "e" * 16, SUFFIX, "t" * 63)


@pytest.mark.parametrize("label", ["github", "gitlab", "terraform", "kubernetes", "trusted", "vendor"])
def test_names_of_federated_credentials_fit(label: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{2,119}", credential_name(label, SUFFIX))
    assert credential_id("/owner", f"{label}-{SUFFIX}") == f"/owner/federatedIdentityCredentials/{label}-{SUFFIX}"


def test_guids_follow_from_all_that_they_are_about_and_from_nothing_else() -> None:
    one = assignment_guid(LEASE, f"{GROUP}/x", "/roles/AAAA", "Orders")
    assert UUID(one).version == 5
    assert one == assignment_guid(LEASE, f"{GROUP}/x".upper(), "/others/aaaa", "orders")
    others = [
        assignment_guid("lease-bbbbbbbbbbbbbbbb", f"{GROUP}/x", "/roles/aaaa", "orders"),
        assignment_guid(LEASE, f"{GROUP}/y", "/roles/aaaa", "orders"),
        assignment_guid(LEASE, f"{GROUP}/x", "/roles/bbbb", "orders"),
        assignment_guid(LEASE, f"{GROUP}/x", "/roles/aaaa", "billing"),
        role_guid(LEASE, f"{GROUP}/x", "aaaa"),
        role_guid(LEASE, f"{GROUP}/y", "aaaa"),
        role_guid(LEASE, f"{GROUP}/x", "bbbb"),
    ]
    assert all(a != b for a, b in combinations([one, *others], 2))


@given(st.lists(st.text(string.ascii_letters + "./*", min_size=1), min_size=1, max_size=5))
def test_a_digest_knows_operations_whatever_their_order_and_letter_case(operations: list[str]) -> None:
    digest = operations_digest(operations)
    assert digest == operations_digest(each.upper() for each in reversed(operations))
    assert digest != operations_digest([*operations, "more/read"])


def test_names_of_roles_are_unique_in_the_tenant_by_their_guid() -> None:
    guid = role_guid(LEASE, GROUP, "aaaa")
    assert role_name("orders", "dev", SUFFIX, guid) == f"orders-dev-{guid[:8]}-abcdef"


def test_ids_are_those_of_azure_resource_manager() -> None:
    assert group_scope(SUBSCRIPTION, "shop-dev") == GROUP
    assert group_scope(SUBSCRIPTION, "") == f"/subscriptions/{SUBSCRIPTION}"
    assert assignment_id(GROUP, "guid") == f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/guid"
    assert cosmos_assignment_id(ACCOUNT, "guid") == f"{ACCOUNT}/sqlRoleAssignments/guid"


PLACE = {"subscription": SUBSCRIPTION, "resource_group": "shop-dev"}


@pytest.mark.parametrize(
    ("kind", "attributes", "expected"),
    [
        (LinkKind.AZURE_MANAGED_IDENTITY, PLACE, f"{IDENTITIES}/orders-dev-abcdef"),
        (
            LinkKind.AZURE_MANAGED_IDENTITY,
            {**PLACE, "tool": "search"},
            identity_id(SUBSCRIPTION, "shop-dev", "orders-dev-search-abcdef"),
        ),
        (
            LinkKind.AZURE_FEDERATED_CREDENTIAL,
            {**PLACE, "label": "github"},
            f"{IDENTITIES}/orders-dev-abcdef/federatedIdentityCredentials/github-abcdef",
        ),
        (
            LinkKind.AZURE_ROLE_DEFINITION,
            {**PLACE, "digest": "aaaa"},
            role_id(SUBSCRIPTION, role_guid(LEASE, GROUP, "aaaa")),
        ),
        (
            LinkKind.AZURE_ROLE_DEFINITION,
            {"subscription": SUBSCRIPTION, "digest": "aaaa"},
            role_id(SUBSCRIPTION, role_guid(LEASE, f"/subscriptions/{SUBSCRIPTION}", "aaaa")),
        ),
        (
            LinkKind.AZURE_ROLE_DEFINITION,
            {"subscription": SUBSCRIPTION, "digest": "aaaa", "account": ACCOUNT},
            cosmos_role_id(ACCOUNT, role_guid(LEASE, ACCOUNT, "aaaa")),
        ),
        (LinkKind.KEY_VAULT_SECRET, {"vault": "shop"}, vault_secret_name("shop", "orders-dev-abcdef")),
        (LinkKind.KEY_VAULT_SECRET, {}, "orders-dev-abcdef"),
        (LinkKind.ENTRA_APPLICATION, {}, "orders-dev-abcdef"),
        (LinkKind.ENTRA_SERVICE_PRINCIPAL, {}, "orders-dev-abcdef"),
        (LinkKind.IAM_ROLE, {"subscription": "no matter", "vault": "neither"}, "orders-dev-abcdef"),
    ],
)
def test_the_name_of_a_part_is_that_of_its_link(kind: LinkKind, attributes: dict[str, str], expected: str) -> None:
    assert name_of(kind, "orders", "dev", LEASE, attributes) == expected


def test_a_secret_of_the_identity_s_own_application_is_known_by_its_display_name() -> None:
    own = EntraClientSecretSource()
    assert own.address == ""
    resolved = own.resolved(TAGS)
    assert resolved.link().name == "orders-dev-abcdef"
    assert resolved.key_link("key").name == "orders-dev-abcdef/key"
    named = EntraClientSecretSource(application=SUBSCRIPTION)
    assert named.resolved(TAGS) == named
    assert named.link().name == SUBSCRIPTION
    assert EntraClientSecretSource.at(SUBSCRIPTION) == named
    assert EntraClientSecretSource.at("orders-dev-abcdef") == resolved

"""What a principal's assignments rest on, noted on its part of the lease."""

from __future__ import annotations

import pytest

from nhi_components.core.azure_grant import assignments_needed
from nhi_components.core.azure_grounds import assignments_noted, grounds_noted, vault_of_scope, vaults_noted
from nhi_components.core.azure_resource import LaterTarget, ResourceKind
from nhi_components.core.grant import Grant

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
OTHER = "66666666-7777-8888-9999-aaaaaaaaaaaa"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shop-dev"
QUEUE = f"{GROUP}/providers/Microsoft.ServiceBus/namespaces/shop/queues/orders"
THEIRS = f"/subscriptions/{OTHER.upper()}/resourceGroups/media/providers/Microsoft.Storage/storageAccounts/media"
COSMOS = f"{GROUP}/providers/Microsoft.DocumentDB/databaseAccounts/shop"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/shop"
SENDS = "Microsoft.ServiceBus/namespaces/messages/send/action"
ITEMS = "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/items/read"


def noted(*grants: tuple[str, object], beside: tuple[str, ...] = ()) -> dict[str, str]:
    given = [Grant(actions=[action], targets=[target]) for action, target in grants]
    return grounds_noted(assignments_needed(given, SUBSCRIPTION, "shop-dev"), beside)


def test_assignments_are_counted_by_subscription_and_those_that_cosmos_keeps_are_not() -> None:
    queue = LaterTarget(ResourceKind.SERVICE_BUS_QUEUE, object())
    grants = [(SENDS, QUEUE), ("Storage Blob Data Reader", THEIRS), (ITEMS, COSMOS), (SENDS, queue), (SENDS, QUEUE)]
    attributes = noted(*grants, beside=(SUBSCRIPTION, OTHER))
    assert assignments_noted(attributes) == {SUBSCRIPTION: 3, OTHER: 2}
    assert vaults_noted(attributes) == []


def test_a_principal_that_is_assigned_nothing_is_told_from_one_of_which_nothing_is_noted() -> None:
    assert assignments_noted(noted()) == {}
    assert assignments_noted({}) is None


@pytest.mark.parametrize(
    ("action", "target", "found"),
    [
        ("Key Vault Secrets User", f"{VAULT}/secrets/orders", [VAULT]),
        ("Microsoft.KeyVault/vaults/keys/sign/action", f"{VAULT}/keys/orders", [VAULT]),
        ("Key Vault Secrets User", VAULT, [VAULT]),
        # The control plane heeds roles in any case.
        ("Microsoft.KeyVault/vaults/read", VAULT, []),
        ("Key Vault Secrets User", GROUP, []),
        (SENDS, QUEUE, []),
        ("Key Vault Secrets User", LaterTarget(ResourceKind.VAULT_SECRET, object()), []),
    ],
)
def test_vaults_are_noted_on_whose_contents_something_is_granted(action: str, target: object, found: list[str]) -> None:
    assert vaults_noted(noted((action, target))) == found


def test_a_vault_is_noted_once_whatever_its_letter_case() -> None:
    grants = [("Key Vault Secrets User", f"{each}/secrets/orders") for each in (VAULT, VAULT.replace("shop-", "SHOP-"))]
    assert len(vaults_noted(noted(*grants))) == 1


@pytest.mark.parametrize(
    ("scope", "vault"),
    [
        (f"{VAULT}/secrets/orders", VAULT),
        (VAULT, VAULT),
        (VAULT.lower(), VAULT.lower()),
        (f"{GROUP}/providers/Microsoft.KeyVault/managedHSMs/shop", ""),
        (QUEUE, ""),
        (GROUP, ""),
        ("/", ""),
    ],
)
def test_the_vault_of_a_scope(scope: str, vault: str) -> None:
    assert vault_of_scope(scope) == vault

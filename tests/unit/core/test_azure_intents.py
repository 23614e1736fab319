"""Intents on Azure are sound data, and turn into grants or into problems."""

from __future__ import annotations

from typing import Any

import pytest

from nhi_components.core.azure_catalogue import roles
from nhi_components.core.azure_grant import COSMOS_ROLES, assignments_needed, is_role
from nhi_components.core.azure_grant_problems import azure_grant_problems
from nhi_components.core.azure_intents import INTENTS, AzureIntent
from nhi_components.core.azure_intents.model import operations_in, patterns_in
from nhi_components.core.azure_operation import planes_of
from nhi_components.core.azure_resource import ResourceKind, Target, target_of
from nhi_components.core.errors import SpecError
from nhi_components.core.intents import grants_of
from nhi_components.core.text import shown

EACH = pytest.mark.parametrize("intent", INTENTS.values(), ids=INTENTS)
PROVIDERS = {"cosmosdb": "documentdb"}
"""Where a service is called otherwise than its resource provider."""

GROUP = "/subscriptions/0f8fad5b-d9cb-469f-a165-70867728950e/resourceGroups/shop-prod"
QUEUE = f"{GROUP}/providers/Microsoft.ServiceBus/namespaces/shop-prod/queues/orders"
CONTAINER = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/shopprod/blobServices/default/containers/orders"
CONTROL = {
    "storage.list_containers": {"microsoft.storage/storageaccounts/blobservices/containers/read"},
    "keyvault.verify": {"microsoft.keyvault/vaults/keys/read"},
    "containerregistry.pull": {"microsoft.containerregistry/registries/pull/read"},
    "containerregistry.push": {
        "microsoft.containerregistry/registries/pull/read",
        "microsoft.containerregistry/registries/push/write",
    },
}
"""What no operation on data does, or what is also called so in the control plane."""


def example(intent: AzureIntent) -> str:
    assert intent.target
    return intent.target.example


def operations(actions: tuple[str, ...]) -> frozenset[str]:
    return frozenset[str]().union(*(operations_in(action) for action in actions))


def problems(intent_id: str, target: object = None, **parameters: object) -> list[tuple[str, str]]:
    with pytest.raises(SpecError) as error:
        grants_of(INTENTS[intent_id], target, parameters)
    assert all(problem.expected and problem.fix for problem in error.value.problems)
    return [(problem.path, problem.got) for problem in error.value.problems]


@EACH
def test_an_intent_is_sound_data(intent: AzureIntent) -> None:
    sentences = [intent.purpose, intent.excludes, *filter(None, [intent.notes])]
    assert all(text[0].isupper() and text.endswith(".") for text in sentences)
    provider = f"microsoft.{PROVIDERS.get(intent.service, intent.service)}/"
    assert [name for name in operations(intent.actions) if not name.startswith(provider)] == []


@EACH
def test_every_operation_is_one_that_azure_documents(intent: AzureIntent) -> None:
    assert [each for each in intent.actions if not is_role(each) and not planes_of(each)] == []
    assert [each for each in intent.actions if "*" in each] == []
    assert all(operations_in(each) for each in intent.actions)


@EACH
def test_the_control_plane_is_left_out_where_the_data_plane_does_without(intent: AzureIntent) -> None:
    needed = assignments_needed(grants_of(intent, example(intent)), "", "")
    assert {each.lower() for one in needed for each in one.role.actions} == CONTROL.get(intent.id, set())


@EACH
def test_no_intent_hands_out_access_or_keys(intent: AzureIntent) -> None:
    telling = ("listkeys", "listcredentials", "userdelegationkey", "authorization", "sqlrole", "accesspolicies")
    assert [name for name in operations(intent.actions) if any(each in name for each in telling)] == []


@EACH
def test_the_nearest_built_in_roles_permit_all_of_an_intent_and_take_nothing_out(intent: AzureIntent) -> None:
    assert operations(intent.actions) <= operations(intent.nearest)
    for role in intent.nearest:
        found = roles().find(role)
        assert (found is None) == (role.lower() in COSMOS_ROLES)
        if found is not None:
            assert not any(each.not_actions or each.not_data_actions or each.condition for each in found.permissions)


@EACH
def test_a_built_in_role_is_granted_for_credentials_alone(intent: AzureIntent) -> None:
    assert (intent.id == "keyvault.read_secret") == (intent.actions == intent.nearest)


@EACH
def test_the_example_fits_and_is_granted_on_the_kind_that_is_told(intent: AzureIntent) -> None:
    grants = grants_of(intent, example(intent))
    assert azure_grant_problems(grants) == []
    assert tuple(action for grant in grants for action in grant.actions) == intent.actions
    (needed,) = assignments_needed(grants, "", "")
    assert isinstance(needed.target, Target)
    assert (needed.target.kind, needed.target.scope) == (intent.kind, example(intent))
    assert needed.role.is_cosmos == (intent.service == "cosmosdb")


@EACH
def test_nothing_above_one_resource_is_a_target(intent: AzureIntent) -> None:
    above = {ResourceKind.SUBSCRIPTION, ResourceKind.RESOURCE_GROUP, ResourceKind.RESOURCE}
    assert intent.kind not in above
    for wider in (GROUP, GROUP.partition("/resourceGroups")[0], example(intent).rpartition("/")[0]):
        assert problems(intent.id, wider) == [("target", shown(wider))]


@EACH
@pytest.mark.parametrize("trick", ["*", "/", "/*", "?", "\n", " ", "\x00", "/../x"])
def test_nothing_that_widens_a_target_can_be_handed_over(intent: AzureIntent, trick: str) -> None:
    for text in (trick, f"{example(intent)}{trick}", f"{trick}{example(intent)}"):
        with pytest.raises(SpecError):
            grants_of(intent, text)


@pytest.mark.parametrize(
    ("intent", "target"),
    [
        ("storage.read_blobs", "orders"),
        ("storage.read_blobs", "https://shopprod.blob.core.windows.net/orders"),
        ("storage.read_blobs", CONTAINER.rpartition("/blobServices")[0]),
        ("storage.list_containers", CONTAINER),
        ("servicebus.send_to_queue", QUEUE.replace("queues", "topics")),
        ("servicebus.send_to_topic", QUEUE),
        ("servicebus.receive_from_queue", f"{QUEUE}/authorizationRules/root"),
        ("servicebus.receive_from_subscription", QUEUE.replace("queues", "topics")),
        ("eventhub.receive", QUEUE),
        ("keyvault.read_secret", f"{GROUP}/providers/Microsoft.KeyVault/vaults/shop-prod"),
        ("keyvault.read_secret", "https://shop-prod.vault.azure.net/secrets/orders"),
        ("keyvault.read_secret", f"{GROUP}/providers/Microsoft.KeyVault/vaults/shop-prod/secrets/orders/versions/1"),
        ("keyvault.sign", f"{GROUP}/providers/Microsoft.KeyVault/vaults/shop-prod/secrets/orders"),
        ("cosmosdb.read_items", f"{GROUP}/providers/Microsoft.DocumentDB/databaseAccounts/shop-prod/dbs/shop"),
        ("containerregistry.pull", "shopprod.azurecr.io"),
        ("servicebus.send_to_queue", 7),
        ("servicebus.send_to_queue", None),
    ],
)
def test_a_target_of_another_shape_is_refused(intent: str, target: object) -> None:
    assert problems(intent, target) == [("target", shown(target))]


def test_letter_case_counts_for_nothing_and_stays_as_it_was() -> None:
    for target in (QUEUE.lower(), QUEUE.upper(), QUEUE.replace("resourceGroups", "resourcegroups")):
        (grant,) = grants_of(INTENTS["servicebus.send_to_queue"], target)
        assert grant.targets == (target,)
        assert target_of(target) is not None


def test_everything_wrong_is_told_at_once() -> None:
    assert problems("storage.read_blobs", "orders", prefix="in/") == [
        ("target", "orders"),
        ("prefix", "a parameter that is not known here"),
    ]


def test_intents_on_one_resource_share_no_role_and_the_same_one_is_assigned_once() -> None:
    grants = (
        *grants_of(INTENTS["storage.read_blobs"], CONTAINER),
        *grants_of(INTENTS["storage.write_blobs"], CONTAINER),
        *grants_of(INTENTS["storage.read_blobs"], CONTAINER.lower()),
    )
    needed = assignments_needed(grants, "", "")
    assert [each.role.data_actions for each in needed] == [
        ("Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read",),
        ("Microsoft.Storage/storageAccounts/blobServices/containers/blobs/add/action",),
    ]


def test_what_a_role_names_is_told_apart_from_what_it_permits() -> None:
    assert patterns_in("Azure Event Hubs Data Sender") == (
        "Microsoft.EventHub/*/eventhubs/read",
        "Microsoft.EventHub/*/send/action",
    )
    assert operations_in("Azure Event Hubs Data Sender") == {
        "microsoft.eventhub/namespaces/eventhubs/read",
        "microsoft.eventhub/namespaces/messages/send/action",
    }
    assert len(operations_in("Cosmos DB Built-in Data Contributor")) == 10
    assert operations_in("AcrPull") == {"microsoft.containerregistry/registries/pull/read"}
    assert operations_in("Microsoft.Nowhere/things/read") == frozenset()


def test_a_target_that_comes_later_is_derived_and_checked_then() -> None:
    later: list[Any] = []

    def derive(write: Any) -> str:
        later.append(write)
        return f"output {len(later)}"

    (grant,) = grants_of(INTENTS["storage.read_blobs"], derive=derive)
    assert grant.targets == ("output 1",)
    assert later[0](CONTAINER) == CONTAINER
    with pytest.raises(SpecError, match=r"'storage\.read_blobs', known at deployment: 1 problem"):
        later[0](QUEUE)

"""Grants on Azure: their problems, the roles they need, and where these have to be assigned."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from nhi_components.core.azure_catalogue import operations_of, providers, roles
from nhi_components.core.azure_grant import AssignmentNeeded, assignments_needed, later_target_problems, split_by_plane
from nhi_components.core.azure_grant_problems import azure_grant_problems
from nhi_components.core.azure_operation import COSMOS_OPERATIONS, contained, documented, guessed_plane, planes_of
from nhi_components.core.azure_resource import LaterTarget, ResourceKind, target_of
from nhi_components.core.grant import Grant
from nhi_components.core.rule_exception import RuleException

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
OTHER = "66666666-7777-8888-9999-000000000000"
WHOLE = f"/subscriptions/{SUBSCRIPTION}"
GROUP = f"{WHOLE}/resourceGroups/shop-dev"
QUEUE = f"{GROUP}/providers/Microsoft.ServiceBus/namespaces/shop/queues/orders"
CONTAINER = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/shop/blobServices/default/containers/in"
COSMOS = f"{GROUP}/providers/Microsoft.DocumentDB/databaseAccounts/shop"
SENDS = "Microsoft.ServiceBus/namespaces/messages/send/action"
BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
ITEMS = "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/items"
EXCEPTION = RuleException(
    rule="azure.action-wildcard",
    resource="orders",
    reason="all that a container has",
    approver="ada",
    ends=date(2026, 12, 31),
)


def grant(*actions: str, on: Any = QUEUE, **more: Any) -> Grant:
    return Grant(actions=actions, targets=on if isinstance(on, list) else [on], **more)


def paths(*grants: Grant) -> list[str]:
    return [problem.path for problem in azure_grant_problems(grants)]


def needed(*grants: Grant) -> list[AssignmentNeeded]:
    assert paths(*grants) == []
    return assignments_needed(grants, SUBSCRIPTION, "shop-dev")


def test_every_documented_operation_is_taken_and_of_a_plane() -> None:
    every = [name for each in providers() for data in (False, True) for name in operations_of(each, data=data)]
    assert len(every) > len("thousands") * 1000
    assert [name for name in every if not planes_of(name)] == []
    assert paths(*(grant(name, on=WHOLE) for name in sorted(every)[:: len("every so many")])) in ([], ["grants"])


def test_every_built_in_role_is_taken_but_those_that_reach_everything() -> None:
    refused = {name for name in roles().names if "grants[0].actions[0]" in paths(grant(name, on=WHOLE))}
    administrator = "Role Based Access Control Administrator"
    assert refused == {"Owner", "Contributor", "User Access Administrator", administrator}


@pytest.mark.parametrize(
    "action",
    [
        *(
            "send",
            "Microsoft.ServiceBus",
            "Microsoft.ServiceBus/",
            "Microsoft.ServiceBus/namespaces/messages/sendd/action",
        ),
        *(
            "sqs:SendMessage",
            "pubsub.topics.publish",
            "roles/pubsub.publisher",
            "Microsoft.ServiceBus/namespaces/queues",
        ),
        *("Azure Service Bus Sender", "owner", "CONTRIBUTOR", "*", "Microsoft.ServiceBus/*", "*/read", f"{SENDS} "),
    ],
)
def test_what_is_no_operation_and_no_role_of_one_service_is_refused(action: str) -> None:
    assert paths(grant(action)) == ["grants[0].actions[0]"]


@pytest.mark.parametrize(
    ("action", "on", "planes"),
    [
        (SENDS, QUEUE, {"data"}),
        ("Microsoft.ServiceBus/namespaces/queues/read", QUEUE, {"control"}),
        (f"{BLOBS}/read", CONTAINER, {"data"}),
        ("Microsoft.Storage/storageAccounts/blobServices/containers/read", CONTAINER, {"control"}),
        ("Microsoft.KeyVault/vaults/secrets/getSecret/action", GROUP, {"data"}),
        ("Microsoft.KeyVault/vaults/secrets/delete", GROUP, {"data"}),
        ("Microsoft.KeyVault/vaults/secrets/write", GROUP, {"control"}),
        ("Microsoft.KeyVault/vaults/keys/read", GROUP, {"control", "data"}),
        ("Microsoft.Sql/servers/databases/read", GROUP, {"control"}),
        ("Microsoft.ContainerRegistry/registries/pull/read", GROUP, {"control"}),
        ("Microsoft.ContainerRegistry/registries/repositories/content/read", GROUP, {"data"}),
        (f"{ITEMS}/read", COSMOS, {"cosmos"}),
        ("Microsoft.DocumentDB/databaseAccounts/readMetadata", COSMOS, {"cosmos"}),
        ("Microsoft.DocumentDB/databaseAccounts/read", COSMOS, {"control"}),
    ],
)
def test_control_and_data_are_told_apart(action: str, on: str, planes: set[str]) -> None:
    assert planes_of(action) == planes == planes_of(action.upper())
    split = split_by_plane(grant(action, on=on))
    assert {plane for plane in ("control", "data", "cosmos") if getattr(split, plane)} == planes
    assert paths(grant(action, on=on)) == []


def test_what_the_catalogue_does_not_know_needs_an_exception_and_is_guessed() -> None:
    unknown = "Microsoft.ServiceBus/namespaces/queues/peek/action"
    assert paths(grant(unknown)) == ["grants[0].actions[0]"]
    (each,) = needed(grant(unknown, exception=EXCEPTION))
    assert (each.role.actions, each.role.data_actions) == ((unknown,), ())
    assert guessed_plane("Microsoft.KeyVault/vaults/secrets/tell/action") == "data"


def test_a_wildcard_needs_an_exception_and_one_provider() -> None:
    assert paths(grant(f"{BLOBS}/*", on=CONTAINER)) == ["grants[0].actions[0]"]
    (each,) = needed(grant(f"{BLOBS}/*", on=CONTAINER, exception=EXCEPTION))
    assert (each.role.actions, each.role.data_actions) == ((), (f"{BLOBS}/*",))
    assert paths(grant("Microsoft.*/read", on=CONTAINER, exception=EXCEPTION)) == ["grants[0].actions[0]"]


def test_a_role_is_alone_in_its_grant() -> None:
    role = "Azure Service Bus Data Sender"
    assert paths(grant(role, SENDS)) == ["grants[0].actions"]
    (each,) = needed(grant(role.lower()))
    assert each.role.built_in == "69a216fc-b8fb-44d8-bc22-1f3c2cd27a39"


@pytest.mark.parametrize(
    ("action", "on"),
    [
        (f"{BLOBS}/read", QUEUE),
        (SENDS, CONTAINER),
        (f"{ITEMS}/read", CONTAINER),
        (f"{ITEMS}/read", GROUP),
        ("Cosmos DB Built-in Data Reader", GROUP),
        ("Cosmos DB Built-in Data Reader", LaterTarget(ResourceKind.SERVICE_BUS_QUEUE, object())),
    ],
)
def test_what_would_permit_nothing_is_refused(action: str, on: Any) -> None:
    assert paths(grant(action, on=on)) == ["grants[0].targets[0]"]


def test_what_is_about_resources_of_all_kinds_may_be_granted_on_any() -> None:
    assert paths(grant("Microsoft.Insights/metrics/read", "Microsoft.Authorization/permissions/read")) == []


def test_each_resource_group_has_a_role_of_its_own_for_the_same_operations() -> None:
    elsewhere = QUEUE.replace("shop-dev", "media")
    other = QUEUE.replace(SUBSCRIPTION, OTHER)
    made = needed(grant(SENDS, on=[QUEUE, f"{QUEUE}2", elsewhere, other, WHOLE]))
    places = [(each.role.subscription, each.role.resource_group) for each in made]
    assert places == [
        *[(SUBSCRIPTION, "shop-dev")] * 2,
        (SUBSCRIPTION, "media"),
        (OTHER, "shop-dev"),
        (SUBSCRIPTION, ""),
    ]
    assert len({each.role for each in made}) == len(set(places))


def test_letter_case_makes_no_second_role_and_no_second_assignment() -> None:
    assert len(needed(grant(SENDS), grant(SENDS.lower(), on=QUEUE.upper()))) == 1
    shouted = f"{QUEUE}2".replace("shop-dev", "SHOP-DEV")
    assert len({each.role for each in needed(grant(SENDS), grant(SENDS, on=shouted))}) == 1


def test_grants_do_not_run_into_each_other() -> None:
    receives = SENDS.replace("send", "receive")
    made = needed(grant(SENDS), grant(receives, on=f"{QUEUE}2"))
    assert [each.role.data_actions for each in made] == [(SENDS,), (receives,)]


def test_data_of_cosmos_becomes_a_role_of_the_account_and_the_rest_one_of_azure() -> None:
    made = needed(grant("Microsoft.DocumentDB/databaseAccounts/read", f"{ITEMS}/read", on=COSMOS))
    assert [(each.role.is_cosmos, each.role.account) for each in made] == [(False, ""), (True, COSMOS)]
    assert [(each.role.actions, each.role.data_actions) for each in made] == [
        (("Microsoft.DocumentDB/databaseAccounts/read",), ()),
        ((), (f"{ITEMS}/read",)),
    ]


def test_a_later_target_is_taken_for_one_of_the_identity_s_own_place() -> None:
    own = LaterTarget(ResourceKind.SERVICE_BUS_QUEUE, object())
    elsewhere = LaterTarget(ResourceKind.SERVICE_BUS_QUEUE, object(), OTHER, "media", "media")
    subscription = LaterTarget(ResourceKind.SUBSCRIPTION, object())
    made = needed(grant(SENDS, on=[own, elsewhere, subscription]))
    assert [(each.subscription, each.resource_group) for each in made] == [
        (SUBSCRIPTION, "shop-dev"),
        (OTHER, "media"),
        (SUBSCRIPTION, ""),
    ]


def test_two_later_targets_of_one_kind_need_labels() -> None:
    first, second = (LaterTarget(ResourceKind.SERVICE_BUS_QUEUE, object()) for _ in range(2))
    assert paths(grant(SENDS, on=[first, second])) == ["grants[0].targets[1]"]
    labelled = LaterTarget(ResourceKind.SERVICE_BUS_QUEUE, object(), label="second")
    assert paths(grant(SENDS, on=[first, labelled])) == []


@pytest.mark.parametrize(
    ("kind", "subscription", "group", "is_right"),
    [
        (ResourceKind.SERVICE_BUS_QUEUE, SUBSCRIPTION, "Shop-Dev", True),
        (ResourceKind.SERVICE_BUS_QUEUE, "", "", True),
        (ResourceKind.SERVICE_BUS_TOPIC, SUBSCRIPTION, "shop-dev", False),
        (ResourceKind.SERVICE_BUS_QUEUE, OTHER, "shop-dev", False),
        (ResourceKind.SERVICE_BUS_QUEUE, SUBSCRIPTION, "media", False),
    ],
)
def test_a_later_target_has_to_be_what_and_where_it_was_said_to_be(
    kind: ResourceKind, subscription: str, group: str, *, is_right: bool
) -> None:
    target = target_of(QUEUE)
    assert target is not None
    assert (later_target_problems("grants[0]", target, kind, subscription, group) == []) is is_right


def test_an_output_without_a_kind_and_conditions_are_refused() -> None:
    assert paths(grant(SENDS, on=object())) == ["grants[0].targets[0]"]
    assert paths(grant(SENDS, conditions={"StringEquals": {"aws:x": ["y"]}})) == ["grants[0].conditions"]


def test_a_role_contains_what_its_wildcards_match_less_what_is_taken_out() -> None:
    contributor, reader = contained("Contributor"), contained("Azure Service Bus Data Receiver")
    assert contributor is not None
    assert reader is not None
    assert ("microsoft.storage/storageaccounts/listkeys/action", False) in contributor
    assert ("microsoft.authorization/roleassignments/write", False) not in contributor
    assert (f"{BLOBS}/read".lower(), True) not in contributor
    assert (SENDS.lower(), True) not in reader
    assert (SENDS.lower().replace("send", "receive"), True) in reader
    assert contained("Shop Queue Sender") is None


def test_patterns_find_operations_of_both_planes() -> None:
    keys = documented("Microsoft.KeyVault/vaults/keys/read")
    assert {data for _, data in keys} == {False, True}
    assert documented("Microsoft.Nowhere/*") == frozenset()
    assert {name for name, _ in documented("*/items/*") if name in COSMOS_OPERATIONS} == {
        name for name in COSMOS_OPERATIONS if "/items/" in name
    }

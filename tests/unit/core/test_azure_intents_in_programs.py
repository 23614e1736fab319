"""Intents on Azure as a Pulumi program calls them: one function each, targets known or not yet."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from nhi_components.azure import intents
from nhi_components.core.azure_grant_problems import azure_grant_problems
from nhi_components.core.azure_intents import INTENTS, AzureIntent
from nhi_components.core.azure_resource import LaterTarget, ResourceKind
from nhi_components.core.grant import Grant
from nhi_components.core.intents import grants_of
from nhi_components.refusal import ProgramRefused

EACH = pytest.mark.parametrize("intent", INTENTS.values(), ids=INTENTS)
SUBSCRIPTION = "0f8fad5b-d9cb-469f-a165-70867728950e"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shop-prod"
QUEUE = f"{GROUP}/providers/Microsoft.ServiceBus/namespaces/shop-prod/queues/orders"


def function_of(intent: AzureIntent) -> Callable[..., tuple[Grant, ...]]:
    service, _, name = intent.id.partition(".")
    found: Callable[..., tuple[Grant, ...]] = getattr(getattr(intents, service), name)
    return found


def example(intent: AzureIntent) -> str:
    assert intent.target
    return intent.target.example


def later(target: str, **told: Any) -> tuple[Grant, ...]:
    async def program() -> tuple[Grant, ...]:
        return intents.servicebus.send_to_queue(pulumi.Output.from_input(target), **told)

    return asyncio.run(program())


def test_there_is_a_function_for_every_intent_and_no_other() -> None:
    public = {
        f"{service}.{name}"
        for service in intents.__all__
        for name, member in vars(getattr(intents, service)).items()
        if inspect.isfunction(member) and member.__module__ == f"nhi_components.azure.intents.{service}"
    }
    assert public == set(INTENTS)


@EACH
def test_a_function_grants_what_its_intent_says(intent: AzureIntent) -> None:
    assert function_of(intent)(example(intent)) == grants_of(intent, example(intent))


@EACH
def test_a_function_says_what_its_intent_says(intent: AzureIntent) -> None:
    text = " ".join((inspect.getdoc(function_of(intent)) or "").split())
    said = [intent.purpose, intent.excludes, intent.notes, intent.target.what if intent.target else ""]
    assert [part for part in said if part not in text] == []


@EACH
def test_a_target_that_comes_later_has_its_kind_and_place_now(intent: AzureIntent) -> None:
    async def program() -> tuple[Grant, ...]:
        output = pulumi.Output.from_input(example(intent))
        return function_of(intent)(output, subscription=SUBSCRIPTION, resource_group="shop-prod", label="orders")

    (grant,) = asyncio.run(program())
    (target,) = grant.targets
    assert isinstance(target, LaterTarget)
    place = (target.kind, target.subscription, target.resource_group, target.label)
    assert place == (intent.kind, SUBSCRIPTION, "shop-prod", "orders")
    assert azure_grant_problems([grant]) == []


def test_a_target_that_comes_later_lies_where_the_identity_does_by_default() -> None:
    (target,) = later(QUEUE)[0].targets
    assert (target.kind, target.subscription, target.resource_group, target.label) == (
        ResourceKind.SERVICE_BUS_QUEUE,
        None,
        None,
        "",
    )


def test_two_that_come_later_need_labels() -> None:
    (problem,) = azure_grant_problems([*later(QUEUE), *later(f"{QUEUE}-2")])
    assert "label" in problem.fix
    assert azure_grant_problems([*later(QUEUE), *later(f"{QUEUE}-2", label="second")]) == []


def test_a_secret_target_stays_secret() -> None:
    async def program() -> bool:
        (grant,) = intents.servicebus.send_to_queue(pulumi.Output.secret(QUEUE))
        return bool(await grant.targets[0].name.is_secret())

    assert asyncio.run(program())


def test_a_place_that_is_told_can_not_contradict_the_target() -> None:
    (grant,) = intents.servicebus.send_to_queue(QUEUE, subscription=SUBSCRIPTION.upper(), resource_group="SHOP-prod")
    assert grant.targets == (QUEUE,)
    with pytest.raises(ProgramRefused, match="something in resource group shop-dev"):
        intents.servicebus.send_to_queue(QUEUE, resource_group="shop-dev")
    with pytest.raises(ProgramRefused, match="of subscription 1b1f6e5a"):
        intents.servicebus.send_to_queue(QUEUE, subscription="1b1f6e5a-3c1d-4b8e-9f57-5a0f5a6b7c01")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("subscription", "shop-prod"),
        ("subscription", f"/subscriptions/{SUBSCRIPTION}"),
        ("subscription", 7),
        ("resource_group", ""),
        ("resource_group", "shop/prod"),
        ("resource_group", "shop."),
        ("resource_group", GROUP),
        ("label", None),
        ("label", "two words"),
        ("label", "a" * 65),
    ],
)
def test_what_is_no_place_and_no_label_is_refused(name: str, value: Any) -> None:
    with pytest.raises(ProgramRefused, match=rf"1 problem\n  {name}\n"):
        later(QUEUE, **{name: value})
    with pytest.raises(ProgramRefused, match=rf"1 problem\n  {name}\n"):
        intents.servicebus.send_to_queue(QUEUE, **{name: value})


def test_a_target_that_turns_out_wrong_ends_the_program() -> None:
    async def program() -> Any:
        (grant,) = intents.servicebus.send_to_queue(pulumi.Output.from_input(GROUP))
        return await grant.targets[0].name.future()

    with pytest.raises(ProgramRefused, match="the resource id of a Service Bus queue"):
        asyncio.run(program())

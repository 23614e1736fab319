"""Intents on Google Cloud as a Pulumi program calls them: one function each, targets known or not yet."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from nhi_components.core.gcp_grant import gcp_grant_problems
from nhi_components.core.gcp_intents import INTENTS, GcpIntent
from nhi_components.core.gcp_resource import LaterTarget, ResourceKind
from nhi_components.core.grant import Grant
from nhi_components.core.intents import grants_of
from nhi_components.gcp import intents
from nhi_components.refusal import ProgramRefused

EACH = pytest.mark.parametrize("intent", INTENTS.values(), ids=INTENTS)
BUCKET = "orders-in"
TOPIC = "projects/shop-prod/topics/orders"


def function_of(intent: GcpIntent) -> Callable[..., tuple[Grant, ...]]:
    service, _, name = intent.id.partition(".")
    found: Callable[..., tuple[Grant, ...]] = getattr(getattr(intents, service), name)
    return found


def example(intent: GcpIntent) -> str:
    assert intent.target
    return intent.target.example


def test_there_is_a_function_for_every_intent_and_no_other() -> None:
    public = {
        f"{service}.{name}"
        for service in intents.__all__
        for name, member in vars(getattr(intents, service)).items()
        if inspect.isfunction(member) and member.__module__ == f"nhi_components.gcp.intents.{service}"
    }
    assert public == set(INTENTS)


@EACH
def test_a_function_grants_what_its_intent_says(intent: GcpIntent) -> None:
    parameters: dict[str, Any] = {parameter.name: parameter.shape.example for parameter in intent.parameters}
    assert function_of(intent)(example(intent)) == grants_of(intent, example(intent))
    assert function_of(intent)(example(intent), **parameters) == grants_of(intent, example(intent), parameters)


@EACH
def test_a_function_says_what_its_intent_says(intent: GcpIntent) -> None:
    text = " ".join((inspect.getdoc(function_of(intent)) or "").split())
    said = [intent.purpose, intent.excludes, intent.notes, *(parameter.meaning for parameter in intent.parameters)]
    assert [part for part in [*said, intent.target.what if intent.target else ""] if part not in text] == []


@EACH
def test_a_function_takes_the_project_exactly_where_the_target_is_none(intent: GcpIntent) -> None:
    taken = inspect.signature(function_of(intent)).parameters["project"].kind if _names_project(intent) else None
    assert (taken is inspect.Parameter.KEYWORD_ONLY) == (intent.kind is not ResourceKind.PROJECT)


def _names_project(intent: GcpIntent) -> bool:
    return "project" in inspect.signature(function_of(intent)).parameters


@EACH
def test_two_that_come_later_are_told_apart_by_labels(intent: GcpIntent) -> None:
    if intent.kind is ResourceKind.PROJECT:
        assert "label" not in inspect.signature(function_of(intent)).parameters
        return

    async def program() -> list[list[Grant]]:
        first, second = (pulumi.Output.from_input(example(intent)) for _ in range(2))
        make = function_of(intent)
        return [[*make(first), *make(second)], [*make(first), *make(second, label="second")]]

    alike, labelled = asyncio.run(program())
    (problem,) = gcp_grant_problems(alike)
    assert "of the intent" in problem.fix
    assert gcp_grant_problems(labelled) == []


@EACH
def test_a_target_that_comes_later_has_its_kind_now(intent: GcpIntent) -> None:
    async def program() -> tuple[Grant, ...]:
        return function_of(intent)(pulumi.Output.from_input(example(intent)))

    (grant,) = asyncio.run(program())
    (target,) = grant.targets
    assert isinstance(target, LaterTarget)
    assert (target.kind, target.project) == (intent.kind, None)
    assert gcp_grant_problems([grant]) == []


def test_the_name_of_a_target_that_comes_later_is_derived_from_it() -> None:
    async def program() -> list[Any]:
        grants = intents.storage.read_objects(pulumi.Output.from_input(BUCKET), prefix="in/", project="shop-prod")
        grants += intents.storage.list_objects(asyncio.sleep(0, BUCKET))
        return [(await grant.targets[0].name.future(), grant.targets[0].project) for grant in grants]

    assert asyncio.run(program()) == [
        ("projects/_/buckets/orders-in/objects/in/*", "shop-prod"),
        ("projects/_/buckets/orders-in", None),
    ]


def test_a_secret_target_stays_secret() -> None:
    async def program() -> bool:
        (grant,) = intents.pubsub.publish(pulumi.Output.secret(TOPIC))
        return bool(await grant.targets[0].name.is_secret())

    assert asyncio.run(program())


def test_a_bucket_of_another_project_is_told_so() -> None:
    (grant,) = intents.storage.write_objects(BUCKET, project="media-prod")
    assert grant.targets == (LaterTarget(ResourceKind.BUCKET, "projects/_/buckets/orders-in", "media-prod"),)
    assert gcp_grant_problems([grant]) == []


def test_a_project_that_is_told_can_not_contradict_the_target() -> None:
    (grant,) = intents.pubsub.publish(TOPIC, project="shop-prod")
    assert grant.targets[0].project == "shop-prod"
    with pytest.raises(ProgramRefused, match="shop-prod, as the target says"):
        intents.pubsub.publish(TOPIC, project="other-prod")


@pytest.mark.parametrize("project", ["Shop", "projects/shop-prod", "", 7, "a" * 31])
def test_what_is_no_project_is_refused(project: Any) -> None:
    with pytest.raises(ProgramRefused, match="the id of a project"):
        intents.pubsub.publish(TOPIC, project=project)


def test_a_target_that_turns_out_wrong_ends_the_program() -> None:
    async def program() -> Any:
        (grant,) = intents.pubsub.publish(pulumi.Output.from_input(BUCKET))
        return await grant.targets[0].name.future()

    with pytest.raises(ProgramRefused, match="the relative name of a topic"):
        asyncio.run(program())


def test_several_prefixes_take_a_bucket_that_is_known() -> None:
    async def program() -> None:
        intents.storage.read_objects(pulumi.Output.from_input(BUCKET), prefix=["a/", "b/"])

    with pytest.raises(ProgramRefused, match="known at deployment only"):
        asyncio.run(program())
    (grant,) = intents.storage.read_objects(BUCKET, prefix=["a/", "b/"])
    assert len(grant.targets) == 2


def test_parameters_are_checked_although_the_target_comes_later() -> None:
    async def program() -> None:
        intents.storage.read_objects(pulumi.Output.from_input(BUCKET), prefix="*")

    with pytest.raises(ProgramRefused, match="prefix"):
        asyncio.run(program())

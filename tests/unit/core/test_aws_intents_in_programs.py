"""Intents as a Pulumi program calls them: one function each, targets known or not yet."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from nhi_components.aws import intents
from nhi_components.core.aws_intents import INTENTS
from nhi_components.core.errors import SpecError
from nhi_components.core.grant import Grant
from nhi_components.core.intents import Intent, grants_of
from nhi_components.refusal import ProgramRefused

EACH = pytest.mark.parametrize("intent", INTENTS.values(), ids=INTENTS)
BUCKET = "arn:aws:s3:::orders-in"


def function_of(intent: Intent) -> Callable[..., tuple[Grant, ...]]:
    service, _, name = intent.id.partition(".")
    found: Callable[..., tuple[Grant, ...]] = getattr(
        getattr(intents, {"lambda": "lambda_"}.get(service, service)), name
    )
    return found


def arguments_of(intent: Intent) -> tuple[list[str], dict[str, object]]:
    parameters: dict[str, object] = {
        p.name: {p.key_shape.example: p.shape.example} if p.key_shape else p.shape.example for p in intent.parameters
    }
    return [intent.target.example] if intent.target else [], parameters


def test_there_is_a_function_for_every_intent_and_no_other() -> None:
    public = {
        f"{service.rstrip('_')}.{name}"
        for service in intents.__all__
        for name, member in vars(getattr(intents, service)).items()
        if inspect.isfunction(member) and member.__module__ == f"nhi_components.aws.intents.{service}"
    }
    assert public == set(INTENTS)


@EACH
def test_a_function_grants_what_its_intent_says(intent: Intent) -> None:
    targets, parameters = arguments_of(intent)
    assert function_of(intent)(*targets, **parameters) == grants_of(intent, next(iter(targets), None), parameters)


@EACH
def test_a_function_without_its_options_grants_without_them(intent: Intent) -> None:
    targets, parameters = arguments_of(intent)
    needed = {p.name: parameters[p.name] for p in intent.parameters if p.required}
    assert function_of(intent)(*targets, **needed) == grants_of(intent, next(iter(targets), None), needed)


@EACH
def test_a_function_says_what_its_intent_says(intent: Intent) -> None:
    text = " ".join((inspect.getdoc(function_of(intent)) or "").split())
    said = [intent.purpose, intent.excludes, intent.notes, *(p.meaning for p in intent.parameters)]
    assert [part for part in [*said, intent.target.what if intent.target else ""] if part not in text] == []


def test_the_parts_of_a_target_that_comes_later_are_derived_from_it() -> None:
    async def program() -> list[Any]:
        grants = intents.s3.read_objects(pulumi.Output.from_input(BUCKET), prefix="in/")
        grants += intents.s3.list_objects(asyncio.sleep(0, BUCKET), prefix="in/")
        return [await grant.targets[0].future() for grant in grants]

    assert asyncio.run(program()) == [f"{BUCKET}/in/*", BUCKET]


def test_a_secret_target_stays_secret() -> None:
    async def program() -> bool:
        (grant,) = intents.s3.delete_objects(pulumi.Output.secret(BUCKET))
        return bool(await grant.targets[0].is_secret())

    assert asyncio.run(program())


def test_a_target_that_turns_out_wrong_ends_the_program() -> None:
    async def program() -> Any:
        (grant,) = intents.sqs.send(pulumi.Output.from_input(BUCKET))
        return await grant.targets[0].future()

    with pytest.raises(ProgramRefused, match="the ARN of a queue"):
        asyncio.run(program())


def test_what_is_known_to_be_wrong_ends_the_program_at_once() -> None:
    with pytest.raises(ProgramRefused, match="2 problems"):
        intents.s3.read_objects("orders", prefix="*")
    with pytest.raises(SpecError, match="the ARN of a bucket"):
        intents.s3.read_objects(object())  # type: ignore[arg-type]  # a program without types may do so


def test_parameters_are_checked_although_the_target_comes_later() -> None:
    async def program() -> None:
        intents.s3.read_objects(pulumi.Output.from_input(BUCKET), prefix="*")

    with pytest.raises(ProgramRefused, match="prefix"):
        asyncio.run(program())

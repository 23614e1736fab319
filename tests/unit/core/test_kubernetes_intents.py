"""Intents on Kubernetes as data, and as a Pulumi program calls them."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pytest

from nhi_components import kubernetes
from nhi_components.core.errors import SpecError
from nhi_components.core.grant import Grant
from nhi_components.core.intents import Intent, grants_of
from nhi_components.core.kubernetes_grant import LaterTarget, kubernetes_grant_problems, target_of
from nhi_components.core.kubernetes_intents import KUBERNETES_INTENTS
from nhi_components.core.kubernetes_resources import is_unknown
from nhi_components.refusal import ProgramRefused

DOCUMENT = Path(__file__).parents[3] / "docs" / "kubernetes.md"
EACH = pytest.mark.parametrize("intent", KUBERNETES_INTENTS.values(), ids=KUBERNETES_INTENTS)
NAMED = pytest.mark.parametrize(
    "intent", [i for i in KUBERNETES_INTENTS.values() if i.target], ids=lambda intent: intent.id
)


def function_of(intent: Intent) -> Callable[..., tuple[Grant, ...]]:
    module, _, name = intent.id.partition(".")
    found: Callable[..., tuple[Grant, ...]] = getattr(getattr(kubernetes.intents, module), name)
    return found


def example(intent: Intent) -> list[Any]:
    return [intent.target.example] if intent.target else []


@EACH
def test_it_has_no_problem_and_stays_in_its_namespace(intent: Intent) -> None:
    grants = grants_of(intent, *example(intent), parameters={"namespace": "shop"})
    assert kubernetes_grant_problems(grants) == []
    targets = [target_of(text) for grant in grants for text in grant.targets]
    assert {target.namespace for target in targets if target} == {"shop"}
    assert not any(target is None or is_unknown(target.group, target.resource) for target in targets)


@EACH
@pytest.mark.parametrize("trick", ["*", "a/b", "", "../x", "a b", "Shop", "a\nb", "a/*"])
def test_nothing_that_widens_a_role_can_be_handed_over(intent: Intent, trick: str) -> None:
    with pytest.raises(SpecError):
        grants_of(intent, *example(intent), parameters={"namespace": trick})
    if intent.target and trick != "Shop":
        with pytest.raises(SpecError):
            grants_of(intent, trick, {"namespace": "shop"})


@EACH
def test_a_function_grants_what_its_intent_says(intent: Intent) -> None:
    granted = function_of(intent)("shop", *example(intent))
    assert granted == grants_of(intent, *example(intent), parameters={"namespace": "shop"})
    text = " ".join((inspect.getdoc(function_of(intent)) or "").split())
    assert [part for part in (intent.purpose, intent.excludes, intent.notes) if part not in text] == []


def test_there_is_a_function_for_every_intent_and_no_other() -> None:
    public = {
        f"{module}.{name}"
        for module in kubernetes.intents.__all__
        for name, member in vars(getattr(kubernetes.intents, module)).items()
        if inspect.isfunction(member) and member.__module__ == f"nhi_components.kubernetes.intents.{module}"
    }
    assert public == set(KUBERNETES_INTENTS)


@NAMED
def test_a_name_that_comes_later_goes_into_the_same_rules(intent: Intent) -> None:
    async def program() -> list[Any]:
        grants = function_of(intent)("shop", pulumi.Output.from_input(intent.target.example if intent.target else ""))
        assert kubernetes_grant_problems(grants) == []
        texts = []
        for target in (target for grant in grants for target in grant.targets):
            later = isinstance(target, LaterTarget)
            texts.append(target.written(await target.name.future()) if later else target)
        return texts

    known = [target for grant in function_of(intent)("shop", *example(intent)) for target in grant.targets]
    assert asyncio.run(program()) == known


def test_a_namespace_that_comes_later_is_refused() -> None:
    async def program() -> None:
        kubernetes.intents.pods.watch(pulumi.Output.from_input("shop"))  # type: ignore[arg-type] - that is the test

    with pytest.raises(ProgramRefused, match="the name of one namespace"):
        asyncio.run(program())


@EACH
def test_the_document_tells_what_it_grants(intent: Intent) -> None:
    on = (f"{', '.join(part.actions)} on {' and '.join(f'`{each}`' for each in part.on)}" for part in intent.parts)
    what_not = " ".join(filter(None, (intent.excludes, intent.notes)))
    assert f"| `{intent.id}` | {'; '.join(on)} | {intent.purpose} | {what_not} |" in DOCUMENT.read_text()

"""Intents on Vault as data, and as a Pulumi program calls them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path

import pulumi
import pytest

from nhi_components import vault
from nhi_components.core.errors import SpecError
from nhi_components.core.grant import Grant, vault_grant_problems
from nhi_components.core.intents import Intent, grants_of
from nhi_components.core.vault_intents import VAULT_INTENTS
from nhi_components.refusal import ProgramRefused

DOCUMENT = Path(__file__).parents[3] / "docs" / "vault.md"
EACH = pytest.mark.parametrize("intent", VAULT_INTENTS.values(), ids=VAULT_INTENTS)


def function_of(intent: Intent) -> Callable[..., tuple[Grant, ...]]:
    engine, _, name = intent.id.partition(".")
    found: Callable[..., tuple[Grant, ...]] = getattr(getattr(vault.intents, engine), name)
    return found


def example(intent: Intent) -> str:
    assert intent.target
    return intent.target.example


@EACH
def test_it_grants_on_exact_paths_below_its_mount(intent: Intent) -> None:
    (grant,) = grants_of(intent, example(intent), {"mount": "teams/one"})
    assert vault_grant_problems([grant]) == []
    assert not {"sudo", "delete", "patch"} & set(grant.actions)
    assert all(target.startswith("teams/one/") and not set("*+") & set(target) for target in grant.targets)


@EACH
@pytest.mark.parametrize("trick", ["*", "+", "a/*", "a/+/b", "../keys", "", "/orders", "orders/", "a b", 'a"', "a\nb"])
def test_nothing_that_widens_a_policy_can_be_handed_over(intent: Intent, trick: str) -> None:
    for target, mount in ((trick, "usual"), (example(intent), trick)):
        with pytest.raises(SpecError):
            grants_of(intent, target, {"mount": mount})


@pytest.mark.parametrize("path", ["data/shared/rates", "metadata/shared"])
def test_a_path_of_the_api_is_not_taken_for_that_of_an_entry(path: str) -> None:
    with pytest.raises(SpecError, match="without `data/`"):
        vault.intents.kv.read(path)


@EACH
def test_a_function_grants_what_its_intent_says(intent: Intent) -> None:
    assert function_of(intent)(example(intent)) == grants_of(intent, example(intent))
    elsewhere = function_of(intent)(example(intent), mount="elsewhere")
    assert elsewhere == grants_of(intent, example(intent), {"mount": "elsewhere"})
    assert inspect.getdoc(function_of(intent)).startswith(intent.purpose)  # type: ignore[union-attr] - it has one


def test_there_is_a_function_for_every_intent_and_no_other() -> None:
    public = {
        f"{engine}.{name}"
        for engine in vault.intents.__all__
        for name, member in vars(getattr(vault.intents, engine)).items()
        if inspect.isfunction(member) and member.__module__ == f"nhi_components.vault.intents.{engine}"
    }
    assert public == set(VAULT_INTENTS)


def test_a_wrong_name_ends_the_program_plainly() -> None:
    with pytest.raises(ProgramRefused, match="the name of one key"):
        vault.intents.transit.encrypt("*")


@pulumi.runtime.test
def test_a_name_that_comes_later_is_checked_then() -> pulumi.Output[None]:
    (grant,) = vault.intents.transit.sign(pulumi.Output.from_input("orders"))
    return pulumi.Output.from_input(grant.targets[0]).apply(lambda path: _same(path, "transit/sign/orders"))


def _same(got: str, expected: str) -> None:
    assert got == expected


@EACH
def test_the_document_tells_what_it_grants(intent: Intent) -> None:
    (part,) = intent.parts
    (path,) = part.on
    place = path.format(mount=intent.parameters[0].default, target="…")
    row = f"| `{intent.id}` | {', '.join(part.actions)} on `{place}` | {intent.purpose} | {intent.excludes} |"
    assert row in DOCUMENT.read_text()

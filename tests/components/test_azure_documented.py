"""docs/azure.md stays true: its programs work, and its tables and figures are the code's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from nhi_components import azure
from nhi_components.azure.agent_identity import MOST_TOOLS
from nhi_components.bundle import Bundle
from nhi_components.core.azure_catalogue import IDENTITY_OPERATOR, SECRETS_USER, roles
from nhi_components.core.azure_federation import AUDIENCE, PARKED
from nhi_components.core.azure_grant import REFUSED, assignments_needed
from nhi_components.core.azure_grant_problems import MOST_ASSIGNMENTS, azure_grant_problems
from nhi_components.core.azure_resource import ResourceKind, Target
from nhi_components.core.azure_trust import MOST_DEPLOYERS
from nhi_components.core.connection import AzureConnection
from nhi_components.core.credential.rotation import CADENCES, SourceKind, format_length
from nhi_components.lifecycle.adapters.azure import federated, quotas
from nhi_components.lifecycle.adapters.azure import roles as custom_roles
from nhi_components.lifecycle.residue import RESIDUES
from nhi_components.scaffold.azure import BLUEPRINTS
from nhi_components.scaffold.blueprint import Blueprint
from tests.pages import rows

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/azure.md").read_text(encoding="utf-8")
TEXT = " ".join(PAGE.split())
(GRANTS, CONNECTION) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
DAYS = {each.id: each.figure.longest // timedelta(days=1) for each in RESIDUES if each.figure}


def test_the_grants_are_taken_and_assigned_where_it_says() -> None:
    names: dict[str, Any] = {}
    exec(compile(GRANTS, "docs/azure.md", "exec"), names)  # noqa: S102 - our own page
    assert azure_grant_problems(names["grants"]) == []
    needed = assignments_needed(names["grants"], "", "")
    kinds = [each.target.kind for each in needed]
    assert kinds == [ResourceKind.SERVICE_BUS_QUEUE, ResourceKind.RESOURCE, ResourceKind.RESOURCE_GROUP]
    assert [bool(each.role.built_in) for each in needed] == [False, False, True]
    assert all(isinstance(each.target, Target) and each.target.scope.startswith(names["shop"]) for each in needed)


def test_the_connection_is_one() -> None:
    (told,) = re.findall(r"azure\.Connection\((.*)\)\}", CONNECTION)
    made = eval(f"AzureConnection({told})", {"AzureConnection": AzureConnection})  # noqa: S307 - our own page
    assert made.subscriptions == ("0f8fad5b-d9cb-469f-a165-70867728950e",)


def blueprints() -> Iterator[Blueprint]:
    for blueprint in BLUEPRINTS.values():
        yield from (blueprint, *blueprint.platforms.values())


def test_every_component_is_told_with_an_example_and_has_a_blueprint() -> None:
    bundles = {
        f"azure.{name}"
        for name in azure.__all__
        if isinstance(made := getattr(azure, name), type) and issubclass(made, Bundle)
    }
    heading = "component | kind | who becomes the identity | example"
    told = {row[0].strip("`"): row[3] for row in rows(PAGE, heading) if row[0]}
    assert set(told) == bundles
    assert all("](../examples/azure_" in example for example in told.values())
    assert {f"azure.{blueprint.component}" for blueprint in blueprints()} == bundles


def test_what_ends_by_itself_is_what_the_code_ends() -> None:
    ends = {row[0]: row[1].partition(":")[0] for row in rows(PAGE, "what | end date") if "**" in row[1]}
    assert [what for what, how in ends.items() if how == "**enforced**"] == ["client secrets of an application"]
    assert len(ends) == 4


def role(guid: str) -> str:
    found = roles().find(guid)
    assert found is not None
    return found.name


@pytest.mark.parametrize(
    "told",
    [
        f"An identity has at most {MOST_ASSIGNMENTS} assignments.",
        f"by {role(IDENTITY_OPERATOR)} on it; at most {MOST_DEPLOYERS}, of which one may be an output",
        f"by {role(SECRETS_USER)} on that one secret",
        f"the grants of that tool alone, at most {MOST_TOOLS}.",
        f"Entra keeps {federated.MOST} federated credentials of each at most",
        f"has the subject `{PARKED}`",
        f"the subject becomes `{federated.CUT_OFF}` and what it was",
        f"The audience is `{AUDIENCE}`",
        f"{quotas.MOST_ASSIGNMENTS:,} of {quotas.MOST_ASSIGNMENTS:,}, and 1 to be made azure-role-assignments",
        f"{custom_roles.MOST:,} of {custom_roles.MOST:,} … azure-role-definitions",
        f"{federated.MOST} of {federated.MOST} … azure-federated-credentials",
        f"| application, service principal | {DAYS['azure.entra.soft-delete']} days",
        f"7 to {DAYS['azure.key-vault.soft-delete']} days, as its vault says, 90 by default",
        f"up to {DAYS['azure.managed-identity.tokens'] * 24} hours, whatever becomes of it",
    ],
)
def test_figures_are_the_code_s(told: str) -> None:
    assert told in TEXT


def test_what_can_go_wrong_is_told_in_these_words() -> None:
    folder = ROOT / "nhi_components/lifecycle/adapters/azure"
    said = "".join(file.read_text(encoding="utf-8") for file in folder.glob("*.py"))
    said = said.replace("{_NAMESPACE}", "Microsoft.ManagedIdentity")
    told = [words for row in rows(PAGE, "what is told | way out") for words in re.findall(r"`([^`]+)`", row[0])]
    theirs = {"could not be found", "principalId"}  # Azure's own words
    plain = [words.strip(" …") for words in told if not words[0].isdigit() and words not in theirs]
    assert len(plain) > 6
    assert [words for words in plain if words not in said] == []


def test_the_roles_that_are_never_assigned_are_those_that_are_refused() -> None:
    (told,) = re.findall(r"Never (.*?), nor a custom role", TEXT)
    assert set(re.split(r", | or ", told)) == {role(guid) for guid in REFUSED}


def test_the_secret_s_cadence_is_the_code_s() -> None:
    cadence = CADENCES[SourceKind.ENTRA_CLIENT_SECRET]
    assert (format_length(cadence.usual), format_length(cadence.longest)) == ("7d", "30d")
    assert "is replaced weekly unless `rotation` does, monthly at most" in TEXT

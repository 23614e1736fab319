"""What a preview of an identity on Azure shows, before the ids of its principals are known."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks, set_mocks

from nhi_components import SecretSpec, azure
from tests.components.conftest import IDENTITY, Recorder
from tests.components.test_golden_graphs_azure import (
    PLACE,
    VAULT,
    azure_app,
    azure_targets_known_later,
    azure_workload_suspended,
    azure_workload_with_secret,
)

ASSIGNMENTS = (
    "azure-native:authorization:RoleAssignment",
    "azure-native:cosmosdb:SqlResourceSqlRoleAssignment",
)
LATE = {"principalId", "clientId", "tenantId", "objectId", "applicationTenantId"}


class Previewing(Recorder):
    """Answers as providers do at a preview: what they alone know is not known."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        id_, outputs = super().new_resource(args)
        late = () if args.typ.startswith("nhi:") else LATE - args.inputs.keys()
        return id_, {name: value for name, value in outputs.items() if name not in late}


def previewed(program: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    monkeypatch.setattr("nhi_components.bundle.guard_against_retention", lambda: None)
    recorder = Previewing()
    asyncio.set_event_loop(asyncio.new_event_loop())
    set_mocks(recorder, project="shop", stack="dev", preview=True)
    pulumi.runtime.test(program)()
    return recorder.registered


@pytest.mark.parametrize(
    ("program", "assignments"),
    [
        (azure_workload_with_secret, 4),
        (azure_targets_known_later, 4),
        (azure_app, 1),
        (azure_workload_suspended, 0),
    ],
)
def test_assignments_and_the_names_of_all_links_are_known(
    program: Callable[[], object], assignments: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered = previewed(program, monkeypatch)
    made = [each["inputs"] for each in registered if each["type"] in ASSIGNMENTS]
    assert len(made) == assignments
    assert all(each.get("roleAssignmentName") or each.get("roleAssignmentId") for each in made)
    (seal,) = (each["inputs"] for each in registered if each["type"] == "nhi:index:Seal")
    assert all(link["name"] for link in seal["links"])
    kinds = [link["kind"] for link in seal["links"]]
    assert kinds.count("azure-role-assignment") == assignments
    assert {"azure-managed-identity", "entra-application"} & set(kinds)


def test_the_seal_comes_after_every_assignment(monkeypatch: pytest.MonkeyPatch) -> None:
    types = [each["type"] for each in previewed(azure_workload_with_secret, monkeypatch)]
    assert types[-1] == "nhi:index:Seal"
    assert types.count(ASSIGNMENTS[0]) == 4


class Admitting(Recorder):
    """Answers as our provider does once the secret is there, in a national cloud."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        id_, outputs = super().new_resource(args)
        if args.typ == "nhi:index:Seal":
            read_at = {"uri": "https://shop-dev.vault.azure.cn/secrets/orders"}
            outputs["admitted"] = [
                {**link, "attributes": {**link["attributes"], **read_at}}
                for link in args.inputs["links"]
                if link["kind"] == "key-vault-secret"
            ]
        return id_, outputs


@pytest.mark.parametrize("secret", [True, False])
def test_a_secret_s_address_is_the_one_at_which_it_was_admitted(
    monkeypatch: pytest.MonkeyPatch, *, secret: bool
) -> None:
    monkeypatch.setattr("nhi_components.bundle.guard_against_retention", lambda: None)
    told: list[object] = []

    def program() -> None:
        own: dict[str, Any] = {"secret": SecretSpec(), "vault": VAULT} if secret else {}
        made = azure.WorkloadIdentity("orders", identity=IDENTITY, **PLACE, **own)
        pulumi.Output.from_input(made.secret_uri).apply(told.append)

    asyncio.set_event_loop(asyncio.new_event_loop())
    set_mocks(Admitting(), project="shop", stack="dev", preview=False)
    pulumi.runtime.test(program)()
    assert told == ["https://shop-dev.vault.azure.cn/secrets/orders" if secret else None]

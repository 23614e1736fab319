"""Identities of Azure are linked by what plans tell; scopes enclose what their ids say."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from nhi_components.facts import UNKNOWN, PulumiResource, read_pulumi_resource
from nhi_components.facts.azure.identities import TERRAFORM, TYPES
from nhi_components.facts.chain.model import IdentityGraph, Part
from nhi_components.facts.chain.reading import graph_of, part_of
from nhi_components.facts.chain.search import search
from nhi_components.facts.chain.words import sentence
from nhi_components.facts.files import read_text

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
SUBSCRIPTION = "/subscriptions/aaaaaaaa-0000-0000-0000-000000000000"
OTHER = "/subscriptions/bbbbbbbb-0000-0000-0000-000000000000"
GROUP = f"{SUBSCRIPTION}/resourceGroups/shop"
OPS = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/ops"
ASSIGNMENT = "azure:authorization/assignment:Assignment"
EVERY_TYPE = (
    *TERRAFORM.values(),
    ASSIGNMENT,
    "azure:authorization/roleDefinition:RoleDefinition",
    "azure-native:authorization/v20220401:RoleAssignment",
    "azure-native:managedidentity/v20230131:UserAssignedIdentity",
)
INPUTS = ("name", "resourceName", "resourceGroupName", "identity", "principalId", "principalType", "scope", "id")
ROLE_INPUTS = ("roleDefinitionName", "roleDefinitionId", "permissions", "condition", "objectId", "vmName")
WRONG: tuple[Any, ...] = (
    None,
    7,
    "x",
    [],
    {},
    [None],
    {"a": None},
    UNKNOWN,
    [UNKNOWN],
    [[1]],
    True,
    {"identityIds": [7, None, UNKNOWN]},
)


def part(urn: str, type_token: str, inputs: Any, outputs: Any = None) -> Part:
    resource = PulumiResource(urn, type_token, inputs)
    made = part_of(resource, read_pulumi_resource(resource), outputs or {})
    assert made is not None
    return made


def ways(graph: IdentityGraph) -> list[str]:
    return [sentence(graph, path) for path in search(graph, NOW).paths() if path.steps]


def assigned(principal: str, role: str, scope: str) -> Part:
    inputs = {"principalId": principal, "principalType": "ServicePrincipal", "roleDefinitionName": role, "scope": scope}
    return part(f"{principal} {role}", ASSIGNMENT, inputs)


@pytest.mark.parametrize(
    ("scope", "encloses"),
    [
        (SUBSCRIPTION, True),
        (OTHER, False),
        (GROUP.upper(), True),
        (f"{GROUP}2", False),
        (f"{OTHER}/resourceGroups/shop", False),
        (OPS, True),
        (f"{OPS}2", False),
        ("/providers/Microsoft.Management/managementGroups/all", True),
        (f"{GROUP}/providers/Microsoft.Storage/storageAccounts/ops", False),
    ],
)
def test_a_scope_encloses_what_lies_below_it(scope: str, encloses: bool) -> None:
    given = {"name": "ops", "resourceGroupName": "shop"}
    ops = part("ops", TERRAFORM["azurerm_user_assigned_identity"], given, {"id": OPS, "principalId": "p-ops"})
    parts = [ops, assigned("p-ops", "Owner", SUBSCRIPTION), assigned("ci", "Managed Identity Contributor", scope)]
    assert bool(ways(graph_of(parts))) is encloses


def test_a_state_is_linked_by_its_ids() -> None:
    def resource(kind: str, name: str, values: dict[str, Any]) -> dict[str, Any]:
        return {"address": f"{kind}.{name}", "mode": "managed", "type": kind, "name": name, "values": values}

    resources = [
        resource(
            "azurerm_user_assigned_identity",
            "ops",
            {"name": "ops", "resource_group_name": "shop", "id": OPS, "principal_id": "p-ops"},
        ),
        resource(
            "azurerm_linux_virtual_machine",
            "box",
            {
                "name": "box",
                "resource_group_name": "build",
                "identity": [{"type": "UserAssigned", "identity_ids": [OPS]}],
            },
        ),
        resource(
            "azurerm_role_assignment",
            "owner",
            {"principal_id": "p-ops", "role_definition_name": "Owner", "scope": SUBSCRIPTION},
        ),
        resource("azuread_service_principal", "ci", {"display_name": "ci", "object_id": "p-ci"}),
        resource(
            "azurerm_role_assignment",
            "ci",
            {
                "principal_id": "p-ci",
                "role_definition_name": "Virtual Machine Contributor",
                "scope": f"{SUBSCRIPTION}/resourceGroups/build",
            },
        ),
    ]
    state = {"format_version": "1.0", "values": {"root_module": {"resources": resources}}}
    expected = "ci may run commands on a machine of ops (Virtual Machine Contributor), which is administrator of a"
    assert ways(graph_of(read_text("state.json", json.dumps(state)).parts)) == [f"{expected} subscription (Owner)"]


def test_types_are_known_in_every_version() -> None:
    assert all(token in TYPES for token in EVERY_TYPE)
    assert "azure-native:storage:StorageAccount" not in TYPES
    assert 7 not in TYPES


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("type_token", EVERY_TYPE)
def test_no_shape_of_an_input_makes_it_raise(type_token: str, wrong: Any) -> None:
    given = dict.fromkeys((*INPUTS, *ROLE_INPUTS), wrong)
    ops = part("ops", TERRAFORM["azurerm_user_assigned_identity"], {"name": "ops"}, {"principalId": "p-ops"})
    search(graph_of([part("it", type_token, given, given), ops, assigned("p-ops", "Owner", SUBSCRIPTION)]), NOW)

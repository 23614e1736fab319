"""What the components for Azure register: judged by our own rules, and evaluated as Azure evaluates it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import yaml
from pulumi_policy.proxy import UNKNOWN_ARRAY_VALUE, UNKNOWN_STRING_VALUE

from nhi_components.core.azure_catalogue import roles
from nhi_components.core.azure_federation import PARKED
from nhi_components.core.azure_operation import matches, planes_of
from nhi_components.core.lease_id import name_of
from nhi_components.core.links import LinkKind
from nhi_components.rules.config import JudgeConfig, Mode
from tests.components.graphs import GOLDEN
from tests.components.test_golden_graphs_azure import TAGS_EXCEPTION
from tests.unit.crossguard.pack import Pack, rules_of
from tools.doubles.azure import catalogue
from tools.doubles.azure.scopes import is_within

EXCEPTED = "azure_wildcard_with_an_exception"
GRAPHS = [file.stem for file in sorted(GOLDEN.glob("azure_*.yaml"))]
LEASE = "lease-abcdefghijklmnop"
IDENTITY = "azure-native:managedidentity:UserAssignedIdentity"
CREDENTIAL = "azure-native:managedidentity:FederatedIdentityCredential"
DEFINITION, ASSIGNMENT = (f"azure-native:authorization:Role{each}" for each in ("Definition", "Assignment"))
COSMOS_DEFINITION, COSMOS_ASSIGNMENT = (
    f"azure-native:cosmosdb:SqlResourceSqlRole{each}" for each in ("Definition", "Assignment")
)


def resources(graph: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load((GOLDEN / f"{graph}.yaml").read_text()))


def of_type(graph: str, *types: str) -> list[dict[str, Any]]:
    return [each["inputs"] for each in resources(graph) if each["type"] in types]


def found(pack: Pack, graph: list[dict[str, Any]]) -> list[str]:
    """Everything that a pack tells about a graph, as the engine registers it: each part inside its component."""
    component, *parts = graph
    whole = f"urn:pulumi:dev::shop::{component['type']}::{component['name']}"
    told = [pack.analyze(component["type"], component["inputs"], whole)]
    for part in parts:
        urn = f"urn:pulumi:dev::shop::{component['type']}${part['type']}::{part['name']}"
        told.append(pack.analyze(part["type"], part["inputs"], urn, whole))
    messages = [message for each in told for messages in each.values() for message in messages]
    return [*messages, *(message for each in pack.end().values() for _, message in each)]


def changed(graph: str, type_: str, **inputs: Any) -> list[dict[str, Any]]:
    """A graph with other inputs of the first resource of a type; None takes an input away."""
    told, first = resources(graph), next(each for each in resources(graph) if each["type"] == type_)
    for resource in told:
        if resource == first:
            resource["inputs"] = {k: v for k, v in {**resource["inputs"], **inputs}.items() if v is not None}
    return told


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("graph", [graph for graph in GRAPHS if graph != EXCEPTED])
def test_no_pack_finds_anything(graph: str, mode: Mode) -> None:
    assert found(Pack(JudgeConfig(mode=mode)), resources(graph)) == []


def test_the_exception_of_a_wildcard_has_to_be_the_packs_as_well() -> None:
    strict = JudgeConfig(mode=Mode.STRICT)
    assert rules_of(found(Pack(strict), resources(EXCEPTED))) == ["azure.action-wildcard"]
    excepted = replace(strict, exceptions=(TAGS_EXCEPTION,))
    assert found(Pack(excepted), resources(EXCEPTED)) == []


HIDDEN = {
    IDENTITY: (),
    CREDENTIAL: ("issuer", "subject"),
    ASSIGNMENT: ("principalId", "roleAssignmentName", "scope"),
    COSMOS_DEFINITION: ("accountName", "resourceGroupName", "roleDefinitionId", "roleName"),
    COSMOS_ASSIGNMENT: ("accountName", "principalId", "roleAssignmentId", "roleDefinitionId", "scope"),
}


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("graph", ["azure_targets_known_later", "azure_aks_workload_of_a_new_cluster"])
def test_nor_while_what_they_name_is_not_known_yet(graph: str, mode: Mode) -> None:
    told = resources(graph)
    for resource in told:
        resource["inputs"] |= dict.fromkeys(HIDDEN.get(resource["type"], ()), UNKNOWN_STRING_VALUE)
        if resource["type"] == COSMOS_DEFINITION:
            resource["inputs"]["assignableScopes"] = UNKNOWN_ARRAY_VALUE
    assert found(Pack(JudgeConfig(mode=mode)), told) == []


ASSIGNS = {"actions": ["Microsoft.Authorization/roleAssignments/write"], "dataActions": []}
EVERYTHING = {"actions": ["*"], "dataActions": []}
RECEIVES = {"actions": [], "dataActions": ["Microsoft.ServiceBus/namespaces/messages/receive/action"]}
DELETES = {"dataActions": ["Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/items/delete"]}
CONTRIBUTES = "/providers/Microsoft.Authorization/roleDefinitions/ba92f5b4-2d11-453d-a403-e96b0029c9fe"
OWNER = "/providers/Microsoft.Authorization/roleDefinitions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635"


@pytest.mark.parametrize(
    ("graph", "rule"),
    [
        (changed("azure_github", CREDENTIAL, subject="repo:example/orders:*"), "azure.oidc-trust"),
        (changed("azure_gitlab", CREDENTIAL, subject="project_path:example/shop/orders:ref_type:branch:ref:*"),
         "azure.oidc-trust"),
        (changed("azure_aks_workload", CREDENTIAL, audiences=["https://shop.example.com"]), "azure.oidc-trust"),
        (changed("azure_vendor", CREDENTIAL, issuer="http://login.vendor.example.com"), "azure.oidc-trust"),
        (changed("azure_workload_with_secret", DEFINITION, permissions=[ASSIGNS]), "azure.escalation"),
        (changed("azure_workload_with_secret", DEFINITION, permissions=[EVERYTHING]), "azure.action-wildcard"),
        (changed("azure_workload_with_secret", DEFINITION, permissions=[RECEIVES]), "grants.undeclared"),
        (changed("azure_workload_with_secret", ASSIGNMENT, roleDefinitionId=CONTRIBUTES), "grants.undeclared"),
        (changed("azure_cosmos_roles_of_its_own", COSMOS_DEFINITION, permissions=[DELETES]), "grants.undeclared"),
        (changed("azure_workload_with_secret", ASSIGNMENT, roleDefinitionId=OWNER,
                 scope="/subscriptions/11111111-2222-3333-4444-555555555555"), "azure.admin"),
    ],
)  # fmt: skip
def test_what_they_leave_out_would_be_found(graph: list[dict[str, Any]], rule: str) -> None:
    assert rule in rules_of(found(Pack(JudgeConfig(mode=Mode.STRICT)), graph))


def test_a_secret_in_the_state_beside_it_would_be_found() -> None:
    password = {"type": "azuread:index/applicationPassword:ApplicationPassword", "name": "p", "inputs": {}}
    graph = [*resources("azure_app"), password]
    assert rules_of(found(Pack(JudgeConfig(mode=Mode.STRICT)), graph)) != []


PERMISSIONS = [(graph, each["permissions"]) for graph in GRAPHS for each in of_type(graph, DEFINITION)]


@pytest.mark.parametrize(
    ("graph", "permissions"), PERMISSIONS, ids=[f"{g}-{i}" for i, (g, _) in enumerate(PERMISSIONS)]
)
def test_azure_takes_each_custom_role(graph: str, permissions: list[dict[str, list[str]]]) -> None:
    (block,) = permissions
    assert block["actions"] or block["dataActions"]
    assert all(catalogue.is_supported(each, data=False) for each in block["actions"])
    assert all(catalogue.is_supported(each, data=True) for each in block["dataActions"])


@pytest.mark.parametrize("graph", GRAPHS)
def test_each_role_can_be_assigned_where_it_is_and_nowhere_beyond_one_resource_group(graph: str) -> None:
    places = {each["roleDefinitionId"]: each["assignableScopes"] for each in of_type(graph, DEFINITION)}
    for scopes in places.values():
        assert len(scopes) == 1
    for each in of_type(graph, ASSIGNMENT):
        guid = each["roleDefinitionId"].rpartition("/")[2]
        if guid in places:
            assert is_within(each["scope"], places[guid][0])
            assert "/resourceGroups/" in places[guid][0] or each["scope"] == places[guid][0]
        else:
            assert roles().find(guid) is not None


@pytest.mark.parametrize("graph", GRAPHS)
def test_each_assignment_is_of_a_principal_that_was_just_made_and_bears_the_lease(graph: str) -> None:
    for each in of_type(graph, ASSIGNMENT):
        assert each["principalType"] == "ServicePrincipal"
        assert each["description"].endswith(f"nhi:lease={LEASE}")
        assert "delegatedManagedIdentityResourceId" not in each
    names = [each["roleAssignmentName"] for each in of_type(graph, ASSIGNMENT)]
    assert len(names) == len(set(names))


def test_what_a_cosmos_role_permits_is_on_its_data_alone() -> None:
    told = [each for graph in GRAPHS for each in of_type(graph, COSMOS_DEFINITION)]
    assert told
    for each in told:
        (block,) = each["permissions"]
        assert set(block) == {"dataActions"}
        assert all(planes_of(action) == {"cosmos"} for action in block["dataActions"])
        assert each["roleName"].endswith("-abcdef")


@pytest.mark.parametrize(
    ("types", "take"),
    [
        ((IDENTITY,), lambda inputs: inputs["tags"]["nhi:lease"]),
        ((DEFINITION, ASSIGNMENT), lambda inputs: inputs["description"]),
        (("azuread:index/application:Application",), lambda inputs: " ".join(inputs["tags"])),
        (("azuread:index/servicePrincipal:ServicePrincipal",), lambda inputs: " ".join(inputs["tags"])),
        (("azuread:index/application:Application",), lambda inputs: inputs["notes"]),
    ],
)
def test_everything_bears_the_lease(types: tuple[str, ...], take: Callable[[dict[str, Any]], str]) -> None:
    told = [take(inputs) for graph in GRAPHS for inputs in of_type(graph, *types)]
    assert told
    assert all(LEASE in each for each in told)


SUSPENDED = [graph for graph in GRAPHS if "suspended" in graph]


@pytest.mark.parametrize("graph", SUSPENDED)
def test_while_suspended_nobody_is_assigned_anything_and_nobody_let_in(graph: str) -> None:
    assert of_type(graph, ASSIGNMENT, COSMOS_ASSIGNMENT) == []
    assert all(each["subject"] == PARKED for each in of_type(graph, CREDENTIAL))
    principals = of_type(graph, "azuread:index/servicePrincipal:ServicePrincipal")
    assert all(each["accountEnabled"] is False for each in principals)
    (seal,) = of_type(graph, "nhi:index:Seal")
    assert [link for link in seal["links"] if link["kind"] == "azure-role-assignment"] == []


@pytest.mark.parametrize("graph", [graph for graph in GRAPHS if "suspended" not in graph])
def test_while_active_every_assignment_is_handed_to_the_seal(graph: str) -> None:
    (seal,) = of_type(graph, "nhi:index:Seal")
    linked = {link["name"] for link in seal["links"] if link["kind"] == "azure-role-assignment"}
    named = {
        f"{each['scope']}/providers/Microsoft.Authorization/roleAssignments/{each['roleAssignmentName']}"
        for each in of_type(graph, ASSIGNMENT)
    }
    of_accounts = {each["roleAssignmentId"] for each in of_type(graph, COSMOS_ASSIGNMENT)}
    assert {name for name in linked if "/sqlRoleAssignments/" not in name} == named
    assert {name.rpartition("/")[2] for name in linked - named} == of_accounts


@pytest.mark.parametrize("graph", GRAPHS)
def test_what_is_declared_beforehand_has_the_names_that_the_seal_tells(graph: str) -> None:
    (lease,), (seal,) = of_type(graph, "nhi:index:Lease"), of_type(graph, "nhi:index:Seal")
    linked = {(link["kind"], link["name"]) for link in seal["links"]}
    identity = lease["identity"]
    for part in lease["parts"]:
        if "kind" in part:
            kind = LinkKind(part["kind"])
            name = name_of(kind, identity["name"], identity["environment"], LEASE, part.get("attributes", {}))
            assert (part["kind"], name) in linked


def test_no_wildcard_reaches_beyond_what_was_excepted() -> None:
    (definition,) = of_type(EXCEPTED, DEFINITION)
    (pattern,) = definition["permissions"][0]["dataActions"]
    blobs = "microsoft.storage/storageaccounts/blobservices/containers/blobs"
    assert [matches(pattern, f"{blobs}/{each}") for each in ("tags/read", "read", "delete")] == [True, False, False]

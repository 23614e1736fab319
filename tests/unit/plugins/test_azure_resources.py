"""What the plugin for Azure takes for a change, and how it meets slowness, refusals and what people do by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pulumi.provider.experimental import provider as rpc

from nhi_components.provider.known import UNKNOWN
from nhi_components.provider.values import plain_map, property_map
from tests.unit.plugins.azure_engines import (
    ACCOUNT,
    ASSIGNMENT,
    BUS,
    CREDENTIAL,
    GROUPS,
    HERE,
    ID,
    IDENTITY,
    IN_SUBSCRIPTION,
    KEPT_BY_ROLES,
    NAMESPACE,
    PRINTER,
    QUEUE,
    ROLE,
    SERVER,
    STORED,
    VAULT,
    NativeEngine,
    azure,
)
from tests.unit.plugins.conftest import Kept
from tools.doubles.azure.directory import TENANT
from tools.doubles.azure.subscriptions import GROUP
from tools.plugins.resource import PluginError


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[NativeEngine]:
    with azure(tmp_path, monkeypatch) as double:
        yield NativeEngine(double)


def test_of_what_is_not_made_yet_only_what_the_program_says_is_known(plugin: NativeEngine) -> None:
    told = plugin.preview(IDENTITY, {**PRINTER, "tags": {"a": UNKNOWN}})
    assert told["tags"] == {"a": UNKNOWN}
    assert told["name"] is told["principalId"] is told["clientId"] is UNKNOWN
    assert "resourceName" not in told
    assert len(plugin.calls()) == 2


def test_at_the_preview_of_a_change_name_and_location_are_known_and_nothing_else(plugin: NativeEngine) -> None:
    kept = plugin.create(IDENTITY, PRINTER)
    news = plugin.checked(IDENTITY, {**PRINTER, "tags": {"a": "b"}}, kept)
    asked = rpc.UpdateRequest(kept.urn, kept.resource_id, kept.state, news, 0, [], True)
    told = asyncio.run(plugin.provider.update(asked)).properties
    assert (told["name"].value, told["location"].value) == ("printer", "westeurope")
    assert plain_map(told)["principalId"] is UNKNOWN


def test_a_location_is_that_before_or_the_providers_or_the_resource_groups(plugin: NativeEngine) -> None:
    named = {"resourceGroupName": GROUP, "resourceName": "printer"}
    start = len(plugin.calls())
    assert plugin.checked(IDENTITY, named)["location"].value == "westeurope"
    assert plugin.checked(IDENTITY, named)["location"].value == "westeurope"
    assert plugin.calls(start) == [f"GET {IN_SUBSCRIPTION}/resourceGroups/{GROUP}?api-version=2020-10-01"]
    assert plugin.preview(IDENTITY, {**named, "resourceGroupName": UNKNOWN})["location"] is UNKNOWN
    assert "location" not in plugin.checked(IDENTITY, {**named, "resourceGroupName": "nowhere"})
    object.__setattr__(plugin.client.settings, "location", "northeurope")
    assert plugin.checked(IDENTITY, named)["location"].value == "northeurope"
    kept = Kept(IDENTITY, ID, property_map({"location": "West Europe"}), {})
    assert plugin.checked(IDENTITY, named, kept)["location"].value == "West Europe"
    made = plugin.create(IDENTITY, {**PRINTER, "location": "West Europe"})
    assert not plugin.diff(made, {**PRINTER, "location": "WestEurope"}).changes


@pytest.mark.parametrize(
    ("token", "inputs", "change"),
    [
        (IDENTITY, PRINTER, {"location": "northeurope"}),
        (IDENTITY, PRINTER, {"resourceName": "plotter"}),
        (IDENTITY, PRINTER, {"resourceGroupName": "other"}),
        (ACCOUNT, STORED, {"isHnsEnabled": True}),
        (ACCOUNT, STORED, {"location": "northeurope"}),
        (BUS, NAMESPACE, {"location": "northeurope"}),
        (
            QUEUE,
            {"resourceGroupName": GROUP, "namespaceName": "nhi-labels", "queueName": "q"},
            {"requiresSession": True},
        ),
        (SERVER, {**HERE, "serverName": "labels"}, {"administratorLogin": "ada"}),
    ],
)
def test_what_makes_a_new_resource_and_the_named_one_goes_first(
    plugin: NativeEngine, token: str, inputs: dict[str, Any], change: dict[str, Any]
) -> None:
    plugin.double.resources.make("Microsoft.ServiceBus/namespaces", "nhi-bus")
    if token == QUEUE:
        plugin.create(BUS, NAMESPACE)
    kept = plugin.create(token, inputs)
    found = plugin.diff(kept, {**inputs, **change})
    assert (found.replaces, found.delete_before_replace) == (list(change), True)


def test_a_principal_or_a_scope_makes_a_new_assignment_and_a_text_does_not(plugin: NativeEngine) -> None:
    made = {"principalId": "p", "roleDefinitionId": "r", "scope": IN_SUBSCRIPTION, "roleAssignmentName": "g"}
    id_ = f"{IN_SUBSCRIPTION}/providers/Microsoft.Authorization/roleAssignments/g"
    kept = Kept(ASSIGNMENT, id_, property_map(made), property_map({**made, "principalType": "ServicePrincipal"}))
    assert not plugin.diff(kept, made).changes
    assert plugin.diff(kept, {**made, "principalId": UNKNOWN}).replaces == ["principalId"]
    assert plugin.diff(kept, {**made, "scope": ID}).replaces == ["scope"]
    assert plugin.diff(kept, {**made, "description": "d"}).replaces == []


def test_a_role_is_told_by_its_subscription_whatever_scope_it_was_made_at(plugin: NativeEngine) -> None:
    group = f"{IN_SUBSCRIPTION}/resourceGroups/{GROUP}"
    wanted = {
        "scope": group,
        "roleDefinitionId": "2f4a4f0e-8f5c-4b8a-9d7b-0b8f0c1f3b02",
        "roleName": "prints",
        "assignableScopes": [group],
        "permissions": [{"actions": ["Microsoft.ServiceBus/namespaces/read"]}],
    }
    kept = plugin.create(ROLE, wanted)
    assert kept.resource_id.startswith(f"{IN_SUBSCRIPTION}/providers/")
    assert not plugin.diff(kept, wanted).changes
    assert plugin.diff(kept, {**wanted, "scope": "/subscriptions/other"}).replaces == ["scope"]


def test_names_that_are_not_given_are_made_of_the_programs_and_kept(plugin: NativeEngine) -> None:
    first = plugin.checked(IDENTITY, HERE)
    assert str(first["resourceName"].value).startswith("thing")
    assert len(str(first["resourceName"].value)) == len("thing") + 8
    kept = plugin.create(IDENTITY, HERE)
    assert plugin.checked(IDENTITY, HERE, kept)["resourceName"].value == kept.inputs["resourceName"].value
    moved = plugin.diff(kept, {**HERE, "location": "northeurope"})
    assert (moved.replaces, moved.delete_before_replace) == (["location"], False)
    role = plugin.checked(ROLE, {"scope": IN_SUBSCRIPTION})["roleDefinitionId"].value
    assert len(str(role)) == 36
    (problem,) = plugin.problems(QUEUE, {"resourceGroupName": GROUP, "namespaceName": "nhi-labels"})
    assert problem.startswith("queueName\n    got:      nothing")


def test_a_resource_is_imported_by_its_id(plugin: NativeEngine) -> None:
    kept = plugin.create(IDENTITY, {**PRINTER, "tags": {"a": "b"}})
    read = asyncio.run(plugin.provider.read(rpc.ReadRequest(kept.urn, kept.resource_id, {}, {})))
    told = {name: value.value for name, value in read.inputs.items() if name != "tags"}
    assert told == {"resourceGroupName": GROUP, "resourceName": "printer", "location": "westeurope"}


def test_drift_of_what_is_asked_for_is_seen_and_what_azure_fills_in_is_none(plugin: NativeEngine) -> None:
    kept = plugin.create(BUS, {**NAMESPACE, "disableLocalAuth": True})
    live = plugin.double.resources.by_id[kept.resource_id.lower()]["properties"]
    live |= {"minimumTlsVersion": "1.2", "zoneRedundant": True}
    found = plugin.refresh(kept)
    assert found is not None
    assert not plugin.diff(found, {**NAMESPACE, "disableLocalAuth": True}).changes
    live["disableLocalAuth"] = False
    drifted = plugin.refresh(kept)
    assert drifted is not None
    assert drifted.inputs["disableLocalAuth"].value is False
    assert plugin.diff(drifted, {**NAMESPACE, "disableLocalAuth": True}).diffs == ["disableLocalAuth"]


def test_access_policies_that_others_keep_stay(plugin: NativeEngine) -> None:
    kept = plugin.create(VAULT, KEPT_BY_ROLES)
    live = plugin.double.key_vaults.by_id[kept.resource_id.lower()]
    assert live["properties"]["accessPolicies"] == []
    policy = {"tenantId": TENANT, "objectId": "o", "permissions": {"secrets": ["get"]}}
    live["properties"]["accessPolicies"] = [policy]
    updated = plugin.update(kept, {**KEPT_BY_ROLES, "tags": {"a": "b"}})
    assert [each.split()[0] for each in updated.calls] == ["GET", "PUT", "GET"]
    assert plugin.double.key_vaults.by_id[kept.resource_id.lower()]["properties"]["accessPolicies"] == [policy]


def test_a_slow_operation_is_asked_until_it_is_through(plugin: NativeEngine) -> None:
    plugin.double.operations.slowness = 3
    kept = plugin.create(BUS, NAMESPACE)
    statuses = [each for each in kept.calls if "operationStatuses/#" in each]
    assert len(statuses) == 4
    assert plugin.naps == [0.2] * 3
    assert kept.outputs["provisioningState"] == "Succeeded"
    assert len([each for each in plugin.delete(kept) if "operationStatuses/#" in each]) == 4
    assert plugin.double.resources.by_id == {}


def test_another_operation_in_progress_is_waited_out(plugin: NativeEngine) -> None:
    kept = plugin.create(BUS, NAMESPACE)
    live = plugin.double.resources.by_id[kept.resource_id.lower()]["properties"]
    live["provisioningState"] = "Updating"

    def wait(seconds: float) -> None:
        plugin.naps.append(seconds)
        live["provisioningState"] = "Succeeded"

    plugin.client.sleep = wait
    plugin.delete(kept)
    assert plugin.naps == [0.5]


def test_throttling_is_waited_out_and_an_outage_is_given_up(plugin: NativeEngine) -> None:
    plugin.double.fail(429, times=1, retry_after=7, target="PUT .*userAssignedIdentities")
    plugin.create(IDENTITY, PRINTER)
    assert plugin.naps == [7.0]
    plugin.naps.clear()
    plugin.double.fail(503)
    with pytest.raises(PluginError, match="Status=503"):
        plugin.create(IDENTITY, {**PRINTER, "resourceName": "plotter"})
    assert plugin.naps == [0.5, 1.0, 2.0]


def test_what_is_there_already_is_never_taken_over(plugin: NativeEngine) -> None:
    plugin.double.identities.make("printer", team="by hand")
    with pytest.raises(PluginError, match=f"^cannot create already existing resource '{ID}'$"):
        plugin.create(IDENTITY, PRINTER)
    assert plugin.double.identities.by_id[ID.lower()]["tags"] == {"team": "by hand"}


def test_what_may_not_even_be_looked_for_is_not_made(plugin: NativeEngine) -> None:
    plugin.double.deny(plugin.client.settings.client, "Microsoft.ManagedIdentity/userAssignedIdentities/read")
    with pytest.raises(PluginError, match=r'cannot check existence of resource .* Code="AuthorizationFailed"'):
        plugin.create(IDENTITY, PRINTER)
    assert plugin.double.identities.by_id == {}


def test_azure_refuses_in_its_own_words(plugin: NativeEngine) -> None:
    with pytest.raises(PluginError, match='Status=404 Code="ResourceGroupNotFound" Message="Resource group \'none\''):
        plugin.create(IDENTITY, {**PRINTER, "resourceGroupName": "none"})
    plugin.double.identities.make("printer")
    trusted = {"resourceGroupName": GROUP, "resourceName": "printer", "issuer": "https://i", "audiences": ["a"]}
    with pytest.raises(PluginError, match='Status=400 Code="BadRequest" Message="Wildcards are supported in no'):
        plugin.create(CREDENTIAL, {**trusted, "federatedIdentityCredentialResourceName": "all", "subject": "*"})


def test_what_is_gone_already_is_deleted(plugin: NativeEngine) -> None:
    kept = plugin.create(IDENTITY, PRINTER)
    plugin.delete(kept)
    assert plugin.refresh(kept) is None
    assert plugin.delete(kept) == [f"DELETE {ID}?api-version=2023-01-31"]
    gone = plugin.create(GROUPS, {"resourceGroupName": "labels", "location": "westeurope"})
    plugin.delete(gone)
    assert len(plugin.delete(gone)) == 1


def test_roles_decide_what_a_deployer_may_make(plugin: NativeEngine) -> None:
    application = plugin.double.applications.make("deployer")
    deployer = NativeEngine(plugin.double, plugin.double.variables_of(application))
    with pytest.raises(PluginError, match=r'cannot check existence of resource .* Code="AuthorizationFailed"'):
        deployer.create(IDENTITY, PRINTER)
    principal = plugin.double.applications.principal_of(application)
    plugin.double.rbac.assign(principal, "Reader", IN_SUBSCRIPTION)
    with pytest.raises(PluginError, match=r"^Status=403 .* perform action 'Microsoft.ManagedIdentity/.*/write' over"):
        deployer.create(IDENTITY, PRINTER)
    plugin.double.rbac.assign(principal, "Managed Identity Contributor", IN_SUBSCRIPTION)
    kept = deployer.create(IDENTITY, PRINTER)
    assert deployer.delete(kept) == [f"DELETE {ID}?api-version=2023-01-31"]

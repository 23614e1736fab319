"""How the plugin for Azure writes bodies and reads answers, and what it refuses before it sends anything."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tests.unit.plugins.azure_engines import (
    ACCOUNT,
    ASSIGNMENT,
    CLOSED,
    COSMOS,
    CREDENTIAL,
    GROUPS,
    HERE,
    ID,
    IDENTITY,
    IN_SUBSCRIPTION,
    KEPT_BY_ROLES,
    PRINTER,
    QUEUE,
    REGISTRY,
    ROLE,
    SERVER,
    STORED,
    VAULT,
    NativeEngine,
    azure,
)
from tools.doubles.azure.subscriptions import GROUP
from tools.plugins.azure.provider import RESOURCES
from tools.plugins.sdk_types import resource_type


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[NativeEngine]:
    with azure(tmp_path, monkeypatch) as double:
        yield NativeEngine(double)


@pytest.mark.parametrize(
    ("token", "inputs", "body"),
    [
        (
            ACCOUNT,
            {
                **STORED,
                "tags": {"a": "b"},
                "enableHttpsTrafficOnly": True,
                "allowSharedKeyAccess": False,
                "enableNfsV3": False,
                "identity": {"type": "UserAssigned", "userAssignedIdentities": [ID]},
                "networkRuleSet": {
                    "defaultAction": "Deny",
                    "ipRules": [{"iPAddressOrRange": "192.0.2.0/24"}],
                    "virtualNetworkRules": [{"virtualNetworkResourceId": "/subnets/s"}],
                },
                "encryption": {
                    "keySource": "Microsoft.Keyvault",
                    "keyVaultProperties": {"keyName": "k"},
                    "encryptionIdentity": {"encryptionUserAssignedIdentity": ID},
                },
            },
            {
                "location": "westeurope",
                "kind": "StorageV2",
                "sku": {"name": "Standard_LRS"},
                "tags": {"a": "b"},
                "identity": {"type": "UserAssigned", "userAssignedIdentities": {ID: {}}},
                "properties": {
                    "supportsHttpsTrafficOnly": True,
                    "allowSharedKeyAccess": False,
                    "isNfsV3Enabled": False,
                    "networkAcls": {
                        "defaultAction": "Deny",
                        "ipRules": [{"value": "192.0.2.0/24"}],
                        "virtualNetworkRules": [{"id": "/subnets/s"}],
                    },
                    "encryption": {
                        "keySource": "Microsoft.Keyvault",
                        "keyvaultproperties": {"keyName": "k"},
                        "identity": {"userAssignedIdentity": ID},
                    },
                },
            },
        ),
        (
            ROLE,
            {
                "scope": IN_SUBSCRIPTION,
                "roleDefinitionId": "g",
                "roleName": "prints",
                "roleType": "CustomRole",
                "description": "d",
                "permissions": [{"actions": ["a/read"], "dataActions": ["a/b/write"]}],
                "assignableScopes": [IN_SUBSCRIPTION],
            },
            {
                "properties": {
                    "roleName": "prints",
                    "type": "CustomRole",
                    "description": "d",
                    "permissions": [{"actions": ["a/read"], "dataActions": ["a/b/write"]}],
                    "assignableScopes": [IN_SUBSCRIPTION],
                }
            },
        ),
        (
            ASSIGNMENT,
            {"scope": ID, "roleAssignmentName": "g", "principalId": "p", "roleDefinitionId": "r"},
            {"properties": {"principalId": "p", "roleDefinitionId": "r"}},
        ),
        (VAULT, KEPT_BY_ROLES, {"location": "westeurope", "properties": CLOSED}),
        (IDENTITY, PRINTER, {"location": "westeurope"}),
        (
            CREDENTIAL,
            {
                "resourceGroupName": GROUP,
                "resourceName": "printer",
                "federatedIdentityCredentialResourceName": "github",
                "issuer": "https://i",
                "subject": "s",
                "audiences": ["a"],
            },
            {"properties": {"issuer": "https://i", "subject": "s", "audiences": ["a"]}},
        ),
        (QUEUE, {"resourceGroupName": GROUP, "namespaceName": "b", "queueName": "q"}, {"properties": {}}),
        (
            REGISTRY,
            {
                **HERE,
                "registryName": "labels",
                "sku": {"name": "Premium"},
                "networkRuleSet": {"defaultAction": "Deny", "ipRules": [{"iPAddressOrRange": "192.0.2.1"}]},
            },
            {
                "location": "westeurope",
                "sku": {"name": "Premium"},
                "properties": {"networkRuleSet": {"defaultAction": "Deny", "ipRules": [{"value": "192.0.2.1"}]}},
            },
        ),
    ],
    ids=lambda value: value.rsplit(":", 1)[-1] if isinstance(value, str) else "",
)
def test_inputs_are_written_as_the_api_has_them(token: str, inputs: dict[str, Any], body: dict[str, Any]) -> None:
    assert RESOURCES[token].body(inputs) == body


def test_answers_are_read_as_the_sdk_has_them(plugin: NativeEngine) -> None:
    wanted = {
        **STORED,
        "identity": {"type": "UserAssigned", "userAssignedIdentities": [ID]},
        "enableHttpsTrafficOnly": True,
    }
    kept = plugin.create(ACCOUNT, wanted)
    live = plugin.double.resources.by_id[kept.resource_id.lower()]
    assert live["properties"]["supportsHttpsTrafficOnly"] is True
    live["properties"]["privateEndpointConnections"] = [
        {"id": "/c", "name": "c", "properties": {"privateEndpoint": {"id": "/e"}, "provisioningState": "Succeeded"}}
    ]
    found = plugin.refresh(kept)
    assert found is not None
    assert found.outputs["primaryEndpoints"] == {"blob": f"{plugin.double.url}/blob/labels/"}
    assert found.outputs["identity"]["userAssignedIdentities"] == {ID: {}}
    (connection,) = found.outputs["privateEndpointConnections"]
    assert (connection["privateEndpoint"], connection["provisioningState"]) == ({"id": "/e"}, "Succeeded")
    assert not plugin.diff(found, wanted).changes
    other = {"type": "UserAssigned", "userAssignedIdentities": [f"{ID}-2"]}
    assert plugin.diff(found, {**wanted, "identity": other}).diffs == ["identity"]


@pytest.mark.parametrize(
    ("token", "inputs", "told"),
    [
        (GROUPS, {"resourceGroupName": "ends."}, "resourceGroupName\n    got:      a text of another form"),
        (ACCOUNT, {**STORED, "accountName": "Labels"}, "accountName\n    got:      a text of another form"),
        (ACCOUNT, {**STORED, "accountName": "a" * 25}, "accountName\n    got:      25 characters"),
        (ACCOUNT, {**STORED, "accessTier": "Warm"}, "accessTier\n    got:      a text"),
        (ACCOUNT, {**STORED, "sku": {}}, "sku.name\n    got:      nothing"),
        (ACCOUNT, {**STORED, "encryption": {"keySource": 1}}, "encryption.keySource\n    got:      a whole number"),
        (
            VAULT,
            {**KEPT_BY_ROLES, "properties": {**CLOSED, "sku": {"name": "x", "family": "A"}}},
            "properties.sku.name",
        ),
        (COSMOS, {**HERE, "databaseAccountOfferType": "Standard", "locations": [{"zone": 1}]}, "locations[0].zone"),
        (COSMOS, {**HERE, "databaseAccountOfferType": "Other", "locations": []}, "databaseAccountOfferType\n"),
        (
            COSMOS,
            {**HERE, "databaseAccountOfferType": "Standard", "locations": [], "backupPolicy": {"type": 1}},
            "backupPolicy\n    got:      an object",
        ),
        (ROLE, {"scope": "/", "permissions": [{"actions": "a"}]}, "permissions[0].actions\n    got:      a text"),
        (CREDENTIAL, {**PRINTER, "issuer": "i"}, "location\n    got:      a property that the installed SDK"),
        (
            SERVER,
            {**HERE, "serverName": "labels", "administratorLoginPassword": "s3cr3t"},
            "administratorLoginPassword\n    got:      an input that the test plugin does not pass on",
        ),
    ],
)
def test_what_is_wrong_is_refused_at_preview_and_no_value_is_shown(
    plugin: NativeEngine, token: str, inputs: dict[str, Any], told: str
) -> None:
    problems = plugin.problems(token, inputs)
    assert any(each.startswith(told) for each in problems), problems
    assert "s3cr3t" not in "".join(problems)
    assert len(plugin.calls()) == 2


def test_unions_take_each_of_their_shapes(plugin: NativeEngine) -> None:
    stored = {**HERE, "accountName": "labels", "databaseAccountOfferType": "Standard", "locations": []}
    for policy in (
        {"type": "Periodic", "periodicModeProperties": {"backupIntervalInMinutes": 240}},
        {"type": "Continuous", "continuousModeProperties": {"tier": "Continuous7Days"}},
    ):
        assert plugin.problems(COSMOS, {**stored, "backupPolicy": policy}) == []
    assert plugin.problems(ACCOUNT, {**STORED, "minimumTlsVersion": "TLS9"}) == []


@pytest.mark.parametrize("token", RESOURCES)
def test_what_the_plugin_serves_exists_in_the_sdk_and_stands_for_its_api_version(token: str) -> None:
    resource, kind = RESOURCES[token], resource_type(token)
    assert resource.served <= kind.inputs.keys()
    assert resource.replaces <= resource.served
    assert {path.split(".")[0] for path in resource.filled_in} <= kind.inputs.keys()
    _, module, name = token.split(":")
    documented = inspect.getsource(getattr(import_module(f"pulumi_azure_native.{module}"), name))
    assert f"Uses Azure REST API version {resource.version}." in documented

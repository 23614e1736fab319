"""The calls of the plugin for Entra: each pinned, for each resource, and what is special about them.

Source: terraform-provider-azuread 3, `application_resource.go`, `service_principal_resource.go`,
`application_federated_identity_credential_resource.go`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nhi_components.provider.values import property_map
from tests.unit.plugins.azure_engines import DirectoryEngine, azure
from tests.unit.plugins.conftest import Kept
from tools.doubles.azure.entra import TENANT
from tools.plugins.azuread.provider import RESOURCES
from tools.plugins.resource import PluginError

INDEX = "azuread:index/"
APPLICATION = f"{INDEX}application:Application"
PRINCIPAL = f"{INDEX}servicePrincipal:ServicePrincipal"
CREDENTIAL = f"{INDEX}applicationFederatedIdentityCredential:ApplicationFederatedIdentityCredential"
NAMED = {"displayName": "printer-test", "tags": ["nhi:lease=lease-1", "nhi:managed-by=nhi"]}
TRUSTED = {
    "displayName": "github",
    "issuer": "https://token.actions.githubusercontent.com",
    "subject": "repo:a/b:ref:refs/heads/main",
    "audiences": ["api://AzureADTokenExchange"],
}
APP, SP = "/v1.0/applications/#", "/v1.0/servicePrincipals/#"
SAML = "GET /beta/servicePrincipals/#?$select=samlMetadataUrl"
READ_APP = [f"GET {APP}", f"GET {APP}/owners"]
READ_SP = [f"GET {SP}", SAML, f"GET {SP}/owners"]
FIC = f"{APP}/federatedIdentityCredentials"


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DirectoryEngine]:
    with azure(tmp_path, monkeypatch) as double:
        yield DirectoryEngine(double)


def test_an_application_is_made_read_changed_and_deleted_with_these_calls(plugin: DirectoryEngine) -> None:
    kept = plugin.create(APPLICATION, NAMED)
    passing = [f"PATCH {APP}", f"DELETE {APP}/owners/#/$ref"]
    assert kept.calls == ["POST /v1.0/applications", *passing, *READ_APP]
    assert kept.resource_id == f"/applications/{kept.outputs['objectId']}"
    made = plugin.double.applications.by_id[kept.outputs["objectId"]]
    assert (made["displayName"], made["appId"]) == ("printer-test", kept.outputs["clientId"])
    assert not plugin.diff(kept, NAMED).changes
    assert not plugin.diff(kept, {**NAMED, "tags": NAMED["tags"][::-1]}).changes
    refreshed = plugin.refresh(kept)
    assert refreshed is not None
    assert (refreshed.calls, refreshed.outputs, refreshed.inputs) == (READ_APP, kept.outputs, kept.inputs)
    changed = {**NAMED, "displayName": "printer-2", "notes": "prints"}
    assert sorted(plugin.diff(kept, changed).diffs) == ["displayName", "notes"]
    updated = plugin.update(kept, changed)
    assert updated.calls == [f"PATCH {APP}", *READ_APP]
    assert (made["displayName"], made["notes"], made["tags"]) == ("printer-2", "prints", NAMED["tags"])
    assert not plugin.diff(updated, changed).changes
    assert plugin.delete(updated) == [f"DELETE {APP}", f"GET {APP}"]
    assert plugin.refresh(updated) is None


def test_a_service_principal_is_made_read_changed_and_deleted_with_these_calls(plugin: DirectoryEngine) -> None:
    client = plugin.create(APPLICATION, NAMED).outputs["clientId"]
    inputs = {"clientId": client, "tags": ["nhi:lease=lease-1"]}
    kept = plugin.create(PRINCIPAL, inputs)
    looked = "GET /v1.0/servicePrincipals?$filter=appId eq '#'"
    passing = [f"PATCH {SP}", f"DELETE {SP}/owners/#/$ref"]
    assert kept.calls == [looked, "POST /v1.0/servicePrincipals", *passing, *READ_SP]
    outputs = kept.outputs
    assert (outputs["objectId"], outputs["applicationTenantId"]) == (kept.resource_id, TENANT)
    assert (outputs["displayName"], outputs["description"], outputs["accountEnabled"]) == ("printer-test", "", True)
    assert not plugin.diff(kept, inputs).changes
    refreshed = plugin.refresh(kept)
    assert refreshed is not None
    assert (refreshed.calls, refreshed.outputs, refreshed.inputs) == (READ_SP, outputs, kept.inputs)
    disabled = {**inputs, "accountEnabled": False, "notes": "suspended"}
    assert sorted(plugin.diff(kept, disabled).diffs) == ["accountEnabled", "notes"]
    updated = plugin.update(kept, disabled)
    assert updated.calls == [f"PATCH {SP}", *READ_SP]
    principal = plugin.double.directory.by_client(client)
    assert principal is not None
    assert not principal.is_enabled
    assert not plugin.diff(updated, disabled).changes
    assert plugin.delete(updated) == [f"DELETE {SP}", f"GET {SP}"]
    assert plugin.refresh(updated) is None


def test_a_federated_credential_is_made_read_changed_and_deleted_with_these_calls(plugin: DirectoryEngine) -> None:
    application = plugin.create(APPLICATION, NAMED)
    inputs = {**TRUSTED, "applicationId": application.resource_id}
    kept = plugin.create(CREDENTIAL, inputs)
    assert kept.calls == [f"GET {APP}", f"POST {FIC}", *[f"GET {FIC}/#"] * 6]
    owner = application.outputs["objectId"]
    assert kept.resource_id == f"{owner}/federatedIdentityCredential/{kept.outputs['credentialId']}"
    assert not plugin.diff(kept, inputs).changes
    refreshed = plugin.refresh(kept)
    assert refreshed is not None
    assert (refreshed.calls, refreshed.outputs) == ([f"GET {FIC}/#"], kept.outputs)
    changed = {**inputs, "subject": "nhi:suspended"}
    assert plugin.diff(kept, changed).diffs == ["subject"]
    updated = plugin.update(kept, changed)
    assert updated.calls == [f"PATCH {FIC}/#", f"GET {FIC}/#"]
    assert plugin.double.federation.of(owner)[0].subject == "nhi:suspended"
    assert plugin.delete(updated) == [f"DELETE {FIC}/#", f"GET {FIC}/#"]
    assert plugin.refresh(updated) is None


def test_nothing_that_is_served_is_left_out_here() -> None:
    assert {APPLICATION, PRINCIPAL, CREDENTIAL} == RESOURCES.keys()


@pytest.mark.parametrize(
    ("token", "inputs", "change", "replaced"),
    [
        (APPLICATION, NAMED, {"displayName": "another"}, []),
        (PRINCIPAL, {"clientId": "a"}, {"clientId": "b"}, ["clientId"]),
        (CREDENTIAL, TRUSTED, {"displayName": "gitlab"}, ["displayName"]),
        (CREDENTIAL, TRUSTED, {"applicationId": "/applications/b"}, ["applicationId"]),
    ],
)
def test_what_makes_a_new_object(
    plugin: DirectoryEngine, token: str, inputs: dict[str, Any], change: dict[str, Any], replaced: list[str]
) -> None:
    given = {**inputs, **({"applicationId": "/applications/a"} if token == CREDENTIAL else {})}
    kept = Kept(token, "id", property_map(given), property_map(given))
    assert plugin.diff(kept, {**given, **change}).replaces == replaced


def test_owners_are_named_at_the_creation_and_come_and_go_with_the_program(plugin: DirectoryEngine) -> None:
    ada, bob = (plugin.double.directory.person(name).object_id for name in ("ada", "bob"))
    caller = plugin.client.caller
    kept = plugin.create(APPLICATION, {**NAMED, "owners": [caller, ada]})
    assert kept.calls == ["POST /v1.0/applications", f"PATCH {APP}", *READ_APP]
    assert sorted(kept.outputs["owners"]) == sorted([caller, ada])
    wanted = {**NAMED, "owners": [bob, caller]}
    assert plugin.diff(kept, wanted).diffs == ["owners"]
    assert not plugin.diff(kept, {**NAMED, "owners": [ada, caller]}).changes
    updated = plugin.update(kept, wanted)
    moved = [f"GET {APP}/owners", f"POST {APP}/owners/$ref", f"DELETE {APP}/owners/#/$ref"]
    assert updated.calls == [f"PATCH {APP}", *moved, *READ_APP]
    assert sorted(updated.outputs["owners"]) == sorted([caller, bob])


def test_a_name_that_is_taken_is_refused_only_where_that_is_asked_for(plugin: DirectoryEngine) -> None:
    plugin.create(APPLICATION, NAMED)
    with pytest.raises(PluginError, match='an existing application "printer-test" was found'):
        plugin.create(APPLICATION, {**NAMED, "preventDuplicateNames": True})
    assert plugin.create(APPLICATION, NAMED).outputs["displayName"] == "printer-test"


def test_a_service_principal_that_is_there_is_taken_over_only_where_that_is_asked_for(plugin: DirectoryEngine) -> None:
    application = plugin.double.applications.make("by-hand")
    there = plugin.double.applications.principal_of(application).object_id
    with pytest.raises(PluginError, match=f'A resource with the ID "{there}" already exists'):
        plugin.create(PRINCIPAL, {"clientId": application["appId"]})
    kept = plugin.create(PRINCIPAL, {"clientId": application["appId"], "useExisting": True, "notes": "ours"})
    assert (kept.resource_id, kept.outputs["notes"]) == (there, "ours")
    assert len(plugin.delete(kept)) == 2
    assert plugin.delete(kept) == [f"DELETE {SP}"]


def test_one_that_is_gone_already_is_an_error_to_delete_as_it_is_for_the_real_provider(plugin: DirectoryEngine) -> None:
    kept = plugin.create(APPLICATION, NAMED)
    plugin.delete(kept)
    with pytest.raises(PluginError, match=r"unexpected status 404 \(404 Not Found\) with error: Request_Resource"):
        plugin.delete(kept)


@pytest.mark.parametrize(
    ("token", "inputs", "told"),
    [
        (CREDENTIAL, {**TRUSTED, "applicationId": "a"}, "applicationId\n    got:      a text of another form"),
        (CREDENTIAL, {**TRUSTED, "applicationId": "/applications/a", "audiences": []}, "audiences\n    got:      0 of"),
        (
            APPLICATION,
            {**NAMED, "logoImage": "aGk="},
            "logoImage\n    got:      an input that the test plugin does not",
        ),
        (APPLICATION, {"tags": []}, "displayName\n    got:      nothing"),
        (PRINCIPAL, {"clientId": "a", "accountEnabled": "no"}, "accountEnabled\n    got:      a text"),
        (
            PRINCIPAL,
            {"applicationId": "a", "clientId": "a"},
            "applicationId\n    got:      a property that the installed",
        ),
    ],
)
def test_what_is_wrong_is_refused_at_preview(
    plugin: DirectoryEngine, token: str, inputs: dict[str, Any], told: str
) -> None:
    (problem,) = plugin.problems(token, inputs)
    assert problem.startswith(told)


def test_graph_refuses_in_its_own_words(plugin: DirectoryEngine) -> None:
    plugin.double.deny(plugin.client.settings.client, "*")
    told = "Could not create application: unexpected status 403 .* Authorization_RequestDenied: Insufficient privileges"
    with pytest.raises(PluginError, match=told):
        plugin.create(APPLICATION, NAMED)


def test_throttling_and_replication_are_waited_out(plugin: DirectoryEngine) -> None:
    plugin.double.fail(429, times=2, target="POST /v1.0/applications")
    plugin.double.fail(404, times=1, target="PATCH /v1.0/applications")
    kept = plugin.create(APPLICATION, NAMED)
    assert plugin.naps == [0.5, 1.0, 0.5]
    assert [each.split()[0] for each in kept.calls[:5]] == ["POST", "POST", "POST", "PATCH", "PATCH"]

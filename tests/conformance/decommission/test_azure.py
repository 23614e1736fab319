"""What is the own of retirements on Azure and Entra: assignments of others, tags, soft deletes, guards, denials."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from nhi_components.core.azure_names import cosmos_assignment_id, cosmos_role_id
from nhi_components.core.errors import NhiError, SystemUnreachable
from nhi_components.core.links import System
from nhi_components.lifecycle.adapters.azure.found_applications import SYSTEM_IDENTITY
from nhi_components.lifecycle.decommission.ports import CannotDisable, Presence, Target
from tests.conformance.azure_steps import COSMOS, READER
from tests.conformance.azure_world import namespace
from tests.conformance.decommission.azure_world import (
    APPLICATION,
    IDENTITY,
    ISSUER,
    PRINCIPAL,
    AzureRetirementWorld,
)
from tests.conformance.discovery.azure_world import AUDIENCE, SCOPE
from tools.doubles.azure.directory import TENANT, Kind
from tools.doubles.azure.relations import MICROSOFT_TENANT
from tools.doubles.azure.subscriptions import LOCATION

CASE = "dc-0123456789ab"


@pytest.fixture
def world(azure_retirement_world: AzureRetirementWorld) -> AzureRetirementWorld:
    return azure_retirement_world


def disabled(world: AzureRetirementWorld, target: Target) -> dict[str, Any]:
    """Disable it as a case does, and give the undo."""
    undo = dict(world.retirement().undo_of(target))
    world.retirement().mark(target, CASE, "disabled")
    world.retirement().disable(target, undo)
    return undo


def test_what_somebody_has_assigned_again_meanwhile_is_left_as_it_is(world: AzureRetirementWorld) -> None:
    planted = world.plant(IDENTITY)
    undo = disabled(world, planted.target)
    principal = world.double.identities.principal_of(planted.target.key)
    with world.double.lock:
        again = world.double.rbac.assign(principal, "Reader", f"{namespace()}/queues/{planted.target.name}")
    world.retirement().restore(planted.target, undo)
    held = {each.id: each for each in world.double.rbac.of_principal(principal.object_id)}
    assert len(held) == 2
    assert held[again.id].facts["description"] is None
    assert sum(bool(each.facts["condition"]) for each in held.values()) == 1


def test_a_federated_credential_that_somebody_has_made_under_its_name_stays_theirs(world: AzureRetirementWorld) -> None:
    planted = world.plant(IDENTITY)
    undo = disabled(world, planted.target)
    theirs = {"issuer": ISSUER, "subject": "repo:shop/another", "audiences": [AUDIENCE]}
    with world.double.lock:
        world.double.federation.put(planted.target.key, "github", theirs)
    world.retirement().restore(planted.target, undo)
    assert [each.subject for each in world.double.federation.of(planted.target.key)] == ["repo:shop/another"]


def test_one_that_is_assigned_a_role_again_does_not_stand_as_disabled(world: AzureRetirementWorld) -> None:
    planted = world.plant(IDENTITY)
    disabled(world, planted.target)
    assert world.retirement().look(planted.target).presence is Presence.DISABLED
    principal = world.double.identities.principal_of(planted.target.key)
    with world.double.lock:
        world.double.rbac.assign(principal, "Reader", SCOPE)
    assert world.retirement().look(planted.target).presence is Presence.ALIVE


def test_roles_of_a_cosmos_db_account_are_taken_and_given_back_as_well(world: AzureRetirementWorld) -> None:
    planted = world.plant(IDENTITY)
    account = {
        "databaseAccountOfferType": "Standard",
        "locations": [{"locationName": LOCATION, "failoverPriority": 0}],
    }
    world.operated.ask("PUT", COSMOS, {"location": LOCATION, "kind": "GlobalDocumentDB", "properties": account})
    name = cosmos_assignment_id(COSMOS, str(uuid4()))
    told = {
        "roleDefinitionId": cosmos_role_id(COSMOS, READER),
        "scope": f"{COSMOS}/dbs/shop",
        "principalId": planted.target.unique_id,
    }
    world.operated.ask("PUT", name, {"properties": told})
    before = world.operated.ask("GET", f"{COSMOS}/sqlRoleAssignments")["value"]
    undo = disabled(world, planted.target)
    assert world.operated.ask("GET", f"{COSMOS}/sqlRoleAssignments")["value"] == []
    world.retirement().restore(planted.target, undo)
    assert world.operated.ask("GET", f"{COSMOS}/sqlRoleAssignments")["value"] == before


def test_an_identity_with_as_many_tags_as_it_may_have_is_not_marked(world: AzureRetirementWorld) -> None:
    planted = world.plant(IDENTITY)
    tags = {f"tag-{number}": "x" for number in range(50)}
    world.double.identities.by_id[planted.target.key]["tags"] = tags
    assert not world.retirement().mark(planted.target, CASE, "disabled")
    assert world.double.identities.by_id[planted.target.key]["tags"] == tags


@pytest.mark.parametrize("what", ["group", "role"])
def test_an_identity_that_keeps_something_in_entra_is_not_called_disabled(
    world: AzureRetirementWorld, what: str
) -> None:
    planted = world.plant(IDENTITY)
    principal = world.double.identities.principal_of(planted.target.key)
    with world.double.lock:
        relations = world.double.relations
        graph = relations.microsofts("Microsoft Graph", "00000003-0000-0000-c000-000000000000")
        if what == "group":
            relations.groups[principal.object_id] = [world.double.directory.group("readers").object_id]
        else:
            relations.give(principal, graph, "810c84a8-4a9e-49e6-bf7d-12d183f40d01")
    with pytest.raises(CannotDisable, match="take it out of them by hand"):
        world.retirement().undo_of(planted.target)
    assert planted.works()


def test_assignments_that_outlive_their_identity_are_removed_too(world: AzureRetirementWorld) -> None:
    planted = world.plant(IDENTITY)
    with world.double.lock:
        world.double.identities.remove(planted.target.key)
    assert world.retirement().look(planted.target).presence is Presence.GONE
    assert {each.kind for each in world.retirement().delete(planted.target)} == {"azure-role-assignment"}
    assert planted.left() == []


@pytest.mark.parametrize("kind", [APPLICATION, PRINCIPAL])
def test_what_is_deleted_in_entra_is_told_with_the_day_until_which_it_can_be_brought_back(
    world: AzureRetirementWorld, kind: str
) -> None:
    target = world.plant(kind).target
    removed = world.retirement().delete(target)
    until = {each.kind: each.recoverable_until for each in removed}
    expected = {PRINCIPAL, "azure-role-assignment"} | ({APPLICATION} if kind == APPLICATION else set())
    assert set(until) == expected
    assert until["azure-role-assignment"] is None
    kept = until[kind]
    assert kept is not None
    assert abs(kept - world.double.now() - timedelta(days=30)) < timedelta(minutes=1)


def test_a_service_principal_that_was_disabled_before_stays_so(world: AzureRetirementWorld) -> None:
    planted = world.plant(APPLICATION)
    application = world.double.applications.by_id[planted.target.key]
    world.double.applications.principal_of(application).facts["accountEnabled"] = False
    undo = disabled(world, planted.target)
    world.retirement().restore(planted.target, undo)
    assert world.retirement().look(planted.target).presence is Presence.DISABLED


def test_the_identity_of_a_resource_is_turned_off_there(world: AzureRetirementWorld) -> None:
    with world.double.lock:
        names = ["isExplicit=False", f"{SCOPE}/providers/Microsoft.Web/sites/shop"]
        made = world.double.directory.add(Kind.MANAGED_IDENTITY, "shop", str(uuid4()), alternativeNames=names)
    target = Target(made.object_id, made.object_id, System.AZURE, TENANT, SYSTEM_IDENTITY, "shop")
    retirement = world.retirement()
    assert not retirement.mark(target, CASE, "noticed")
    with pytest.raises(CannotDisable, match=r"identity\.type=None"):
        retirement.undo_of(target)
    with pytest.raises(NhiError, match=r"identity\.type=None"):
        retirement.delete(target)
    assert world.double.directory.find(made.object_id) is not None


def test_service_principals_of_microsofts_own_are_guarded(world: AzureRetirementWorld) -> None:
    with world.double.lock:
        made = world.double.relations.microsofts("Microsoft Graph", "00000003-0000-0000-c000-000000000000")
    assert made.facts["appOwnerOrganizationId"] == MICROSOFT_TENANT
    target = Target(made.object_id, made.object_id, System.AZURE, TENANT, PRINCIPAL, "Microsoft Graph")
    assert "Microsoft's own" in world.retirement().look(target).guarded


def test_missing_permissions_are_named_and_nothing_is_changed(world: AzureRetirementWorld) -> None:
    identity, entry = world.plant(IDENTITY), world.plant(PRINCIPAL)
    before = [identity.documents(), entry.documents()]
    world.operated.become(["*/read"], [], ["Application.Read.All"])
    retirement = world.retirement_of_caller()
    undo = retirement.undo_of(identity.target)
    steps: dict[str, Callable[[], object]] = {
        r"Microsoft\.ManagedIdentity/userAssignedIdentities/write": lambda: retirement.mark(
            identity.target, CASE, "disabled"
        ),
        r"federatedIdentityCredentials/delete": lambda: retirement.disable(identity.target, undo),
        r"Microsoft\.Authorization/roleAssignments/delete": lambda: retirement.delete(identity.target),
        r"Application\.ReadWrite": lambda: retirement.disable(entry.target, {}),
    }
    for permission, step in steps.items():
        with pytest.raises(SystemUnreachable, match=permission):
            step()
    assert [identity.documents(), entry.documents()] == before


def test_azure_that_asks_to_wait_is_told_so(world: AzureRetirementWorld) -> None:
    target = world.plant(IDENTITY).target
    world.double.fail(429, retry_after=30, target="(?i)userAssignedIdentities")
    with pytest.raises(SystemUnreachable, match="429"):
        world.retirement().look(target)


def test_an_identity_of_another_tenant_is_not_called_gone(world: AzureRetirementWorld) -> None:
    target = replace(world.plant(PRINCIPAL).target, place=str(uuid4()))
    with pytest.raises(NhiError, match="got an identity of"):
        world.retirement().look(target)


def test_one_that_had_nothing_to_be_taken_stands_as_its_case_says(world: AzureRetirementWorld) -> None:
    with world.double.lock:
        made = world.double.identities.make("bare")
    principal = made["properties"]["principalId"]
    target = Target(made["id"].lower(), principal, System.AZURE, TENANT, IDENTITY, "bare")
    assert stands(world, target, "noticed") is Presence.ALIVE
    undo = world.retirement().undo_of(target)
    assert stands(world, target, "disabled") is Presence.DISABLED
    world.retirement().disable(target, undo)
    world.retirement().restore(target, undo)
    assert world.retirement().look(target).presence is Presence.ALIVE


def stands(world: AzureRetirementWorld, target: Target, stage: str) -> Presence:
    """How it stands once it is marked with a stage."""
    world.retirement().mark(target, CASE, stage)
    return world.retirement().look(target).presence

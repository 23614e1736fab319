"""What is the own of discovery on Azure and Entra: links to pages, licences, guards, roles, scopes, subscriptions."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from nhi_components.core.errors import NhiError, SystemUnreachable
from nhi_components.core.inventory.declaring import declares
from nhi_components.core.inventory.records import (
    UNWATCHED,
    Declaration,
    FoundCarrier,
    FoundCredential,
    FoundDependent,
    FoundDocument,
    FoundGrant,
    FoundStep,
    Guard,
    Knowledge,
    Manager,
    Record,
)
from nhi_components.core.links import LinkKind, System
from nhi_components.facts.identified import identified_by_pulumi, identified_by_terraform
from nhi_components.lifecycle.adapters import discovery_policy
from nhi_components.lifecycle.adapters.azure import found_sign_ins
from nhi_components.lifecycle.adapters.azure.discovery import Discovery
from nhi_components.lifecycle.discovery.ports import Busy, CursorLapsed, NotSeen
from tests.conformance.discovery.azure_world import SCOPE, VM, AzureDiscoveryWorld
from tests.conformance.discovery.world import identities_in, read_all, records_of, scan
from tools.doubles.azure.directory import TENANT
from tools.doubles.azure.subscriptions import GROUP
from tools.doubles.azure.subscriptions import SUBSCRIPTION as S

OTHER = "5f0c3f7e-60a1-4f4c-9f1c-6a5b1a7d2c02"
PAGED = [
    *(
        f"directory/{part}"
        for part in ("applications", "application-owners", "service-principals", "app-roles", "roles")
    ),
    *(f"{part}/{S}" for part in ("identities", "federation", "assignments")),
    f"carriers/{S}/{VM}",
]
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"


@pytest.fixture
def world(azure_discovery_world: AzureDiscoveryWorld) -> AzureDiscoveryWorld:
    return azure_discovery_world


def small_pages(world: AzureDiscoveryWorld) -> None:
    double = world.double
    services: tuple[Any, ...] = (double.applications, double.identities, double.roles, double.resources)
    for each in (*services, double.directory_roles, double.subscriptions, double.management_groups):
        each.page_size = 1


def test_pages_are_read_on_by_another_process_and_a_link_that_lapsed_is_told(world: AzureDiscoveryWorld) -> None:
    for _ in range(2):
        world.plant()
    whole = {section: records_of(world.discovery(), section) for section in PAGED}
    small_pages(world)
    for section in PAGED:
        found, cursors, cursor = list[Record](), list[str](), None
        while not cursors or cursor is not None:
            page = world.discovery().section(section).read(cursor)
            found += page.records
            cursor = page.next
            cursors += [cursor] if cursor else []
        assert found == whole[section], section
        assert all(each.startswith("/") and "skiptoken" in each for each in cursors), section
        lapsed = cursors[0].rpartition("=")[0] + "=of-yesterday"
        for wrong in (lapsed, "https://elsewhere.example.com/", "//elsewhere.example.com/"):
            with pytest.raises(CursorLapsed, match=r"azure\.default: GET /"):
                world.discovery().section(section).read(wrong)
    world.double.subscriptions.make(OTHER, "other")
    subscriptions = world.discovery(everywhere=True).section("subscriptions")
    first = subscriptions.read(None)
    second = subscriptions.read(first.next)
    assert [page.opens[0] for page in (first, second)] == [f"identities/{S}", f"identities/{OTHER}"]
    assert second.next is None


@pytest.mark.parametrize("section", ["directory/applications", f"identities/{S}"])
@pytest.mark.parametrize("url", ["https://elsewhere.example.com", "http://127.0.0.1"])
def test_a_link_to_another_host_is_not_followed(
    world: AzureDiscoveryWorld, section: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        world.plant()
    small_pages(world)
    for service in (world.double.applications, world.double.identities):
        monkeypatch.setattr(service, "_url", url)
    with pytest.raises(NhiError, match=f"a link to the next page leads to {url}, expected one on .* by https"):
        world.discovery().section(section).read(None)


def test_the_printed_role_is_enough_for_a_whole_scan_of_all_subscriptions_and_what_is_not_ours_is_guarded(
    world: AzureDiscoveryWorld, tmp_path: Path
) -> None:
    planted = world.plant()
    world.double.subscriptions.make(OTHER, "other")
    world.double.subscriptions.make_group(OTHER, GROUP)
    with world.double.lock:
        other = world.double.identities.make("other-dev", subscription=OTHER)["id"].lower()
    told = json.loads(discovery_policy(Discovery.system))
    permissions = [*told["roleDefinition"]["Actions"], *told["graphApplicationPermissions"]]
    discovery = world.discovery_of(permissions, ())
    done = scan(discovery, tmp_path)
    assert (done.complete, {each.reason for each in done.sections}) == (True, {""})
    assert {each.section for each in done.sections} >= {f"identities/{OTHER}", f"group-assignments/{TENANT}"}
    records, _ = read_all(discovery)
    found = identities_in(records)
    assert set(found) >= {*planted.identities, other}
    caller = world.double.directory.by_id[discovery._looks.caller["oid"]]
    application = world.double.applications.by_client(caller.client_id)
    assert application is not None
    assert {key: each.guard for key, each in found.items() if each.guard} == {
        caller.object_id: Guard.CALLER,
        application["id"]: Guard.CALLER,
        world.graph.object_id: Guard.SERVICE_LINKED,
    }
    assert {each.place for each in found.values()} == {TENANT}


def test_a_missing_licence_or_permission_hides_nothing_else_and_what_is_not_watched_is_not_called_unused(
    world: AzureDiscoveryWorld, tmp_path: Path
) -> None:
    world.plant()
    world.double.sign_ins.licensed = False
    for permission in ("Microsoft.ManagedIdentity/userAssignedIdentities/read", "RoleManagement.Read.Directory"):
        world.double.deny(world.operator, permission)
    done = scan(world.discovery(), tmp_path)
    unseen = {each.section: each.reason for each in done.unseen}
    assert set(unseen) == {"directory/sign-ins", "directory/roles", f"identities/{S}", f"federation/{S}"}
    assert (
        "expected a licence of Microsoft Entra ID P1 or P2, and the permission AuditLog.Read.All"
        in unseen["directory/sign-ins"]
    )
    assert "grant the connection's principal RoleManagement.Read.Directory" in unseen["directory/roles"]
    assert f"at /subscriptions/{S}" in unseen[f"identities/{S}"]
    found = identities_in(records_of(world.discovery(), "directory/applications", "directory/service-principals"))
    assert {each.use for each in found.values()} == {UNWATCHED}


def test_what_never_signed_in_is_known_to_be_unused_only_where_the_report_covers_it(
    world: AzureDiscoveryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = world.double.applications.make("orders-dev")
    used = world.double.identities.make("used-dev")
    unknown = world.double.identities.make("unknown-dev")
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
    # Several pages of the report, of which a busy Graph withholds the second for a while.
    world.double.sign_ins.last = {str(uuid4()): at, used["properties"]["clientId"]: at, str(uuid4()): at}
    world.double.sign_ins.page_size = 1
    monkeypatch.setattr(found_sign_ins, "_AT_ONCE", 1)
    discovery = world.discovery()
    discovery.place()
    respond = world.double.respond
    troubles = iter(("", "busy", "", "lapsed", "", "", ""))

    def troubled(method: str, target: str, *rest: Any) -> Any:
        trouble = next(troubles) if "SignIn" in target else ""
        if trouble == "busy":
            world.double.fail(429, retry_after=17, times=1, target="SignIn")
        return respond(method, target.replace("skiptoken=", "skiptoken=x") if trouble == "lapsed" else target, *rest)

    monkeypatch.setattr(world.double, "respond", troubled)
    for after in (17, None):
        with pytest.raises(Busy) as busy:
            records_of(discovery, f"identities/{S}")
        assert busy.value.after == after
    found = identities_in(records_of(discovery, f"identities/{S}", "directory/applications"))
    assert found[application["id"]].use == world.watched
    assert found[unknown["id"].lower()].use == UNWATCHED
    use = found[used["id"].lower()].use
    assert (use.at, use.as_of) == (at, world.watched.as_of)
    assert len(world.double.asked("GET", "SignIn")) == 7


def test_azure_that_asks_to_wait_or_does_not_answer(world: AzureDiscoveryWorld) -> None:
    discovery = world.discovery()
    sections = [discovery.section(name) for name in ("directory/memberships", f"assignments/{S}")]
    for section in sections:
        section.read(None)
    world.double.fail(429, retry_after=30)
    for section in sections:
        with pytest.raises(Busy, match=r"azure\.default: 429") as refused:
            section.read(None)
        assert refused.value.after == 30
    world.double.recover()
    world.double.stop()
    with pytest.raises(SystemUnreachable):
        sections[0].read(None)
    world.double.start()


def test_what_lies_above_that_nobody_lets_see_is_told(world: AzureDiscoveryWorld) -> None:
    limited = world.discovery_of(["Application.Read.All"], ())
    for section, what in (("subscriptions", "no subscription"), ("management-groups", "no management group")):
        with pytest.raises(NotSeen, match=rf"azure\.default: {what} can be seen; expected the permission Microsoft\."):
            limited.section(section).read(None)
    with pytest.raises(NotSeen, match=r"SubscriptionNotFound.*fix: correct its id"):
        world.discovery().section(f"identities/{OTHER}").read(None)
    with pytest.raises(NotSeen, match="no subscription tells of role"):
        world.discovery().section(f"role/{uuid4()}").read(None)


def test_an_assignment_is_told_where_it_is_made_and_people_s_only_where_they_get_in_by_it(
    world: AzureDiscoveryWorld,
) -> None:
    world.double.management_groups.names.append("shop")
    with world.double.lock:
        identity = world.double.identities.make("orders-dev")["id"]
        principal = world.double.identities.principal_of(identity)
        people = [world.double.directory.person(name) for name in ("ann", "ben", "cat", "dan")]
        group = world.double.directory.group("shop")
        assign, role = world.double.rbac.assign, world.custom_role
        condition = "((!(ActionMatches{'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read'})))"
        limited = assign(principal, "Storage Blob Data Reader", SCOPE, condition=condition, conditionVersion="2.0")
        shop = assign(group, "Reader", "/providers/Microsoft.Management/managementGroups/shop")
        root = assign(principal, "Reader", "/")
        own = role("own", ["*"], SCOPE, notActions=["Microsoft.Authorization/*/write"])
        for person, name in zip(people, ("Owner", "Managed Identity Operator", "Reader", own), strict=True):
            assign(person, name, identity)
    discovery = world.discovery()
    sections = {
        f"assignments/{S}": {limited.id: condition},
        "group-assignments/shop": {shop.id: ""},
        f"group-assignments/{TENANT}": {root.id: ""},
    }
    for section, expected in sections.items():
        page = discovery.section(section).read(None)
        assert {each.via: each.condition for each in page.records if isinstance(each, FoundGrant)} == expected
    page = discovery.section(f"assignments/{S}").read(None)
    steps = {each.source: (each.target, each.how) for each in page.records if isinstance(each, FoundStep)}
    assert steps == {
        each.object_id: (identity.lower(), how)
        for each, how in zip(people, ("let-in", "attach", "", "custom-role"), strict=True)
        if how
    }
    assert f"role/{OWNER}" in page.opens
    told = records_of(discovery, f"role/{own}")
    (grant,) = [each for each in told if isinstance(each, FoundGrant)]
    assert (grant.privilege, json.loads(grant.condition)) == ("*", {"notActions": ["Microsoft.Authorization/*/write"]})
    (document,) = [each for each in told if isinstance(each, FoundDocument)]
    assert json.loads(document.content)["assignableScopes"] == [SCOPE]
    unused = role("unused", ["Microsoft.Web/sites/read"], SCOPE)
    assert set(discovery.section(f"custom-roles/{S}").read(None).opens) == {f"role/{own}", f"role/{unused}"}


def test_a_role_is_asked_for_where_it_was_met_and_elsewhere_only_by_another_process(
    world: AzureDiscoveryWorld,
) -> None:
    world.double.subscriptions.make(OTHER, "other")
    guid = world.custom_role("far", ["Microsoft.Web/sites/read"], f"/subscriptions/{OTHER}")
    discovery = world.discovery(everywhere=True)
    assert discovery.section(f"custom-roles/{OTHER}").read(None).opens == [f"role/{guid}"]
    told = records_of(discovery, f"role/{guid}")
    assert told == records_of(world.discovery(everywhere=True), f"role/{guid}")
    asked = [each.target.split("/")[2] for each in world.double.asked("GET", f"roleDefinitions/{guid}")]
    assert asked == [OTHER, S]


def test_what_stands_beside_an_application_is_read_to_its_end(world: AzureDiscoveryWorld) -> None:
    with world.double.lock:
        application = world.double.applications.make("orders-dev")
        principal = world.double.applications.principal_of(application)
        own = world.double.relations.microsofts("Orders API", str(uuid4()), Orders_Read=(orders := str(uuid4())))
        people = {world.double.directory.person(f"p{number}").object_id for number in range(23)}
        world.double.applications.owners[application["id"]] = people
        for role in (orders, unknown := str(uuid4())):
            world.double.relations.give(principal, own, role)
    records = records_of(world.discovery(), "directory/application-owners", "directory/app-roles")
    assert {each.source for each in records if isinstance(each, FoundStep)} == people
    assert len({each.value for each in records if isinstance(each, Knowledge)}) == 23
    assert [each.privilege for each in records if isinstance(each, FoundGrant)] == ["Orders.Read", unknown]


def test_secrets_of_service_principals_disabled_ones_and_those_of_other_tenants(world: AzureDiscoveryWorld) -> None:
    with world.double.lock:
        application = world.double.applications.make("orders-dev")
        principal = world.double.applications.principal_of(application)
        foreign = world.double.applications.principal_of(world.double.applications.make("vendor"))
        foreign.facts |= {"appOwnerOrganizationId": str(uuid4()), "accountEnabled": False}
        world.double.directory.delete(
            principal_gone := world.double.directory.add(principal.kind, "gone", str(uuid4()))
        )
        secret = world.secret(principal.facts)
    records = records_of(world.discovery(), "directory/service-principals")
    found = identities_in(records)
    assert principal_gone.object_id not in found
    assert (found[principal.object_id].disabled, found[foreign.object_id].disabled) == (False, True)
    assert [each for each in records if isinstance(each, FoundCredential) and each.identity == principal.object_id] == [
        secret
    ]
    carried = {each.carrier for each in records if isinstance(each, FoundCarrier)}
    assert principal.object_id in carried
    assert foreign.object_id not in carried


def test_a_provider_that_is_not_registered_runs_nothing_and_one_identity_of_several_writes_is_one(
    world: AzureDiscoveryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.plant()
    respond = world.double.respond
    code = "MissingSubscriptionRegistration"

    def unregistered(method: str, target: str, *rest: Any) -> Any:
        answer = respond(method, target, *rest)
        if "Microsoft.Web" in target:
            return type(answer)(409, {"error": {"code": code, "message": "namespace 'Microsoft.Web'"}}, {})
        return answer

    monkeypatch.setattr(world.double, "respond", unregistered)
    assert world.discovery().section(f"carriers/{S}/Microsoft.Web/sites").read(None).records == []
    dependents = [
        each for each in records_of(world.discovery(), f"carriers/{S}/{VM}") if isinstance(each, FoundDependent)
    ]
    identities = identities_in(records_of(world.discovery(), f"identities/{S}"))
    assert [each.identity for each in dependents] == list(identities)


def test_states_of_stacks_and_terraform_name_what_is_found(world: AzureDiscoveryWorld) -> None:
    world.plant()
    records, _ = read_all(world.discovery())
    found = [each for each in identities_in(records).values() if each.guard is None]
    types = {
        LinkKind.AZURE_MANAGED_IDENTITY: (
            "azure-native:managedidentity:UserAssignedIdentity",
            "azurerm_user_assigned_identity",
        ),
        LinkKind.ENTRA_APPLICATION: ("azuread:index/application:Application", "azuread_application"),
        LinkKind.ENTRA_SERVICE_PRINCIPAL: (
            "azuread:index/servicePrincipal:ServicePrincipal",
            "azuread_service_principal",
        ),
    }
    for kind, (pulumi, terraform) in types.items():
        (each,) = [identity for identity in found if identity.kind == kind]
        id_ = each.key.replace("resourcegroups", "resourceGroups")
        states = (
            identified_by_pulumi(pulumi, id_, {"objectId": each.unique_id, "principalId": each.unique_id}),
            identified_by_terraform(
                terraform, {"id": id_, "object_id": each.unique_id, "principal_id": each.unique_id}
            ),
        )
        for state in states:
            assert state is not None
            assert state.unique_id == each.unique_id
            declared = Declaration(state.identity, state.unique_id, System.AZURE, kind, Manager.PULUMI, "s", "a")
            assert declares(declared, each)

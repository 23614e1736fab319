"""What Azure's activity log and Entra's audits say, and that no change that matters is ignored as it is not known."""

from __future__ import annotations

import json
import string
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nhi_components.core.glob import glob_matches
from nhi_components.core.links import System
from nhi_components.lifecycle.adapters.azure import discovery, events
from nhi_components.lifecycle.events.files import FileEvents
from nhi_components.lifecycle.events.ports import EVERYTHING, NOT_UNDERSTOOD, NOTHING, Told, Unreadable, Used
from nhi_components.lifecycle.events.systems import reading_of
from tests.unit.events.samples import AT, SUBSCRIPTION, TENANT, acted, entered, exported

WITHIN = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shop"
IDENTITY = f"{WITHIN}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/Orders"
GROUP = "/providers/Microsoft.Management/managementGroups/shop"
ASSIGNMENT = "/providers/Microsoft.Authorization/roleAssignments/a1"
VM = "Microsoft.Compute/virtualMachines"
PRINCIPAL = [{"type": "ServicePrincipal", "id": "sp-1"}, {"type": "Group", "id": "g-1"}]
PERSON = [{"type": "User", "id": "dana"}, {"type": "Group", "id": "g-1"}]
OBJECT_ID = "http://schemas.microsoft.com/identity/claims/objectidentifier"
S = SUBSCRIPTION


def stale(told: Told) -> set[str]:
    return {section for event in told.events for section in event.sections}


CALLS = [
    ("Microsoft.ManagedIdentity/userAssignedIdentities/write", IDENTITY, {f"identities/{S}"}),
    (
        "Microsoft.ManagedIdentity/userAssignedIdentities/delete",
        IDENTITY,
        {f"identities/{S}", f"federation/{S}", f"assignments/{S}"},
    ),
    (
        "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write",
        f"{IDENTITY}/federatedIdentityCredentials/main",
        {f"federation/{S}"},
    ),
    ("Microsoft.ManagedIdentity/userAssignedIdentities/assign/action", IDENTITY, set()),
    ("Microsoft.Authorization/roleAssignments/write", WITHIN + ASSIGNMENT, {f"assignments/{S}"}),
    ("Microsoft.Authorization/roleAssignments/delete", GROUP + ASSIGNMENT, {"group-assignments/shop"}),
    ("Microsoft.Authorization/roleAssignments/write", ASSIGNMENT, {"group-assignments/*"}),
    ("Microsoft.Authorization/elevateAccess/action", "/providers/Microsoft.Authorization", {"group-assignments/*"}),
    ("Microsoft.Authorization/roleDefinitions/write", "/providers/x", {"custom-roles/*"}),
    ("Microsoft.Authorization/policyAssignments/write", WITHIN, set()),
    ("Microsoft.Authorization/locks/delete", WITHIN, set()),
    ("Microsoft.Management/managementGroups/write", GROUP, {"management-groups"}),
    (
        "Microsoft.Management/managementGroups/subscriptions/write",
        GROUP,
        {"management-groups", "subscriptions", "custom-roles/*"},
    ),
    ("Microsoft.Subscription/aliases/write", "/providers/Microsoft.Subscription/aliases/x", {"subscriptions"}),
    ("Microsoft.Resources/subscriptions/resourceGroups/delete", WITHIN, {f"*/{S}", f"*/{S}/*"}),
    ("Microsoft.Resources/subscriptions/resourceGroups/write", WITHIN, set()),
    ("Microsoft.Resources/subscriptions/resourceGroups/moveResources/action", WITHIN, set(EVERYTHING)),
    ("Microsoft.Resources/deployments/write", WITHIN, set()),
    ("Microsoft.Resources/tags/write", IDENTITY, {f"identities/{S}"}),
    (f"{VM}/write", f"{WITHIN}/providers/{VM}/one", {f"carriers/{S}/{VM}"}),
    (f"{VM}/delete", f"{WITHIN}/providers/{VM}/one", {f"carriers/{S}/{VM}", f"assignments/{S}"}),
    (f"{VM}/restart/action", f"{WITHIN}/providers/{VM}/one", set()),
    (f"{VM}/extensions/write", f"{WITHIN}/providers/{VM}/one/extensions/x", set()),
    ("Microsoft.Storage/storageAccounts/write", WITHIN, set()),
    ("Microsoft.Storage/storageAccounts/delete", WITHIN, {f"assignments/{S}"}),
    ("Microsoft.ManagedIdentity/inventedNextYear/write", IDENTITY, set(EVERYTHING)),
    ("Microsoft.Authorization/inventedNextYear/action", WITHIN, set(EVERYTHING)),
    ("Microsoft.Resources/inventedNextYear/action", WITHIN, set(EVERYTHING)),
]


@pytest.mark.parametrize(("operation", "resource", "sections"), CALLS)
def test_calls_of_azure_make_their_sections_stale(operation: str, resource: str, sections: set[str]) -> None:
    told = events.told(acted(operation, resource), TENANT)
    assert stale(told) == sections
    assert [(event.place, event.id) for event in told.events] == ([(TENANT, f"id-of-{operation}")] if sections else [])
    # An exported line has everything in capitals; sections are matched whatever the case of letters.
    line = events.told(exported(operation, resource.upper()), TENANT)
    assert {each.casefold() for each in stale(line)} == {each.casefold() for each in sections}


def test_every_section_of_discovery_is_made_stale_by_something() -> None:
    told = {section for _, _, sections in CALLS if sections != set(EVERYTHING) for section in sections}
    told |= {section for table in events._OF_DIRECTORY.values() for _, sections in table for section in sections}
    mapped = {f"directory/{part}" for part in discovery._IN_DIRECTORY} | {"subscriptions", "management-groups"}
    mapped |= {f"{part}/{S}" for part in discovery._IN_SUBSCRIPTION}
    # Sign-ins change with each use; that they are told at all is seen with the next full scan.
    missing = {each for each in mapped if not any(glob_matches(pattern, each) for pattern in told)}
    assert missing == {"directory/sign-ins"}


def test_what_began_or_failed_makes_nothing_stale_but_a_deployment_that_failed_half_way() -> None:
    write = "Microsoft.Authorization/roleAssignments/write"
    for status in ("Started", "Failed"):
        assert events.told(acted(write, WITHIN, status={"value": status})) == NOTHING
    for result in ("Start", "Failure"):
        assert events.told(exported(write, WITHIN, resultType=result)) == NOTHING
    failed = events.told(acted(f"{VM}/delete", f"{WITHIN}/providers/{VM}/one", status={"value": "Failed"}))
    assert stale(failed) == {f"carriers/{S}/{VM}"}
    assert events.told(acted(write, category={"value": "Policy"})) == NOTHING


def test_an_event_tells_when_and_about_whom_it_is_and_a_line_without_an_id_gets_one() -> None:
    write = "Microsoft.ManagedIdentity/userAssignedIdentities/write"
    (event,) = events.told(acted(write, IDENTITY)).events
    assert (event.at.replace(microsecond=0), event.about, event.place) == (AT, (IDENTITY.lower(),), TENANT)
    one, again = (events.told(exported(write, IDENTITY), "place").events[0] for _ in range(2))
    other = events.told(exported(write, IDENTITY, resultType="Accept"), "place").events[0]
    assert (one.id, one.place) == (again.id, "place")
    assert one.id != other.id


def test_claims_tell_which_application_or_managed_identity_has_called() -> None:
    write = "Microsoft.Storage/storageAccounts/write"
    claims = {"idtyp": "app", OBJECT_ID: "oid-1", "appid": "client-1"}
    at = datetime.fromisoformat(acted(write)["eventTimestamp"])
    assert events.told(acted(write, claims=claims)).uses == (Used(System.AZURE, "oid-1", at, "oid-1"),)
    line = exported(write, identity={"claims": {**claims, "xms_mirid": IDENTITY}})
    assert events.told(line).uses == (Used(System.AZURE, IDENTITY.lower(), at, "oid-1"),)
    # What a system-assigned identity is of is no identity itself.
    machine = {**claims, "xms_mirid": f"{WITHIN}/providers/{VM}/one"}
    assert [each.identity for each in events.told(acted(write, claims=machine)).uses] == ["oid-1"]
    assert events.told(acted(write, claims={OBJECT_ID: "dana"})).uses == ()
    assert events.told(acted(write, claims=claims, status={"value": "Failed"})).uses == ()


@pytest.mark.parametrize(
    ("activity", "category", "sections"),
    [
        (
            "Add application",
            "ApplicationManagement",
            {"directory/applications", "directory/application-owners", "directory/application-federation"},
        ),
        (
            "Update application \N{EN DASH} Certificates and secrets management ",
            "ApplicationManagement",
            {"directory/applications"},
        ),
        (
            "Update application",
            "ApplicationManagement",
            {"directory/applications", "directory/application-federation"},
        ),
        ("Add owner to application", "ApplicationManagement", {"directory/application-owners"}),
        ("Add service principal credentials", "ApplicationManagement", {"directory/service-principals"}),
        ("Remove owner from service principal", "ApplicationManagement", {"directory/service-principal-owners"}),
        ("Add app role assignment to service principal", "ApplicationManagement", {"directory/app-roles"}),
        ("Add app role assignment grant to user", "ApplicationManagement", set()),
        ("Add delegated permission grant", "ApplicationManagement", set()),
        ("Add member to role", "RoleManagement", {"directory/roles"}),
        ("Add eligible member to role in PIM completed (permanent)", "RoleManagement", {"directory/roles"}),
        ("Update role definition", "RoleManagement", {"directory/roles", "directory-role/*"}),
        ("Remove member from group", "GroupManagement", {"directory/memberships"}),
        ("Delete group", "GroupManagement", {"directory/memberships", "directory/roles"}),
        ("Update group", "GroupManagement", set()),
        ("Delete user", "UserManagement", {"directory/application-owners", "directory/service-principal-owners"}),
        ("Update user", "UserManagement", set()),
        ("User has elevated their access", "AzureRBACRoleManagementElevateAccess", {"group-assignments/*"}),
        ("Invented next year", "ApplicationManagement", set(EVERYTHING)),
        ("Invented next year", "RoleManagement", set(EVERYTHING)),
        ("Invented next year", "GroupManagement", set(EVERYTHING)),
        ("Invented next year", "Policy", set()),
    ],
)
def test_activities_of_the_directory_make_their_sections_stale(
    activity: str, category: str, sections: set[str]
) -> None:
    audit = entered(activity, category, targetResources=PRINCIPAL)
    told = events.told(audit, TENANT)
    assert stale(told) == sections
    if sections:
        (event,) = told.events
        assert (event.id, event.place, event.about) == (audit["id"], TENANT, ("sp-1",))
    line = {"time": audit["activityDateTime"], "category": "AuditLogs", "tenantId": TENANT, "properties": audit}
    assert events.told(line) == told
    assert events.told({**audit, "result": "failure"}) == NOTHING


def test_what_people_are_members_of_makes_nothing_stale() -> None:
    for activity, category in (("Add member to group", "GroupManagement"), ("Add member to role", "RoleManagement")):
        assert events.told(entered(activity, category, targetResources=PERSON)) == NOTHING
        assert events.told(entered(activity, category)).events != ()
    assert events.told(entered("Add owner to application", targetResources=PERSON)).events != ()


def test_audits_and_sign_ins_tell_uses() -> None:
    by = {"app": {"servicePrincipalId": "sp-1"}}
    (used,) = events.told(entered("Update user", "UserManagement", initiatedBy=by)).uses
    assert (used.identity, used.unique_id) == ("sp-1", "sp-1")
    signed = {
        "servicePrincipalId": "sp-1",
        "createdDateTime": "2026-11-30T09:00:00Z",
        "servicePrincipalCredentialKeyId": "key-1",
        "status": {"errorCode": 0},
    }
    line = {"category": "ServicePrincipalSignInLogs", "properties": signed}
    assert events.told(line).uses == (Used(System.AZURE, "sp-1", AT, "sp-1", "key-1"),)
    failed = {"category": "ServicePrincipalSignInLogs", "properties": {**signed, "status": {"errorCode": 7000215}}}
    assert events.told(failed) == NOTHING
    assert events.told({"category": "SignInLogs", "properties": {"password": "hunter2"}}) == NOTHING


NAMES = st.text(alphabet=string.ascii_letters + "/", min_size=1, max_size=40)


@given(st.sampled_from(sorted(events._OF_PROVIDERS)), NAMES)
def test_every_call_of_a_provider_that_matters_is_known_or_makes_everything_stale(provider: str, call: str) -> None:
    known = any(pattern.fullmatch(call.casefold()) for pattern, _ in events._OF_PROVIDERS[provider])
    assert known or events.sections_of(f"{provider}/{call}", WITHIN) == EVERYTHING


@given(st.sampled_from(["ApplicationManagement", "RoleManagement", "GroupManagement"]), st.text(min_size=1))
def test_every_activity_that_matters_is_known_or_makes_everything_stale(category: str, name: str) -> None:
    sections = events.of_activity(category, name)
    plain = " ".join(name.replace("\N{EN DASH}", "-").casefold().split())
    known = any(pattern.fullmatch(plain) for pattern, _ in events._OF_DIRECTORY[category])
    assert known or sections == EVERYTHING


@pytest.mark.parametrize(
    "record",
    [
        {"category": "AuditLogs", "properties": "hunter2"},
        {"category": "Administrative", "time": "hunter2", "operationName": "x"},
        {**acted("Microsoft.Authorization/roleAssignments/write"), "eventDataId": {"password": "hunter2"}},
        {"activityDisplayName": "Add application", "activityDateTime": "hunter2"},
    ],
)
def test_what_is_not_understood_is_refused_without_quoting_it(record: dict[str, Any]) -> None:
    with pytest.raises(Unreadable) as refused:
        events.told(record, "place")
    assert "hunter2" not in str(refused.value)


def test_exported_lines_of_both_logs_are_read_from_one_folder(tmp_path: Path) -> None:
    audit = entered("Add application")
    lines = [
        exported("Microsoft.Authorization/roleAssignments/write", WITHIN + ASSIGNMENT),
        {"time": audit["activityDateTime"], "category": "AuditLogs", "properties": audit},
        {"category": "Administrative"},
    ]
    file = tmp_path / "insights-logs" / "y=2026" / "m=11" / "PT1H.json"
    file.parent.mkdir(parents=True)
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    reader = FileEvents(System.AZURE, str(tmp_path), lambda: TENANT, reading_of(System.AZURE))
    found = [event for batch in reader.read(None, AT) for event in batch.told.events]
    assert [(event.place, event.what) for event in found] == [
        (TENANT, "MICROSOFT.AUTHORIZATION/ROLEASSIGNMENTS/WRITE"),
        (TENANT, "Add application"),
        (TENANT, NOT_UNDERSTOOD),
    ]
    assert found[2].sections == EVERYTHING

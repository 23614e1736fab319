"""Azure and Entra resources: secrets and their ends, keys, Terraform's spellings."""

from __future__ import annotations

from typing import Any

import pytest

from nhi_components.facts import (
    UNKNOWN,
    Fact,
    NotYetKnown,
    Ownership,
    PulumiResource,
    StandingCredential,
    Unjudged,
    read_pulumi_resource,
)
from nhi_components.facts.azure.model import ApiPermission, DirectoryRoleAssignment, RoleAssignment
from nhi_components.facts.azure.terraform import TYPES

PASSWORD = "azuread:index/applicationPassword:ApplicationPassword"


def read(type_: str, inputs: dict[str, Any]) -> list[Fact]:
    facts = read_pulumi_resource(PulumiResource("resource", type_, inputs))
    return [fact for fact in facts if not isinstance(fact, Ownership)]


def credential(type_: str, inputs: dict[str, Any]) -> StandingCredential:
    (fact,) = read(type_, inputs)
    assert isinstance(fact, StandingCredential)
    return fact


def test_a_password_ends_as_it_says() -> None:
    assert credential(PASSWORD, {"endDate": "2026-12-31T00:00:00Z"}).ends == "2026-12-31T00:00:00Z"
    assert credential(PASSWORD, {"endDateRelative": "4320h"}).lifetime_days == 180
    assert credential(PASSWORD, {"endDateRelative": "25h30m"}).lifetime_days == 2
    assert credential(PASSWORD, {"endDate": UNKNOWN}).ends is UNKNOWN


def test_a_password_without_an_end_lives_as_long_as_entra_lets_it() -> None:
    found = credential(PASSWORD, {"applicationId": UNKNOWN})
    assert (found.ends, found.lifetime_days, found.path) == (None, 730, "endDate")


def test_a_certificate_without_an_end_is_taken_for_endless() -> None:
    found = credential("azuread:index/applicationCertificate:ApplicationCertificate", {"value": "x"})
    assert (found.ends, found.lifetime_days) == (None, None)


def test_passwords_inside_an_application_count() -> None:
    found = credential(
        "azuread:index/application:Application", {"password": {"displayName": "x", "endDate": "2036-01-01"}}
    )
    assert (found.path, found.ends) == ("password.endDate", "2036-01-01")


@pytest.mark.parametrize("end", [{"endDateRelative": "soon"}, {"endDateRelative": 7}, {"endDate": ["2026"]}])
def test_an_end_that_cannot_be_read_is_unjudged(end: dict[str, Any]) -> None:
    (fact,) = read(PASSWORD, end)
    assert isinstance(fact, Unjudged)


@pytest.mark.parametrize(
    ("type_", "keys", "no_keys"),
    [
        ("azure-native:containerregistry:Registry", {"adminUserEnabled": True}, {"adminUserEnabled": False}),
        ("azure:containerservice/registry:Registry", {"adminEnabled": True}, {}),
        (
            "azure-native:storage/v20230101:StorageAccount",
            {"allowSharedKeyAccess": True},
            {"allowSharedKeyAccess": False},
        ),
        ("azure-native:cosmosdb:DatabaseAccount", {"disableLocalAuth": False}, {"disableLocalAuth": True}),
        ("azure-native:cognitiveservices:Account", {"properties": {"disableLocalAuth": False}}, {"properties": {}}),
    ],
)
def test_keys_count_where_they_are_switched_on(type_: str, keys: dict[str, Any], no_keys: dict[str, Any]) -> None:
    assert credential(type_, keys).ends is None
    assert read(type_, no_keys) == []


def test_a_directory_role_may_be_for_one_unit() -> None:
    type_ = "azuread:index/directoryRoleAssignment:DirectoryRoleAssignment"
    role = "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3"
    (everywhere,) = read(type_, {"roleId": role})
    (unit,) = read(type_, {"roleId": role, "directoryScopeId": "/administrativeUnits/x"})
    assert isinstance(everywhere, DirectoryRoleAssignment)
    assert isinstance(unit, DirectoryRoleAssignment)
    assert (everywhere.role, everywhere.named_scope, unit.named_scope) == ("application administrator", False, True)


def test_permissions_that_are_not_known_yet_are_told() -> None:
    unknown = {"requiredResourceAccesses": [{"resourceAccesses": [{"id": UNKNOWN, "type": "Role"}, UNKNOWN]}, UNKNOWN]}
    facts = read("azuread:index/application:Application", unknown)
    assert [type(fact) for fact in facts] == [NotYetKnown] * 3
    malformed = read("azuread:index/application:Application", {"requiredResourceAccess": ["x"]})
    assert [type(fact) for fact in malformed] == [Unjudged]


def test_a_permission_is_called_by_its_name() -> None:
    (fact,) = read(
        "azuread:index/appRoleAssignment:AppRoleAssignment", {"appRoleId": "06b708a9-e830-4db3-a914-8e69da51d44f"}
    )
    assert isinstance(fact, ApiPermission)
    assert fact.permission == "AppRoleAssignment.ReadWrite.All"


def test_a_delegation_assigns_its_roles_to_the_subscription() -> None:
    authorizations = [{"principalId": "x", "roleDefinitionId": "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"}]
    facts = read(
        "azure:lighthouse/definition:Definition",
        {"managingTenantId": "x", "scope": "/subscriptions/x", "authorizations": authorizations},
    )
    (assignment,) = [fact for fact in facts if isinstance(fact, RoleAssignment)]
    assert (assignment.role, assignment.scope.text) == ("Owner", "/subscriptions/x")


def test_every_terraform_type_is_read() -> None:
    from nhi_components.facts.azure.pulumi import _READERS, _key

    assert {token for token in TYPES.values() if _key(token) not in _READERS} == set()
    assert TYPES["azurerm_role_assignment"] == "azure:authorization/assignment:Assignment"
    assert TYPES["azuread_application_password"] == PASSWORD

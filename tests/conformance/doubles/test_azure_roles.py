"""Role assignments and definitions of the double of Azure, by azure-mgmt-authorization."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from azure.identity import ClientSecretCredential
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.authorization.models import Permission, RoleAssignmentCreateParameters, RoleDefinition

from tools.doubles.azure import AzureDouble
from tools.doubles.azure.directory import Principal
from tools.doubles.tls import write_authority

ARM = "https://management.azure.com/.default"
GET_SECRET = "Microsoft.KeyVault/vaults/secrets/getSecret/action"
SET_SECRET = "Microsoft.KeyVault/vaults/secrets/setSecret/action"
SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"


@pytest.fixture
def double(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[AzureDouble]:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(write_authority(tmp_path)))
    with AzureDouble() as running:
        yield running


def client_of(double: AzureDouble, variables: dict[str, str]) -> AuthorizationManagementClient:
    names = ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET")
    credential = ClientSecretCredential(
        *(variables[name] for name in names), authority=double.url, disable_instance_discovery=True, retry_total=0
    )
    return AuthorizationManagementClient(
        credential, double.subscription, base_url=double.url, credential_scopes=[ARM], retry_total=0
    )


@pytest.fixture
def client(double: AzureDouble) -> AuthorizationManagementClient:
    return client_of(double, double.ambient())


def identity(double: AzureDouble, name: str) -> Principal:
    return double.identities.principal_of(double.identities.make(name)["id"])


@pytest.fixture
def principal(double: AzureDouble) -> Principal:
    return identity(double, "orders-dev")


@pytest.fixture
def group(double: AzureDouble) -> str:
    return f"/subscriptions/{double.subscription}/resourceGroups/nhi-tests"


def asked(
    double: AzureDouble, principal: str, role: str = SECRETS_USER, kind: str | None = "ServicePrincipal", **more: str
) -> RoleAssignmentCreateParameters:
    definition = f"/subscriptions/{double.subscription}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    return RoleAssignmentCreateParameters(
        role_definition_id=definition, principal_id=principal, principal_type=kind, **more
    )


def role_of(name: str, scope: str, **permission: list[str]) -> RoleDefinition:
    return RoleDefinition(role_name=name, assignable_scopes=[scope], permissions=[Permission(**permission)])


def test_an_assignment_permits_at_its_scope_and_below_until_it_is_deleted(
    double: AzureDouble, client: AuthorizationManagementClient, principal: Principal, group: str
) -> None:
    name = str(uuid4())
    secret = f"{group}/providers/Microsoft.KeyVault/vaults/team/secrets/orders"
    made = client.role_assignments.create(secret, name, asked(double, principal.object_id, description="ours"))
    assert (made.description, made.principal_id, made.scope) == ("ours", principal.object_id, secret)
    assert made.role_definition_id.endswith(SECRETS_USER)
    permits = double.rbac.permits
    assert permits(principal.object_id, GET_SECRET, secret.upper(), data=True)
    assert permits(principal.object_id, GET_SECRET, f"{secret}/versions/1", data=True)
    assert not permits(principal.object_id, GET_SECRET, f"{secret}-2", data=True)
    assert not permits(principal.object_id, GET_SECRET, group, data=True)
    assert not permits(principal.object_id, GET_SECRET, secret, data=False)
    assert not permits(principal.object_id, SET_SECRET, secret, data=True)
    assert client.role_assignments.get(secret, name).name == name
    client.role_assignments.delete(secret, name)
    assert not permits(principal.object_id, GET_SECRET, secret, data=True)
    assert client.role_assignments.delete(secret, name) is None
    with pytest.raises(ResourceNotFoundError, match="RoleAssignmentNotFound"):
        client.role_assignments.get(secret, name)


def test_the_same_assignment_again_is_fine_and_another_under_its_guid_is_not(
    double: AzureDouble, client: AuthorizationManagementClient, principal: Principal, group: str
) -> None:
    name, first = str(uuid4()), asked(double, principal.object_id)
    client.role_assignments.create(group, name, first)
    again = client.role_assignments.create(group, name, asked(double, principal.object_id, description="since"))
    assert again.description == "since"
    with pytest.raises(HttpResponseError, match="RoleAssignmentUpdateNotPermitted"):
        client.role_assignments.create(group, name, asked(double, principal.object_id, READER))
    with pytest.raises(HttpResponseError, match="RoleAssignmentExists") as caught:
        client.role_assignments.create(group, str(uuid4()), first)
    assert caught.value.status_code == 409
    with pytest.raises(HttpResponseError, match="InvalidRoleAssignmentId"):
        client.role_assignments.create(group, "orders", first)


def test_who_is_not_there_is_assigned_nothing(
    double: AzureDouble, client: AuthorizationManagementClient, group: str
) -> None:
    with pytest.raises(HttpResponseError, match="PrincipalNotFound"):
        client.role_assignments.create(group, str(uuid4()), asked(double, str(uuid4())))
    double.directory.lag = timedelta(minutes=2)
    young = identity(double, "young-dev").object_id
    with pytest.raises(HttpResponseError, match="replication delay"):
        client.role_assignments.create(group, str(uuid4()), asked(double, young, kind=None))
    assert client.role_assignments.create(group, str(uuid4()), asked(double, young)).principal_id == young
    other = identity(double, "other-dev").object_id
    double.ahead = timedelta(minutes=3)
    assert client.role_assignments.create(group, str(uuid4()), asked(double, other, kind=None)).principal_id == other
    with pytest.raises(HttpResponseError, match="UnmatchedPrincipalType"):
        client.role_assignments.create(group, str(uuid4()), asked(double, other, READER, kind="User"))
    with pytest.raises(HttpResponseError, match="UnsupportedPrincipalType"):
        client.role_assignments.create(group, str(uuid4()), asked(double, other, READER, kind="Device"))


def test_an_assignment_outlives_its_principal(
    double: AzureDouble, client: AuthorizationManagementClient, group: str
) -> None:
    made = double.identities.make("orders-dev")
    gone = made["properties"]["principalId"]
    name = str(uuid4())
    client.role_assignments.create(group, name, asked(double, gone))
    double.identities.remove(made["id"])
    found = list(client.role_assignments.list_for_scope(group, filter=f"principalId eq '{gone}'"))
    assert [each.name for each in found] == [name]
    anew = double.identities.make("orders-dev")["properties"]["principalId"]
    assert anew != gone
    assert list(client.role_assignments.list_for_scope(group, filter=f"assignedTo('{anew}')")) == []
    # The same GUID for the identity made anew is refused: the orphan has to go first.
    with pytest.raises(HttpResponseError, match="RoleAssignmentUpdateNotPermitted"):
        client.role_assignments.create(group, name, asked(double, anew))
    client.role_assignments.delete(group, name)
    client.role_assignments.create(group, name, asked(double, anew))


def test_lists_are_filtered_and_come_in_pages(
    double: AzureDouble, client: AuthorizationManagementClient, principal: Principal, group: str
) -> None:
    subscription, vault = f"/subscriptions/{double.subscription}", f"{group}/providers/Microsoft.KeyVault/vaults/team"
    scopes = (subscription, group, vault)
    names = {
        scope: client.role_assignments.create(scope, str(uuid4()), asked(double, principal.object_id)).name
        for scope in scopes
    }
    other = identity(double, "other-dev")
    theirs = double.rbac.assign(other, "Reader", group).name

    def listed(scope: str, filtered: str | None = None) -> set[str]:
        return {each.name for each in client.role_assignments.list_for_scope(scope, filter=filtered)}

    assert listed(group) == {*names.values(), theirs}
    assert listed(group, "atScope()") == {names[subscription], names[group], theirs}
    assert listed(group, f"atScope() and principalId eq '{other.object_id}'") == {theirs}
    assert {each.name for each in client.role_assignments.list_for_subscription()} == {*names.values(), theirs}
    double.roles.page_size = 1
    assert listed(group) == {*names.values(), theirs}
    with pytest.raises(HttpResponseError, match="UnsupportedQuery"):
        listed(group, "scope eq 'x'")


def test_changes_count_after_their_propagation(
    double: AzureDouble, client: AuthorizationManagementClient, principal: Principal, group: str
) -> None:
    name, double.propagation = str(uuid4()), timedelta(minutes=10)

    def permitted() -> bool:
        return double.rbac.permits(principal.object_id, GET_SECRET, group, data=True)

    client.role_assignments.create(group, name, asked(double, principal.object_id))
    assert not permitted()
    double.ahead = timedelta(minutes=10)
    assert permitted()
    client.role_assignments.delete(group, name)
    assert permitted()
    assert list(client.role_assignments.list_for_scope(group)) == []
    double.ahead = timedelta(minutes=20)
    assert not permitted()


def test_a_custom_role_grants_what_it_names_less_what_it_takes_out(
    double: AzureDouble, client: AuthorizationManagementClient, principal: Principal, group: str
) -> None:
    guid = str(uuid4())
    role = role_of("orders", group, actions=["Microsoft.Storage/storageAccounts/*"], not_actions=["*/delete"])
    made = client.role_definitions.create_or_update(group, guid, role)
    assert (made.role_type, made.name, made.assignable_scopes) == ("CustomRole", guid, [group])
    client.role_assignments.create(group, str(uuid4()), asked(double, principal.object_id, guid))
    permits = double.rbac.permits
    assert permits(principal.object_id, "Microsoft.Storage/storageAccounts/write", group)
    assert not permits(principal.object_id, "Microsoft.Storage/storageAccounts/delete", group)
    assert not permits(principal.object_id, "Microsoft.Storage/storageAccounts/write", group, data=True)
    with pytest.raises(HttpResponseError, match="RoleDefinitionHasAssignments") as caught:
        client.role_definitions.delete(group, guid)
    assert caught.value.status_code == 400
    wider = f"/subscriptions/{double.subscription}"
    with pytest.raises(HttpResponseError, match="RoleDefinitionNotAssignableAtScope"):
        client.role_assignments.create(wider, str(uuid4()), asked(double, principal.object_id, guid))


def test_a_custom_role_is_checked(double: AzureDouble, client: AuthorizationManagementClient, group: str) -> None:
    reads = ["Microsoft.Storage/storageAccounts/read"]

    def make(name: str, scope: str = group, guid: str | None = None, **permission: list[str]) -> RoleDefinition:
        return client.role_definitions.create_or_update(group, guid or str(uuid4()), role_of(name, scope, **permission))

    first = make("orders", actions=reads)
    assert make("orders", guid=first.name, actions=["*/read"]).permissions[0].actions == ["*/read"]
    for code, wrong in (
        ("RoleDefinitionWithSameNameExists", {"name": "Orders", "actions": reads}),
        ("RoleDefinitionWithSameNameExists", {"name": "Reader", "actions": reads}),
        ("InvalidActionOrNotAction", {"name": "two", "actions": ["Microsoft.Storage/nothing/frobnicate/action"]}),
        ("InvalidActionOrNotAction", {"name": "two", "actions": [GET_SECRET]}),
        ("InvalidDataActionOrNotDataAction", {"name": "two", "data_actions": reads}),
        ("MissingAssignableScopes", {"name": "two", "scope": "/", "actions": reads}),
        ("SubscriptionNotFound", {"name": "two", "scope": f"/subscriptions/{uuid4()}", "actions": reads}),
        ("InvalidRoleDefinitionId", {"name": "two", "guid": "orders", "actions": reads}),
        ("CannotModifyBuiltInRole", {"name": "two", "guid": READER, "actions": reads}),
    ):
        with pytest.raises(HttpResponseError, match=code):
            make(**wrong)  # type: ignore[arg-type] # one table for all of it
    assert [each.role_name for each in client.role_definitions.list(group, filter="type eq 'CustomRole'")] == ["orders"]
    (reader,) = client.role_definitions.list(group, filter="roleName eq 'Reader'")
    assert (reader.name, reader.permissions[0].actions) == (READER, ["*/read"])
    assert client.role_definitions.delete(group, first.name).name == first.name
    assert client.role_definitions.delete(group, first.name) is None


def test_there_are_limits(
    double: AzureDouble, client: AuthorizationManagementClient, principal: Principal, group: str
) -> None:
    double.rbac.most, double.rbac.roles.most = 1, 1
    client.role_assignments.create(group, str(uuid4()), asked(double, principal.object_id))
    with pytest.raises(HttpResponseError, match="RoleAssignmentLimitExceeded"):
        client.role_assignments.create(group, str(uuid4()), asked(double, principal.object_id, READER))
    reads = {"actions": ["*/read"]}
    client.role_definitions.create_or_update(group, str(uuid4()), role_of("one", group, **reads))
    with pytest.raises(HttpResponseError, match="RoleDefinitionLimitExceeded"):
        client.role_definitions.create_or_update(group, str(uuid4()), role_of("two", group, **reads))


def test_a_condition_narrows_what_a_role_permits(double: AzureDouble, principal: Principal, group: str) -> None:
    read = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"
    name = "@Resource[Microsoft.Storage/storageAccounts/blobServices/containers:name]"
    condition = (
        f"((!(ActionMatches{{'{read}'}} AND NOT SubOperationMatches{{'Blob.List'}})) OR ({name} StringEquals 'in'))"
    )
    facts = {"condition": condition, "conditionVersion": "2.0"}
    double.rbac.assign(principal, "Storage Blob Data Reader", group, **facts)

    def permitted(**about: str) -> bool:
        return double.rbac.permits(principal.object_id, read, group, data=True, about=about)

    assert permitted(**{"containers:name": "in"})
    assert permitted(suboperation="Blob.List")
    assert not permitted(**{"containers:name": "out"})
    assert not permitted()


@pytest.mark.parametrize(
    ("condition", "version"), [("@Resource[x] Near 'y'", "2.0"), ("(", "2.0"), ("@Resource[x] StringEquals 'y'", "1.0")]
)
def test_a_condition_that_the_double_cannot_judge_is_refused(
    double: AzureDouble,
    client: AuthorizationManagementClient,
    principal: Principal,
    group: str,
    condition: str,
    version: str,
) -> None:
    wanted = asked(double, principal.object_id, condition=condition, condition_version=version)
    with pytest.raises(HttpResponseError, match="InvalidRoleAssignmentCondition"):
        client.role_assignments.create(group, str(uuid4()), wanted)


def test_who_is_no_operator_is_judged_by_roles_and_told_what_lacks(
    double: AzureDouble, principal: Principal, group: str
) -> None:
    application = double.applications.make("deployer")
    deployer = double.applications.principal_of(application)
    client, name = client_of(double, double.variables_of(application)), str(uuid4())
    with pytest.raises(HttpResponseError) as caught:
        client.role_assignments.create(group, name, asked(double, principal.object_id))
    assert caught.value.status_code == 403
    for told in (
        "(AuthorizationFailed)",
        f"The client '{deployer.client_id}' with object id '{deployer.object_id}' does not have authorization",
        "action 'Microsoft.Authorization/roleAssignments/write'",
        f"over scope '{group}/providers/Microsoft.Authorization/roleAssignments/{name}'",
    ):
        assert told in caught.value.message
    double.rbac.assign(deployer, "Role Based Access Control Administrator", group)
    assert client.role_assignments.create(group, name, asked(double, principal.object_id)).name == name


def test_an_operator_can_be_denied(
    double: AzureDouble, client: AuthorizationManagementClient, principal: Principal, group: str
) -> None:
    (operator,) = double.operators
    double.deny(operator, "Microsoft.Authorization/roleAssignments/write")
    with pytest.raises(HttpResponseError, match="AuthorizationFailed"):
        client.role_assignments.create(group, str(uuid4()), asked(double, principal.object_id))
    assert list(client.role_assignments.list_for_scope(group)) == []


def test_wrong_places_are_refused(
    double: AzureDouble, client: AuthorizationManagementClient, principal: Principal
) -> None:
    wanted = asked(double, principal.object_id)
    for code, scope in (
        ("SubscriptionNotFound", f"/subscriptions/{uuid4()}"),
        ("InvalidSubscriptionId", "/subscriptions/orders"),
        ("ResourceGroupNotFound", f"/subscriptions/{double.subscription}/resourceGroups/nowhere"),
    ):
        with pytest.raises(HttpResponseError, match=code):
            client.role_assignments.create(scope, str(uuid4()), wanted)


def test_a_token_of_another_audience_is_refused(double: AzureDouble) -> None:
    variables = double.ambient()
    names = ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET")
    credential = ClientSecretCredential(
        *(variables[name] for name in names), authority=double.url, disable_instance_discovery=True
    )
    wrong = AuthorizationManagementClient(
        credential, double.subscription, base_url=double.url, credential_scopes=["https://graph.microsoft.com/.default"]
    )
    with pytest.raises(ClientAuthenticationError, match="InvalidAuthenticationTokenAudience"):
        list(wrong.role_assignments.list_for_subscription())

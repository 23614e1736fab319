"""The test plugins for Azure and Entra, found and driven by the real engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.engine.azure import IN_GROUP, QUEUE, AzureCloud, azure_program, bus_queue
from tests.engine.programs import resource, summary
from tools.doubles.azure.subscriptions import GROUP, LOCATION, SUBSCRIPTION
from tools.lab.project import Project

IDENTITY = f"{IN_GROUP}/Microsoft.ManagedIdentity/userAssignedIdentities/printer"
ROLE = "2f4a4f0e-8f5c-4b8a-9d7b-0b8f0c1f3b02"
ASSIGNMENT = "2f4a4f0e-8f5c-4b8a-9d7b-0b8f0c1f3b03"
SENDS = "Microsoft.ServiceBus/namespaces/messages/send/action"

WORKLOAD = """\
identity = pulumi_azure_native.managedidentity.UserAssignedIdentity(
    "printer", resource_name_={name!r}, resource_group_name={group!r}, tags={tags})
trust = pulumi_azure_native.managedidentity.FederatedIdentityCredential(
    "github", federated_identity_credential_resource_name="github", resource_name_=identity.name,
    resource_group_name={group!r}, issuer="https://token.actions.githubusercontent.com", subject={subject!r},
    audiences=["api://AzureADTokenExchange"])
role = pulumi_azure_native.authorization.RoleDefinition(
    "sends", scope="/subscriptions/{subscription}", role_definition_id={role!r}, role_name="sends labels",
    role_type="CustomRole", assignable_scopes=["/subscriptions/{subscription}"],
    permissions=[{{"data_actions": [{sends!r}]}}])
assignment = pulumi_azure_native.authorization.RoleAssignment(
    "sends", scope=queue.id, role_assignment_name={assignment!r}, principal_id=identity.principal_id,
    principal_type="ServicePrincipal", role_definition_id=role.id, description={description!r})
pulumi.export("identity", {{"id": identity.id, "principal": identity.principal_id, "client": identity.client_id}})
"""


def workload(
    description: str = "prints labels",
    subject: str = "repo:a/b:ref:refs/heads/main",
    name: str = "printer",
    **tags: str,
) -> str:
    """A managed identity with a trust and a role of its own, assigned on a queue."""
    told = {"description": description, "subject": subject, "name": name, "tags": tags or {"team": "print"}}
    ids = {"role": ROLE, "assignment": ASSIGNMENT, "sends": SENDS, "group": GROUP, "subscription": SUBSCRIPTION}
    return azure_program(bus_queue(), WORKLOAD.format(**told, **ids))


def test_the_engine_previews_makes_keeps_refreshes_changes_and_removes_what_the_plugin_serves(
    project: Callable[..., Project], azure: AzureCloud
) -> None:
    stack = azure.reached_by(project(workload()))
    previewed = stack.preview()
    assert "7 to create" in previewed.stdout
    assert {each.method for each in azure.double.log} == {"GET", "POST"}
    assert azure.double.asked("POST", "^(?!.*/oauth2/)") == []

    azure.double.operations.slowness = 1
    stack.up()
    shown = stack.outputs()["identity"]
    live = azure.double.identities.by_id[IDENTITY.lower()]
    assert (shown["id"], live["location"], live["tags"]) == (IDENTITY, LOCATION, {"team": "print"})
    assert shown["principal"] == live["properties"]["principalId"]
    assert azure.roles_of(shown["principal"]) == [(QUEUE, "sends labels")]
    assert azure.double.rbac.permits(shown["principal"], SENDS, QUEUE, data=True)
    stack.up("--expect-no-changes")
    stack.refresh("--expect-no-changes")

    live["tags"] = {"team": "by hand"}
    azure.double.rbac.remove(f"{QUEUE}/providers/Microsoft.Authorization/roleAssignments/{ASSIGNMENT}")
    refreshed = stack.refresh()
    assert summary(refreshed) == {"updated": 1, "deleted": 1, "unchanged": 5, "changes": 2}
    assert resource(stack, "UserAssignedIdentity")["outputs"]["tags"] == {"team": "by hand"}
    mended = stack.up()
    assert summary(mended) == {"created": 1, "updated": 1, "unchanged": 5, "changes": 2}
    assert azure.double.identities.by_id[IDENTITY.lower()]["tags"] == {"team": "print"}
    assert azure.roles_of(shown["principal"]) == [(QUEUE, "sends labels")]

    stack.write({"__main__.py": workload("prints no more", "nhi:suspended", team="paper")})
    assert summary(stack.up()) == {"updated": 3, "unchanged": 4}
    assert azure.double.federation.of(IDENTITY.lower())[0].subject == "nhi:suspended"
    stack.up("--expect-no-changes")

    stack.destroy()
    assert stack.resources() == []
    assert azure.double.identities.by_id == {}
    assert azure.double.resources.by_id == {}
    assert azure.double.rbac.assignments.written == {}
    assert azure.double.rbac.roles.custom.written == {}


def test_what_is_in_an_id_makes_another_resource_and_the_named_one_goes_first(
    project: Callable[..., Project], azure: AzureCloud
) -> None:
    stack = azure.reached_by(project(workload()))
    stack.up()
    before = stack.outputs()["identity"]
    stack.write({"__main__.py": workload(name="printers")})
    replaced = stack.up()
    assert summary(replaced)["replaced"] == 3
    after = stack.outputs()["identity"]
    assert after["id"] == f"{IDENTITY}s"
    assert list(azure.double.identities.by_id) == [after["id"].lower()]
    assert azure.roles_of(before["principal"]) == []
    assert azure.roles_of(after["principal"]) == [(QUEUE, "sends labels")]
    writes = [(each.method, each.target.partition("?")[0]) for each in azure.double.log if each.status < 300]
    assert writes.index(("DELETE", IDENTITY)) < writes.index(("PUT", f"{IDENTITY}s"))


ENTRA = """\
application = pulumi_azuread.Application("printer", display_name={name!r}, tags=["nhi:lease=lease-1"], notes={notes!r})
principal = pulumi_azuread.ServicePrincipal(
    "printer", client_id=application.client_id, account_enabled={enabled}, tags=["nhi:lease=lease-1"])
pulumi_azuread.ApplicationFederatedIdentityCredential(
    "github", application_id=application.id, display_name="github", subject="repo:a/b:ref:refs/heads/main",
    issuer="https://token.actions.githubusercontent.com", audiences=["api://AzureADTokenExchange"])
pulumi.export("application", {{"client": application.client_id, "principal": principal.object_id}})
"""


def application(name: str = "printer-test", notes: str = "prints labels", *, enabled: bool = True) -> str:
    """An application with a service principal and somebody whom it trusts."""
    return azure_program(ENTRA.format(name=name, notes=notes, enabled=enabled))


def test_an_application_is_made_kept_refreshed_changed_and_removed(
    project: Callable[..., Project], azure: AzureCloud
) -> None:
    stack = azure.reached_by(project(application()))
    assert "4 to create" in stack.preview().stdout
    assert azure.double.asked("GET", "/v1.0/") == azure.double.asked("POST", "/v1.0/") == []
    stack.up()
    shown = stack.outputs()["application"]
    made = azure.double.applications.by_client(shown["client"])
    assert made is not None
    assert (made["displayName"], made["tags"]) == ("printer-test", ["nhi:lease=lease-1"])
    stack.up("--expect-no-changes")
    stack.refresh("--expect-no-changes")

    made["notes"] = "by hand"
    principal = azure.double.directory.find(shown["principal"])
    assert principal is not None
    azure.double.directory.delete(principal)
    assert summary(stack.refresh()) == {"updated": 1, "deleted": 1, "unchanged": 2, "changes": 2}
    assert summary(stack.up()) == {"created": 1, "updated": 1, "unchanged": 2, "changes": 2}
    assert made["notes"] == "prints labels"

    stack.write({"__main__.py": application("printer-2", enabled=False)})
    assert summary(stack.up()) == {"updated": 2, "unchanged": 2}
    principal = azure.double.directory.find(stack.outputs()["application"]["principal"])
    assert principal is not None
    assert not principal.is_enabled

    stack.destroy()
    assert stack.resources() == []
    assert azure.double.applications.by_client(shown["client"]) is None
    assert azure.double.directory.by_client(shown["client"]) is None


def identity_of(statement: str) -> str:
    """One managed identity of these arguments."""
    return azure_program(f"pulumi_azure_native.managedidentity.UserAssignedIdentity('printer', {statement})")


@pytest.mark.parametrize(
    ("program", "told"),
    [
        (identity_of(f"resource_group_name={GROUP!r}, colour='red'"), "unexpected keyword argument 'colour'"),
        (identity_of("resource_group_name=7"), "resourceGroupName got: a whole number expected: a text"),
        (identity_of(f"resource_group_name={GROUP!r}, tags={{'a': 1}}"), "tags.a got: a whole number"),
        (
            azure_program(
                "pulumi_azure_native.storage.BlobContainer('c', resource_group_name='g', account_name='shop', "
                "container_name='labels', public_access='Everybody')"
            ),
            "publicAccess got: a text expected: one of 'Container', 'Blob', 'None'",
        ),
        (
            azure_program(
                "pulumi_azure_native.storage.StorageAccount('s', resource_group_name='g', account_name='shop', "
                "kind='StorageV2', sku={'nome': 'Standard_LRS'})"
            ),
            "sku.nome got: a property that the installed SDK does not have",
        ),
        (
            azure_program("pulumi_azuread.Application('a', display_name=7)"),
            "displayName got: a whole number expected: a text",
        ),
    ],
)
def test_a_preview_refuses_what_the_sdks_do_not_have(
    project: Callable[..., Project], azure: AzureCloud, program: str, told: str
) -> None:
    stack = azure.reached_by(project(program))
    failed = stack.preview(check=False)
    assert failed.code != 0
    assert told in " ".join(failed.text.split())
    assert azure.double.asked("PUT", ".") == []


def refuse(azure: AzureCloud) -> str:
    azure.double.deny(azure.operator, "Microsoft.ManagedIdentity/userAssignedIdentities/write")
    return 'Status=403 Code="AuthorizationFailed" Message="The client \''


def occupy(azure: AzureCloud) -> str:
    azure.double.identities.make("printer")
    return f"cannot create already existing resource '{IDENTITY}'"


def unregister(azure: AzureCloud) -> str:
    azure.double.subscriptions.unregister("Microsoft.ManagedIdentity")
    return 'Status=409 Code="MissingSubscriptionRegistration"'


@pytest.mark.parametrize("mistake", [refuse, occupy, unregister])
def test_what_azure_refuses_is_told_in_its_words_and_nothing_is_half_made(
    project: Callable[..., Project], azure: AzureCloud, mistake: Callable[[AzureCloud], str]
) -> None:
    told = mistake(azure)
    before: dict[str, Any] = dict(azure.double.identities.by_id)
    stack = azure.reached_by(project(identity_of(f"resource_group_name={GROUP!r}, resource_name_='printer'")))
    failed = stack.up(check=False)
    assert failed.code != 0
    assert told in failed.text
    assert "Traceback" not in failed.text
    assert [each for each in stack.resources() if each["type"].startswith("azure-native:")] == []
    assert azure.double.identities.by_id == before


@pytest.mark.parametrize("host", ["management.azure.com", ""])
def test_the_plugins_speak_to_nobody_but_a_double(
    project: Callable[..., Project], azure: AzureCloud, host: str
) -> None:
    for statement in (identity_of(f"resource_group_name={GROUP!r}"), application()):
        stack = azure.reached_by(project(statement, folder=f"project-{len(statement)}"))
        stack.environment["ARM_METADATA_HOSTNAME"] = host
        failed = stack.up(check=False)
        assert failed.code != 0
        assert "this is a stand-in for tests" in failed.text
    assert azure.double.log == []

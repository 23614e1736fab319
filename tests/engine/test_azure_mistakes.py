"""A person's mistakes on Azure, by the double: each is told with a way out, most by a preview; nothing is half-made."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from nhi_components.core.azure_federation import AUDIENCE
from nhi_components.core.azure_names import group_scope, identity_id, subscription_scope
from tests.engine.azure import IN_GROUP, QUEUE, AzureCloud, azure_bundle, azure_program
from tests.engine.azure_access import GITHUB, ask, assert_gone, assignments, everything, workload
from tests.engine.azure_by_hand import VAULT, VAULT_ID, make_identity, make_queues, make_vault
from tests.engine.programs import assert_told, evidence, with_identity
from tools.doubles.azure.directory import TENANT
from tools.doubles.azure.rbac import Assignment
from tools.doubles.azure.role_definitions import Role
from tools.doubles.azure.subscriptions import GROUP, LOCATION
from tools.doubles.azure.subscriptions import SUBSCRIPTION as S
from tools.lab.project import Project

TYPO = S.replace("0b1f", "0b2f")
OTHERS_VAULT = f"{IN_GROUP}/Microsoft.KeyVault/vaults/nhi-others"
SENDS = "Microsoft.ServiceBus/namespaces/messages/send/action"
MANAGED = "Microsoft.ManagedIdentity"
GROUPS = "Microsoft.Resources/subscriptions/resourceGroups"
GRANTS = (
    f"[nhi.Grant(actions=[{SENDS!r}], targets=[{QUEUE!r}]), *azure.intents.keyvault.sign('{OTHERS_VAULT}/keys/orders')]"
)
SUBJECT = "repo:shop/orders:environment:prod"
RESERVED_DAYS = 90

Broken = Callable[[AzureCloud], tuple[str, ...]]


def bundle(azure: AzureCloud, name: str = "orders", **arguments: Any) -> str:
    """An identity that sends, signs with a key of a vault of others, and has a secret of its own."""
    outputs = {"principal": "principal_id", "client": "client_id", "identity": "identity_id"}
    outputs |= {"secret": "secret_name", "uri": "secret_uri"}
    kept: dict[str, Any] = {"outputs": outputs, "grants": GRANTS, "secret": "nhi.SecretSpec()", "vault": repr(VAULT_ID)}
    return azure_program(azure_bundle(azure, identity=with_identity(name=name), **kept, **arguments))


def make_others_vault(azure: AzureCloud, *, by_roles: bool) -> None:
    told = {"tenantId": TENANT, "sku": {"family": "A", "name": "standard"}, "accessPolicies": []}
    properties = {**told, "enableRbacAuthorization": by_roles}
    ask(azure, "PUT", OTHERS_VAULT, {"location": LOCATION, "properties": properties})


@pytest.fixture
def stack(project: Callable[..., Project], azure: AzureCloud) -> Project:
    """That identity, not made yet; its vault is protected against purge."""
    make_vault(azure, protected=True)
    make_queues(azure)
    make_others_vault(azure, by_roles=True)
    return azure.reached_by(project(bundle(azure)))


def a_subscription_of_another_tenant(azure: AzureCloud) -> tuple[str, ...]:
    azure.double.subscriptions.elsewhere.add(S)
    return ("InvalidAuthenticationTokenTenant", "they have to be of the subscription's own tenant")


def no_right_to_look(azure: AzureCloud) -> tuple[str, ...]:
    azure.double.deny(azure.operator, f"{GROUPS}/read")
    where = group_scope(S, GROUP)
    return ("AuthorizationFailed", f"grant the connection's principal a role with {GROUPS}/read at {where}")


def several_at_once(azure: AzureCloud) -> tuple[str, ...]:
    azure.double.subscriptions.unregister(MANAGED)
    make_others_vault(azure, by_roles=False)
    azure.double.key_vaults.by_id[VAULT_ID.lower()]["properties"]["enableRbacAuthorization"] = False
    return (
        "what the identity rests on: 3 problems",
        f"not registered for {MANAGED}",
        f"az provider register --namespace {MANAGED} --subscription {S}",
        f"{VAULT_ID} got: a vault that goes by access policies",
        f"{OTHERS_VAULT} got: a vault that goes by access policies",
        "az keyvault update --enable-rbac-authorization true",
    )


def no_room(azure: AzureCloud) -> tuple[str, ...]:
    """One assignment less than is needed, and no custom role at all."""
    rbac, scope = azure.double.rbac, group_scope(S, GROUP)
    azure.double.roles.page_size = 1000
    with azure.double.lock:
        reader = rbac.roles.named("Reader")
        assert reader is not None
        for _ in range(rbac.most - 2):
            made = Assignment(str(uuid4()), scope, reader.guid, str(uuid4()), "User", {})
            rbac.assignments.put(made.id.lower(), made)
        for number in range(rbac.roles.most):
            fields = {"roleName": f"role {number}", "type": "CustomRole", "assignableScopes": [subscription_scope(S)]}
            guid = str(uuid4())
            rbac.roles.custom.put(guid, Role(guid, {**fields, "permissions": []}))
    return (
        "room for what is to be made: 2 problems",
        "3,998 of 4,000, and 3 to be made azure-role-assignments",
        "az role assignment list --all",
        "5,000 of 5,000, and 2 to be made azure-role-definitions",
        "delete custom roles that are assigned to nobody",
    )


def mend(azure: AzureCloud) -> None:
    """Put right whatever a mistake has broken."""
    double = azure.double
    with double.lock:
        double.subscriptions.elsewhere.clear()
        double.subscriptions.unregistered.clear()
        double.allow(azure.operator, f"{GROUPS}/read")
        double.key_vaults.by_id[VAULT_ID.lower()]["properties"]["enableRbacAuthorization"] = True
        for delayed in (double.rbac.assignments, double.rbac.roles.custom):
            for key in list(delayed.written):
                delayed.remove(key)
    make_others_vault(azure, by_roles=True)


IN_AZURE: tuple[Broken, ...] = (a_subscription_of_another_tenant, no_right_to_look, several_at_once, no_room)


def test_a_mistake_is_told_by_a_preview_and_before_anything_is_made(stack: Project, azure: AzureCloud) -> None:
    for mistake in IN_AZURE:
        told = mistake(azure)
        assert_told(stack.preview(check=False), *told)
        mend(azure)

    elsewhere = bundle(azure).replace(f"subscription={S!r}", f"subscription={TYPO!r}")
    misplaced = bundle(azure, resource_group="'typo'", location="'westeuropa'").replace(VAULT_ID, f"{VAULT_ID}o")
    in_program: tuple[tuple[str, dict[str, str], tuple[str, ...]], ...] = (
        (elsewhere, {}, (f"expected: {S}, in which Pulumi's azure-native provider works", "or give the component a")),
        (
            elsewhere,
            {"ARM_SUBSCRIPTION_ID": TYPO},
            (
                f"The subscription '{TYPO}' could not be found",
                "correct its id, or let the connection's principal see it",
            ),
        ),
        (
            misplaced,
            {},
            (
                "3 problems",
                f"{group_scope(S, 'typo')} got: no such resource group",
                "az group create",
                "location westeuropa",
                "name another, such as westeurope",
                f"{VAULT_ID}o got: no such vault",
            ),
        ),
    )
    for program, environment, parts in in_program:
        stack.write({"__main__.py": program})
        assert_told(stack.pulumi("up", "--yes", check=False, **environment), *parts)
    assert everything(azure) == {}
    assert not {"UserAssignedIdentity", "Lease"} & {each["type"].split(":")[-1] for each in stack.resources()}


def test_what_a_preview_cannot_know_leaves_nothing_half_made_and_names_of_others_are_left_alone(
    stack: Project, azure: AzureCloud
) -> None:
    azure.double.subscriptions.allowed_regions = {"swedencentral"}
    assert_told(stack.up(check=False), 'Code="RequestDisallowedByPolicy"', "Allowed locations")
    assert "identities" not in everything(azure)
    assert "assignments" not in everything(azure)
    azure.double.subscriptions.allowed_regions = None
    assert "uri : [unknown]" in " ".join(stack.preview().text.split())
    stack.up()
    first = stack.outputs()["orders-azure"]
    assert first["uri"] == f"{azure.double.url}/vaults/{VAULT}/secrets/{first['secret']}"
    session = workload(azure, first)
    assert (session.sends(), session.reads(f"{VAULT}/{first['secret']}")) == (True, True)

    suffix = first["secret"].rpartition("-")[2]
    theirs = identity_id(S, GROUP, f"invoices-test-{suffix}")
    make_identity(azure, theirs)
    there = everything(azure)
    stack.write({"__main__.py": bundle(azure, "invoices")})
    assert_told(stack.preview(check=False), theirs, "it bears no lease", "give the identity another name")
    assert everything(azure) == there
    ask(azure, "DELETE", theirs)

    let_in = f"azure.FederatedTrust(issuer={GITHUB!r}, subject_claim={SUBJECT!r})"
    with azure.double.lock:
        for number in range(azure.double.federation.most):
            told = {"issuer": GITHUB, "subject": f"by hand {number}", "audiences": [AUDIENCE]}
            azure.double.federation.put(first["identity"].lower(), f"by-hand-{number}", told)
    stack.write({"__main__.py": bundle(azure, trusted_by=let_in)})
    full = "20 of 20, and 1 to be made azure-federated-credentials"
    assert_told(stack.preview(check=False), full, "az identity federated-credential delete")

    # The old name's secret can't be purged; it is the lease's own, so it is brought back together with its name.
    stack.write({"__main__.py": bundle(azure, "invoices")})
    stack.up()
    stack.write({"__main__.py": bundle(azure)})
    stack.up()
    again = stack.outputs()["orders-azure"]
    assert (again["lease"], again["secret"]) == (first["lease"], first["secret"])
    assert again["principal"] != first["principal"]
    assert workload(azure, again).reads(f"{VAULT}/{again['secret']}")

    destroyed = stack.destroy()
    assert "Traceback" not in destroyed.text
    names = [f"{VAULT}/{kind}-test-{suffix}" for kind in ("invoices", "orders")]
    assert everything(azure) == {"secrets": names}
    assert assignments(azure, QUEUE) == []
    assert_gone(azure, stack, first["lease"])
    rows = {each["link"]["name"]: each for each in evidence(stack, first["lease"])["removals"]}
    for name in names:
        kept = datetime.fromisoformat(rows[name]["recoverable_until"]["time"]) - datetime.now(UTC)
        assert timedelta(days=RESERVED_DAYS - 1) < kept <= timedelta(days=RESERVED_DAYS)


def application(azure: AzureCloud, secret: str) -> str:
    """An application whose client secret is kept under a name of its own."""
    return azure_program(
        azure_bundle(
            azure,
            identity=with_identity(kind="service-account"),
            kind="AppIdentity",
            resource_group="None",
            why_not_federated="'the product signs in with a client secret, and with nothing else'",
            places=f"[{{'kind': 'key-vault', 'vault': {VAULT!r}, 'secret': {secret!r}}}]",
            outputs={"principal": "principal_id"},
        )
    )


def test_a_name_that_purge_protection_keeps_is_told_with_its_date_before_anything_is_made(
    project: Callable[..., Project], azure: AzureCloud
) -> None:
    make_vault(azure, protected=True)
    stack = azure.reached_by(project(application(azure, "printer")))
    stack.up()
    lease = stack.outputs()["orders-azure"]["lease"]
    stack.destroy()
    assert_gone(azure, stack, lease)
    row = next(each for each in evidence(stack, lease)["removals"] if each["link"]["name"] == f"{VAULT}/printer")
    until = row["recoverable_until"]["time"][:10]
    applications = azure.double.applications
    before = len(applications.by_id), len(applications.restorable())

    assert_told(
        stack.preview(check=False),
        f"a deleted secret of somebody else's has that name until {until}",
        "give the place another `secret`, or another vault: purge protection lets nobody purge it",
    )
    assert (len(applications.by_id), len(applications.restorable())) == before

    stack.write({"__main__.py": application(azure, "printer-2")})
    stack.up()
    assert ask(azure, "GET", f"/vaults/{VAULT}/secrets/printer-2")["value"]

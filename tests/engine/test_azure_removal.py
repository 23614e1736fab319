"""What a removal on Azure copes with, by the double: targeted destroys, extras by hand, namesakes, kept secrets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from nhi_components.core.azure_federation import AUDIENCE
from nhi_components.core.azure_names import group_scope, subscription_scope
from tests.engine.azure import QUEUE, AzureCloud, azure_bundle, azure_program
from tests.engine.azure_access import (
    ask,
    assert_gone,
    assignments,
    attached,
    everything,
    why_refused,
    workload,
)
from tests.engine.azure_by_hand import (
    OTHER,
    VAULT,
    VAULT_ID,
    assign,
    make_identity,
    make_queues,
    make_role,
    make_vault,
    principal_of,
)
from tests.engine.programs import evidence, nhi, resource
from tools.doubles.azure.directory import Principal
from tools.doubles.azure.subscriptions import GROUP
from tools.doubles.azure.subscriptions import SUBSCRIPTION as S
from tools.lab.project import Project
from tools.lab.sandbox.issuer import Issuer

SENDS = "Microsoft.ServiceBus/namespaces/messages/send/action"
ISSUER = "https://issuer.example.com"
GRANTS = f"[nhi.Grant(actions=[{SENDS!r}], targets=[{QUEUE!r}])]"


def bundle(azure: AzureCloud, **arguments: Any) -> str:
    kept: dict[str, Any] = {"grants": GRANTS, "secret": "nhi.SecretSpec()", "vault": repr(VAULT_ID)}
    return azure_program(azure_bundle(azure, **kept, **arguments))


@pytest.fixture
def stack(request: pytest.FixtureRequest, project: Callable[..., Project], azure: AzureCloud) -> Project:
    """A bundle with a secret that is in use, and queues and a vault that somebody else has made."""
    make_vault(azure, protected=getattr(request, "param", "") == "protected")
    make_queues(azure)
    made = azure.reached_by(project(bundle(azure)))
    made.up()
    return made


def test_what_was_added_by_hand_goes_with_the_bundle_and_the_evidence_tells_each_fact(
    stack: Project, azure: AzureCloud
) -> None:
    outputs = stack.outputs()["orders-azure"]
    identity, secret = outputs["identity"], f"{VAULT}/{outputs['secret']}"
    principal, own_role = principal_of(azure, identity), resource(stack, "RoleDefinition")["id"]
    theirs = make_role(azure, "theirs", SENDS)
    stranger = azure.double.directory.person("mallory")
    kept = assign(azure, stranger, OTHER, "Reader")
    by_hand = [
        assign(azure, principal, group_scope(S, GROUP), "Reader"),
        assign(azure, principal, subscription_scope(S), "Azure Service Bus Data Receiver"),
        assign(azure, principal, OTHER, own_role),
        assign(azure, principal, OTHER, theirs),
        assign(azure, stranger, OTHER, own_role),
    ]
    attaches = assign(azure, stranger, identity, "Managed Identity Operator")
    issuer = Issuer()
    azure.double.entra.issuers.put(ISSUER, issuer.public_key)
    let_in = f"{identity}/federatedIdentityCredentials/by-hand"
    ask(azure, "PUT", let_in, {"properties": {"issuer": ISSUER, "subject": "mallory", "audiences": [AUDIENCE]}})
    for value in ("by hand", "by hand again"):
        ask(azure, "PUT", f"/vaults/{VAULT}/secrets/{outputs['secret']}", {"value": value})
    foreign = issuer.token(iss=ISSUER, sub="mallory", aud=AUDIENCE)
    assert why_refused(azure, outputs["client"], foreign) == ""
    session = workload(azure, outputs)
    assert (session.sends(), session.sends("other"), session.takes("other"), session.reads(secret)) == (True,) * 4

    stack.destroy()
    assert everything(azure) == {"roles": ["theirs"], "assignments": [kept]}
    assert (session.sends(), session.sends("other"), session.takes("other"), session.reads(secret)) == (False,) * 4
    assert why_refused(azure, outputs["client"], foreign) == "AADSTS700016"
    assert attached(azure, outputs["client"]) is None
    assert_gone(azure, stack, outputs["lease"])
    told = {(row["link"]["kind"], row["link"]["name"]): row for row in evidence(stack, outputs["lease"])["removals"]}
    assert {("azure-role-assignment", each) for each in [*by_hand, attaches]} <= told.keys()
    assert ("azure-federated-credential", let_in) in told
    assert_facts(told, outputs)


def assert_facts(told: dict[tuple[str, str], Any], outputs: dict[str, Any]) -> None:
    principal = told["azure-managed-identity", outputs["identity"]]
    assert principal["link"]["unique_id"] == outputs["principal"]
    assert [principal[fact]["state"] for fact in ("disabled_at", "absent_at", "refused_at")] == [
        "at",
        "at",
        "not-checked",
    ]
    assert "given only to what it is attached to" in principal["refused_at"]["reason"]
    assert "within 24 h" in principal["sessions_possible_until"]["reason"]
    assert {row["absent_at"]["state"] for row in told.values()} == {"at"}
    assert {row["recoverable_until"]["state"] for row in told.values()} == {"not-applicable"}
    assert ("key-vault-secret", f"{VAULT}/{outputs['secret']}") in told


def test_retention_is_refused_and_a_bundle_that_is_destroyed_in_part_works_again_after_the_next_up(
    stack: Project, azure: AzureCloud
) -> None:
    outputs = stack.outputs()["orders-azure"]
    secret = f"{VAULT}/{outputs['secret']}"
    standing = everything(azure)
    stack.write({"__main__.py": bundle(azure, opts="pulumi.ResourceOptions(providers=[ours], retain_on_delete=True)")})
    refused = stack.up(check=False)
    assert refused.code != 0
    assert all(part in refused.text for part in ("retainOnDelete", "no retention inside a bundle", "fix:"))
    assert everything(azure) == standing
    stack.write({"__main__.py": bundle(azure)})

    session = workload(azure, outputs)
    assert session.sends()
    (assigned,) = assignments(azure, QUEUE)
    ask(azure, "DELETE", assigned.id)
    assert not session.sends()
    stack.up("--refresh")
    assert session.sends()
    assert [each.id for each in assignments(azure, QUEUE)] == [assigned.id]

    stack.destroy("--target", resource(stack, "Seal")["urn"])
    assert (session.sends(), session.reads(secret)) == (False, False)
    assert "assignments" not in everything(azure)
    stack.up()
    assert (session.sends(), session.reads(secret)) == (True, True)
    assert everything(azure) == standing

    doomed = [resource(stack, kind)["urn"] for kind in ("UserAssignedIdentity", "RoleDefinition")]
    stack.destroy(*(part for urn in doomed for part in ("--target", urn)), "--target-dependents")
    assert everything(azure) == {"secrets": [secret]}
    stack.up()
    again = stack.outputs()["orders-azure"]
    assert {name for name in outputs if outputs[name] != again[name]} == {"principal", "client"}
    assert everything(azure) == standing
    assert not session.sends()
    session = workload(azure, again)
    assert (session.sends(), session.reads(secret)) == (True, True)
    stack.up("--expect-no-changes")

    stack.destroy()
    assert everything(azure) == {}
    assert not session.sends()
    assert_gone(azure, stack, outputs["lease"])


def test_an_identity_made_anew_under_the_same_name_stops_a_destroy_until_repair_takes_it_out_of_the_state(
    stack: Project, azure: AzureCloud
) -> None:
    outputs = stack.outputs()["orders-azure"]
    ask(azure, "DELETE", outputs["identity"])
    theirs, kept = made_anew(azure, outputs["identity"])
    standing, shown = everything(azure), identity_shown(azure, outputs["identity"])

    refused = stack.destroy(check=False)
    assert refused.code != 0
    for part in ("not ours, but of the same name", outputs["identity"], theirs.object_id, "nhi repair"):
        assert part in refused.text
    assert (everything(azure), identity_shown(azure, outputs["identity"])) == (standing, shown)

    repaired = nhi(stack, "repair", "--yes")
    assert repaired.code == 0, repaired.text
    stack.destroy()
    assert_theirs_alone(azure, outputs, kept, shown)
    assert_gone(azure, stack, outputs["lease"])
    assert theirs.object_id in {each["unique_id"] for each in evidence(stack, outputs["lease"])["namesakes"]}


@pytest.mark.parametrize("stack", ["protected"], indirect=True)
def test_an_identity_made_anew_after_a_refresh_blocks_nothing_and_what_the_old_one_left_is_swept(
    stack: Project, azure: AzureCloud
) -> None:
    outputs = stack.outputs()["orders-azure"]
    secret = f"{VAULT}/{outputs['secret']}"
    principal = principal_of(azure, outputs["identity"])
    session = workload(azure, outputs)
    by_hand = assign(azure, principal, OTHER, "Azure Service Bus Data Sender")
    own = assign(azure, principal, OTHER, resource(stack, "RoleDefinition")["id"])
    ask(azure, "DELETE", outputs["identity"])
    # Azure shows them as 'Identity not found', and a token that was issued before works.
    assert (session.sends(), session.sends("other")) == (True, True)
    stack.refresh()
    theirs, kept = made_anew(azure, outputs["identity"])
    shown = identity_shown(azure, outputs["identity"])

    stack.destroy()
    assert (session.sends(), session.sends("other"), session.reads(secret)) == (False, False, False)
    assert_theirs_alone(azure, outputs, kept, shown, kept_secrets=[secret])
    assert_gone(azure, stack, outputs["lease"])
    told = evidence(stack, outputs["lease"])
    assert [(each["name"], each["unique_id"]) for each in told["namesakes"]] == [
        (outputs["identity"], theirs.object_id)
    ]
    assert {by_hand, own} <= {row["link"]["name"] for row in told["removals"]}
    assert by_hand in {each["link"]["name"] for each in told["swept"]}
    (row,) = [row for row in told["removals"] if row["link"]["kind"] == "key-vault-secret"]
    until, absent = (datetime.fromisoformat(row[fact]["time"]) for fact in ("recoverable_until", "absent_at"))
    assert timedelta(days=89, hours=23) < until - absent <= timedelta(days=90)


def made_anew(azure: AzureCloud, identity: str) -> tuple[Principal, str]:
    """Make somebody else's identity under a name, with a role of its own; give its principal and the assignment."""
    theirs = make_identity(azure, identity)
    return theirs, assign(azure, theirs, OTHER, "Azure Service Bus Data Receiver")


def identity_shown(azure: AzureCloud, identity: str) -> dict[str, Any]:
    shown: dict[str, Any] = ask(azure, "GET", identity)
    return shown


def assert_theirs_alone(
    azure: AzureCloud, outputs: dict[str, Any], kept: str, shown: dict[str, Any], kept_secrets: list[str] | None = None
) -> None:
    """Assert that nothing is there but somebody else's identity, as it was made, and secrets that may not be purged."""
    name = outputs["identity"].rpartition("/")[2]
    secrets = {"secrets": kept_secrets} if kept_secrets else {}
    assert everything(azure) == {"identities": [name], "assignments": [kept], **secrets}
    assert identity_shown(azure, outputs["identity"]) == shown

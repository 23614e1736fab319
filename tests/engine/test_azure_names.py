"""What a new name, or a new managed identity, does to a bundle on Azure, by the double: another lease, or the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.engine.azure import QUEUE, SEND, AzureCloud, azure_bundle, azure_program
from tests.engine.azure_access import (
    assert_confirmed_gone,
    assert_gone,
    assignments,
    attached,
    everything,
    workload,
)
from tests.engine.azure_by_hand import OTHER, VAULT, VAULT_ID, assign, make_queues, make_vault, principal_of
from tests.engine.programs import evidence, resource, summary, with_identity
from tools.lab.project import Project

GRANTS = SEND.replace("queue.id", repr(QUEUE))


def named(azure: AzureCloud, component: str = "orders-azure", *, secret: bool = True, **arguments: Any) -> str:
    kept: dict[str, Any] = {"secret": "nhi.SecretSpec()", "vault": repr(VAULT_ID)} if secret else {}
    return azure_program(azure_bundle(azure, component, grants=GRANTS, **kept, **arguments))


def test_a_renamed_component_is_another_lease_unless_an_alias_says_that_it_is_the_same_and_touches_no_other_stack(
    project: Callable[..., Project], azure: AzureCloud
) -> None:
    make_queues(azure)
    make_vault(azure)
    stack = azure.reached_by(project(named(azure, "first-azure")))
    stack.up()
    other = azure.reached_by(project(named(azure), folder="other", stack="other"))
    other.up()
    theirs = other.outputs()["orders-azure"]
    old = stack.outputs()["first-azure"]
    session = workload(azure, old)
    assert session.sends()

    stack.write({"__main__.py": named(azure, "second-azure")})
    renamed = stack.up()
    new = stack.outputs()["second-azure"]
    assert renamed.text.index("second-azure-seal created") < renamed.text.index("first-azure-seal deleting")
    names = ("lease", "principal", "client", "identity", "secret")
    assert not {old[name] for name in names} & {new[name] for name in names}
    assert {ids(azure)[each["identity"]] for each in (new, theirs)} == {new["principal"], theirs["principal"]}
    assert len(ids(azure)) == 2
    assert_confirmed_gone(azure, stack, old["lease"])
    assert (session.sends(), attached(azure, old["client"])) == (False, None)
    assert workload(azure, new).sends()

    alias = "pulumi.ResourceOptions(providers=[ours], aliases=[pulumi.Alias(name='second-azure')])"
    stack.write({"__main__.py": named(azure, "third-azure", opts=alias)})
    aliased = stack.up()
    assert set(summary(aliased)) == {"unchanged"}, aliased.text
    assert stack.outputs()["third-azure"] == new

    their_session = workload(azure, theirs)
    stack.destroy()
    assert_gone(azure, stack, new["lease"])
    assert ids(azure) == {theirs["identity"]: theirs["principal"]}
    assert everything(azure)["secrets"] == [f"{VAULT}/{theirs['secret']}"]
    assert (their_session.sends(), their_session.reads(f"{VAULT}/{theirs['secret']}")) == (True, True)
    other.up("--expect-no-changes")


def test_a_renamed_identity_a_part_that_leaves_and_a_replaced_managed_identity_keep_the_lease(
    project: Callable[..., Project], azure: AzureCloud
) -> None:
    make_queues(azure)
    make_vault(azure)
    stack = azure.reached_by(project(named(azure)))
    stack.up()
    old = stack.outputs()["orders-azure"]
    first = workload(azure, old)
    assert (first.sends(), first.reads(f"{VAULT}/{old['secret']}")) == (True, True)
    assign(azure, principal_of(azure, old["identity"]), OTHER, "Azure Service Bus Data Sender")
    assert first.sends("other")

    stack.write({"__main__.py": named(azure, identity=with_identity(name="invoices"))})
    stack.up()
    new = stack.outputs()["orders-azure"]
    assert new["lease"] == old["lease"]
    assert new["identity"] == old["identity"].replace("/orders-", "/invoices-")
    states = ledger(stack)
    assert {states[old["identity"]], states[f"{VAULT}/{old['secret']}"]} == {"departed"}
    assert {states[new["identity"]], states[f"{VAULT}/{new['secret']}"]} == {"linked"}
    assert ids(azure) == {new["identity"]: new["principal"]}
    assert everything(azure)["secrets"] == [f"{VAULT}/{new['secret']}"]
    # What was assigned by hand would outlive the principal, and work for its tokens.
    assert (first.sends(), first.sends("other"), assignments(azure, OTHER)) == (False, False, [])
    second = workload(azure, new)
    assert (second.sends(), second.reads(f"{VAULT}/{new['secret']}")) == (True, True)

    stack.write({"__main__.py": named(azure, identity=with_identity(name="invoices"), secret=False)})
    stack.up()
    states = ledger(stack)
    assert {states[old["identity"]], states[f"{VAULT}/{old['secret']}"]} == {"gone"}
    assert states[f"{VAULT}/{new['secret']}"] == "departed"
    assert "secrets" not in everything(azure)

    assign(azure, principal_of(azure, new["identity"]), OTHER, "Azure Service Bus Data Sender")
    stack.up("--replace", resource(stack, "UserAssignedIdentity")["urn"])
    replaced = stack.outputs()["orders-azure"]
    assert ledger(stack)[f"{VAULT}/{new['secret']}"] == "gone"
    unlike = {"principal": "", "client": "", "secret": ""}
    assert {**replaced, **unlike} == {**new, **unlike}
    assert replaced["principal"] != new["principal"]
    assert (second.sends(), second.sends("other")) == (False, False)
    third = workload(azure, replaced)
    assert third.sends()
    # Nothing is left that was assigned to one before.
    assert [each.principal for each in assignments(azure, QUEUE)] == [replaced["principal"]]
    assert len(everything(azure)["assignments"]) == 1

    stack.destroy()
    assert everything(azure) == {}
    assert not third.sends()
    assert_gone(azure, stack, new["lease"])
    told = {(row["link"]["name"], row["link"]["unique_id"]) for row in evidence(stack, new["lease"])["removals"]}
    # Of what left the program before, its name is kept.
    assert {(old["identity"], None), (replaced["identity"], replaced["principal"])} <= told


def ids(azure: AzureCloud) -> dict[str, str]:
    """The object ids of the managed identities that there are, by their resource ids."""
    with azure.double.lock:
        found = azure.double.identities.by_id.values()
        return {str(each["id"]): str(each["properties"]["principalId"]) for each in found}


def ledger(stack: Project) -> dict[str, str]:
    """What became of each part of the lease, by name."""
    return {entry["name"]: entry["state"] for entry in resource(stack, "Lease")["outputs"]["ledger"]}

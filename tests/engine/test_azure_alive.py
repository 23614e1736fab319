"""What lives on at a destroy on Azure, by the double: named until it is gone, and what nobody can see is told so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from tests.engine.azure import QUEUE, AzureCloud, azure_bundle, azure_program
from tests.engine.azure_access import Seen, assert_gone, assert_not_seen, everything, watched, workload
from tests.engine.azure_by_hand import make_queues
from tests.engine.programs import assert_told, evidence, resource, resources
from tools.doubles.gate import DoubleGate
from tools.lab.gate import Request
from tools.lab.project import Project, Run

PATIENCE_SECONDS = 3
RETRY_SECONDS = 1
TOO_MANY = 429
DELETE = "Microsoft.ManagedIdentity/userAssignedIdentities/delete"


def patient(azure: AzureCloud) -> str:
    """A bundle whose removal is waited for no longer than a few seconds, on a queue that is there already."""
    make_queues(azure)
    provider = f"{azure.provider[:-1]}, deadline_seconds={PATIENCE_SECONDS})"
    return azure_program(provider, azure_bundle(azure, grants=f"azure.intents.servicebus.send_to_queue({QUEUE!r})"))


def of_identity(request: Request) -> bool:
    """Choose the deletion of a managed identity."""
    parts = request.path.partition("?")[0].split("/")
    return request.method == "DELETE" and parts[-2] == "userAssignedIdentities"


def test_a_busy_azure_and_an_identity_that_is_alive_at_the_deadline_keep_the_lease_until_all_is_gone(
    project: Callable[..., Project], azure: AzureCloud
) -> None:
    stack = azure.reached_by(project(patient(azure)))
    stack.up()
    outputs = stack.outputs()["orders-azure"]
    session = workload(azure, outputs)
    assert session.sends()
    before = everything(azure)

    # For longer than anybody waits within one command: it says for how long, and has deleted nothing.
    azure.double.fail(429, retry_after=30, target="DELETE .*/roleAssignments/")
    failed = stack.destroy(check=False)
    azure.double.recover()
    assert_told(failed, "429", "try again in 30 seconds")
    assert everything(azure) == before
    assert session.sends()

    # Azure says that it is deleted, to the engine as to us, and it is not.
    for target in ("PATCH .*/userAssignedIdentities/", "DELETE .*/roleAssignments/"):
        azure.double.fail(429, retry_after=RETRY_SECONDS, times=2, target=target)
    with DoubleGate(azure.double) as gate, gate.answering(of_identity, 200, b"{}"), watched(azure) as seen:
        failed = stack.destroy(check=False)
    first = assert_alive(stack, failed, outputs)
    assert_patient(seen, "PATCH", "DELETE")
    assert everything(azure) == {"identities": before["identities"]}
    assert (session.knows(), session.sends()) == (True, False)

    azure.double.deny(azure.operator, DELETE)
    again = assert_alive(stack, stack.destroy(check=False), outputs, DELETE)
    assert everything(azure) == {"identities": before["identities"]}
    assert again["link"] == first["link"]

    azure.double.allow(azure.operator, DELETE)
    azure.double.fail(429, retry_after=RETRY_SECONDS, times=2, target="DELETE .*/userAssignedIdentities/")
    with watched(azure) as seen:
        stack.destroy()
    assert_patient(seen, "DELETE")
    assert everything(azure) == {}
    assert_gone(azure, stack, outputs["lease"])


def assert_alive(stack: Project, failed: Run, outputs: dict[str, Any], *parts: str) -> dict[str, Any]:
    """Assert that a destroy has told what is alive, where and since when, and has kept the lease and nothing else."""
    named, patience = f"azure-managed-identity {outputs['identity']}", f"after {PATIENCE_SECONDS} s"
    assert_told(failed, named, "since 20", patience, *parts)
    assert len(resources(stack, "Lease")) == 1
    assert resources(stack, "UserAssignedIdentity") == []
    (alive,) = evidence(stack, outputs["lease"], "teardown-incomplete")["alive"]
    assert alive["link"]["unique_id"] == outputs["principal"]
    found: dict[str, Any] = alive
    return found


def assert_patient(seen: list[Seen], *methods: str) -> None:
    """Assert that after each 429 the same client came back to the same call, and not before it was asked to."""
    busy = [each for each in seen if each.status == TOO_MANY]
    assert {each.method for each in busy} == set(methods)
    for each in busy:
        later = (
            one.at - each.at
            for one in seen
            if one.at > each.at and (one.method, one.path, one.agent) == (each.method, each.path, each.agent)
        )
        assert next(later) >= RETRY_SECONDS


def test_a_refusal_that_takes_minutes_to_get_everywhere_is_not_called_seen(
    project: Callable[..., Project], azure: AzureCloud
) -> None:
    stack = azure.reached_by(project(patient(azure)))
    stack.up()
    outputs = stack.outputs()["orders-azure"]
    session = workload(azure, outputs)
    azure.double.propagation = timedelta(minutes=10)
    stack.destroy("--target", resource(stack, "Seal")["urn"])
    assert "assignments" not in everything(azure)
    assert_not_seen(evidence(stack, outputs["lease"], "cut-off")["rows"][0]["sessions_refused_at"])
    assert session.sends()
    azure.double.ahead += timedelta(minutes=11)
    assert not session.sends()

    # What is given back counts as late, too.
    stack.up()
    assert not session.sends()
    azure.double.ahead += timedelta(minutes=11)
    assert session.sends()

    stack.destroy()
    assert everything(azure) == {}
    assert (session.knows(), session.sends()) == (True, True)
    assert_gone(azure, stack, outputs["lease"])
    told = evidence(stack, outputs["lease"])
    (row,) = [each for each in told["removals"] if each["link"]["kind"] == "azure-managed-identity"]
    disabled, absent = (datetime.fromisoformat(row[fact]["time"]) for fact in ("disabled_at", "absent_at"))
    assert disabled <= absent
    assert_not_seen(row["sessions_possible_until"])
    (latency,) = told["revocations"]
    assert latency["verdict"] == "not shown"
    azure.double.ahead += timedelta(minutes=11)
    assert (session.knows(), session.sends()) == (True, False)
    azure.double.ahead += timedelta(hours=24)
    assert not session.knows()

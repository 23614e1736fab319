"""What lives on at a destroy on Google Cloud, by the double: named until it is gone, and what a delay lets be said."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest

from tests.engine.gcp import TOKEN, GoogleCloud, gcp_bundle, gcp_program
from tests.engine.gcp_access import GKE, ask, assert_gone, everything, workload
from tests.engine.programs import evidence, resource, resources
from tools.doubles.gcp.double import PROJECT
from tools.lab.gate import Gate, Request
from tools.lab.project import Project
from tools.plugins.gcp.settings import environment_for

PATIENCE_SECONDS = 3
TOPIC = f"projects/{PROJECT}/topics/orders"
PUBLISH = f"[nhi.Grant(actions=['pubsub.topics.publish'], targets=[{TOPIC!r}])]"


def patient(gcp: GoogleCloud) -> str:
    """A bundle whose removal is waited for no longer than a few seconds."""
    ask(gcp, "PUT", f"/v1/{TOPIC}", {})
    provider = f"{gcp.provider[:-1]}, deadline_seconds={PATIENCE_SECONDS})"
    return gcp_program(provider, gcp_bundle(gcp, grants=PUBLISH, trusted_by=GKE))


@pytest.fixture
def gate(gcp: GoogleCloud) -> Iterator[Gate]:
    with Gate(gcp.double.url) as gate:
        yield gate


def test_an_account_that_is_alive_at_the_deadline_keeps_its_lease_until_it_is_gone(
    project: Callable[..., Project], gcp: GoogleCloud, gate: Gate
) -> None:
    stack = gcp.reached_by(project(patient(gcp)))
    # The engine's plugin reaches the double through the gate, our own provider without it.
    stack.environment |= environment_for(gate.url, TOKEN, PROJECT)
    stack.up()
    outputs = stack.outputs()["orders-gcp"]
    session = workload(gcp, outputs)
    assert session.publishes()

    def deletes(request: Request) -> bool:
        return request.method == "DELETE" and "/serviceAccounts/" in request.path

    gcp.double.deny(gcp.operator, "iam.serviceAccounts.delete")
    with gate.answering(deletes, 200, b"{}"):
        failed = stack.destroy(check=False)
    assert failed.code != 0
    assert "Traceback" not in failed.text
    for part in (f"gcp-service-account {outputs['email']}", "since 20", "iam.serviceAccounts.delete", "after 3 s"):
        assert part in failed.text
    assert len(resources(stack, "Lease")) == 1
    assert resources(stack, "Account") == []
    assert everything(gcp) == {"accounts": [outputs["email"]]}
    assert not session.knows()
    (alive,) = evidence(stack, outputs["lease"], "teardown-incomplete")["alive"]
    assert alive["link"]["unique_id"] == outputs["unique_id"]

    gcp.double.allow(gcp.operator, "iam.serviceAccounts.delete")
    stack.destroy()
    assert everything(gcp) == {}
    assert_gone(gcp, stack, outputs["lease"])


def test_a_refusal_that_takes_minutes_to_get_everywhere_is_watched_for_and_told_as_it_is_seen(
    project: Callable[..., Project], gcp: GoogleCloud
) -> None:
    stack = gcp.reached_by(project(patient(gcp)))
    stack.up()
    outputs = stack.outputs()["orders-gcp"]
    gcp.double.propagation = timedelta(minutes=5)
    session = workload(gcp, outputs)
    with Passing(gcp, timedelta(minutes=6)):
        stack.destroy("--target", resource(stack, "Seal")["urn"])
    assert not session.knows()
    (row,) = evidence(stack, outputs["lease"], "cut-off")["rows"]
    disabled, refused = (datetime.fromisoformat(row[fact]["time"]) for fact in ("disabled_at", "sessions_refused_at"))
    assert refused - disabled >= timedelta(seconds=Passing.SECONDS)

    gcp.double.propagation = timedelta()
    stack.up()
    session = workload(gcp, outputs)
    gcp.double.propagation = timedelta(minutes=5)
    stack.destroy()
    assert not session.knows()
    assert everything(gcp) == {}
    (row,) = evidence(stack, outputs["lease"], "cut-off")["rows"]
    assert "still worked 20 s after the account was disabled" in row["sessions_refused_at"]["reason"]
    told = evidence(stack, outputs["lease"])
    (row,) = [each for each in told["removals"] if each["link"]["kind"] == "gcp-service-account"]
    # Of an account that is gone nothing is taken, whatever has got around of its being disabled.
    disabled, refused = (datetime.fromisoformat(row[fact]["time"]) for fact in ("disabled_at", "refused_at"))
    assert refused - disabled >= timedelta(seconds=20)
    assert row["sessions_possible_until"]["state"] == "not-applicable"
    (latency,) = told["revocations"]
    assert (latency["verdict"], latency["seconds"] >= 20) == ("met", True)


class Passing:
    """Lets time pass on the double's clock a while after an account was disabled there."""

    SECONDS = 1.5

    def __init__(self, gcp: GoogleCloud, span: timedelta) -> None:
        self._gcp, self._span = gcp, span
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._pass)

    def __enter__(self) -> Passing:
        self._before = len(self._gcp.double.asked("POST", ":disable"))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _pass(self) -> None:
        while len(self._gcp.double.asked("POST", ":disable")) == self._before:
            if self._ended.wait(0.05):
                return
        time.sleep(self.SECONDS)
        self._gcp.double.ahead += self._span

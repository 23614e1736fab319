"""Engine and plugins killed at exact points, on Google Cloud by the double: repaired, completed by the next command.

Whether anything is left behind is asked of the double by REST.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

import pytest

from tests.engine.gcp import GoogleCloud, gcp_bundle, gcp_program
from tests.engine.gcp_access import (
    GKE,
    ask,
    assert_gone,
    become,
    bindings,
    caretaker,
    everything,
    kept_for,
    pod,
    workload,
)
from tests.engine.killing import Point, kill, killed, provider_of, repair, stopped
from tests.engine.programs import evidence, with_identity
from tools.doubles.gcp.double import PROJECT
from tools.doubles.gcp.names import number_of
from tools.lab.gate import Choice, Gate, Request, When
from tools.lab.project import Project

TOPIC = f"projects/{PROJECT}/topics/orders"
PUBLISH = f"[nhi.Grant(actions=['pubsub.topics.publish'], targets=[{TOPIC!r}])]"
CONSUME = f"[nhi.Grant(actions=['pubsub.topics.attachSubscription'], targets=[{TOPIC!r}])]"


def asked(method: str, part: str, *, ours: bool | None = None) -> Choice:
    """Choose a request by its method and a part of its path; of our own provider's or the plugin's alone, if wanted."""

    def chosen(request: Request) -> bool:
        # The plugin asks for `alt=json`, as Pulumi's own does; our provider does not.
        is_ours = "alt=json" not in request.path
        return request.method == method and part in request.path and ours in (None, is_ours)

    return chosen


@pytest.fixture
def gate(gcp: GoogleCloud) -> Iterator[Gate]:
    with Gate(gcp.double.url) as gate:
        yield gate


@pytest.fixture
def gated(project: Callable[..., Project], gcp: GoogleCloud, gate: Gate) -> Callable[..., Project]:
    """A project with these bundles, whose commands reach the double through the gate; a topic is there already."""
    ask(gcp, "PUT", f"/v1/{TOPIC}", {})

    def make(*statements: str) -> Project:
        return gcp.through(gate).reached_by(project(gcp_program(*statements)))

    return make


def bundle(gcp: GoogleCloud, gate: Gate, grants: str = PUBLISH) -> str:
    return gcp_bundle(gcp.through(gate), grants=grants, secret="nhi.SecretSpec()", trusted_by=GKE)


MADE_AT_ONCE = ("/serviceAccounts?", "/roles?", "/secrets?")
UP: Sequence[Point] = (
    (asked("POST", "/topics/orders:setIamPolicy"), When.AFTER),
    # The seal writes the secret's first value.
    (asked("POST", ":addVersion"), When.AFTER),
)


def test_an_up_and_an_update_killed_at_each_point_are_repaired_and_completed(
    gated: Callable[..., Project], gcp: GoogleCloud, gate: Gate
) -> None:
    stack = gated(bundle(gcp, gate))
    first, *others = [asked("POST", part) for part in MADE_AT_ONCE]
    held = [gate.hold(choice, When.AFTER) for choice in others]
    with stopped(stack, "up", gate, (first, When.AFTER)) as running:
        for each in held:
            each.wait()
        kill(*running.tree())
    for each in held:
        each.drop()
    assert {kind: len(names) for kind, names in everything(gcp).items()} == {"accounts": 1, "roles": 1, "secrets": 1}
    repair(stack)
    assert everything(gcp) == {}
    for point in UP:
        killed(stack, "up", gate, point)
        repair(stack)
    stack.up()
    outputs = stack.outputs()["orders-gcp"]
    session = workload(gcp, outputs)
    assert (session.publishes(), session.reads(outputs["secret"])) == (True, True)

    stack.write({"__main__.py": gcp_program(bundle(gcp, gate, CONSUME))})
    killed(stack, "up", gate, (asked("POST", "/topics/orders:setIamPolicy"), When.AFTER))
    repair(stack)
    stack.up()
    assert not session.publishes()
    stack.destroy()
    assert everything(gcp) == {}
    assert_gone(gcp, stack, outputs["lease"])


POOL: Sequence[Point] = (
    (asked("POST", "/workloadIdentityPools?"), When.AFTER),
    (asked("POST", "/providers?"), When.AFTER),
)


def test_a_pool_that_a_killed_up_has_made_is_taken_into_the_state_since_its_id_could_not_be_used_again(
    gated: Callable[..., Project], gcp: GoogleCloud, gate: Gate
) -> None:
    stack = gated(
        gcp_bundle(
            gcp.through(gate),
            "deploy-gcp",
            kind="PipelineIdentity",
            identity=with_identity(name="deploy", kind="pipeline"),
            outputs={"email": "email"},
            source="gcp.GitHub(repository='shop/orders', ref='refs/heads/main')",
            project_number=repr(number_of(PROJECT)),
        )
    )
    for point in POOL:
        killed(stack, "up", gate, point)
        repair(stack)
    stack.up()
    assert len(everything(gcp)["pools"]) == 1
    stack.up("--expect-no-changes")
    lease = stack.outputs()["deploy-gcp"]["lease"]
    stack.destroy()
    assert everything(gcp) == {}
    assert_gone(gcp, stack, lease)
    told = [row for row in evidence(stack, lease)["removals"] if "workload-identity" in row["link"]["kind"]]
    assert [kept_for(row) for row in told] == [timedelta(days=30)] * len(POOL)


DESTROY: Sequence[Point] = (
    # The right to open a canary was given, and not taken back yet.
    (asked("POST", ":setIamPolicy", ours=True), When.AFTER),
    (asked("POST", ":disable", ours=True), When.AFTER),
    (asked("POST", "/topics/orders:setIamPolicy", ours=False), When.AFTER),
    (asked("DELETE", "/serviceAccounts/"), When.AFTER),
    # All that is left of the bundle is its lease, which looks for what is alive.
    (asked("GET", "/serviceAccounts?pageSize", ours=True), When.BEFORE),
)


def test_a_destroy_killed_at_each_point_is_repaired_and_completed(
    gated: Callable[..., Project], gcp: GoogleCloud, gate: Gate
) -> None:
    stack = gated(bundle(gcp, gate))
    owner = caretaker(gcp, stack)
    stack.up()
    outputs = stack.outputs()["orders-gcp"]
    for point in DESTROY:
        killed(stack, "destroy", gate, point)
        if point is DESTROY[0]:
            assert canaries(gcp) == [f"serviceAccount:{owner}"]
        else:
            assert become(gcp, outputs["email"], pod(gcp)) is None
        repair(stack)
    stack.destroy()
    assert left(gcp, owner) == {}
    assert_gone(gcp, stack, outputs["lease"])
    (account,) = [row for row in evidence(stack, outputs["lease"])["removals"] if "account" in row["link"]["kind"]]
    assert account["disabled_at"]["state"] == account["absent_at"]["state"] == "at"


def test_an_up_after_a_destroy_killed_in_the_cut_off_gives_access_back(
    gated: Callable[..., Project], gcp: GoogleCloud, gate: Gate
) -> None:
    stack = gated(bundle(gcp, gate))
    owner = caretaker(gcp, stack)
    stack.up()
    outputs = stack.outputs()["orders-gcp"]
    for point in DESTROY[:2]:
        killed(stack, "destroy", gate, point)
        repair(stack)
    stack.up()
    assert stack.outputs()["orders-gcp"] == outputs
    session = workload(gcp, outputs)
    assert (session.publishes(), session.reads(outputs["secret"])) == (True, True)
    assert canaries(gcp) == []
    stack.up("--expect-no-changes")

    # The plugins alone: the command fails, and the next one goes on.
    for point in (DESTROY[1], DESTROY[-1]):
        with stopped(stack, "destroy", gate, point) as running:
            kill(*provider_of(running))
            assert running.wait() != 0
    stack.destroy()
    assert left(gcp, owner) == {}
    assert_gone(gcp, stack, outputs["lease"])


def canaries(gcp: GoogleCloud) -> list[str]:
    """Who may make tokens of the bundle's account, which is only ever given to open a canary."""
    return [member for _, role, member in bindings(gcp) if role == "roles/iam.serviceAccountTokenCreator"]


def left(gcp: GoogleCloud, owner: str) -> dict[str, list[str]]:
    """What is there beside the owner of the project."""
    found = everything(gcp)
    return {kind: rest for kind, names in found.items() if (rest := [name for name in names if owner not in name])}

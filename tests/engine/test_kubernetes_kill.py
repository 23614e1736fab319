"""Engine and provider killed at exact points on Kubernetes, by the double: repaired, completed by the next command."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest

from tests.engine.killing import Point, kill, killed, provider_of, repair, stopped
from tests.engine.kubernetes import NAME, OneCluster, asked, bundle_on, working
from tests.engine.programs import assert_gone, resource
from tools.lab.gate import Gate, When
from tools.lab.project import Project


@pytest.fixture
def gate(cluster: OneCluster) -> Iterator[Gate]:
    with Gate(cluster.double.url) as gate:
        yield gate


UP: Sequence[Point] = (
    (asked("POST", "/serviceaccounts?"), When.AFTER),
    (asked("POST", "/roles?"), When.AFTER),
    (asked("POST", "/rolebindings?"), When.AFTER),
)
CUT_OFF: Point = (asked("PATCH", "/serviceaccounts/"), When.AFTER)
DESTROY: Sequence[Point] = (
    (asked("POST", "/token"), When.AFTER),
    (asked("PATCH", "/rolebindings/"), When.AFTER),
    CUT_OFF,
    (asked("DELETE", "/rolebindings/"), When.AFTER),
    (asked("DELETE", "/serviceaccounts/"), When.AFTER),
)


def test_killed_at_each_point_it_is_repaired_and_completed_and_an_up_after_the_cut_off_gives_access_back(
    project: Callable[..., Project], cluster: OneCluster, gate: Gate
) -> None:
    stack = bundle_on(cluster.through(gate), project)
    for point in UP:
        killed(stack, "up", gate, point)
        repair(stack)
    stack.up()
    outputs, session = working(stack, cluster)
    assert cluster.everything().keys() == {"serviceaccounts", "roles", "rolebindings"}
    stack.up("--expect-no-changes")

    killed(stack, "destroy", gate, CUT_OFF)
    repair(stack)
    assert not session.reads()
    stack.up("--refresh")
    assert stack.outputs()[NAME] == outputs
    assert session.reads()
    stack.up("--expect-no-changes")
    assert resource(stack, "ServiceAccount")["outputs"]["metadata"]["uid"] == outputs["uid"]

    for point in DESTROY:
        killed(stack, "destroy", gate, point)
        repair(stack)
    with stopped(stack, "destroy", gate, (asked("GET", "/serviceaccounts"), When.BEFORE)) as running:
        kill(*provider_of(running))
        assert running.wait() != 0
    stack.destroy()
    assert cluster.everything() == {}
    assert not session.reviewed()
    assert_gone(stack, outputs["lease"])

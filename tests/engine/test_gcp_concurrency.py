"""Stacks and people that change a project's policy at once, on Google Cloud by the double: no binding is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from uuid import uuid4

from tests.engine.gcp import GoogleCloud, gcp_bundle, gcp_program
from tests.engine.gcp_access import GKE, RefusedError, Session, ask, assert_gone, bind, everything, issued, workload
from tests.engine.programs import at_once
from tools.doubles.gcp.double import PROJECT
from tools.doubles.messages import Answer
from tools.lab.project import Project

PARENT = f"projects/{PROJECT}"
LOGS = f"[nhi.Grant(actions=['logging.logEntries.create'], targets=[{PARENT!r}])]"
METRICS = f"[nhi.Grant(actions=['monitoring.timeSeries.create'], targets=[{PARENT!r}])]"
CONFLICT = 409
CROSSED = 3


class Stranger:
    """Somebody who binds one new member after another on the project, as careful with etags as everybody should be.

    The first few times that Pulumi's provider has read the policy, it is changed before that is written again.

    Attributes:
        bound: everybody who was bound so far.
    """

    def __init__(self, gcp: GoogleCloud) -> None:
        self._gcp = gcp
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._bind_on)
        self._crossings = iter(range(CROSSED))
        self.bound: list[str] = []

    def __enter__(self) -> Stranger:
        self._gcp.double.entrance = self._enter
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self._gcp.double.entrance = None

    def _enter(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        answer = self._gcp.double.respond(method, target, headers, body)
        is_plugin = not headers.get("user-agent", "").startswith("python-requests")
        if is_plugin and f"/{PARENT}:getIamPolicy" in target and next(self._crossings, None) is not None:
            self._bind()
        return answer

    def _bind_on(self) -> None:
        while not self._ended.is_set():
            self._bind()
            self._ended.wait(0.05)

    def _bind(self) -> None:
        member = f"user:dana-{uuid4().hex}@example.com"
        while True:
            try:
                bind(self._gcp, PARENT, "roles/viewer", member)
            except RefusedError as refused:
                if refused.status != CONFLICT:
                    raise
                continue
            self.bound.append(member)
            return


def logs(session: Session) -> bool:
    entries = [{"logName": f"{PARENT}/logs/trial", "resource": {"type": "global"}, "textPayload": "trial"}]
    return session.may("POST", "/v2/entries:write", {"entries": entries})


def test_two_stacks_with_one_identity_and_a_stranger_change_a_project_at_once(
    project: Callable[..., Project], gcp: GoogleCloud
) -> None:
    def program(grants: str) -> str:
        return gcp_program(gcp_bundle(gcp, grants=grants, trusted_by=GKE))

    one, two = (gcp.reached_by(project(program(LOGS), folder=name, stack=name)) for name in ("one", "two"))
    with Stranger(gcp) as stranger:
        at_once((one, "up"), (two, "up"))
        theirs, ours = (stack.outputs()["orders-gcp"] for stack in (one, two))
        assert theirs["email"] != ours["email"]
        assert all(logs(workload(gcp, outputs)) for outputs in (theirs, ours))
        session = workload(gcp, theirs)

        two.write({"__main__.py": program(METRICS)})
        at_once((one, "destroy"), (two, "up"))
    assert members(gcp) == {*stranger.bound, ours["member"]}
    assert len(stranger.bound) > len(("one", "two"))
    conflicts = [each for each in gcp.double.asked("POST", f"{PROJECT}:setIamPolicy") if each.status == CONFLICT]
    assert conflicts
    assert everything(gcp)["accounts"] == [ours["email"]]
    assert not session.knows()
    assert_gone(gcp, one, theirs["lease"])
    assert not logs(issued(gcp, ours["email"]))

    two.destroy()
    assert members(gcp) == set(stranger.bound)
    assert everything(gcp).keys() == {"bindings"}


def members(gcp: GoogleCloud) -> set[str]:
    """Everybody who is bound on the project."""
    policy = ask(gcp, "POST", f"/v1/{PARENT}:getIamPolicy", {"options": {"requestedPolicyVersion": 3}})
    return {member for binding in policy["bindings"] for member in binding["members"]}

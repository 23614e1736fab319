"""A service account made by hand is discovered, adopted, given its lease by the real engine, and in the end removed.

Google Cloud is a double, and so is Pulumi's plugin for it: it imports an account as the real provider's read does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from nhi_components.core.gcp_names import BindingName
from tests.engine.gcp import GoogleCloud
from tests.engine.gcp_access import (
    POD,
    Session,
    ask,
    assert_gone,
    become,
    bind,
    bindings,
    connections,
    everything,
    pod,
    policies,
)
from tests.engine.killing import Point, killed, repair
from tests.engine.programs import assert_told, evidence, nhi, summary
from tests.engine.test_gcp_kill import asked
from tests.engine.using import Using
from tools.doubles.gcp.double import PROJECT
from tools.lab.gate import Gate, When
from tools.lab.project import Project, Run
from tools.lab.sandbox import Sandbox

ID = "legacy-orders"
EMAIL = f"{ID}@{PROJECT}.iam.gserviceaccount.com"
MEMBER = f"serviceAccount:{EMAIL}"
ACCOUNT = f"projects/{PROJECT}/serviceAccounts/{EMAIL}"
TOPIC, OTHER = f"projects/{PROJECT}/topics/orders", f"projects/{PROJECT}/topics/other"
CUSTOM = f"projects/{PROJECT}/roles/by_hand"
TOLD = ("--environment", "test", "--team", "payments", "--email", "payments@example.com")
PURPOSE = ("--purpose", "sends order events to the queue")
ON = ("--on", f"pubsub={TOPIC}")
BY_HAND = (
    # The lease's own binding on a topic, which takes no condition, is one with this one.
    BindingName(TOPIC, "roles/pubsub.viewer", MEMBER),
    BindingName(TOPIC, CUSTOM, MEMBER),
    BindingName(f"projects/{PROJECT}", "roles/pubsub.publisher", MEMBER),
    BindingName(ACCOUNT, "roles/iam.workloadIdentityUser", f"serviceAccount:{POD}"),
)


def plant(gcp: GoogleCloud) -> dict[str, Any]:
    """An account with roles, predefined and of a person's making, one on the whole project, and a way in from GKE."""
    facts = {"displayName": "Legacy", "description": "made in a hurry"}
    body = {"accountId": ID, "serviceAccount": facts}
    made = ask(gcp, "POST", f"/v1/projects/{PROJECT}/serviceAccounts", body)
    for topic in (TOPIC, OTHER):
        ask(gcp, "PUT", f"/v1/{topic}", {})
    role = {"title": "by hand", "stage": "GA", "includedPermissions": ["pubsub.topics.get", "pubsub.topics.publish"]}
    ask(gcp, "POST", f"/v1/projects/{PROJECT}/roles", {"roleId": "by_hand", "role": role})
    for name in BY_HAND:
        bind(gcp, name.resource, name.role, name.member)
    return dict(made)


@pytest.fixture
def caller(gcp: GoogleCloud, sandbox: Sandbox, tmp_path: Path) -> Project:
    """Somebody who runs `nhi`, with an inventory of their own."""
    environment = {**sandbox.environment(), "NHI_INVENTORY": str(tmp_path / "inventory.db"), "COLUMNS": "200"}
    return gcp.reached_by(Project(tmp_path / "caller", environment))


def discover(gcp: GoogleCloud, caller: Project) -> None:
    """Read Google Cloud into the caller's inventory."""
    done = nhi(caller, "discover", "--system", "gcp", "--connections", str(connections(gcp, caller)))
    assert done.code == 0, done.text


def adopted(gcp: GoogleCloud, caller: Project, folder: Path, *more: str) -> Run:
    """Run `nhi adopt` for the planted account."""
    reached = ("--connections", str(connections(gcp, caller)))
    return nhi(caller, "adopt", MEMBER, "--into", str(folder), *TOLD, *PURPOSE, "--name", "orders", *reached, *more)


@pytest.fixture
def project_of(sandbox: Sandbox, tmp_path: Path) -> Callable[[GoogleCloud, Path], Project]:
    """`project_of(cloud, folder)`: what `nhi adopt` has written there, as a project that reaches the double.

    Old and new grants stand side by side for a second alone: the double shows a changed policy at once.
    """

    def of(cloud: GoogleCloud, folder: Path) -> Project:
        described, program = (folder / "Pulumi.yaml").read_text(), (folder / "__main__.py").read_text()
        environment = {**sandbox.environment(), "NHI_EVIDENCE_DIR": str(tmp_path / "evidence")}
        stack = cloud.reached_by(Project(folder, environment, name="orders", stack="test"))
        (folder / "Pulumi.yaml").write_text(described)
        assert program.count("        unique_id=") == 1
        (folder / "__main__.py").write_text(
            program.replace("        unique_id=", "        overlap_seconds=1,\n        unique_id=")
        )
        stack.pulumi(
            "config", "set", "nhi:gcp", json.dumps({"default": {"endpoint": cloud.url, "projects": [PROJECT]}})
        )
        return stack

    return of


def imported(stack: Project) -> None:
    """Take the account into the stack."""
    stack.pulumi("import", "--file", "adopt.json", "--generate-code=false", "--yes", "--skip-preview")


def session(gcp: GoogleCloud) -> Session | None:
    """A session of the account, as the pod that is let in makes it."""
    return become(gcp, EMAIL, pod(gcp))


def publishes(gcp: GoogleCloud) -> bool:
    now = session(gcp)
    return now is not None and now.publishes()


def account(gcp: GoogleCloud) -> dict[str, Any]:
    return dict(ask(gcp, "GET", f"/v1/{ACCOUNT}"))


def without_condition(gcp: GoogleCloud) -> set[tuple[str, str]]:
    """Resource and role of all that is bound for the account, or on it, without a condition."""
    whose = (MEMBER, f"serviceAccount:{POD}")
    return {
        (where.rpartition("/")[2], binding["role"])
        for where, binding in policies(gcp)
        if "condition" not in binding and set(whose) & set(binding["members"])
    }


def test_an_account_made_by_hand_is_adopted_keeps_its_id_loses_what_was_bound_and_is_removed(
    gcp: GoogleCloud, caller: Project, project_of: Callable[[GoogleCloud, Path], Project], tmp_path: Path
) -> None:
    before = plant(gcp)
    discover(gcp, caller)
    folder = tmp_path / "orders"
    broad = adopted(gcp, caller, folder)
    assert_told(broad, "gcp.broad-binding", "--on")
    assert not folder.exists()
    done = adopted(gcp, caller, folder, *ON)
    assert done.code == 0, done.text
    assert "nothing was reduced" in done.text
    assert "granted on what was named with --on" in done.text
    stack = project_of(gcp, folder)
    imported(stack)
    looked = stack.preview("--policy-pack", "policy")
    assert "[mandatory]" not in looked.text
    assert_told(stack.destroy(check=False), "protect")
    assert account(gcp)["description"] == "made in a hurry"
    assert len(bindings(gcp)) == len(BY_HAND)
    with Using(lambda: publishes(gcp)) as using:
        stack.up()
    assert using.tries > 1
    assert using.refused == 0

    after, lease = account(gcp), stack.outputs()["lease_id"]
    assert after["uniqueId"] == before["uniqueId"]
    assert after["description"] == f"made in a hurry nhi:lease={lease}"
    own = {role for _, role in without_condition(gcp)} - {"roles/pubsub.viewer", "roles/pubsub.publisher"}
    assert all(role.startswith(f"projects/{PROJECT}/roles/orders_test_") for role in own)
    assert {where for where, _ in without_condition(gcp)} == {"orders"}
    now = session(gcp)
    assert now is not None
    assert (now.publishes(), now.publishes("other")) == (True, False)
    reached = ("--system", "gcp", "--connections", str(connections(gcp, stack)))
    assert nhi(stack, "verify", "--lease", lease, *reached).code == 1, "without state or links it is found by its mark"
    assert summary(stack.up("--expect-no-changes")).keys() == {"unchanged"}

    stack.destroy()
    assert everything(gcp) == {"roles": [CUSTOM]}, "which is not the account's"
    assert not now.knows()
    assert_gone(gcp, stack, lease)
    removal = next(row for row in evidence(stack, lease)["removals"] if row["link"]["kind"] == "gcp-service-account")
    assert removal["link"]["name"] == EMAIL
    assert removal["absent_at"]["state"] == "at"


POINTS: Sequence[Point] = (
    # The lease is about to be issued, and looks whether the account is the one that was adopted.
    (asked("GET", f"/serviceAccounts/{ID}", ours=True), When.AFTER),
    (asked("PATCH", f"/serviceAccounts/{ID}", ours=False), When.BEFORE),
    (asked("PATCH", f"/serviceAccounts/{ID}", ours=False), When.AFTER),
    (asked("POST", "/topics/orders:setIamPolicy", ours=False), When.AFTER),
    # The seal takes out what was bound by hand.
    (asked("POST", ":setIamPolicy", ours=True), When.BEFORE),
    (asked("POST", ":setIamPolicy", ours=True), When.AFTER),
)


@pytest.fixture
def gate(gcp: GoogleCloud) -> Iterator[Gate]:
    with Gate(gcp.double.url) as gate:
        yield gate


def test_an_adopting_up_killed_at_each_point_is_repaired_and_completed(
    gcp: GoogleCloud,
    gate: Gate,
    caller: Project,
    project_of: Callable[[GoogleCloud, Path], Project],
    tmp_path: Path,
) -> None:
    before = plant(gcp)
    discover(gcp, caller)
    assert adopted(gcp, caller, tmp_path / "orders", *ON).code == 0
    stack = project_of(gcp.through(gate), tmp_path / "orders")
    imported(stack)
    for point in POINTS:
        killed(stack, "up", gate, point)
        assert publishes(gcp)
        repair(stack)
        assert publishes(gcp)
        assert account(gcp)["uniqueId"] == before["uniqueId"]
    stack.up()
    assert publishes(gcp)
    assert {where for where, _ in without_condition(gcp)} == {"orders"}
    assert summary(stack.up("--expect-no-changes")).keys() == {"unchanged"}
    lease = stack.outputs()["lease_id"]
    stack.destroy()
    assert everything(gcp) == {"roles": [CUSTOM]}
    assert_gone(gcp, stack, lease)


def test_an_account_made_anew_or_given_a_key_after_it_was_planned_is_not_taken_over(
    gcp: GoogleCloud, caller: Project, project_of: Callable[[GoogleCloud, Path], Project], tmp_path: Path
) -> None:
    plant(gcp)
    discover(gcp, caller)
    assert adopted(gcp, caller, tmp_path / "orders", *ON).code == 0
    stack = project_of(gcp, tmp_path / "orders")
    imported(stack)
    with gcp.double.lock:
        gcp.double.keys.make(EMAIL)
    assert_told(stack.up(check=False), "1 usable keys that people made", "no lease ends them")
    assert_told(adopted(gcp, caller, tmp_path / "again", *ON), "usable keys", "gcloud iam service-accounts keys")

    ask(gcp, "DELETE", f"/v1/{ACCOUNT}")
    anew = ask(gcp, "POST", f"/v1/projects/{PROJECT}/serviceAccounts", {"accountId": ID, "serviceAccount": {}})
    assert_told(stack.up(check=False), anew["uniqueId"], "which was adopted", "run `nhi adopt`")
    assert account(gcp).get("description", "") == ""
    assert_told(adopted(gcp, caller, tmp_path / "again", *ON), "as the inventory has it", "nhi discover")

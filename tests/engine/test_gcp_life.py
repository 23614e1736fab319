"""The life of a bundle on Google Cloud, by the double: judged, planned, made, used, changed, renewed, destroyed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.engine.gcp import PUBLISH, TOKEN, GoogleCloud, bucket, gcp_bundle, gcp_program, topic
from tests.engine.gcp_access import (
    GKE,
    OTHER_POD,
    Session,
    assert_gone,
    become,
    deleted_roles,
    everything,
    pod,
    policies,
    workload,
)
from tests.engine.programs import resource, summary, with_identity
from tests.engine.using import Using
from tools.doubles.gcp.double import PROJECT
from tools.lab.project import Project

PACKS = Path(__file__).parents[2] / "policies"
SECRET = "nhi.SecretSpec()"
OBJECTS = "projects/_/buckets/nhi-orders/objects/orders/*"
BROAD = f"[nhi.Grant(actions=['roles/pubsub.publisher'], targets=['projects/{PROJECT}'])]"
PACK = ("--policy-pack", str(PACKS / "strict"), "--policy-pack", str(PACKS / "gcp"))


def granted(gcp: GoogleCloud, on_objects: str, grants: str = PUBLISH, **identity: Any) -> str:
    """The usual bundle, which may also do one thing with the objects below a prefix."""
    every = f"[*{grants}, nhi.Grant(actions=[{on_objects!r}], targets=[{OBJECTS!r}])]"
    fields = with_identity(**identity)
    bundle = gcp_bundle(gcp, identity=fields, grants=every, secret=SECRET, trusted_by=GKE)
    return gcp_program(topic("other"), topic(), bucket(), bundle)


def test_a_bundle_is_judged_planned_made_changed_renewed_and_destroyed(
    project: Callable[..., Project], gcp: GoogleCloud
) -> None:
    stack = gcp.reached_by(project(granted(gcp, "storage.objects.get", BROAD)))
    blocked = stack.preview(*PACK, check=False)
    assert blocked.code != 0
    assert blocked.text.count("[gcp.broad-binding]") == len(("strict", "gcp"))
    stack.write({"__main__.py": granted(gcp, "storage.objects.get")})
    passed = stack.preview(*PACK, "--save-plan", "plan.json")
    assert "[mandatory]" not in passed.text
    assert everything(gcp) == {}

    stack.up("--plan", "plan.json")
    outputs = stack.outputs()["orders-gcp"]
    assert_as_promised(stack, outputs["lease"])
    stack.up("--expect-no-changes")
    orders, others = "orders/1", "invoices/1"
    assert all(Session(gcp, TOKEN).puts(name) for name in (orders, others))
    session = workload(gcp, outputs)
    assert (session.publishes(), session.publishes("other"), session.deletes()) == (True, False, False)
    assert (session.gets(orders), session.gets(others), session.puts(orders)) == (True, False, False)
    assert session.reads(outputs["secret"])
    assert become(gcp, outputs["email"], pod(gcp, OTHER_POD)) is None

    before = set(everything(gcp)["roles"])
    with Using(lambda: workload(gcp, outputs).publishes()) as using:
        stack.write({"__main__.py": granted(gcp, "storage.objects.create")})
        changed = stack.up()
    assert using.refused == 0
    after = set(everything(gcp)["roles"])
    (gone,) = before - after
    assert len(after) == len(before)
    assert deleted_roles(gcp) == {gone}
    assert (session.gets(orders), session.puts("orders/2"), session.puts("invoices/2")) == (False, True, False)
    assert summary(changed) == {"created": 2, "deleted": 2, "updated": 3, "unchanged": 11, "changes": 7}

    ends = (datetime.now(UTC).date() + timedelta(days=77)).isoformat()
    stack.write({"__main__.py": granted(gcp, "storage.objects.create", expires=ends)})
    with Using(lambda: workload(gcp, outputs).reads(outputs["secret"])) as using:
        stack.up()
    assert (using.tries > 5, using.refused) == (True, 0)
    assert stack.outputs()["orders-gcp"] == {**outputs, "ends": ends}
    expressions = [each["condition"]["expression"] for _, each in policies(gcp) if "condition" in each]
    assert len(expressions) == len(("objects", "secret", "gke"))
    assert all(f'request.time < timestamp("{ends}T00:00:00Z")' in each for each in expressions)

    stack.destroy(NHI_APPROVER="Ada Example", NHI_REASON="CHG-2")
    assert everything(gcp) == {}
    assert not session.knows()
    assert_gone(gcp, stack, outputs["lease"])


def assert_as_promised(stack: Project, lease: str) -> None:
    """Assert that what was made has the names that the saved plan promised, all of them of the lease's suffix."""
    plans = json.loads((stack.directory / "plan.json").read_text())["resourcePlans"]
    promised = {
        urn.rsplit("::", 1)[1]: plan["goal"]["inputDiff"].get("adds") for urn, plan in plans.items() if "goal" in plan
    }
    for name, kind, field in (
        ("orders-gcp-account", "Account", "accountId"),
        ("orders-gcp-secret", "Secret", "secretId"),
        ("orders-gcp-role-c0a6be7f", "IAMCustomRole", "roleId"),
    ):
        made = resource(stack, kind, name)["inputs"][field]
        assert made == promised[name][field]
        assert lease.removeprefix("lease-")[:6] in made

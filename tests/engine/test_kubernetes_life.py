"""The life of an identity on Kubernetes, by the double: judged, made, changed, renewed, suspended, destroyed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from nhi_components.lifecycle.adapters.kubernetes.objects import CUT_OFF
from tests.engine.kubernetes import NAME, READS, SHOP, WRITES, OneCluster, bundle_on, rewrite, subject, working
from tests.engine.programs import assert_gone, evidence, evidence_folder, nhi, summary, with_identity
from tests.engine.using import Using
from tools.lab.project import Project

PACK = tuple(
    argument
    for pack in ("strict", "kubernetes")
    for argument in ("--policy-pack", str(Path(__file__).parents[2] / "policies" / pack))
)
BY = ("--approver", "Ada Example", "--reason", "CHG-7")
EXCEPTION = {
    "rule": "kubernetes.credentials-exposure",
    "resource": "orders-role",
    "reason": "it rotates the secrets of others",
    "approver": "ada@example.com",
    "ends": "2099-01-01",
}
EVERY_SECRET = f"[nhi.Grant(actions=['list'], targets=['{SHOP}/secrets'], exception={EXCEPTION!r})]"


def test_it_is_judged_planned_made_changed_renewed_and_destroyed_and_no_token_gets_anywhere(
    project: Callable[..., Project], cluster: OneCluster
) -> None:
    stack = bundle_on(cluster, project, grants=EVERY_SECRET)
    blocked = stack.preview(*PACK, check=False)
    assert blocked.code != 0
    assert "[kubernetes.credentials-exposure]" in blocked.text
    rewrite(stack)
    passed = stack.preview(*PACK, "--save-plan", "plan.json")
    assert "[mandatory]" not in passed.text
    assert cluster.everything() == {}
    stack.up("--plan", "plan.json")
    outputs, session = working(stack, cluster)
    assert outputs["account"].endswith(outputs["lease"].removeprefix("lease-")[:6])
    assert outputs["subject"] == f"system:serviceaccount:{SHOP}:{outputs['account']}"
    assert outputs["uid"] == cluster.objects("serviceaccounts")[outputs["account"]]["metadata"]["uid"]
    assert not session.writes()
    stack.up("--expect-no-changes", "--refresh")

    rewrite(stack, grants=WRITES)
    with Using(session.reads) as using:
        changed = stack.up()
    assert summary(changed) == {"updated": 2, "unchanged": 5}
    assert (using.refused, session.writes()) == (0, True)

    ends = (datetime.now(UTC).date() + timedelta(days=77)).isoformat()
    rewrite(stack, grants=WRITES, identity=with_identity(expires=ends))
    with Using(session.reads) as using:
        said = [stack.up("--logtostderr", "-v=9").text]
    assert (using.refused, stack.outputs()[NAME]) == (0, {**outputs, "ends": ends})
    for kinds in ("serviceaccounts", "roles", "rolebindings"):
        assert [each["metadata"]["annotations"]["nhi_ends"] for each in cluster.objects(kinds).values()] == [ends]
    said += [json.dumps(stack.export("--show-secrets")), stack.destroy("--logtostderr", "-v=9").text]

    assert cluster.everything() == {}
    assert not session.reviewed()
    assert_gone(stack, outputs["lease"])
    rows = {row["link"]["kind"]: row for row in evidence(stack, outputs["lease"])["removals"]}
    principal = rows["kubernetes-service-account"]
    assert all(principal[fact]["state"] == "at" for fact in ("disabled_at", "absent_at", "refused_at"))
    assert principal["link"]["unique_id"] == outputs["uid"]
    assert rows.keys() == {"kubernetes-service-account", "kubernetes-role", "kubernetes-role-binding"}
    for folder in (evidence_folder(stack), stack.directory):
        said += [file.read_text(errors="replace") for file in folder.rglob("*") if file.is_file()]
    tokens = cluster.issued()
    # The canary's, beside those of the workload and the operator.
    assert len(tokens) >= len(("canary", "workload", "operator"))
    assert not any(token in text for token in tokens for text in said)


def test_it_is_suspended_restored_and_killed_with_what_was_bound_by_hand(
    project: Callable[..., Project], cluster: OneCluster
) -> None:
    """The cut-off writes what Pulumi manages; that must block no later change of the program."""
    stack = bundle_on(cluster, project)
    stack.up()
    outputs, session = working(stack, cluster)
    view = {"kind": "ClusterRole", "name": "view"}
    rule = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]}
    cluster.put("clusterroles", "view", {"rules": [rule]}, "")
    cluster.put("rolebindings", "by-hand", {"roleRef": view, "subjects": [subject(outputs)]})

    rewrite(stack, identity=with_identity(state="suspended"))
    stack.up()
    assert stack.outputs()[NAME] == outputs
    assert not session.reads()
    assert cluster.objects("roles")[outputs["account"]]["rules"] == []
    assert cluster.objects("rolebindings")[outputs["account"]]["subjects"] == []
    assert "by-hand" not in cluster.objects("rolebindings")
    stack.up("--expect-no-changes", "--refresh")
    rewrite(stack)
    stack.up()
    assert session.reads()

    done = nhi(stack, "kill", "orders", *BY)
    assert done.code == 0, done.text
    assert not session.reads()
    assert CUT_OFF in cluster.objects("serviceaccounts")[outputs["account"]]["metadata"]["annotations"]
    stack.up()
    assert not session.reads()
    restored = nhi(stack, "restore", "orders", *BY, "--up")
    assert restored.code == 0, restored.text
    assert session.reads()
    rewrite(stack, grants=f"{READS} + {WRITES}")
    stack.up()
    assert session.writes()
    stack.destroy()
    assert cluster.everything() == {"clusterroles": ["/view"]}
    assert_gone(stack, outputs["lease"])

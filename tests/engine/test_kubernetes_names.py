"""What a new name, or a new account, does to an identity on Kubernetes, by the double: another lease, or the same."""

from __future__ import annotations

from collections.abc import Callable

from tests.engine.kubernetes import NAME, READS, OneCluster, bundle_on, rewrite, working
from tests.engine.programs import (
    assert_confirmed_gone,
    assert_gone,
    evidence,
    resource,
    summary,
    with_identity,
)
from tools.lab.project import Project

BILLING = "billing"
IN_BOTH = f"{READS} + intents.configmaps.read('{BILLING}', 'prices')"


def test_two_stacks_live_side_by_side_and_a_renamed_component_is_another_lease_unless_an_alias_says_it_is_the_same(
    project: Callable[..., Project], cluster: OneCluster
) -> None:
    stack = bundle_on(cluster, project, "first-k8s")
    beside = bundle_on(cluster, lambda program: project(program, folder="beside", stack="prod"), "first-k8s")
    for each in (stack, beside):
        each.up()
    old, session = working(stack, cluster, "first-k8s")
    other, others = working(beside, cluster, "first-k8s")
    assert not {old["lease"], old["account"], old["uid"]} & {other["lease"], other["account"], other["uid"]}

    rewrite(stack, "second-k8s")
    renamed = stack.up()
    new, fresh = working(stack, cluster, "second-k8s")
    assert renamed.text.index("second-k8s-seal created") < renamed.text.index("first-k8s-seal deleting")
    assert not {old["lease"], old["account"], old["uid"]} & {new["lease"], new["account"], new["uid"]}
    assert not session.reviewed()
    assert_confirmed_gone(stack, old["lease"])
    rewrite(stack, "third-k8s", opts="pulumi.ResourceOptions(aliases=[pulumi.Alias(name='second-k8s')])")
    aliased = stack.up()
    assert set(summary(aliased)) == {"unchanged"}, aliased.text
    assert stack.outputs()["third-k8s"] == new

    stack.destroy()
    assert not fresh.reviewed()
    assert_gone(stack, new["lease"])
    assert others.reads()
    assert cluster.objects("serviceaccounts").keys() == {other["account"]}
    beside.destroy()
    assert cluster.everything() == {}
    assert_gone(beside, other["lease"])


def test_a_renamed_identity_a_part_that_leaves_and_a_replaced_account_keep_the_lease(
    project: Callable[..., Project], cluster: OneCluster
) -> None:
    cluster.double.cluster.add_namespace(BILLING)
    prices = f"/api/v1/namespaces/{BILLING}/configmaps/prices"
    cluster.put("configmaps", "prices", {"data": {}}, BILLING)
    stack = bundle_on(cluster, project, grants=IN_BOTH)
    stack.up()
    old, session = working(stack, cluster)
    assert session.may("GET", prices)

    rewrite(stack, grants=IN_BOTH, identity=with_identity(name="invoices"))
    stack.up()
    new, session = working(stack, cluster)
    assert new["lease"] == old["lease"]
    assert new["account"] == old["account"].replace("orders", "invoices")
    assert cluster.objects("serviceaccounts").keys() == {new["account"]}
    assert ledger(stack, old["account"]) == {"departed"}
    assert (ledger(stack, new["account"]), session.may("GET", prices)) == ({"linked"}, True)

    rewrite(stack, identity=with_identity(name="invoices"))
    stack.up()
    # Whatever departed is confirmed gone by the next run.
    assert ledger(stack, old["account"]) == {"gone"}
    assert ledger(stack, f"{BILLING}/{new['account']}") == {"departed"}
    assert (session.reads(), session.may("GET", prices)) == (True, False)
    assert cluster.objects("roles", BILLING) == cluster.objects("rolebindings", BILLING) == {}

    stack.up("--replace", resource(stack, "ServiceAccount")["urn"])
    replaced, fresh = working(stack, cluster)
    assert ledger(stack, f"{BILLING}/{new['account']}") == {"gone"}
    assert {**replaced, "uid": ""} == {**new, "uid": ""}
    assert replaced["uid"] != new["uid"]
    assert not session.reviewed()

    stack.destroy()
    assert cluster.everything() == {"configmaps": [f"{BILLING}/prices"]}
    assert not fresh.reviewed()
    assert_gone(stack, new["lease"])
    assert replaced["uid"] in [row["link"]["unique_id"] for row in evidence(stack, new["lease"])["removals"]]


def ledger(stack: Project, name: str) -> set[str]:
    """What became of the parts of the lease whose name ends so."""
    entries = resource(stack, "Lease", NAME)["outputs"]["ledger"]
    return {entry["state"] for entry in entries if entry["name"].endswith(name)}

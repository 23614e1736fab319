"""A person's mistakes and a cluster's bad days, by the double: a clear error, a way out, nothing half-made."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.engine.kubernetes import (
    NAME,
    OPERATOR,
    SHOP,
    OneCluster,
    bundle_on,
    kubernetes_bundle,
    kubernetes_program,
    working,
)
from tests.engine.programs import assert_gone, assert_told, resources
from tools.lab.project import Project

NOWHERE = "ours = nhi.Provider('nhi', kubernetes={'default': kubernetes.Connection(context='nowhere')})"
BY_OURS = "pulumi.ResourceOptions(providers=[ours])"
RETAINED = "pulumi.ResourceOptions(retain_on_delete=True)"
WRONG_PROGRAMS = (
    (("nowhere, which is not there", "depends_on=[namespace]"), (kubernetes_bundle(namespace="nowhere"),)),
    (("whose context nowhere can't be used", "kubectl config view"), (NOWHERE, kubernetes_bundle(opts=BY_OURS))),
    (("retainOnDelete", "no retention inside a bundle"), (kubernetes_bundle(opts=RETAINED),)),
)


@pytest.fixture
def stack(project: Callable[..., Project], cluster: OneCluster) -> Project:
    """A bundle that is not made yet."""
    return bundle_on(cluster, project)


def being_deleted(cluster: OneCluster) -> tuple[str, ...]:
    cluster.double.cluster.spaces[SHOP]["status"]["phase"] = "Terminating"
    return ("shop, which is being deleted",)


def full(cluster: OneCluster) -> tuple[str, ...]:
    counted = {"count/serviceaccounts": "3"}
    cluster.put("resourcequotas", "few", {"status": {"hard": counted, "used": counted}})
    return ("1 more of count/serviceaccounts", "at most 0, by quota few", "kubectl describe quota few -n shop")


def refused_by_policy(cluster: OneCluster) -> tuple[str, ...]:
    # The binding is made last, and refused as early as the rest.
    cluster.double.cluster.refused["rolebindings"] = "bindings need a ticket"
    return ("denied request: bindings need a ticket",)


def not_logged_in(cluster: OneCluster) -> tuple[str, ...]:
    cluster.double.revoke(principal=OPERATOR)
    return ("401", "credentials that the cluster accepts", "kubectl auth whoami")


def down(cluster: OneCluster) -> tuple[str, ...]:
    cluster.double.stop()
    return ("kubernetes.default", "no answer", "check the network")


MISTAKES = (being_deleted, full, refused_by_policy, not_logged_in, down)


def mend(cluster: OneCluster) -> None:
    """Put right whatever a mistake has broken."""
    double = cluster.double
    double.cluster.spaces[SHOP]["status"]["phase"] = "Active"
    double.cluster.objects.pop(("resourcequotas", SHOP, "few"), None)
    double.cluster.refused.clear()
    double.grant(cluster.token, OPERATOR)
    double.stop()
    double.start()


def assert_nothing_made(stack: Project, cluster: OneCluster) -> None:
    assert cluster.everything() == {}
    assert not {"ServiceAccount", "Role"} & {each["type"].split(":")[-1] for each in stack.resources()}


def test_each_mistake_is_told_by_a_preview_or_before_anything_is_made(stack: Project, cluster: OneCluster) -> None:
    for mistake in MISTAKES:
        told = mistake(cluster)
        failed = stack.pulumi("up", "--yes", check=False)
        mend(cluster)
        assert_told(failed, *told)
        assert_nothing_made(stack, cluster)
    for told, statements in WRONG_PROGRAMS:
        stack.write({"__main__.py": kubernetes_program(*statements)})
        assert_told(stack.pulumi("up", "--yes", check=False), *told)
        assert_nothing_made(stack, cluster)

    made = "space = pulumi_kubernetes.core.v1.Namespace('space', metadata={'name': 'nowhere'})\n" + kubernetes_bundle(
        namespace="nowhere", opts="pulumi.ResourceOptions(depends_on=[space])"
    )
    stack.write({"__main__.py": kubernetes_program(made)})
    stack.up()
    lease = stack.outputs()[NAME]["lease"]
    assert "nowhere" in cluster.double.cluster.namespaces
    stack.destroy()
    assert (cluster.everything(), "nowhere" in cluster.double.cluster.namespaces) == ({}, False)
    assert_gone(stack, lease)


def test_one_that_was_there_before_is_never_taken_over(stack: Project, cluster: OneCluster) -> None:
    """Its name can't be known in advance, so somebody has to have made it after the preview."""
    stack.preview("--save-plan", "plan.json")
    plans = json.loads((stack.directory / "plan.json").read_text())["resourcePlans"]
    (goal,) = [plan["goal"] for urn, plan in plans.items() if urn.endswith("::orders-k8s-account")]
    name = goal["inputDiff"]["adds"]["metadata"]["name"]
    cluster.put("serviceaccounts", name, {})
    assert_told(stack.up("--plan", "plan.json", check=False), f'serviceaccounts "{name}" already exists')
    assert cluster.everything() == {"serviceaccounts": [f"{SHOP}/{name}"]}


def test_a_right_that_the_engine_lacks_a_busy_cluster_and_one_that_is_down_lose_nothing(
    stack: Project, cluster: OneCluster
) -> None:
    double = cluster.double
    double.deny(OPERATOR, "create rolebindings")
    assert_told(stack.up(check=False), 'cannot create resource "rolebindings"')
    assert cluster.everything().keys() == {"serviceaccounts", "roles"}
    double.allow(OPERATOR, "create rolebindings")
    # Asked to wait, both the plugin and our own provider do.
    double.fail(429, retry_after=0, times=4)
    stack.up()
    outputs, session = working(stack, cluster)
    standing = cluster.everything()

    for break_, told in (
        (double.stop, ("kubernetes.default", "no answer")),
        (lambda: double.fail(429, retry_after=0, target="PATCH .*rolebindings"), ("429", "try again later")),
        (lambda: double.fail(503, target="/rolebindings"), ("503", "try again later")),
        (
            lambda: double.deny(OPERATOR, "patch rolebindings"),
            ('cannot patch resource "rolebindings"', "allow it in a Role or ClusterRole", "kubectl auth can-i"),
        ),
    ):
        break_()
        failed = stack.destroy(check=False)
        mend(cluster)
        double.recover()
        double.allow(OPERATOR, "patch rolebindings")
        assert_told(failed, *told)
        assert cluster.everything() == standing
        assert session.reads()

    double.deny(OPERATOR, "delete serviceaccounts")
    assert_told(stack.destroy(check=False), 'cannot delete resource "serviceaccounts"')
    assert not session.reads()
    assert cluster.everything() == {"serviceaccounts": [f"{SHOP}/{outputs['account']}"]}
    assert len(resources(stack, "Lease")) == 1
    double.allow(OPERATOR, "delete serviceaccounts")
    double.fail(429, retry_after=0, times=4)
    stack.destroy()
    assert cluster.everything() == {}
    assert not session.reviewed()
    assert_gone(stack, outputs["lease"])

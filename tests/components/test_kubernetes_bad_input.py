"""What the component for Kubernetes refuses, before anything is registered: all problems at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import pulumi
import pytest

from nhi_components import Grant, SpecError, kubernetes
from nhi_components.refusal import ProgramRefused
from tests.components.conftest import IDENTITY


def everything_wrong() -> None:
    kubernetes.WorkloadIdentity(
        "orders",
        identity={**IDENTITY, "owner": None},
        namespace="Shop",
        token_audiences=["*", "vault"],
        token_seconds=60,
        grants=[Grant(actions=["get", "escalate"], targets=["shop/configmap", "*/pods"])],
    )


def system_namespace() -> None:
    kubernetes.WorkloadIdentity("orders", identity=IDENTITY, namespace="kube-system", token_seconds=7200)


def same_audience_twice() -> None:
    kubernetes.WorkloadIdentity(
        "orders", identity=IDENTITY, namespace="shop", token_audiences=["api://Vault", "api:Vault"]
    )


def two_roles() -> None:
    arn = "arn:aws:iam::111111111111:role/"
    roles = [kubernetes.IrsaRole(role_arn=arn + "a"), kubernetes.IrsaRole(role_arn=arn + "b")]
    kubernetes.WorkloadIdentity("orders", identity=IDENTITY, namespace="shop", federations=roles)


def wrong_federation() -> None:
    kubernetes.WorkloadIdentity("orders", identity=IDENTITY, namespace="shop", federations=["aws"])  # type: ignore[list-item] - that is the test


def grants(*given: Grant) -> Callable[[], None]:
    def program() -> None:
        kubernetes.WorkloadIdentity("orders", identity=IDENTITY, namespace="shop", grants=given)

    return program


@pytest.mark.parametrize(
    ("program", "paths"),
    [
        (
            everything_wrong,
            [
                "identity.owner",
                "namespace",
                "token_audiences[0]",
                "token_seconds",
                "grants[0].actions[1]",
                "grants[0].targets[0]",
                "grants[0].targets[1]",
            ],
        ),
        (system_namespace, ["namespace", "token_seconds"]),
        (same_audience_twice, ["token_audiences"]),
        (two_roles, ["federations"]),
        (wrong_federation, ["federations[0]"]),
    ],
    ids=lambda given: getattr(given, "__name__", ""),
)
def test_every_problem_is_told_before_anything_is_registered(
    program: Callable[[], None], paths: list[str], registered: Any
) -> None:
    with pytest.raises(SpecError) as caught:
        registered(program)
    assert [problem.path for problem in caught.value.problems] == paths
    assert all(problem.fix for problem in caught.value.problems)


REASON: dict[str, Any] = {
    "rule": "kubernetes.escalation",
    "resource": "orders",
    "reason": "it provisions the identities of others",
    "approver": "ada@example.com",
    "ends": date(2026, 6, 1),
}


@pytest.mark.parametrize(
    ("verbs", "target", "told"),
    [
        (["get"], "shop/configmap/rates", "did you mean `configmaps`?"),
        (["get"], "shop/deployments/orders", "did you mean `deployments.apps`?"),
        (["get"], "shop/lease.coordination.k8s.io", "did you mean `leases.coordination.k8s.io`?"),
        (["get"], "shop/nodes", "a resource of a namespace; the core group has this one for the cluster"),
        (["get"], "shop/clusterroles.rbac.authorization.k8s.io", "has this one for the cluster"),
        (["create"], "shop/leases.coordination.k8s.io/leader", "in a grant of its own"),
        (["list"], "shop/secrets", "returns every secret of the namespace"),
        (["get"], "shop/secrets", "returns every secret of the namespace"),
        (["create"], "shop/serviceaccounts/orders/token", "makes tokens of service accounts"),
        (["create", "get"], "shop/pods/*/exec", "reaches into the pods of others"),
        (["get"], "shop/services/orders/proxy", "reaches into the pods of others"),
        (["patch"], "shop/rolebindings.rbac.authorization.k8s.io/orders", "changes who may do what"),
        (["bind"], "shop/roles.rbac.authorization.k8s.io", "the holder becomes others"),
        (["*"], "shop/configmaps/rates", "list the verbs that are needed"),
        (["get"], "shop/*", "a resource of a namespace"),
        (["get"], "shop/configmaps/*", "a resource of a namespace"),
        (["get"], "configmaps/rates", "a resource that the core group serves"),
        (["get"], "shop", "a resource of a namespace"),
    ],
)
def test_a_grant_that_gives_too_much_or_nothing_is_refused(
    verbs: list[str], target: str, told: str, registered: Any
) -> None:
    with pytest.raises(SpecError, match="grants") as caught:
        registered(grants(Grant(actions=verbs, targets=[target])))
    assert any(told in str(problem) for problem in caught.value.problems)


def test_conditions_are_none_of_kubernetes(registered: Any) -> None:
    conditions = {"StringEquals": {"aws:SourceVpc": ["vpc-1"]}}
    with pytest.raises(SpecError, match="none on Kubernetes"):
        registered(grants(Grant(actions=["get"], targets=["shop/configmaps/rates"], conditions=conditions)))


def test_an_exception_permits_what_is_too_much(registered: Any) -> None:
    given = Grant(actions=["delete", "get"], targets=["shop/rolebindings.rbac.authorization.k8s.io"], exception=REASON)
    (role,) = [each for each in registered(grants(given)) if each["type"].endswith(":Role")]
    (rule,) = role["inputs"]["rules"]
    assert (rule["verbs"], rule["resources"]) == (["get", "delete"], ["rolebindings"])


def test_a_namespace_is_no_mount_of_vault(registered: Any) -> None:
    """Templates forbid whatever lies below `auth/` and `sys/` there."""
    given = Grant(actions=["get", "list"], targets=["auth/configmaps", "sys/configmaps"])
    assert registered(grants(given))


def test_an_output_alone_is_no_target(registered: Any) -> None:
    def program() -> None:
        grants(Grant(actions=["get"], targets=[pulumi.Output.from_input("shop/configmaps/rates")]))()

    with pytest.raises(SpecError, match="one object whose namespace and resource are known"):
        registered(program)


@pytest.mark.parametrize("name", ["*", "a/b", "", "-rates"])
def test_a_name_that_turns_out_wrong_ends_the_program(name: str, registered: Any) -> None:
    later = kubernetes.LaterTarget("shop/configmaps", pulumi.Output.from_input(name))
    with pytest.raises(ProgramRefused, match="the name of one object"):
        registered(grants(Grant(actions=["get"], targets=[later])))


def test_what_a_function_makes_is_held_to_the_same(registered: Any) -> None:
    def clouds(account: kubernetes.Account) -> Sequence[Any]:
        return [kubernetes.GkeAccount(email="somebody@example.com")]

    def program() -> None:
        kubernetes.WorkloadIdentity("orders", identity=IDENTITY, namespace="shop", federations=clouds)

    with pytest.raises(SpecError, match="the address of a service account"):
        registered(program)


def test_a_template_applies(registered: Any) -> None:
    def program() -> None:
        identity = {**IDENTITY, "kind": "ai-agent"}
        kubernetes.WorkloadIdentity("orders", identity=identity, namespace="shop")

    with pytest.raises(SpecError) as caught:
        registered(program)
    assert [problem.path for problem in caught.value.problems] == ["identity.sponsor"]

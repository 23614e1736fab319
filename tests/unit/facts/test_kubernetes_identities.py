"""Subjects of a Kubernetes cluster are linked by what plans and programs tell, in time linear in their number."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from time import process_time
from typing import Any

import pytest

from nhi_components.facts import UNKNOWN, PulumiResource, read_pulumi_resource
from nhi_components.facts.chain.model import IdentityGraph, Part
from nhi_components.facts.chain.reading import graph_of, part_of
from nhi_components.facts.chain.search import search
from nhi_components.facts.chain.words import sentence
from nhi_components.facts.files import read_text
from nhi_components.facts.kubernetes.identities import TYPES

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
RBAC = "kubernetes:rbac.authorization.k8s.io/v1:"
ACCOUNT = "kubernetes:core/v1:ServiceAccount"
INPUTS = ("metadata", "rules", "rule", "roleRef", "subjects", "subject", "spec", "type", "manifest", "data", "template")
WRONG: tuple[Any, ...] = (
    None,
    7,
    "x",
    [],
    {},
    [None],
    {"a": None},
    UNKNOWN,
    [UNKNOWN],
    [[1]],
    True,
    {"kind": 7, "name": [], "spec": 1},
)


def part(urn: str, type_token: str, inputs: Any, references: Any = None) -> Part:
    resource = PulumiResource(urn, type_token, inputs)
    made = part_of(resource, read_pulumi_resource(resource), {}, references or {})
    assert made is not None
    return made


def ways(graph: IdentityGraph) -> list[str]:
    return [sentence(graph, path) for path in search(graph, NOW).paths() if path.steps]


def bound(urn: str, role: str, account: str, namespace: str = "") -> Part:
    kind = "RoleBinding" if namespace else "ClusterRoleBinding"
    inputs = {
        "metadata": {"name": urn, "namespace": namespace} if namespace else {"name": urn},
        "roleRef": {"kind": "ClusterRole", "name": role},
        "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": "shop"}],
    }
    return part(urn, RBAC + kind, inputs)


def account(name: str) -> Part:
    return part(name, ACCOUNT, {"metadata": {"name": name, "namespace": "shop"}})


def planned(*resources: tuple[str, dict[str, Any]]) -> str:
    values = [
        {"address": f"{kind}.r{n}", "mode": "managed", "type": kind, "name": f"r{n}", "values": given}
        for n, (kind, given) in enumerate(resources)
    ]
    return json.dumps({"format_version": "1.2", "planned_values": {"root_module": {"resources": values}}})


SUBJECT = {"kind": "ServiceAccount", "name": "ci", "namespace": "shop"}
EXPECTED = "shop/ci may run commands in pods of shop/ops (create pods/exec), which is administrator of the cluster"


def test_a_plan_is_read_block_by_block() -> None:
    rule = {"api_groups": [""], "resources": ["pods/exec"], "verbs": ["create"], "resource_names": None}
    spec = {"template": [{"spec": [{"service_account_name": "ops"}]}]}
    text = planned(
        ("kubernetes_role", {"metadata": [{"name": "exec", "namespace": "shop"}], "rule": [rule]}),
        (
            "kubernetes_role_binding_v1",
            {
                "metadata": [{"name": "exec", "namespace": "shop"}],
                "role_ref": [{"kind": "Role", "name": "exec"}],
                "subject": [SUBJECT],
            },
        ),
        ("kubernetes_deployment_v1", {"metadata": [{"name": "ops", "namespace": "shop"}], "spec": [spec]}),
        (
            "kubernetes_cluster_role_binding",
            {
                "metadata": [{"name": "ops"}],
                "role_ref": [{"kind": "ClusterRole", "name": "cluster-admin"}],
                "subject": [{**SUBJECT, "name": "ops"}],
            },
        ),
    )
    assert ways(graph_of(read_text("plan.json", text).parts)) == [f"{EXPECTED} (cluster-admin)"]


def manifest(kind: str, **members: Any) -> tuple[str, dict[str, Any]]:
    namespace = {} if kind.startswith("Cluster") else {"namespace": "shop"}
    given = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "exec", **namespace}, **members}
    return "kubernetes_manifest", {"manifest": given}


def test_manifests_of_a_plan_are_read_like_resources() -> None:
    rule = {"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["create"]}
    text = planned(
        manifest("Role", rules=[rule]),
        manifest("RoleBinding", roleRef={"kind": "Role", "name": "exec"}, subjects=[SUBJECT]),
        manifest("Pod", spec={"serviceAccountName": "ops"}),
        manifest(
            "ClusterRoleBinding",
            roleRef={"kind": "ClusterRole", "name": "cluster-admin"},
            subjects=[{**SUBJECT, "name": "ops"}],
        ),
        manifest("ConfigMap"),
    )
    assert ways(graph_of(read_text("plan.json", text).parts)) == [f"{EXPECTED} (cluster-admin)"]


def test_files_that_are_given_together_are_clusters_of_their_own() -> None:
    one = [account("ci"), bound("makes", "edit", "ci", "shop")]
    other = [account("ops"), bound("all", "cluster-admin", "ops")]
    assert len(ways(graph_of(each.inside("a.json") for each in (*one, *other)))) == 1
    apart = [*(each.inside("a.json") for each in one), *(each.inside("b.json") for each in other)]
    assert ways(graph_of(apart)) == []


def test_a_binding_that_leads_on_for_a_subject_that_is_not_known_is_told() -> None:
    inputs = {
        "metadata": {"name": "b", "namespace": "shop"},
        "roleRef": {"kind": "ClusterRole", "name": "edit"},
        "subjects": UNKNOWN,
    }
    (system,) = graph_of([part("b", RBAC + "RoleBinding", inputs)]).systems
    assert [(each.resource.name, each.path) for each in system.unlinked] == [("b", "subjects")]
    (system,) = graph_of([part("b", RBAC + "RoleBinding", inputs, {"subjects": ("ci",)}), account("ci")]).systems
    assert not system.unlinked
    harmless = {**inputs, "roleRef": {"kind": "ClusterRole", "name": "view"}}
    (system,) = graph_of([part("b", RBAC + "RoleBinding", harmless)]).systems
    assert not system.unlinked


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"groups": "*", "resources": "*", "verbs": "*"}, "is administrator of the cluster (it)"),
        ({"groups": "", "resources": "users", "verbs": "impersonate"}, "may impersonate any user (impersonate users)"),
        (
            {"groups": "", "resources": "serviceaccounts/token", "verbs": "create"},
            "may make tokens of any service account of the cluster (create serviceaccounts/token)",
        ),
        (
            {"groups": "", "resources": "nodes/proxy", "verbs": "get"},
            "may run commands in pods of any service account of the cluster (get nodes/proxy)",
        ),
        ({"groups": "", "resources": "pods", "verbs": "get"}, None),
        ({"groups": "", "resources": "secrets", "verbs": "get"}, None),
        ({"groups": "*", "resources": "*", "verbs": "get"}, "may run commands in pods"),
    ],
)
def test_who_is_as_good_as_administrator_of_the_cluster(rule: dict[str, str], expected: str | None) -> None:
    rules = [{"apiGroups": [rule["groups"]], "resources": [rule["resources"]], "verbs": [rule["verbs"]]}]
    role = part("it", RBAC + "ClusterRole", {"metadata": {"name": "it"}, "rules": rules})
    powers = search(graph_of([role, bound("b", "it", "ci")]), NOW).powers
    assert list(powers) == ([] if expected is None else ["kubernetes:shop/ci"])
    assert all(power.how.startswith(expected or "") for power in powers.values())


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("type_token", sorted(TYPES))
def test_no_shape_of_an_input_makes_it_raise(type_token: str, wrong: Any) -> None:
    given = dict.fromkeys(INPUTS, wrong)
    kind = type_token.rpartition(":")[2]
    parts = [
        part("it", type_token, given),
        part("inner", type_token, {"metadata": given, "spec": given, "roleRef": given, "subjects": [given]}),
        part("manifest", "kubernetes:yaml:Manifest", {"manifest": {**given, "kind": kind}}),
        account("ci"),
    ]
    search(graph_of(parts), NOW)


def all_in_one_namespace(count: int) -> list[Part]:
    """Make accounts of which each may run as any other, and one is administrator."""
    parts = [each for n in range(count) for each in (account(f"a{n}"), bound(f"b{n}", "edit", f"a{n}", "shop"))]
    return [*parts, account("ops"), bound("all", "cluster-admin", "ops")]


def cpu_seconds(parts: list[Part]) -> float:
    started = process_time()
    found = search(graph_of(parts), NOW)
    spent = process_time() - started
    assert len(found.following) == len(parts) // 2 - 1
    assert not found.exhausted
    return spent


def test_ten_times_the_accounts_take_about_ten_times_as_long() -> None:
    few, many = all_in_one_namespace(200), all_in_one_namespace(2000)
    cpu_seconds(few)
    ratio = cpu_seconds(many) / min(cpu_seconds(few) for _ in range(3))
    assert ratio < 30, ratio

"""Graphs of identities are made of what plans, states and stacks tell, and searched in time linear in their size."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from time import process_time
from typing import Any

import pytest

from nhi_components.facts import UNKNOWN, PulumiResource, read_pulumi_resource
from nhi_components.facts.aws.identities import TYPES
from nhi_components.facts.chain.model import Budget, IdentityGraph, Part
from nhi_components.facts.chain.reading import graph_of, part_of
from nhi_components.facts.chain.search import search
from nhi_components.facts.chain.stack_links import told_by
from nhi_components.facts.chain.terraform import References
from nhi_components.facts.chain.words import sentence
from nhi_components.facts.files import read_text
from nhi_components.facts.gcp.identities import TYPES as GCP_TYPES

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
PLAN = Path(__file__).parents[2] / "fixtures" / "chains" / "plan.json"
ROLE = "aws:iam/role:Role"
OF_LAMBDA = {
    "Statement": {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
}
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
INPUTS = (
    "accountId",
    "project",
    "email",
    "member",
    "members",
    "serviceAccountId",
    "serviceAccount",
    "namespace",
    "policyData",
    "name",
    "path",
    "assumeRolePolicy",
    "inlinePolicies",
    "managedPolicyArns",
    "permissionsBoundary",
    "tags",
    "role",
    "roles",
    "user",
    "users",
    "group",
    "groups",
    "policy",
    "policyArn",
    "policyArns",
    "roleName",
    "arn",
    "iamInstanceProfile",
    "serviceRole",
    "roleArn",
    "taskDefinition",
    "cluster",
    "taskRoleArn",
    "instanceConfiguration",
    "iamRoleArn",
    "family",
)
DEPLOY = "module.deploy.aws_iam_role.this"


def trust_of(*names: str) -> dict[str, Any]:
    arns = [f"arn:aws:iam::111122223333:role/{name}" for name in names]
    return {"Statement": {"Effect": "Allow", "Principal": {"AWS": arns}, "Action": "sts:AssumeRole"}}


def assuming(*patterns: str) -> list[dict[str, Any]]:
    arns = [f"arn:aws:iam::111122223333:role/{pattern}" for pattern in patterns]
    return [{"policy": {"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": arns}}}]


def part(urn: str, type_token: str, inputs: Mapping[str, Any]) -> Part:
    resource = PulumiResource(urn, type_token, inputs)
    made = part_of(resource, read_pulumi_resource(resource))
    assert made is not None
    return made


def told(graph: IdentityGraph) -> list[str]:
    return [sentence(graph, path) for path in search(graph, NOW).paths() if path.steps]


def urn(kind: str, name: str) -> str:
    return f"urn:pulumi:dev::shop::{kind}::{name}"


def export() -> dict[str, Any]:
    attachment = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
    resources = [
        {"urn": urn(ROLE, "ci"), "type": ROLE, "inputs": {"name": "ci-1a", "assumeRolePolicy": json.dumps(OF_LAMBDA)}},
        {
            "urn": urn(ROLE, "deploy"),
            "type": ROLE,
            "inputs": {"name": "deploy-2b", "assumeRolePolicy": json.dumps(trust_of("ci-1a"))},
            "outputs": {"arn": "arn:aws:iam::111122223333:role/deploy-2b"},
        },
        {
            "urn": urn(attachment, "deploy"),
            "type": attachment,
            "inputs": {"role": "04da6b54-80e4-46f7-96ec-b56ff0331ba9", "policyArn": ADMINISTRATOR},
            "propertyDependencies": {"role": [urn(ROLE, "deploy")]},
        },
    ]
    return {"version": 3, "deployment": {"resources": resources}}


def test_a_stack_export_is_linked_by_its_property_dependencies() -> None:
    content = read_text("stack.json", json.dumps(export()))
    expected = "ci-1a may assume deploy-2b (its trust names ci-1a), which is administrator (* on *)"
    assert told(graph_of(content.parts)) == [expected]


def test_a_preview_is_linked_likewise() -> None:
    steps = [{"op": "create", "urn": each["urn"], "newState": each} for each in export()["deployment"]["resources"]]
    content = read_text("preview.json", json.dumps({"steps": steps}))
    assert len(told(graph_of(content.parts))) == 1


def test_a_resource_that_is_being_deleted_is_not_linked() -> None:
    stack = export()
    stack["deployment"]["resources"][2]["delete"] = True
    assert told(graph_of(read_text("stack.json", json.dumps(stack)).parts)) == []
    assert urn("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "deploy") not in told_by(stack)


def test_a_plan_is_linked_by_its_configuration_through_modules_and_documents() -> None:
    content = read_text("plan.json", PLAN.read_text(encoding="utf-8"))
    ways = told(graph_of(content.parts))
    assert ways == [
        "orders-ci may assume orders-deploy (its trust admits the account), which is administrator (* on *)"
    ]


def test_references_go_into_modules_and_out_of_them() -> None:
    references = References(json.loads(PLAN.read_text(encoding="utf-8")))
    assert references.of("data.aws_iam_policy_document.ci") == {"statement": (DEPLOY,)}
    attached = references.of('module.deploy.aws_iam_role_policy_attachment.big["a"]')
    assert attached == {"role": (DEPLOY,), "policyArn": ("module.deploy.aws_iam_policy.big",)}
    assert references.of("aws_iam_role.not_there") == {}


def test_references_in_a_circle_end() -> None:
    calls = {
        "m": {
            "expressions": {"x": {"references": ["module.m.y"]}},
            "module": {"outputs": {"y": {"expression": {"references": ["var.x"]}}}},
        }
    }
    resource = {"address": "aws_iam_role.a", "expressions": {"name": {"references": ["module.m.y"]}}}
    plan = {"configuration": {"root_module": {"resources": [resource], "module_calls": calls}}}
    assert References(plan).of("aws_iam_role.a") == {"name": ()}


def test_instances_of_the_same_index_belong_together() -> None:
    plan = json.loads(PLAN.read_text(encoding="utf-8"))
    module = plan["planned_values"]["root_module"]["child_modules"][0]["resources"]
    other = json.loads(json.dumps(module[0]).replace('[\\"a\\"]', '[\\"b\\"]').replace("orders-deploy", "orders-view"))
    module.append(other)
    found = graph_of(read_text("plan.json", json.dumps(plan)).parts)
    powers = search(found, NOW).powers
    assert list(powers) == ['module.deploy.aws_iam_role.this["a"]']


@pytest.mark.parametrize("wrong", [None, 7, "x", [], {}, [None], {"a": None}, UNKNOWN, [UNKNOWN], [[1]], True])
@pytest.mark.parametrize("type_token", sorted(TYPES | GCP_TYPES))
def test_no_shape_of_an_input_makes_it_raise(type_token: str, wrong: Any) -> None:
    graph = graph_of([part("it", type_token, dict.fromkeys(INPUTS, wrong)), part("ci", ROLE, {"name": "ci"})])
    search(graph, NOW)
    for system in graph.systems:
        list(system.combinations(NOW))


def in_a_row(count: int) -> list[Part]:
    """Make roles of which each trusts the one before it, and the last is administrator."""
    parts = [
        part(f"r{n}", ROLE, {"name": f"r{n}", "assumeRolePolicy": trust_of(f"r{n - 1}")}) for n in range(count - 1)
    ]
    inputs = {"name": "last", "assumeRolePolicy": trust_of(f"r{count - 2}"), "managedPolicyArns": [ADMINISTRATOR]}
    return [*parts, part("last", ROLE, inputs)]


def all_like_each_other(count: int) -> list[Part]:
    """Make roles of which each may assume all by one pattern, and one is administrator."""
    account = {"Statement": {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"}}
    parts = [
        part(f"r{n}", ROLE, {"name": f"app-{n}", "assumeRolePolicy": account, "inlinePolicies": assuming("app-*")})
        for n in range(count)
    ]
    inputs = {"name": "app-last", "assumeRolePolicy": account, "managedPolicyArns": [ADMINISTRATOR]}
    return [*parts, part("last", ROLE, inputs)]


def cpu_seconds(parts: list[Part]) -> float:
    started = process_time()
    graph = graph_of(parts)
    found = search(graph, NOW)
    spent = process_time() - started
    assert len(found.following) == len(parts) - 1
    assert not found.exhausted
    return spent


@pytest.mark.parametrize("shape", [in_a_row, all_like_each_other])
def test_ten_times_the_identities_take_about_ten_times_as_long(shape: Any) -> None:
    few, many = shape(1000), shape(10_000)
    cpu_seconds(few)
    ratio = cpu_seconds(many) / min(cpu_seconds(few) for _ in range(3))
    assert ratio < 30, ratio


def test_a_hostile_stack_ends_at_the_budget_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = []
    for n in range(300):
        inline = assuming("app-*")
        parts.append(part(f"r{n}", ROLE, {"name": f"app-{n}", "assumeRolePolicy": OF_LAMBDA, "inlinePolicies": inline}))
    parts.append(
        part("last", ROLE, {"name": "app-last", "assumeRolePolicy": OF_LAMBDA, "managedPolicyArns": [ADMINISTRATOR]})
    )
    monkeypatch.setattr(Budget, "__init__", lambda self: setattr(self, "left", 100))
    assert search(graph_of(parts), NOW).exhausted

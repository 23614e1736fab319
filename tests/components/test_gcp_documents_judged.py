"""What the components for Google Cloud register: judged by our own rules, and evaluated as Google evaluates it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml
from pulumi_policy.proxy import UNKNOWN_OBJECT_VALUE, UNKNOWN_STRING_VALUE

from nhi_components import gcp
from nhi_components.core.gcp_federation import pipeline_admission
from nhi_components.core.pipeline import Pipeline
from nhi_components.rules.config import JudgeConfig, Mode
from tests.components.graphs import GOLDEN
from tests.unit.crossguard.pack import Pack, rules_of
from tools.doubles.gcp.conditions import evaluate, policy_condition_holds

GRAPHS = [file.stem for file in sorted(GOLDEN.glob("gcp_*.yaml"))]
END = datetime(2026, 12, 31, tzinfo=UTC)
POOL, PROVIDER = "gcp:iam/workloadIdentityPool:", "gcp:iam/workloadIdentityPoolProvider:"
ACCOUNT_BINDING = "gcp:serviceaccount/iAMMember:"
PREFIXED = "gcp:storage/bucketIAMMember:"


def resources(graph: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load((GOLDEN / f"{graph}.yaml").read_text()))


def found(pack: Pack, graph: list[dict[str, Any]]) -> list[str]:
    """Everything that a pack tells about a graph, as the engine registers it: each part inside its component."""
    component, *parts = graph
    whole = f"urn:pulumi:dev::shop::{component['type']}::{component['name']}"
    told = [pack.analyze(component["type"], component["inputs"], whole)]
    for part in parts:
        urn = f"urn:pulumi:dev::shop::{component['type']}${part['type']}::{part['name']}"
        told.append(pack.analyze(part["type"], part["inputs"], urn, whole))
    messages = [message for each in told for messages in each.values() for message in messages]
    return [*messages, *(message for each in pack.end().values() for _, message in each)]


def changed(graph: str, type_: str, **inputs: Any) -> list[dict[str, Any]]:
    """A graph with other inputs of the first resource of a type; None takes an input away."""
    told, of_type = resources(graph), [r for r in resources(graph) if r["type"].startswith(type_)]
    for resource in told:
        if resource == of_type[0]:
            resource["inputs"] = {k: v for k, v in {**resource["inputs"], **inputs}.items() if v is not None}
    return told


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("graph", GRAPHS)
def test_no_pack_finds_anything(graph: str, mode: Mode) -> None:
    assert found(Pack(JudgeConfig(mode=mode)), resources(graph)) == []


@pytest.mark.parametrize("mode", Mode)
def test_nor_while_a_target_is_not_known_yet(mode: Mode) -> None:
    graph = resources("gcp_targets_known_later")
    for resource in graph:
        if "IAMMember" in resource["type"]:
            hidden = {
                name: UNKNOWN_STRING_VALUE for name in ("bucket", "topic", "project") if name in resource["inputs"]
            }
            dated = {"condition": UNKNOWN_OBJECT_VALUE} if "condition" in resource["inputs"] else {}
            resource["inputs"] |= hidden | dated
    assert found(Pack(JudgeConfig(mode=mode)), graph) == []


@pytest.mark.parametrize(
    ("graph", "rule"),
    [
        (changed("gcp_github", PROVIDER, attributeCondition=None), "gcp.federation-condition"),
        (
            changed("gcp_gitlab", PROVIDER, attributeCondition='assertion.iss == "https://gitlab.com"'),
            "gcp.federation-condition",
        ),
        (changed("gcp_vendor_by_aws_role", PROVIDER, attributeCondition=None), "gcp.account-federation"),
        (
            changed("gcp_github", ACCOUNT_BINDING, member="principalSet://iam.googleapis.com/projects/1/locations/global/"
                    "workloadIdentityPools/orders/*"),
            "gcp.federated-member",
        ),
        (changed("gcp_impersonated_workload", ACCOUNT_BINDING, member="allAuthenticatedUsers"), "gcp.public-member"),
        (changed("gcp_agent_with_two_tools", "gcp:projects/iAMCustomRole:", permissions=["iam.serviceAccounts.actAs"]),
         "gcp.escalation"),
    ],
)  # fmt: skip
def test_what_they_leave_out_would_be_found(graph: list[dict[str, Any]], rule: str) -> None:
    assert rule in rules_of(found(Pack(JudgeConfig(mode=Mode.STRICT)), graph))


def test_a_key_in_the_state_beside_it_would_be_found() -> None:
    key = {"type": "gcp:serviceaccount/key:Key", "name": "key", "inputs": {"serviceAccountId": "orders"}}
    graph = [*resources("gcp_key"), key]
    assert rules_of(found(Pack(JudgeConfig(mode=Mode.STRICT)), graph)) != []


def conditions(graph: str) -> list[dict[str, str]]:
    return [r["inputs"]["condition"] for r in resources(graph) if "condition" in r["inputs"]]


DATED = [(graph, each) for graph in GRAPHS for each in conditions(graph)]


@pytest.mark.parametrize(("graph", "condition"), DATED, ids=[f"{graph}-{i}" for i, (graph, _) in enumerate(DATED)])
def test_every_condition_ends_on_the_end_day_and_never_begins_while_suspended(
    graph: str, condition: dict[str, str]
) -> None:
    name = (
        "projects/_/buckets/shop-new/objects/in/x" if "later" in graph else "projects/_/buckets/shop-invoices/objects/"
    )
    before, after = (
        any(policy_condition_holds(condition["expression"], time, {"name": f"{name}{folder}"}) for folder in FOLDERS)
        for time in (END - timedelta(seconds=1), END)
    )
    assert (before, after) == ("suspended" not in graph, False)
    assert condition["title"] == "nhi lease-abcdefghijklmnop"


FOLDERS = ("", "in/a", "archive/a", "out/a")


def test_a_prefix_reaches_nothing_beside_it() -> None:
    reading, writing = (r["inputs"]["condition"]["expression"] for r in resources("gcp_prefixes_of_a_bucket")
                        if r["type"].startswith(PREFIXED))  # fmt: skip
    reached = {
        folder: [policy_condition_holds(each, END - timedelta(days=1), {"name": f"{BUCKET}/objects/{folder}/a"})
                 for each in (reading, writing)]
        for folder in ("in", "archive", "out", "inner", "other")
    }  # fmt: skip
    assert reached == {
        "in": [True, False],
        "archive": [True, False],
        "out": [False, True],
        "inner": [False, False],
        "other": [False, False],
    }


BUCKET = "projects/_/buckets/shop-invoices"

SOURCES: list[Pipeline] = [
    gcp.GitHub(repository="example/orders", ref="refs/heads/main"),
    gcp.GitHub(repository="example/orders", environment='it\'s "live"', owner_id="123456", repository_id="456789"),
    gcp.GitLab(project="example/shop/orders", ref="v1.0", ref_type="tag"),
    gcp.GitLab(project="example/shop/orders", environment="prod", protected=False),
    gcp.TerraformCloud(organization="example", project="shop", workspace="orders", run_phase="apply"),
]


def lets_in(condition: str, mapping: dict[str, str], assertion: dict[str, Any]) -> bool:
    attributes = {name: evaluate(each, {"assertion": assertion}) for name, each in mapping.items()}
    attribute = {n.removeprefix("attribute."): v for n, v in attributes.items() if n.startswith("attribute.")}
    return bool(evaluate(condition, {"assertion": assertion, "attribute": attribute}))


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: f"{type(source).__name__}-{source.subject_claim}")
def test_a_pool_of_its_own_lets_in_exactly_the_one_pipeline(source: Pipeline) -> None:
    admission = pipeline_admission(source)
    token = {"sub": source.subject_claim or "project_path:example/shop/orders:ref_type:branch:ref:x", **source.claims}
    pinned = [name for name in token if name != "sub" or source.subject_claim]
    mapping = dict(admission.mapping)
    assert lets_in(admission.condition, mapping, token)
    for claim in pinned:
        for other in {f"{token[claim]}x", token[claim][:-1], token[claim].upper(), ""} - {token[claim]}:
            assert not lets_in(admission.condition, mapping, {**token, claim: other}), (claim, other)


VENDOR_ROLE = gcp.VendorAwsRole(account="999999999999", role="collector")


@pytest.mark.parametrize(
    ("arn", "expected"),
    [
        ("arn:aws:sts::999999999999:assumed-role/collector/i-0123", True),
        ("arn:aws:sts::999999999999:assumed-role/collector2/i-0123", False),
        ("arn:aws:sts::999999999999:assumed-role/other/collector", False),
        ("arn:aws:sts::111111111111:assumed-role/collector/i-0123", False),
    ],
)
def test_a_vendor_from_aws_is_let_in_by_its_role_alone(arn: str, expected: bool) -> None:
    admission = VENDOR_ROLE.admission
    assert lets_in(admission.condition, dict(admission.mapping), {"arn": arn}) is expected


@pytest.mark.parametrize(
    ("type_", "take"),
    [
        ("gcp:serviceaccount/account:", lambda inputs: inputs["description"]),
        ("gcp:projects/iAMCustomRole:", lambda inputs: inputs["description"]),
        (POOL, lambda inputs: inputs["description"]),
        (PROVIDER, lambda inputs: inputs["description"]),
        ("gcp:secretmanager/secret:", lambda inputs: inputs["labels"]["nhi_lease"]),
    ],
)
def test_everything_bears_the_lease(type_: str, take: Callable[[dict[str, Any]], str]) -> None:
    told = [take(r["inputs"]) for graph in GRAPHS for r in resources(graph) if r["type"].startswith(type_)]
    assert told
    assert all("lease-abcdefghijklmnop" in each for each in told)


def test_while_suspended_accounts_pools_and_providers_are_disabled() -> None:
    told = {r["type"]: r["inputs"]["disabled"] for graph in GRAPHS if "suspended" in graph for r in resources(graph)
            if "disabled" in r["inputs"]}  # fmt: skip
    assert len(told) == len(("account", "pool", "provider"))
    assert all(told.values())

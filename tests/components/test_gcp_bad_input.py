"""What the components for Google Cloud refuse, before anything is registered: all problems at once, sizes included."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from nhi_components import Grant, SpecError, gcp
from nhi_components.core.gcp_catalogue import all_permissions
from nhi_components.core.rule_exception import RuleException
from tests.components.conftest import IDENTITY
from tests.components.test_golden_graphs_gcp import NUMBER, PIPELINE, PROJECT, PUBLISH, RUNTIME, TOPIC, VENDOR, WHY, of

GITHUB = gcp.GitHub(repository="example/orders", ref="refs/heads/main")
PROVIDER = f"projects/{NUMBER}/locations/global/workloadIdentityPools/pipelines/providers/github"
EXCEPTION = RuleException(
    rule="gcp.permission-wildcard",
    resource="orders*",
    reason="all that the service has",
    approver="ada@example.com",
    ends=IDENTITY["expires"],
)


def workload(*grants: Grant | dict[str, Any], **more: Any) -> None:
    gcp.WorkloadIdentity("orders", **{"identity": IDENTITY, "project": PROJECT, "grants": grants, **more})


def wrong_workload() -> None:
    workload(
        {"actions": ["pubsub.topics.publsh", "roles/pubsub.publisher"], "targets": [TOPIC]},
        {"actions": ["roles/owner"], "targets": [f"projects/{PROJECT}"]},
        {"actions": [f"projects/{PROJECT}/roles/own"], "targets": ["//pubsub.googleapis.com/x"]},
        {"actions": ["pubsub.topics.*"], "targets": [TOPIC], "conditions": {"StringEquals": {"aws:x": ["y"]}}},
        {"actions": ["storage.objects.get"], "targets": [TOPIC, pulumi.Output.from_input(TOPIC)]},
        project="Shop",
        trusted_by="gke",
        secret={"generate_bytes": 8, "locations": ["Frankfurt"], "destroyed_after_days": 0},
        identity={**IDENTITY, "purpose": "short"},
    )


def trusting_everybody() -> None:
    workload(trusted_by=gcp.AttachedTrust(deployers=["allUsers"]))


def trusting_nobody() -> None:
    workload(trusted_by={"members": []})


def trusting_twice() -> None:
    workload(trusted_by={"members": [PIPELINE, PIPELINE]})


def trusting_several_that_are_not_known() -> None:
    workload(trusted_by={"members": [pulumi.Output.from_input(PIPELINE), pulumi.Output.from_input(RUNTIME)]})


def two_topics_that_are_not_known() -> None:
    first, second = (gcp.LaterTarget(gcp.ResourceKind.TOPIC, pulumi.Output.from_input(TOPIC)) for _ in range(2))
    workload(Grant(actions=["pubsub.topics.publish"], targets=[first]), {**PUBLISH.model_dump(), "targets": [second]})


def target_of_another_kind() -> None:
    later = gcp.LaterTarget(gcp.ResourceKind.SUBSCRIPTION, TOPIC)
    elsewhere = gcp.LaterTarget(gcp.ResourceKind.TOPIC, TOPIC, "shop-media")
    workload({"actions": ["pubsub.topics.publish"], "targets": [later, elsewhere]})


def too_many_permissions() -> None:
    workload({"actions": sorted(all_permissions())[:3001], "targets": [f"projects/{PROJECT}"]})


def too_long_permissions() -> None:
    every = sorted(all_permissions(), key=lambda name: (-len(name), name))
    workload({"actions": every[:1500], "targets": [f"projects/{PROJECT}"]})


def too_many_prefixes() -> None:
    targets = [f"projects/_/buckets/shop-in/objects/{i}/*" for i in range(13)]
    workload({"actions": ["storage.objects.get"], "targets": targets})


def wildcard_of_every_service() -> None:
    workload(Grant(actions=["*.get", "pubsub.nothing.*"], targets=[f"projects/{PROJECT}"], exception=EXCEPTION))


def what_the_template_forbids() -> None:
    workload({"actions": ["roles/pubsub.admin"], "targets": [TOPIC]})


def wrong_pipeline() -> None:
    gcp.PipelineIdentity(
        "deploy", identity=IDENTITY, project=PROJECT, source=GITHUB, provider="github", project_number="shop"
    )


def pipeline_without_a_pool() -> None:
    gcp.PipelineIdentity("deploy", identity=of("pipeline"), project=PROJECT, source=GITHUB)


def pipeline_with_two_pools() -> None:
    gcp.PipelineIdentity(
        "deploy", identity=of("pipeline"), project=PROJECT, source=GITHUB, provider=PROVIDER, project_number=NUMBER
    )


def environment_of_gitlab_in_a_pool_that_exists() -> None:
    source = gcp.GitLab(project="example/orders", environment="prod")
    gcp.PipelineIdentity("deploy", identity=of("pipeline"), project=PROJECT, source=source, provider=PROVIDER)


def pipeline_with_a_long_subject() -> None:
    source = gcp.GitHub(repository="example/orders", ref=f"refs/heads/{'x' * 100}")
    gcp.PipelineIdentity("deploy", identity=of("pipeline"), project=PROJECT, source=source, project_number=NUMBER)


def agent_of_nobody() -> None:
    wild = {"actions": ["pubsub.topics.*"], "targets": [TOPIC]}
    tools = {"Search": [PUBLISH], "x": [wild]}
    gcp.AgentIdentity("support", identity=of("ai-agent"), project=PROJECT, trusted_by=["agents"], tools=tools)


def agent_with_tools_whose_accounts_would_be_one() -> None:
    tools = {"tool-3": [PUBLISH], "tool-4": [], "tool-104": []}
    gcp.AgentIdentity(
        "support", identity=of("ai-agent"), sponsor="ada@example.com", project=PROJECT, trusted_by=[RUNTIME],
        tools=tools,
    )  # fmt: skip


def agent_with_many_tools() -> None:
    tools: dict[str, list[Grant]] = {f"tool{i}": [] for i in range(21)}
    gcp.AgentIdentity(
        "support", identity=of("ai-agent"), sponsor="ada@example.com", project=PROJECT, trusted_by=[RUNTIME],
        tools=tools,
    )  # fmt: skip


def vendor_of_ones_own() -> None:
    vendor = {"email": f"collector@{PROJECT}.iam.gserviceaccount.com"}
    gcp.ThirdPartyIdentity("audit", identity=IDENTITY, project=PROJECT, vendor=vendor)


def vendor_that_is_everybody() -> None:
    vendor = {"issuer": "http://vendor.example.com/", "subject_claim": "*"}
    gcp.ThirdPartyIdentity("audit", identity=of("third-party"), project=PROJECT, vendor=vendor)


def vendor_with_a_pool_for_nothing() -> None:
    gcp.ThirdPartyIdentity("audit", identity=of("third-party"), project=PROJECT, vendor=VENDOR, project_number=NUMBER)


def vendor_without_a_pool() -> None:
    vendor = gcp.VendorAwsRole(account="999999999999", role="collector")
    gcp.ThirdPartyIdentity("audit", identity=of("third-party"), project=PROJECT, vendor=vendor)


def wrong_key() -> None:
    gcp.ServiceAccountKeyIdentity(
        "scanner",
        identity=of("service-account"),
        project=PROJECT,
        why_not_federated="because",
        places=[{"kind": "file", "path": "/run/key.json"}],
        rotation={"every": "90d"},
        generation=0,
        grants=[{"actions": ["pubsub.topics.*"], "targets": [TOPIC]}],
    )


def key_for_an_agent() -> None:
    identity = of("ai-agent", sponsor="ada@example.com")
    gcp.ServiceAccountKeyIdentity("scanner", identity=identity, project=PROJECT, why_not_federated=WHY)


@pytest.mark.parametrize(
    ("program", "places"),
    [
        (
            wrong_workload,
            [
                *("identity.purpose", "secret.generate_bytes", "secret.locations[0]", "secret.destroyed_after_days"),
                *("project", "trusted_by", "grants[0].actions", "grants[0].actions[0]", "grants[1].actions[0]"),
                *("grants[2].actions[0]", "grants[2].targets[0]", "grants[3].conditions", "grants[3].actions[0]"),
                *("grants[4].targets[0]", "grants[4].targets[1]"),
            ],
        ),
        (trusting_everybody, ["deployers[0]"]),
        (trusting_nobody, ["trusted_by.ImpersonationTrust.members"]),
        (trusting_twice, ["trusted_by.ImpersonationTrust.members"]),
        (trusting_several_that_are_not_known, ["trusted_by.ImpersonationTrust.members"]),
        (two_topics_that_are_not_known, ["grants[1].targets[0]"]),
        (target_of_another_kind, ["grants[0].targets[0]", "grants[0].targets[1]"]),
        (too_many_permissions, ["grants[0].actions"]),
        (too_long_permissions, ["grants[0].actions"]),
        (too_many_prefixes, ["grants[0].targets[0]"]),
        (wildcard_of_every_service, ["grants[0].actions[0]", "grants[0].actions[1]"]),
        (what_the_template_forbids, ["grants[0].actions[0]"]),
        (wrong_pipeline, ["identity", "provider", "project_number"]),
        (pipeline_without_a_pool, ["project_number"]),
        (pipeline_with_two_pools, ["project_number"]),
        (environment_of_gitlab_in_a_pool_that_exists, ["provider"]),
        (pipeline_with_a_long_subject, ["source"]),
        (agent_of_nobody, ["identity", "trusted_by[0]", "tools.Search.[key]", "tools.x[0].actions[0]"]),
        (agent_with_tools_whose_accounts_would_be_one, ["tools"]),
        (agent_with_many_tools, ["tools"]),
        (vendor_of_ones_own, ["identity", "vendor"]),
        (vendor_that_is_everybody, ["vendor.VendorSubject.issuer", "vendor.VendorSubject.subject_claim"]),
        (vendor_with_a_pool_for_nothing, ["project_number"]),
        (vendor_without_a_pool, ["project_number"]),
        (wrong_key, ["why_not_federated", "places", "rotation", "generation", "grants[0].actions[0]"]),
        (key_for_an_agent, ["source"]),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_all_problems_are_told_before_anything_is_registered(
    program: Callable[[], None], places: list[str], registered: Any
) -> None:
    def run() -> None:
        with pytest.raises(SpecError) as caught:
            program()
        assert [problem.path for problem in caught.value.problems] == places

    assert registered(run) == []


def test_a_slip_is_told_with_what_was_meant() -> None:
    with pytest.raises(SpecError) as caught:
        workload(
            {"actions": ["pubsub.topic.publish", "pubsub.topics.Publish", "pubsb.topics.publish"], "targets": [TOPIC]},
            {"actions": ["roles/pubsub.publishr"], "targets": [TOPIC]},
        )
    fixes = [problem.fix for problem in caught.value.problems]
    assert fixes == [
        "did you mean `pubsub.topics.publish`?",
        "did you mean `pubsub.topics.publish`?",
        "did you mean `pubsub`?",
        "did you mean `roles/pubsub.publisher`?",
    ]


def later_target_of_another_kind() -> None:
    later = gcp.LaterTarget(gcp.ResourceKind.TOPIC, pulumi.Output.from_input(f"projects/{PROJECT}/subscriptions/x"))
    workload({"actions": ["pubsub.topics.publish"], "targets": [later]})


def later_target_that_is_none() -> None:
    workload(
        {"actions": ["pubsub.topics.publish"], "targets": [gcp.LaterTarget("topic", pulumi.Output.from_input("*"))]}
    )


def later_target_that_is_granted_on_already() -> None:
    later = gcp.LaterTarget(gcp.ResourceKind.TOPIC, pulumi.Output.from_input(TOPIC))
    workload(PUBLISH, {"actions": ["pubsub.topics.publish"], "targets": [later]})


def later_principal_that_is_everybody() -> None:
    workload(trusted_by=gcp.ImpersonationTrust(members=[pulumi.Output.from_input("allAuthenticatedUsers")]))


def later_account_that_every_pod_has() -> None:
    account = pulumi.Output.from_input("default")
    workload(trusted_by=gcp.GkeTrust(cluster_project=PROJECT, namespace="orders", service_account=account))


@pytest.mark.parametrize(
    ("program", "place"),
    [
        (later_target_of_another_kind, r"grants\[0\].targets\[0\]"),
        (later_target_that_is_none, r"grants\[0\].targets\[0\]"),
        (later_target_that_is_granted_on_already, r"grants\[1\].targets\[0\]"),
        (later_principal_that_is_everybody, "trusted_by"),
        (later_account_that_every_pod_has, "trusted_by.service_account"),
    ],
)
def test_what_turns_out_wrong_at_deployment_ends_the_program(
    program: Callable[[], None], place: str, registered: Any
) -> None:
    with pytest.raises(SpecError, match=place):
        registered(program)

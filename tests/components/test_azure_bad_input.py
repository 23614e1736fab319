"""What the components for Azure refuse, before anything is registered: all problems at once, places included."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_azure_native
import pytest
from pulumi.runtime.mocks import MockResourceArgs

from nhi_components import Grant, SpecError, azure
from nhi_components.core.rule_exception import RuleException
from tests.components.conftest import IDENTITY, Recorder
from tests.components.test_golden_graphs_azure import (
    BLOBS,
    BUS,
    CONTAINER,
    COSMOS,
    DEPLOYER,
    GROUP,
    ISSUER,
    ITEMS,
    OTHER_SUBSCRIPTION,
    PLACE,
    QUEUE,
    READ,
    SEND,
    SENDS,
    SUBSCRIPTION,
    VAULT,
    VENDOR,
    WHY,
    of,
)

EXCEPTION = RuleException(
    rule="azure.action-wildcard",
    resource="orders*",
    reason="all that the service has",
    approver="ada@example.com",
    ends=IDENTITY["expires"],
)


def workload(*grants: Grant | dict[str, Any], **more: Any) -> None:
    azure.WorkloadIdentity("orders", **{"identity": IDENTITY, **PLACE, "grants": grants, **more})


def later(kind: azure.ResourceKind, name: Any, **place: Any) -> azure.LaterTarget:
    return azure.LaterTarget(kind, name, **place)


def wrong_workload() -> None:
    workload(
        {"actions": [f"{SENDS}s", "Azure Service Bus Data Sender"], "targets": [QUEUE]},
        {"actions": ["Owner"], "targets": [GROUP]},
        {"actions": ["Shop Queue Sender"], "targets": ["https://shop-dev.servicebus.windows.net/orders"]},
        {"actions": [f"{BLOBS}/*"], "targets": [CONTAINER], "conditions": {"StringEquals": {"aws:x": ["y"]}}},
        {"actions": [f"{BLOBS}/read"], "targets": [QUEUE, pulumi.Output.from_input(CONTAINER)]},
        subscription="shop",
        resource_group="shop/dev",
        location="West Europe",
        trusted_by="github",
        secret={"generate_bytes": 8},
        vault="shop-dev",
        identity={**IDENTITY, "purpose": "short"},
    )


def secret_without_a_vault() -> None:
    workload(secret={})


def vault_without_a_secret() -> None:
    workload(vault=VAULT)


def trusting_a_name() -> None:
    workload(trusted_by=azure.AttachedTrust(deployers=["deploy"]))


def trusting_twice() -> None:
    workload(trusted_by={"deployers": [DEPLOYER, DEPLOYER.upper()]})


def trusting_several_that_are_not_known() -> None:
    workload(trusted_by={"deployers": [pulumi.Output.from_input(DEPLOYER), pulumi.Output.from_input(SUBSCRIPTION)]})


def trusting_too_many() -> None:
    deployers = [f"{i:08}-aaaa-bbbb-cccc-dddddddddddd" for i in range(21)]
    workload(trusted_by={"deployers": deployers})


def trusting_everybody_of_an_issuer() -> None:
    trust = {"issuer": "http://issuer.example.com", "subject_claim": "repo:example/*", "audience": "https://x"}
    workload(trusted_by=trust)


def trusting_the_subject_of_the_suspended() -> None:
    workload(trusted_by={"issuer": "https://issuer.example.com", "subject_claim": "nhi:suspended"})


def roles_that_reach_everything() -> None:
    names = ("owner", "Contributor", "User Access Administrator", "Role Based Access Control Administrator")
    workload(*({"actions": [name], "targets": [QUEUE]} for name in names))


def two_queues_that_are_not_known() -> None:
    first, second = (
        later(azure.ResourceKind.SERVICE_BUS_QUEUE, pulumi.Output.from_input(f"{BUS}/queues/{name}")) for name in "ab"
    )
    workload(Grant(actions=[SENDS], targets=[first]), Grant(actions=[SENDS], targets=[second]))


def targets_of_another_kind_and_place() -> None:
    workload(
        {
            "actions": [SENDS],
            "targets": [
                later(azure.ResourceKind.SERVICE_BUS_TOPIC, QUEUE),
                later(azure.ResourceKind.SERVICE_BUS_QUEUE, QUEUE, subscription=OTHER_SUBSCRIPTION),
                later(azure.ResourceKind.SERVICE_BUS_QUEUE, QUEUE, resource_group="media"),
                later(azure.ResourceKind.SERVICE_BUS_QUEUE, "orders"),
            ],
        }
    )


def data_of_cosmos_on_a_resource_group() -> None:
    workload({"actions": [f"{ITEMS}/read"], "targets": [GROUP]})


def role_of_cosmos_on_a_queue() -> None:
    workload({"actions": ["Cosmos DB Built-in Data Reader"], "targets": [QUEUE]})


def wildcard_of_every_service() -> None:
    actions = ["*/read", "Microsoft.Storage/nothing/*", "*"]
    workload(Grant(actions=actions, targets=[GROUP], exception=EXCEPTION))


def too_many_assignments() -> None:
    workload({"actions": [SENDS], "targets": [f"{BUS}/queues/q{i}" for i in range(101)]})


def what_the_template_forbids() -> None:
    workload(
        {"actions": ["Microsoft.Authorization/roleAssignments/write"], "targets": [QUEUE]},
        {"actions": ["Storage Blob Data Owner"], "targets": [CONTAINER]},
    )


def wrong_pipeline() -> None:
    source = azure.GitHub(repository="example/orders", ref="refs/heads/main", audience="https://github.com/example")
    azure.PipelineIdentity("deploy", identity=IDENTITY, **PLACE, source=source)


def environment_of_gitlab() -> None:
    source = azure.GitLab(project="example/orders", environment="prod")
    azure.PipelineIdentity("deploy", identity=of("pipeline"), **PLACE, source=source)


def pipeline_with_a_long_subject() -> None:
    source = azure.GitHub(repository="example/orders", ref=f"refs/heads/{'x' * 600}")
    azure.PipelineIdentity("deploy", identity=of("pipeline"), **PLACE, source=source)


def wrong_service_account() -> None:
    azure.AksWorkloadIdentity(
        "orders", identity=IDENTITY, **PLACE, issuer=f"{ISSUER}?x=1", namespace="*", service_account="system:api"
    )


def agent_of_nobody() -> None:
    wild = {"actions": [f"{BLOBS}/*"], "targets": [CONTAINER]}
    azure.AgentIdentity("support", identity=of("ai-agent"), **PLACE, tools={"Search": [SEND], "x": [wild]})


def agent_with_many_tools() -> None:
    tools: dict[str, list[Grant]] = {f"tool{i}": [] for i in range(21)}
    azure.AgentIdentity("support", identity=of("ai-agent"), sponsor="ada@example.com", **PLACE, tools=tools)


def vendor_that_is_everybody() -> None:
    vendor = {"issuer": "https://login.microsoftonline.com/*", "subject_claim": "*"}
    azure.ThirdPartyIdentity("audit", identity=IDENTITY, **PLACE, vendor=vendor)


def vendor_that_reads_all_keys() -> None:
    keys = Grant(actions=["Microsoft.Storage/storageAccounts/listKeys/action"], targets=[CONTAINER.split("/blob")[0]])
    azure.ThirdPartyIdentity("audit", identity=of("third-party"), **PLACE, vendor=VENDOR, grants=[READ, keys])


def wrong_app() -> None:
    queue = later(azure.ResourceKind.SERVICE_BUS_QUEUE, pulumi.Output.from_input(QUEUE))
    azure.AppIdentity(
        "warehouse",
        identity=of("service-account"),
        subscription="shop",
        why_not_federated="because",
        places=[{"kind": "file", "path": "/run/secret.json"}],
        rotation={"every": "90d"},
        generation=0,
        grants=[{"actions": [SENDS], "targets": [queue]}, {"actions": [f"{BLOBS}/*"], "targets": [CONTAINER]}],
    )


def app_for_an_agent() -> None:
    azure.AppIdentity(
        "warehouse",
        identity=of("ai-agent", sponsor="ada@example.com"),
        subscription=SUBSCRIPTION,
        why_not_federated=WHY,
        places=[{"kind": "key-vault", "vault": "shop-dev"}],
    )


@pytest.mark.parametrize(
    ("program", "places"),
    [
        (
            wrong_workload,
            [
                *("identity.purpose", "secret.generate_bytes", "subscription", "resource_group", "location", "vault"),
                *("trusted_by", "grants[0].actions", "grants[0].actions[0]", "grants[1].actions[0]"),
                *("grants[2].actions[0]", "grants[2].targets[0]", "grants[3].conditions", "grants[3].actions[0]"),
                *("grants[4].targets[0]", "grants[4].targets[1]"),
            ],
        ),
        (secret_without_a_vault, ["vault"]),
        (vault_without_a_secret, ["vault"]),
        (trusting_a_name, ["deployers[0]"]),
        (trusting_twice, ["trusted_by.AttachedTrust.deployers"]),
        (trusting_several_that_are_not_known, ["trusted_by.AttachedTrust.deployers"]),
        (trusting_too_many, ["trusted_by.AttachedTrust.deployers"]),
        (
            trusting_everybody_of_an_issuer,
            [f"trusted_by.FederatedTrust.{field}" for field in ("issuer", "subject_claim", "audience")],
        ),
        (trusting_the_subject_of_the_suspended, ["trusted_by.FederatedTrust.subject_claim"]),
        (roles_that_reach_everything, [f"grants[{i}].actions[0]" for i in range(4)]),
        (two_queues_that_are_not_known, ["grants[1].targets[0]"]),
        (targets_of_another_kind_and_place, [f"grants[0].targets[{i}]" for i in range(4)]),
        (data_of_cosmos_on_a_resource_group, ["grants[0].targets[0]"]),
        (role_of_cosmos_on_a_queue, ["grants[0].targets[0]"]),
        (wildcard_of_every_service, [f"grants[0].actions[{i}]" for i in range(3)]),
        (too_many_assignments, ["grants"]),
        (what_the_template_forbids, ["grants[0].actions[0]", "grants[1].actions[0]"]),
        (wrong_pipeline, ["identity", "source"]),
        (environment_of_gitlab, ["source"]),
        (pipeline_with_a_long_subject, ["source"]),
        (wrong_service_account, ["issuer", "namespace", "service_account"]),
        (agent_of_nobody, ["identity", "tools.Search.[key]", "tools.x[0].actions[0]"]),
        (agent_with_many_tools, ["tools"]),
        (vendor_that_is_everybody, ["identity", "vendor.issuer", "vendor.subject_claim"]),
        (vendor_that_reads_all_keys, ["grants[1].actions[0]"]),
        (
            wrong_app,
            [
                *("grants", "subscription", "why_not_federated", "places", "rotation", "generation"),
                "grants[1].actions[0]",
            ],
        ),
        (app_for_an_agent, ["source"]),
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
            {"actions": ["Microsoft.ServiceBus/namespaces/messages/sends/action"], "targets": [QUEUE]},
            {"actions": ["Microsoft.ServiceBuss/namespaces/messages/send/action"], "targets": [QUEUE]},
            {"actions": [f"{ITEMS}/reed"], "targets": [COSMOS]},
            {"actions": ["Storage Blob Data Readr"], "targets": [CONTAINER]},
            {
                "actions": ["Microsoft.Storage/storageAccounts/blobservices/Containers/blobs/raed"],
                "targets": [CONTAINER],
            },
        )
    assert [problem.fix for problem in caught.value.problems] == [
        "did you mean `microsoft.servicebus/namespaces/messages/send/action`?",
        "look it up with `az provider operation list`",
        f"did you mean `{ITEMS.lower()}/read`?",
        "did you mean `Storage Blob Data Reader`?",
        f"did you mean `{BLOBS}/read`?",
    ]


def later_target_of_another_kind() -> None:
    workload(
        {"actions": [SENDS], "targets": [later(azure.ResourceKind.SERVICE_BUS_TOPIC, pulumi.Output.from_input(QUEUE))]}
    )


def later_target_of_another_resource_group() -> None:
    queue = pulumi.Output.from_input(QUEUE.replace("shop-dev/", "media/", 1))
    workload({"actions": [SENDS], "targets": [later(azure.ResourceKind.SERVICE_BUS_QUEUE, queue)]})


def later_target_that_is_none() -> None:
    workload(
        {"actions": [SENDS], "targets": [later(azure.ResourceKind.SERVICE_BUS_QUEUE, pulumi.Output.from_input("*"))]}
    )


def later_target_that_is_granted_on_already() -> None:
    queue = later(
        azure.ResourceKind.SERVICE_BUS_QUEUE, pulumi.Output.from_input(QUEUE.upper().replace("SHOP-DEV", "shop-dev"))
    )
    workload(SEND, {"actions": [SENDS], "targets": [queue]})


def later_deployer_that_is_a_name() -> None:
    workload(trusted_by=azure.AttachedTrust(deployers=[pulumi.Output.from_input("deploy")]))


def later_issuer_that_is_everybody_s() -> None:
    azure.AksWorkloadIdentity(
        "orders",
        identity=IDENTITY,
        **PLACE,
        issuer=pulumi.Output.from_input("https://*.oic.prod-aks.azure.com/"),
        namespace="orders",
        service_account=pulumi.Output.from_input("*"),
    )


@pytest.mark.parametrize(
    ("program", "place"),
    [
        (later_target_of_another_kind, r"grants\[0\].targets\[0\]"),
        (later_target_of_another_resource_group, r"grants\[0\].targets\[0\]"),
        (later_target_that_is_none, r"grants\[0\].targets\[0\]"),
        (later_target_that_is_granted_on_already, r"grants\[1\].targets\[0\]"),
        (later_deployer_that_is_a_name, "trusted_by.deployers"),
        (later_issuer_that_is_everybody_s, r"trusted.issuer[\s\S]*trusted.subject"),
    ],
)
def test_what_turns_out_wrong_at_deployment_ends_the_program(
    program: Callable[[], None], place: str, registered: Any
) -> None:
    with pytest.raises(SpecError, match=place):
        registered(program)


def test_a_subscription_that_the_default_provider_does_not_work_in_is_told_before_anything_is_registered(
    registered: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARM_SUBSCRIPTION_ID", OTHER_SUBSCRIPTION)

    def run() -> None:
        with pytest.raises(SpecError, match=f"azure.WorkloadIdentity 'orders'[\\s\\S]*{OTHER_SUBSCRIPTION}, in which"):
            workload()

    assert registered(run) == []
    monkeypatch.setenv("ARM_SUBSCRIPTION_ID", SUBSCRIPTION.upper())
    assert registered(workload)


@pytest.mark.parametrize("named", ["providers", "provider", "parent"])
def test_a_provider_of_one_s_own_may_work_in_another_subscription_than_the_default_one(
    registered: Any, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    monkeypatch.setenv("ARM_SUBSCRIPTION_ID", OTHER_SUBSCRIPTION)

    def run() -> None:
        provider = pulumi_azure_native.Provider("shop", subscription_id=SUBSCRIPTION)
        given: dict[str, Any] = {"providers": [provider], "provider": provider}
        inherited = pulumi.ResourceOptions(providers=[provider])
        given["parent"] = pulumi.ComponentResource("shop:index:Shop", "shop", opts=inherited)
        workload(opts=pulumi.ResourceOptions(**{named: given[named]}))

    assert "nhi:index:Seal" in [each["type"] for each in registered(run)]


def test_an_identity_that_is_made_elsewhere_is_assigned_nothing(
    registered: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    answer = Recorder.new_resource

    def elsewhere(self: Recorder, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        id_, outputs = answer(self, args)
        made.append(args.typ)
        is_identity = args.typ == "azure-native:managedidentity:UserAssignedIdentity"
        group = GROUP.replace(SUBSCRIPTION, OTHER_SUBSCRIPTION)
        return (
            f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/x" if is_identity else id_
        ), outputs

    monkeypatch.setattr(Recorder, "new_resource", elsewhere)
    with pytest.raises(SpecError, match=f"got:      {SUBSCRIPTION}[\\s\\S]*expected: {OTHER_SUBSCRIPTION}, in which"):
        registered(lambda: workload(SEND))
    assert "azure-native:managedidentity:UserAssignedIdentity" in made
    assert not {"azure-native:authorization:RoleAssignment", "nhi:index:Seal"} & set(made)

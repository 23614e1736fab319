"""What the components for AWS refuse, before anything is registered: all problems at once, sizes included."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from nhi_components import Grant, SpecError, aws
from nhi_components.aws.boundary import ESCALATION, boundary_document
from nhi_components.aws.sizes import CUT_OFF_ROOM, USER_CUT_OFF_ROOM
from nhi_components.core.aws_action import actions_of, matching_actions
from nhi_components.core.credential.places import FilePlace
from nhi_components.core.identity import Identity
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.aws.marks import allow_canary, deny_everything
from tests.components.conftest import IDENTITY
from tests.components.test_aws_documents_judged import NOW
from tests.components.test_golden_graphs_aws import ACCOUNT, ANCHOR, GITHUB_PROVIDER, RUNTIME, SEND, VENDOR, WHY, of

GITHUB = aws.GitHub(repository="example/orders", ref="refs/heads/main")
MOST_TAGS = 50
READING = ("Get", "List", "Generate", "Simulate")


def wrong_pipeline() -> None:
    aws.PipelineIdentity("orders", identity=IDENTITY, source=GITHUB, oidc_provider_arn="*", grants=[wild()])


def provider_of_another_issuer() -> None:
    provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/gitlab.com"
    aws.PipelineIdentity("orders", identity=of("pipeline"), source=GITHUB, oidc_provider_arn=provider)


def environment_of_gitlab() -> None:
    source = aws.GitLab(project="example/orders", environment="prod")
    aws.PipelineIdentity("orders", identity=of("pipeline"), source=source, oidc_provider_arn=GITHUB_PROVIDER)


def agent_of_nobody() -> None:
    aws.AgentIdentity("orders", identity=of("ai-agent"), trusted_by="lambda", tools={"Search": [SEND], "x": [wild()]})


def agent_without_tools() -> None:
    identity = of("ai-agent", sponsor="ada@example.com")
    aws.AgentIdentity("orders", identity=identity, trusted_by=RUNTIME, tools={})


def wrong_vendor() -> None:
    aws.ThirdPartyIdentity("orders", identity=IDENTITY, vendor_account="vendor", vendor_principals=["*"])


def vendor_of_another_account() -> None:
    aws.ThirdPartyIdentity(
        "orders", identity=of("third-party"), vendor_account="999999999999", vendor_principals=[RUNTIME]
    )


def vendor_with_a_key_that_goes_nowhere() -> None:
    source = {"kind": "api-key"}
    aws.ThirdPartyIdentity("orders", identity=of("third-party"), vendor_account=VENDOR, source=source)


def vendor_with_places_for_no_key() -> None:
    aws.ThirdPartyIdentity(
        "orders",
        identity=of("third-party"),
        vendor_account=VENDOR,
        places=[{"kind": "vault-kv"}],
        rotation={"every": "30d"},
        dependents=[{"name": "orders-api"}],
        generation=2,
    )


def vendor_with_wrong_keys_and_accounts() -> None:
    aws.ThirdPartyIdentity(
        "orders",
        identity=of("third-party"),
        vendor_account=VENDOR,
        source={"kind": "command", "command": ["courier-hook"], "account": "shop"},
        places=[{"kind": "file", "path": "/run/courier.json"}],
        rotation={"every": "365d"},
        generation=0,
        idp_account={"user_name": ""},
        saas_account={"hook": {"kind": "deployment"}},
    )


def vendor_with_keys_of_a_cloud() -> None:
    source = {"kind": "gcp-service-account-key", "account": "orders@shop.iam.gserviceaccount.com"}
    aws.ThirdPartyIdentity("orders", identity=of("third-party"), vendor_account=VENDOR, source=source)


def anyones_certificate() -> None:
    aws.RolesAnywhereIdentity("orders", identity=IDENTITY, trust_anchor_arn=ANCHOR, certificate={})


def wrong_delegation() -> None:
    path = {"resource": "arn:aws:lambda:eu-central-1:111111111111:function:x", "actions": ["lambda:InvokeFunction"]}
    aws.WorkloadIdentity("orders", identity=IDENTITY, trusted_by="lambda", delegations=[path], grants=[wild()])


def many_principals() -> None:
    roles = tuple(f"arn:aws:iam::222222222222:role/{'team/' * 20}{i}" for i in range(20))
    trust = aws.AccountTrust(account="222222222222", external_id="agreed", principals=roles)
    targets = [f"arn:aws:sqs:eu-central-1:{ACCOUNT}:orders-{i:04}" for i in range(250)]
    grants = [Grant(actions=["sqs:SendMessage"], targets=targets)]
    aws.WorkloadIdentity("orders", identity=IDENTITY, trusted_by=trust, grants=grants)


def wrong_boundary() -> None:
    aws.PermissionsBoundary("cap", purpose="caps workloads", services=["sqsx"], regions=["*"], passable_roles=["*"])


def boundary_of_nothing() -> None:
    aws.PermissionsBoundary("cap", purpose="caps workloads")


def long_boundary() -> None:
    targets = [f"arn:aws:sqs:eu-central-1:{ACCOUNT}:orders-{i:04}" for i in range(150)]
    allow = [Grant(actions=["sqs:SendMessage"], targets=targets)]
    aws.PermissionsBoundary("cap", purpose="caps workloads", allow=allow)


def wrong_user() -> None:
    aws.ServiceUser(
        "orders",
        identity=IDENTITY,
        why_not_federated="because",
        places=[FilePlace(path="/run/secrets/orders.json")],
        rotation={"every": "90d"},
        generation=0,
        grants=[wild()],
    )


def user_with_many_grants() -> None:
    targets = [f"arn:aws:sqs:eu-central-1:{ACCOUNT}:orders-{i:04}" for i in range(40)]
    aws.ServiceUser("orders", identity=IDENTITY, why_not_federated=WHY, grants=[of_queue(*targets)])


def user_of_high_privilege() -> None:
    rotation = {"every": "7d", "high_privilege": True}
    aws.ServiceUser("orders", identity=IDENTITY, why_not_federated=WHY, rotation=rotation, places=[])


def of_queue(*targets: str) -> Grant:
    return Grant(actions=["sqs:SendMessage"], targets=targets)


def wild() -> Grant:
    return Grant(actions=["sqs:*"], targets=["arn:aws:sqs:eu-central-1:111111111111:orders"])


@pytest.mark.parametrize(
    ("program", "places"),
    [
        (wrong_pipeline, ["identity", "oidc_provider_arn", "grants[0].actions[0]"]),
        (provider_of_another_issuer, ["oidc_provider_arn"]),
        (environment_of_gitlab, ["source"]),
        (agent_of_nobody, ["identity", "trusted_by", "tools.Search.[key]", "tools.x[0].actions[0]"]),
        (agent_without_tools, ["tools"]),
        (wrong_vendor, ["identity", "vendor_account", "vendor_principals[0]"]),
        (vendor_of_another_account, ["vendor_principals"]),
        (vendor_with_a_key_that_goes_nowhere, ["places"]),
        (vendor_with_places_for_no_key, ["places", "rotation", "dependents", "generation"]),
        (
            vendor_with_wrong_keys_and_accounts,
            ["places", "rotation", "generation", "idp_account.user_name", "saas_account.hook"],
        ),
        (vendor_with_keys_of_a_cloud, ["source"]),
        (anyones_certificate, ["certificate"]),
        (wrong_delegation, ["grants[0].actions[0]", "delegations[0].resource"]),
        (wrong_user, ["why_not_federated", "places", "rotation", "generation", "grants[0].actions[0]"]),
        (user_with_many_grants, ["grants"]),
        (user_of_high_privilege, ["places", "rotation"]),
        (many_principals, ["trusted_by", "grants"]),
        (wrong_boundary, ["services[0]", "passable_roles[0]", "regions[0]"]),
        (boundary_of_nothing, ["(whole)"]),
        (long_boundary, ["allow"]),
    ],
)
def test_all_problems_are_told_before_anything_is_registered(
    program: Callable[[], None], places: list[str], registered: Any
) -> None:
    def run() -> None:
        with pytest.raises(SpecError) as caught:
            program()
        assert [problem.path for problem in caught.value.problems] == places

    assert registered(run) == []


def test_the_cut_off_has_room_beside_the_longest_grants() -> None:
    role = f"arn:aws-us-gov:iam::{ACCOUNT}:role/nhi/{'a' * 64}"
    assert len(deny_everything(NOW)) + len(allow_canary(role, NOW)) <= CUT_OFF_ROOM


def test_the_cut_off_of_a_user_has_room_beside_the_longest_grants() -> None:
    assert len(deny_everything(NOW)) <= USER_CUT_OFF_ROOM


def test_tags_and_description_never_exceed_what_iam_takes() -> None:
    identity = Identity.parse({**IDENTITY, "purpose": "p" * 200})
    told = (identity.name, identity.environment, identity.owner.email, identity.purpose)
    tags = LeaseTags("lease-abcdefghijklmnop", *told, identity.expires.resolve(IDENTITY["expires"]), "shop/dev")
    assert len(tags.to_tags()) <= MOST_TAGS
    with pytest.raises(SpecError):
        Identity.parse({**IDENTITY, "purpose": "p" * 201})


def test_a_boundary_denies_every_change_of_iam_and_nothing_that_reads_it() -> None:
    denied = {action for pattern in ESCALATION if pattern.startswith("iam:") for action in matching_actions(pattern)}
    changing = {
        f"iam:{name}".lower()
        for name in actions_of("iam")
        if not name.lower().startswith(tuple(r.lower() for r in READING))
    }
    assert changing - denied == {"iam:passrole"}
    assert not {action for action in denied if action.startswith(tuple(f"iam:{verb.lower()}" for verb in READING))}
    assert '"Action":"iam:PassRole","Resource":"*"' in boundary_document(["sqs"], [], [], [], [])


def later_provider_of_another_issuer() -> None:
    provider = pulumi.Output.from_input(f"arn:aws:iam::{ACCOUNT}:oidc-provider/gitlab.com")
    aws.PipelineIdentity("orders", identity=of("pipeline"), source=GITHUB, oidc_provider_arn=provider)


def later_runtime_that_is_no_role() -> None:
    identity = of("ai-agent", sponsor="ada@example.com")
    runtimes = [pulumi.Output.from_input(f"arn:aws:iam::{ACCOUNT}:root")]
    aws.AgentIdentity("orders", identity=identity, trusted_by=runtimes, tools={"queue": [SEND]})


def later_anchor_that_is_none() -> None:
    anchor = pulumi.Output.from_input("*")
    certificate = aws.Certificate(common_name="orders")
    aws.RolesAnywhereIdentity("orders", identity=IDENTITY, trust_anchor_arn=anchor, certificate=certificate)


def later_account_that_every_pod_has() -> None:
    account = pulumi.Output.from_input("default")
    pods = aws.EksPodIdentityTrust(cluster_name="shop", namespace="orders", service_account=account)
    aws.WorkloadIdentity("orders", identity=IDENTITY, trusted_by=pods)


def later_delegation_on_a_function() -> None:
    path = aws.Delegation(resource=pulumi.Output.from_input("arn:aws:lambda:x"), actions=["sqs:SendMessage"])
    aws.WorkloadIdentity("orders", identity=IDENTITY, trusted_by="lambda", delegations=[path])


def later_boundary_on_anything() -> None:
    allow = [Grant(actions=["sqs:SendMessage"], targets=[pulumi.Output.from_input("*")])]
    aws.PermissionsBoundary("cap", purpose="caps workloads", allow=allow)


def later_target_of_a_user() -> None:
    grants = [Grant(actions=["sqs:SendMessage"], targets=[pulumi.Output.from_input("*")])]
    aws.ServiceUser("orders", identity=IDENTITY, why_not_federated=WHY, grants=grants)


@pytest.mark.parametrize(
    ("program", "place"),
    [
        (later_provider_of_another_issuer, "oidc_provider_arn"),
        (later_runtime_that_is_no_role, r"trusted_by\[0\]"),
        (later_anchor_that_is_none, "trust_anchor_arn"),
        (later_account_that_every_pod_has, "trusted_by.service_account"),
        (later_delegation_on_a_function, r"delegations\[0\].resource"),
        (later_target_of_a_user, r"grants\[0\].targets\[0\]"),
        (later_boundary_on_anything, r"allow\[0\].targets\[0\]"),
    ],
)
def test_what_turns_out_wrong_at_deployment_ends_the_program(
    program: Callable[[], None], place: str, registered: Any
) -> None:
    with pytest.raises(SpecError, match=place):
        registered(program)

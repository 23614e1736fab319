"""What each way of becoming an identity on AWS registers, held against a golden graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from nhi_components import Grant, aws
from nhi_components.core.credential.places import KubernetesSecretPlace, SecretsManagerPlace, VaultKvPlace
from tests.components.conftest import IDENTITY
from tests.components.graphs import assert_golden

ACCOUNT = "111111111111"
QUEUE = f"arn:aws:sqs:eu-central-1:{ACCOUNT}:orders"
SEND = Grant(actions=["sqs:SendMessage"], targets=[QUEUE])
CLUSTER = f"arn:aws:eks:eu-central-1:{ACCOUNT}:cluster/shop"
PROVIDERS = f"arn:aws:iam::{ACCOUNT}:oidc-provider"
EKS_PROVIDER = f"{PROVIDERS}/oidc.eks.eu-central-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"
GITHUB_PROVIDER = f"{PROVIDERS}/token.actions.githubusercontent.com"
ANCHOR = f"arn:aws:rolesanywhere:eu-central-1:{ACCOUNT}:trust-anchor/01234567-89ab-cdef-0123-456789abcdef"
RUNTIME = f"arn:aws:iam::{ACCOUNT}:role/agents/runtime"
VENDOR = "999999999999"
WHY = "the firmware of the scanners takes an access key, and nothing else"


def of(kind: str, **more: Any) -> dict[str, Any]:
    return {**IDENTITY, "kind": kind, **more}


def eks_pod_identity() -> None:
    trust = aws.EksPodIdentityTrust(cluster_name="shop", namespace="orders", service_account="api")
    aws.WorkloadIdentity("orders", identity=IDENTITY, trusted_by=trust, grants=[SEND])


def eks_pod_identity_of_a_new_cluster() -> None:
    arn = pulumi.Output.from_input(CLUSTER)
    trust = aws.EksPodIdentityTrust(cluster_name="shop", namespace="orders", service_account="api", cluster_arn=arn)
    aws.WorkloadIdentity("orders", identity=IDENTITY, trusted_by=trust)


def irsa() -> None:
    trust = aws.IrsaTrust(oidc_provider_arn=EKS_PROVIDER, namespace="orders", service_account="api")
    aws.WorkloadIdentity("orders", identity=IDENTITY, trusted_by=trust, grants=[SEND])


def irsa_of_a_new_cluster() -> None:
    provider = pulumi.Output.from_input(EKS_PROVIDER)
    trust = aws.IrsaTrust(oidc_provider_arn=provider, namespace="orders", service_account="api")
    aws.WorkloadIdentity("orders", identity=IDENTITY, trusted_by=trust)


def roles_of_another_account() -> None:
    roles = ("arn:aws:iam::222222222222:role/reader", "arn:aws:iam::222222222222:role/team/writer")
    trust = aws.AccountTrust(account="222222222222", external_id="agreed-4711", principals=roles)
    aws.WorkloadIdentity("orders", identity=IDENTITY, trusted_by=trust)


def delegated_paths() -> None:
    paths = [
        aws.Delegation(resource="arn:aws:s3:::invoices/in/*", actions=["s3:GetObject"]),
        aws.Delegation(resource=pulumi.Output.from_input(QUEUE), actions=["sqs:SendMessage"]),
    ]
    aws.WorkloadIdentity("orders", identity=IDENTITY, trusted_by="lambda", delegations=paths)


def github_to_aws() -> None:
    source = aws.GitHub(repository="example/orders", environment="prod", owner_id="123456", repository_id="456789")
    aws.PipelineIdentity(
        "orders", identity=of("pipeline"), source=source, oidc_provider_arn=GITHUB_PROVIDER, grants=[SEND]
    )


def gitlab_to_aws() -> None:
    source = aws.GitLab(project="example/shop/orders", ref="main")
    provider = pulumi.Output.from_input(f"{PROVIDERS}/gitlab.com")
    aws.PipelineIdentity("orders", identity=of("pipeline"), source=source, oidc_provider_arn=provider)


def terraform_to_aws() -> None:
    source = aws.TerraformCloud(organization="example", project="shop", workspace="orders", run_phase="plan")
    provider = f"{PROVIDERS}/app.terraform.io"
    aws.PipelineIdentity("orders", identity=of("pipeline"), source=source, oidc_provider_arn=provider)


def agent_with_two_tools() -> None:
    tickets = Grant(
        actions=["dynamodb:GetItem"],
        targets=[f"arn:aws:dynamodb:eu-central-1:{ACCOUNT}:table/tickets"],
        conditions={"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["orders"]}},
    )
    aws.AgentIdentity(
        "orders",
        identity=of("ai-agent"),
        sponsor="ada@example.com",
        trusted_by=pulumi.Output.from_input(RUNTIME),
        tools={"queue": [SEND], "tickets": [tickets]},
    )


def agent_of_another_account() -> None:
    runtime = "arn:aws:iam::222222222222:role/runtime"
    trust = aws.AccountTrust(account="222222222222", external_id="agreed-4711", principals=(runtime,))
    identity = of("ai-agent", sponsor="ada@example.com")
    aws.AgentIdentity("orders", identity=identity, trusted_by=trust, tools={"queue": [SEND]})


def vendor_by_account() -> None:
    aws.ThirdPartyIdentity("orders", identity=of("third-party"), vendor_account=VENDOR, grants=[SEND])


def vendor_by_role() -> None:
    principals = [f"arn:aws:iam::{VENDOR}:role/collector"]
    aws.ThirdPartyIdentity("orders", identity=of("third-party"), vendor_account=VENDOR, vendor_principals=principals)


def vendor_with_everything() -> None:
    hook = {"kind": "http", "url": "https://hooks.example.com/courier", "token_variable": "COURIER_HOOK_TOKEN"}
    aws.ThirdPartyIdentity(
        "orders",
        identity=of("third-party"),
        vendor_account=VENDOR,
        grants=[SEND],
        source={**hook, "account": "shop-orders"},
        places=[
            {"kind": "vault-kv"},
            {"kind": "github-secret", "repository": "example/shop", "variables": {"api_key": "COURIER_KEY"}},
        ],
        rotation={"every": "30d", "overlap": "2d"},
        dependents=[
            {"name": "orders-api", "alive": {"kind": "command", "command": ["systemctl", "is-active", "orders"]}}
        ],
        generation=2,
        idp_account=aws.ScimAccount(connection="corp", user_name="orders@vendor.example.com"),
        saas_account={"hook": hook, "account": "shop-orders"},
    )


def vendor_with_accounts_suspended() -> None:
    aws.ThirdPartyIdentity(
        "orders",
        identity={**of("third-party"), "name": "suspended"},
        vendor_account=VENDOR,
        idp_account={"connection": "corp"},
        saas_account={"hook": {"kind": "command", "command": ["courier-hook"]}},
    )


def outside_aws() -> None:
    certificate = aws.Certificate(common_name="orders.example.com", issuer_common_name="Example Issuing CA")
    aws.RolesAnywhereIdentity(
        "orders", identity=IDENTITY, trust_anchor_arn=ANCHOR, certificate=certificate, grants=[SEND]
    )


def outside_aws_suspended() -> None:
    certificate = aws.Certificate(san_uri="spiffe://example.com/orders")
    identity = {**IDENTITY, "name": "suspended"}
    aws.RolesAnywhereIdentity("orders", identity=identity, trust_anchor_arn=ANCHOR, certificate=certificate)


def service_user() -> None:
    aws.ServiceUser("orders", identity=IDENTITY, why_not_federated=WHY, grants=[SEND])


def service_user_everywhere() -> None:
    aws.ServiceUser(
        "orders",
        identity=IDENTITY,
        why_not_federated=WHY,
        grants=[Grant(actions=["sqs:SendMessage"], targets=[pulumi.Output.from_input(QUEUE)])],
        places=[
            VaultKvPlace(),
            KubernetesSecretPlace(namespace="orders", connection="shop"),
            SecretsManagerPlace(secret="shop/orders", connection="main"),
        ],
        rotation={"every": "1d", "overlap": "2h"},
        dependents=[{"name": "orders", "refresh": {"kind": "command", "command": ["reload", "orders"]}}],
        generation=2,
        permissions_boundary=pulumi.Output.from_input(f"arn:aws:iam::{ACCOUNT}:policy/nhi/cap"),
        connection="main",
    )


def service_user_suspended() -> None:
    aws.ServiceUser(
        "orders", identity={**IDENTITY, "name": "suspended"}, why_not_federated=f"{WHY} {'x' * 300}", grants=[SEND]
    )


def boundary() -> None:
    aws.PermissionsBoundary(
        "workloads",
        purpose="caps what the shop's workloads can become",
        services=["sqs", "dynamodb"],
        allow=[Grant(actions=["s3:GetObject"], targets=[pulumi.Output.from_input("arn:aws:s3:::invoices/*")])],
        passable_roles=[pulumi.Output.from_input(RUNTIME)],
        regions=["eu-central-1"],
    )


@pytest.mark.parametrize(
    "program",
    [
        eks_pod_identity,
        eks_pod_identity_of_a_new_cluster,
        irsa,
        irsa_of_a_new_cluster,
        roles_of_another_account,
        delegated_paths,
        github_to_aws,
        gitlab_to_aws,
        terraform_to_aws,
        agent_with_two_tools,
        agent_of_another_account,
        vendor_by_account,
        vendor_by_role,
        vendor_with_everything,
        vendor_with_accounts_suspended,
        outside_aws,
        outside_aws_suspended,
        service_user,
        service_user_everywhere,
        service_user_suspended,
        boundary,
    ],
)
def test_graph_is_the_golden_one(program: Callable[[], None], registered: Any) -> None:
    assert_golden(program, registered)

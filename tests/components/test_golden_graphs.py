"""What each component registers, held against a golden graph; `UPDATE_GOLDEN=1` writes them anew for review."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from nhi_components import Grant, SecretSpec, aws, vault
from tests.components.conftest import IDENTITY
from tests.components.graphs import assert_golden


def lambda_with_secret() -> None:
    aws.WorkloadIdentity(
        "orders",
        identity=IDENTITY,
        trusted_by="lambda",
        grants=[Grant(actions=["sqs:SendMessage"], targets=["arn:aws:sqs:eu-central-1:111111111111:orders"])],
        secret=SecretSpec(description="signs order events"),
        permissions_boundary="arn:aws:iam::111111111111:policy/boundary",
    )


def ec2_without_grants() -> None:
    aws.WorkloadIdentity("orders", identity=IDENTITY, trusted_by="ec2")


def another_account() -> None:
    trust = aws.AccountTrust(account="222222222222", external_id="agreed-4711")
    aws.WorkloadIdentity("orders", identity=IDENTITY, trusted_by=trust, session_seconds=7200, connection="prod")


def approle_with_secret() -> None:
    vault.WorkloadIdentity(
        "orders",
        identity=IDENTITY,
        grants=[Grant(actions=["read", "list"], targets=["secret/data/shared/rates"])],
        secret=SecretSpec(generate_bytes=48),
        bound_cidrs=["10.0.0.0/8"],
    )


def approle_without_secret() -> None:
    vault.WorkloadIdentity("orders", identity=IDENTITY)


def jwt_login() -> None:
    login = vault.JwtLogin(
        bound_audiences=["https://vault.example.com"],
        bound_claims={"project_path": "shop/orders", "ref": ["main", "release"]},
        user_claim="project_path",
        mount="gitlab",
    )
    vault.WorkloadIdentity("orders", identity=IDENTITY, login=login)


def kubernetes_login() -> None:
    login = vault.KubernetesLogin(namespace="shop", service_account="orders", audience="vault", mount="cluster-1")
    vault.WorkloadIdentity("orders", identity=IDENTITY, login=login, bound_cidrs=["10.0.0.0/8"])


def github_to_vault() -> None:
    source = vault.GitHub(repository="example/orders", environment="prod")
    grants = [Grant(actions=["read"], targets=["secret/data/shared/rates"])]
    vault.PipelineIdentity("orders", identity={**IDENTITY, "kind": "pipeline"}, source=source, grants=grants)


def gitlab_environment_to_vault() -> None:
    source = vault.GitLab(project="example/orders", environment="prod", audience="https://vault.example.com")
    vault.PipelineIdentity("orders", identity={**IDENTITY, "kind": "pipeline"}, source=source, jwt_mount="gitlab")


@pytest.mark.parametrize(
    "program",
    [
        lambda_with_secret,
        ec2_without_grants,
        another_account,
        approle_with_secret,
        approle_without_secret,
        jwt_login,
        kubernetes_login,
        github_to_vault,
        gitlab_environment_to_vault,
    ],
)
def test_graph_is_the_golden_one(program: Callable[[], None], registered: Any) -> None:
    assert_golden(program, registered)

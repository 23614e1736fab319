"""What identities on Kubernetes register, held against a golden graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pulumi
import pytest

from nhi_components import Grant, aws, gcp, kubernetes, vault
from tests.components.conftest import IDENTITY
from tests.components.graphs import assert_golden

SUSPENDED = {**IDENTITY, "name": "suspended"}
ROLE = "arn:aws:iam::111111111111:role/nhi/orders-dev-abcdef"
PROVIDER = "arn:aws:iam::111111111111:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/0123456789ABCDEF"
CLIENT = "00000000-1111-2222-3333-444444444444"
INTENTS = kubernetes.intents
GRANTS = (
    INTENTS.configmaps.watch("shop", "rates")
    + INTENTS.secrets.read("shop", "orders-database")
    + INTENTS.pods.watch("shop")
    + INTENTS.leases.manage("shop", "orders-leader")
)


def kubernetes_workload() -> None:
    kubernetes.WorkloadIdentity("orders", identity=IDENTITY, namespace="shop", grants=GRANTS)


def kubernetes_workload_suspended() -> None:
    kubernetes.WorkloadIdentity("orders", identity=SUSPENDED, namespace="shop", grants=GRANTS)


def kubernetes_workload_without_grants() -> None:
    kubernetes.WorkloadIdentity(
        "orders", identity=IDENTITY, namespace="shop", token_audiences=["vault"], token_seconds=600, connection="prod"
    )


def kubernetes_workload_in_two_namespaces() -> None:
    config = pulumi.Output.from_input("rates")
    other = Grant(actions=["update", "get"], targets=[kubernetes.LaterTarget("billing/configmaps", config)])
    scale = INTENTS.deployments.scale("shop", config)
    kubernetes.WorkloadIdentity("orders", identity=IDENTITY, namespace="shop", grants=[other, *scale])


def kubernetes_workload_in_clouds() -> None:
    def clouds(account: kubernetes.Account) -> Sequence[Any]:
        email = pulumi.Output.concat(account.name, "@shop-prod.iam.gserviceaccount.com")
        return [
            kubernetes.IrsaRole(role_arn=ROLE),
            kubernetes.GkeAccount(email=email),
            kubernetes.AksIdentity(client_id=CLIENT),
        ]

    kubernetes.WorkloadIdentity("orders", identity=IDENTITY, namespace="shop", token_seconds=900, federations=clouds)


def kubernetes_workload_trusted_by_others() -> None:
    """The clouds' identities and Vault's trust the account by a name that is known at preview."""

    def in_clouds(account: kubernetes.Account) -> Sequence[Any]:
        named: dict[str, Any] = {"namespace": account.namespace, "service_account": account.name}
        trust = aws.IrsaTrust(oidc_provider_arn=PROVIDER, **named)
        role = aws.WorkloadIdentity("orders-aws", identity=IDENTITY, trusted_by=trust)
        on_gke = gcp.GkeTrust(cluster_project="shop-clusters", **named)
        google = gcp.WorkloadIdentity("orders-gcp", identity=IDENTITY, project="shop-prod", trusted_by=on_gke)
        return [kubernetes.IrsaRole(role_arn=role.role_arn), kubernetes.GkeAccount(email=google.email)]

    account = kubernetes.WorkloadIdentity(
        "orders", identity=IDENTITY, namespace="shop", token_audiences=["vault"], federations=in_clouds
    )
    login = vault.KubernetesLogin(namespace="shop", service_account=account.service_account, audience="vault")
    vault.WorkloadIdentity("orders-vault", identity=IDENTITY, login=login)


def kubernetes_workload_by_eks_pod_identity() -> None:
    """It needs no annotation: the association names the account."""
    account = kubernetes.WorkloadIdentity("orders", identity=IDENTITY, namespace="shop")
    trust = aws.EksPodIdentityTrust(cluster_name="shop", namespace="shop", service_account=account.service_account)
    aws.WorkloadIdentity("orders-aws", identity=IDENTITY, trusted_by=trust)


@pytest.mark.parametrize(
    "program",
    [
        kubernetes_workload,
        kubernetes_workload_suspended,
        kubernetes_workload_without_grants,
        kubernetes_workload_in_two_namespaces,
        kubernetes_workload_in_clouds,
        kubernetes_workload_trusted_by_others,
        kubernetes_workload_by_eks_pod_identity,
    ],
)
def test_graph_is_the_golden_one(program: Callable[[], None], registered: Any) -> None:
    assert_golden(program, registered)

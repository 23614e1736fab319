"""What a component registers for a role, or a service account, that was there before it."""

from __future__ import annotations

from typing import Any

import pytest

import nhi_components as nhi
from nhi_components import aws, gcp
from tests.components.conftest import IDENTITY
from tests.components.graphs import assert_golden

ACCOUNT = "111122223333"


def aws_adopted_role() -> None:
    aws.WorkloadIdentity(
        "orders",
        identity={
            "name": "orders",
            "environment": "prod",
            "owner": {"team": "payments", "email": "payments@example.com"},
            "purpose": "sends order events",
            "expires": "2027-02-28",
        },
        trusted_by="lambda",
        grants=[nhi.Grant(actions=["sqs:SendMessage"], targets=[f"arn:aws:sqs:eu-central-1:{ACCOUNT}:orders"])],
        adopts=aws.AdoptedRole(
            name="Legacy_Orders",
            path="/app/",
            unique_id="AROALEGACY0000001",
            policies=["by-hand", "arn:aws:iam::aws:policy/ReadOnlyAccess"],
            tags={"cost-center": "4711"},
        ),
    )


def gcp_adopted_account() -> None:
    email = "legacy-orders@shop-prod.iam.gserviceaccount.com"
    topic = "projects/shop-prod/topics/orders"
    gcp.WorkloadIdentity(
        "orders",
        identity={
            "name": "orders",
            "environment": "prod",
            "owner": {"team": "payments", "email": "payments@example.com"},
            "purpose": "sends order events",
            "expires": "2027-02-28",
        },
        project="shop-prod",
        trusted_by=gcp.GkeTrust(cluster_project="shop-prod", namespace="shop", service_account="orders"),
        grants=[nhi.Grant(actions=["pubsub.topics.publish"], targets=[topic])],
        adopts=gcp.AdoptedServiceAccount(
            email=email,
            unique_id="108231000000000000001",
            bindings=[f"{topic} roles/pubsub.editor serviceAccount:{email}"],
            description="made in a hurry",
        ),
    )


def test_an_adopted_account_keeps_its_address_and_the_words_of_its_description(registered: Any) -> None:
    assert_golden(gcp_adopted_account, registered)


def test_an_adopted_role_keeps_name_path_and_tags(registered: Any) -> None:
    assert_golden(aws_adopted_role, registered)


def test_an_account_of_another_project_than_its_components_is_refused_before_anything_is_registered() -> None:
    account = {"email": "legacy-orders@else-where.iam.gserviceaccount.com", "unique_id": "108231000000000000001"}
    with pytest.raises(nhi.SpecError) as refused:
        gcp.WorkloadIdentity("orders", identity=IDENTITY, project="shop-prod", adopts=account)
    assert "an account of the project shop-prod" in str(refused.value)

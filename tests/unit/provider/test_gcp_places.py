"""What a state holds of Google Cloud is found under the names of its links."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from nhi_components.core.credential.places import GcpSecretPlace
from nhi_components.core.gcp_resource import target_of
from nhi_components.core.ledger import link_to_state
from nhi_components.core.links import LinkKind
from nhi_components.provider.gcp_places import MEMBER_TYPES, binding_name
from nhi_components.provider.stack_state import ENGINE_MANAGED, held_leases, place_of

STATE = Path(__file__).parents[2] / "fixtures" / "states" / "0.1.0" / "stack.json"
EMAIL = "orders-dev-abcdef@shop-prod.iam.gserviceaccount.com"
MEMBER = f"serviceAccount:{EMAIL}"
PLACE = "projects/shop-prod/locations/europe-west1"
IN_EUROPE = {"project": "shop-prod", "location": "europe-west1"}

MEMBERS: list[tuple[str, dict[str, str], str]] = [
    ("gcp:projects/iAMMember:IAMMember", {"project": "shop-prod"}, "projects/shop-prod"),
    ("gcp:projects/iAMMember:IAMMember", {"project": "projects/shop-prod"}, "projects/shop-prod"),
    (
        "gcp:serviceaccount/iAMMember:IAMMember",
        {"serviceAccountId": f"projects/shop-prod/serviceAccounts/{EMAIL}"},
        f"projects/shop-prod/serviceAccounts/{EMAIL}",
    ),
    ("gcp:storage/bucketIAMMember:BucketIAMMember", {"bucket": "b/shop-orders"}, "projects/_/buckets/shop-orders"),
    ("gcp:storage/bucketIAMMember:BucketIAMMember", {"bucket": "shop-orders"}, "projects/_/buckets/shop-orders"),
    (
        "gcp:pubsub/topicIAMMember:TopicIAMMember",
        {"project": "shop-prod", "topic": "orders"},
        "projects/shop-prod/topics/orders",
    ),
    (
        "gcp:pubsub/topicIAMMember:TopicIAMMember",
        {"project": "shop-prod", "topic": "projects/shop-prod/topics/orders"},
        "projects/shop-prod/topics/orders",
    ),
    (
        "gcp:pubsub/subscriptionIAMMember:SubscriptionIAMMember",
        {"project": "shop-prod", "subscription": "orders"},
        "projects/shop-prod/subscriptions/orders",
    ),
    (
        "gcp:secretmanager/secretIamMember:SecretIamMember",
        {"project": "shop-prod", "secretId": "orders"},
        "projects/shop-prod/secrets/orders",
    ),
    (
        "gcp:bigquery/datasetIamMember:DatasetIamMember",
        {"project": "shop-prod", "datasetId": "orders"},
        "projects/shop-prod/datasets/orders",
    ),
    (
        "gcp:bigquery/iamMember:IamMember",
        {"project": "shop-prod", "datasetId": "orders", "tableId": "rows"},
        "projects/shop-prod/datasets/orders/tables/rows",
    ),
    (
        "gcp:kms/keyRingIAMMember:KeyRingIAMMember",
        {"keyRingId": "shop-prod/europe-west1/orders"},
        f"{PLACE}/keyRings/orders",
    ),
    (
        "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember",
        {"cryptoKeyId": "shop-prod/europe-west1/orders/sealing"},
        f"{PLACE}/keyRings/orders/cryptoKeys/sealing",
    ),
    (
        "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember",
        {"cryptoKeyId": f"{PLACE}/keyRings/orders/cryptoKeys/sealing"},
        f"{PLACE}/keyRings/orders/cryptoKeys/sealing",
    ),
    (
        "gcp:cloudrunv2/serviceIamMember:ServiceIamMember",
        {**IN_EUROPE, "name": "orders"},
        f"{PLACE}/services/orders",
    ),
    (
        "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember",
        {**IN_EUROPE, "repository": "orders"},
        f"{PLACE}/repositories/orders",
    ),
    (
        "gcp:logging/logViewIamMember:LogViewIamMember",
        {"parent": "projects/shop-prod", "location": "europe-west1", "bucket": "orders", "name": "all"},
        f"{PLACE}/buckets/orders/views/all",
    ),
]


@pytest.fixture
def state() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(STATE.read_text())
    return loaded


def held(state: dict[str, Any], kind: str, outputs: dict[str, str]) -> frozenset[tuple[LinkKind, str]]:
    """What the state's first lease holds, once something of that type is beside it."""
    resources = state["deployment"]["resources"]
    role = next(r for r in resources if r["type"] == "aws:iam/role:Role")
    made = {"urn": f"{role['urn']}-gcp", "type": kind, "id": outputs.get("id", "made"), "outputs": outputs}
    resources.append({**role, **made})
    parents = [lease.held for lease in held_leases(state) if (LinkKind.IAM_ROLE, role["outputs"]["name"]) in lease.held]
    return parents[0]


@pytest.mark.parametrize(("kind", "properties", "resource"), MEMBERS)
def test_a_binding_is_named_by_resource_role_and_member(
    state: dict[str, Any], kind: str, properties: dict[str, str], resource: str
) -> None:
    outputs = {**properties, "role": "roles/x.y", "member": MEMBER, "etag": "BwY="}
    assert binding_name(kind, outputs) == f"{resource} roles/x.y {MEMBER}"
    target = target_of(resource)
    assert target is not None
    assert target.resource == resource
    assert (LinkKind.GCP_BINDING, f"{resource} roles/x.y {MEMBER}") in held(state, kind, outputs)


def test_every_type_of_member_is_tried() -> None:
    assert {kind for kind, _, _ in MEMBERS} == MEMBER_TYPES


@pytest.mark.parametrize("missing", ["project", "topic", "role", "member"])
def test_a_binding_of_which_too_little_is_known_has_no_name(missing: str) -> None:
    properties = {"project": "shop-prod", "topic": "orders", "role": "roles/x.y", "member": MEMBER}
    del properties[missing]
    assert binding_name("gcp:pubsub/topicIAMMember:TopicIAMMember", properties) == ""


def test_a_key_s_name_with_a_piece_too_few_has_no_name() -> None:
    properties = {"cryptoKeyId": "europe-west1/orders/sealing", "role": "roles/x.y", "member": MEMBER}
    assert binding_name("gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember", properties) == ""


@pytest.mark.parametrize(
    ("kind", "outputs", "place"),
    [
        ("gcp:serviceaccount/account:Account", {"email": EMAIL}, (LinkKind.GCP_SERVICE_ACCOUNT, EMAIL)),
        (
            "gcp:projects/iAMCustomRole:IAMCustomRole",
            {"name": "projects/shop-prod/roles/orders", "roleId": "orders"},
            (LinkKind.GCP_CUSTOM_ROLE, "projects/shop-prod/roles/orders"),
        ),
        (
            "gcp:secretmanager/secret:Secret",
            {"id": "projects/shop-prod/secrets/orders", "name": "projects/123/secrets/orders"},
            (LinkKind.GCP_SECRET, "projects/shop-prod/secrets/orders"),
        ),
        (
            "gcp:iam/workloadIdentityPool:WorkloadIdentityPool",
            {"id": "projects/shop-prod/locations/global/workloadIdentityPools/orders"},
            (LinkKind.GCP_WORKLOAD_IDENTITY_POOL, "projects/shop-prod/locations/global/workloadIdentityPools/orders"),
        ),
        (
            "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider",
            {"id": "projects/shop-prod/locations/global/workloadIdentityPools/orders/providers/github"},
            (
                LinkKind.GCP_WORKLOAD_IDENTITY_PROVIDER,
                "projects/shop-prod/locations/global/workloadIdentityPools/orders/providers/github",
            ),
        ),
    ],
)
def test_the_rest_of_a_bundle_is_held(
    state: dict[str, Any], kind: str, outputs: dict[str, str], place: tuple[LinkKind, str]
) -> None:
    assert place in held(state, kind, outputs)
    assert place[0] in ENGINE_MANAGED


def test_a_credential_s_secret_is_delivered_and_not_the_engine_s(state: dict[str, Any]) -> None:
    link = GcpSecretPlace(project="shop-prod", secret="orders").link()
    lease = next(r for r in state["deployment"]["resources"] if r["type"] == "nhi:index:Lease")
    ledger = lease["outputs"]["ledger"]
    ledger.append({**ledger[0], **link_to_state(link)})
    found = next(each for each in held_leases(state) if each.urn == lease["urn"])
    assert place_of(link) in found.delivered

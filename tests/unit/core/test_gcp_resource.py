"""Targets of grants on Google Cloud: each kind by its relative name, everything else refused."""

from __future__ import annotations

import pytest

from nhi_components.core.gcp_resource import WITHOUT_CONDITIONS, ResourceKind, Target, target_of, target_problems

PLACE = "projects/shop-dev/locations/europe-west3"
NAMES = {
    ResourceKind.PROJECT: "projects/shop-dev",
    ResourceKind.SERVICE_ACCOUNT: "projects/shop-dev/serviceAccounts/x@shop-dev.iam.gserviceaccount.com",
    ResourceKind.TOPIC: "projects/shop-dev/topics/orders",
    ResourceKind.SUBSCRIPTION: "projects/example.com:shop-dev/subscriptions/orders",
    ResourceKind.SECRET: "projects/shop-dev/secrets/courier_key-1",
    ResourceKind.DATASET: "projects/shop-dev/datasets/orders_2026",
    ResourceKind.TABLE: "projects/shop-dev/datasets/orders/tables/by day",
    ResourceKind.KEY_RING: f"{PLACE}/keyRings/shop",
    ResourceKind.CRYPTO_KEY: f"{PLACE}/keyRings/shop/cryptoKeys/orders",
    ResourceKind.RUN_SERVICE: f"{PLACE}/services/mail",
    ResourceKind.REPOSITORY: f"{PLACE}/repositories/images",
    ResourceKind.LOG_VIEW: f"{PLACE}/buckets/shop/views/orders",
}


@pytest.mark.parametrize(("kind", "name"), NAMES.items())
def test_each_kind_is_read_by_its_name(kind: ResourceKind, name: str) -> None:
    target = target_of(name)
    assert target is not None
    assert (target.kind, target.resource, target.prefix) == (kind, name, "")
    assert target.project == name.split("/")[1]
    assert target.takes_conditions is (kind not in WITHOUT_CONDITIONS)
    assert target_problems("grants[0].targets[0]", name) == []


def test_a_bucket_tells_no_project_and_may_be_narrowed() -> None:
    bucket = "projects/_/buckets/shop-in"
    assert target_of(bucket) == Target(ResourceKind.BUCKET, bucket, None)
    assert target_of(f"{bucket}/objects/a/b*") == Target(ResourceKind.BUCKET, bucket, None, "a/b")
    assert set(NAMES) | {ResourceKind.BUCKET} == set(ResourceKind)


@pytest.mark.parametrize(
    "name",
    [
        *("", "*", "shop-dev", "projects/*", "projects/Shop", "projects/123456789012", "folders/1", "organizations/1"),
        *("projects/shop-dev/topics/*", "projects/shop-dev/topics/a b", "//pubsub.googleapis.com/projects/p/topics/t"),
        *("projects/_/buckets/shop-in/objects/*", "projects/_/buckets/shop-in/objects/a", "gs://shop-in"),
        *('projects/_/buckets/shop-in/objects/a"*', "projects/_/buckets/shop-in/objects/a*b*", "projects/_/topics/t"),
        *("projects/shop-dev/buckets/shop-in", "projects/shop-dev/topics/orders\n"),
    ],
)
def test_everything_else_is_refused(name: str) -> None:
    assert target_of(name) is None
    (problem,) = target_problems("grants[0].targets[0]", name)
    assert problem.path == "grants[0].targets[0]"

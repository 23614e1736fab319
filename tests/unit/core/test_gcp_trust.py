"""Who may become an account: one that is named, never everybody of something."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from nhi_components.core.errors import SpecError
from nhi_components.core.gcp_trust import (
    MOST_MEMBERS,
    AttachedTrust,
    GkeTrust,
    ImpersonationTrust,
    Trust,
    member_problems,
)
from nhi_components.core.model import Spec

ACCOUNT = "serviceAccount:deploy@shop-dev.iam.gserviceaccount.com"
POOL = "projects/123456789012/locations/global/workloadIdentityPools/pipelines"


@pytest.mark.parametrize(
    "member",
    [
        ACCOUNT,
        "serviceAccount:deploy@shop-dev.example.com.iam.gserviceaccount.com",
        "user:ada@example.com",
        "group:payments@example.com",
        f"principal://iam.googleapis.com/{POOL}/subject/repo:example/orders:environment:it's live",
    ],
)
def test_named_principals_are_taken(member: str) -> None:
    assert member_problems("trusted_by", member) == []


@pytest.mark.parametrize(
    "member",
    [
        *("", "*", "allUsers", "allAuthenticatedUsers", "domain:example.com", "projectOwner:shop-dev"),
        *("deploy@shop-dev.iam.gserviceaccount.com", "serviceAccount:*@shop-dev.iam.gserviceaccount.com"),
        "serviceAccount:123456789012-compute@developer.gserviceaccount.com",
        "serviceAccount:shop-dev@appspot.gserviceaccount.com",
        "serviceAccount:123456789012@cloudbuild.gserviceaccount.com",
        "deleted:serviceAccount:deploy@shop-dev.iam.gserviceaccount.com?uid=1",
        "serviceAccount:shop-dev.svc.id.goog[orders/api]",
        *("user:*@example.com", "user:example.com", "group:"),
        f"principalSet://iam.googleapis.com/{POOL}/*",
        f"principalSet://iam.googleapis.com/{POOL}/attribute.repository_owner/example",
        f"principal://iam.googleapis.com/{POOL}/subject/*",
        "principalSet://cloudresourcemanager.googleapis.com/projects/1/type/ServiceAccount",
    ],
)
def test_everybody_of_something_is_refused(member: str) -> None:
    (problem,) = member_problems("trusted_by", member)
    assert problem.path == "trusted_by"


def test_a_service_account_of_gke_is_named_by_its_pool() -> None:
    trust = GkeTrust(cluster_project="shop-clusters", namespace="orders", service_account="api.v2")
    assert trust.member_of("api.v2") == "serviceAccount:shop-clusters.svc.id.goog[orders/api.v2]"
    old = GkeTrust(cluster_project="example.com:clusters", namespace="orders", service_account="api")
    assert old.member_of("api") == "serviceAccount:clusters.example.com.svc.id.goog[orders/api]"
    later = object()
    known_later = GkeTrust(cluster_project="shop-clusters", namespace="orders", service_account=later)
    assert known_later.service_account is later


class Holder(Spec):
    """Takes a trust as components do."""

    subject: ClassVar[str] = "holder"

    trusted_by: Trust


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (AttachedTrust(), AttachedTrust),
        ({}, AttachedTrust),
        ({"deployers": [ACCOUNT]}, AttachedTrust),
        ({"members": [ACCOUNT]}, ImpersonationTrust),
        ({"cluster_project": "shop-dev", "namespace": "a", "service_account": "b"}, GkeTrust),
    ],
)
def test_a_trust_is_known_by_its_fields(given: Any, expected: type) -> None:
    assert type(Holder(trusted_by=given).trusted_by) is expected


@pytest.mark.parametrize(
    ("given", "places"),
    [
        ("cloud-run", ["trusted_by"]),
        (None, ["trusted_by"]),
        ({"members": ["allUsers"]}, ["trusted_by.ImpersonationTrust.members[0]"]),
        ({"members": []}, ["trusted_by.ImpersonationTrust.members"]),
        ({"members": [ACCOUNT], "x": 1}, ["trusted_by.ImpersonationTrust.x"]),
        (
            {"cluster_project": "Shop", "namespace": "*", "service_account": "default"},
            [f"trusted_by.GkeTrust.{field}" for field in ("cluster_project", "namespace", "service_account")],
        ),
    ],
)
def test_problems_are_told_with_their_places(given: Any, places: list[str]) -> None:
    with pytest.raises(SpecError) as caught:
        Holder(trusted_by=given)
    assert [problem.path for problem in caught.value.problems] == places


def test_at_most_one_principal_is_known_later_and_none_stands_twice() -> None:
    assert len(ImpersonationTrust(members=[ACCOUNT, object()]).members) == 2
    many = [f"user:ada{i}@example.com" for i in range(MOST_MEMBERS + 1)]
    assert len(ImpersonationTrust(members=many[:-1]).members) == MOST_MEMBERS
    for wrong in ([object(), object()], [ACCOUNT, ACCOUNT], [None], many):
        with pytest.raises(SpecError):
            ImpersonationTrust(members=wrong)

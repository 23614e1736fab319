"""What descriptions, conditions and names on Google Cloud tell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from nhi_components.core.gcp_names import account_email
from nhi_components.core.tags import lease_of_description
from nhi_components.lifecycle.adapters.gcp.marks import (
    LONGEST_DESCRIPTION,
    CutOffMark,
    canary_binding,
    cut_off_of,
    is_canary,
    with_cut_off,
    with_lease,
    without_cut_off,
)
from nhi_components.lifecycle.adapters.gcp.names import Member, account_project, member_of, resource_of_asset

LEASE = "lease-bbbbbbbbbbbbbbbb"
NOW = datetime(2027, 1, 31, 10, 20, 30, tzinfo=UTC)
EMAIL = "orders-dev-abcdef@shop-prod.iam.gserviceaccount.com"


@pytest.mark.parametrize("words", ["", "orders", "x" * 400, "é" * 200, "a b " * 90])
@pytest.mark.parametrize("refused_at", [None, NOW + timedelta(seconds=7)])
def test_a_cut_off_is_written_into_any_description_and_taken_out_again(words: str, refused_at: datetime | None) -> None:
    described, mark = with_lease(words, LEASE), CutOffMark(NOW, refused_at)
    marked = with_cut_off(described, LEASE, mark)
    assert len(described.encode()) <= LONGEST_DESCRIPTION
    assert len(marked.encode()) <= LONGEST_DESCRIPTION
    assert cut_off_of(marked) == mark
    assert cut_off_of(described) is None
    restored = without_cut_off(marked)
    assert lease_of_description(described) == lease_of_description(marked) == lease_of_description(restored) == LEASE
    assert cut_off_of(restored) is None
    if len(words) < 100:
        assert restored == described


def test_a_later_cut_off_replaces_the_mark_of_an_earlier_one() -> None:
    once = with_cut_off(with_lease("orders", LEASE), LEASE, CutOffMark(NOW))
    later = CutOffMark(NOW + timedelta(days=1), NOW + timedelta(days=2))
    twice = with_cut_off(once, LEASE, later)
    assert cut_off_of(twice) == later
    assert twice.count("nhi:cut-off=") == twice.count(LEASE) == 1


@pytest.mark.parametrize("text", [f"nhi:cut-off={each}" for each in ("yesterday", "20270131T102030Zx")])
def test_what_only_looks_like_a_mark_is_none(text: str) -> None:
    assert cut_off_of(text) is None
    assert without_cut_off(text) == text


def test_a_canary_s_way_in_ends_by_itself_and_is_known_again() -> None:
    binding = canary_binding(LEASE, "user:dana@example.com", NOW)
    assert binding["condition"]["expression"] == 'request.time < timestamp("2027-01-31T10:30:30Z")'
    assert is_canary(binding)
    assert not is_canary({**binding, "condition": {"title": f"nhi {LEASE}"}})
    assert not is_canary({**binding, "role": "roles/iam.serviceAccountUser"})
    assert not is_canary({"role": binding["role"], "members": ["user:dana@example.com"]})


@pytest.mark.parametrize("project", ["shop-prod", "example.com:shop-prod"])
def test_an_account_s_address_tells_its_project(project: str) -> None:
    assert account_project(account_email("orders-dev-abcdef", project)) == project


def test_an_address_of_google_s_own_tells_none() -> None:
    assert account_project("123-compute@developer.gserviceaccount.com") == "-"


@pytest.mark.parametrize(
    ("text", "member"),
    [
        (f"serviceAccount:{EMAIL}", Member(EMAIL, None)),
        (f"deleted:serviceAccount:{EMAIL}?uid=1042", Member(EMAIL, "1042")),
        ("serviceAccount:shop-prod.svc.id.goog[shop/orders]", None),
        ("user:dana@example.com", None),
        ("principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/*", None),
        ("allUsers", None),
    ],
)
def test_a_member_is_read(text: str, member: Member | None) -> None:
    assert member_of(text) == member


@pytest.mark.parametrize(
    ("asset", "resource"),
    [
        ("//cloudresourcemanager.googleapis.com/projects/123", "projects/shop-prod"),
        ("//pubsub.googleapis.com/projects/shop-prod/topics/orders", "projects/shop-prod/topics/orders"),
        ("//secretmanager.googleapis.com/projects/123/secrets/orders", "projects/shop-prod/secrets/orders"),
        ("//storage.googleapis.com/shop-orders", "projects/_/buckets/shop-orders"),
        ("//storage.googleapis.com/projects/_/buckets/shop-orders", "projects/_/buckets/shop-orders"),
        ("no asset", "no asset"),
    ],
)
def test_an_asset_is_turned_into_its_relative_name(asset: str, resource: str) -> None:
    assert resource_of_asset(asset, "shop-prod") == resource

"""Names on Google Cloud stay within what it takes, end with the lease's suffix, and are read back."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nhi_components.core.gcp_names import (
    BindingName,
    account_email,
    account_id,
    pool_id,
    pool_name,
    provider_name,
    role_digest,
    role_id,
    role_id_of,
    role_name,
    secret_name,
)
from nhi_components.core.lease_id import name_of
from nhi_components.core.links import LinkKind

LEASE, SUFFIX = "lease-abcdefghijklmnop", "abcdef"
LABELS = st.from_regex(r"[a-z](-?[a-z0-9]){0,19}", fullmatch=True)
WORDS = st.text(string.ascii_lowercase + string.digits + "_-", min_size=1, max_size=64)


@given(LABELS, LABELS, st.one_of(st.just(""), WORDS))
def test_ids_of_accounts_fit(identity: str, environment: str, tool: str) -> None:
    made = account_id(identity, environment, SUFFIX, tool)
    assert re.fullmatch(r"[a-z]([-a-z0-9]{4,28}[a-z0-9])", made)
    assert f"-{SUFFIX}" in made[-11:]
    assert (account_id(identity, environment, SUFFIX, "") == made) is (tool == "")


@given(LABELS, LABELS, st.lists(WORDS, min_size=1, max_size=5))
def test_ids_of_roles_fit_and_follow_from_the_permissions(identity: str, environment: str, names: list[str]) -> None:
    made = role_id(identity, environment, SUFFIX, names)
    assert re.fullmatch(r"[a-zA-Z0-9_.]{3,64}", made)
    assert made == role_id(identity, environment, SUFFIX, reversed(names))
    assert made == role_id_of(identity, environment, SUFFIX, role_digest(names))
    assert made != role_id(identity, environment, SUFFIX, [*names, "more"])


@given(LABELS, LABELS)
def test_ids_of_pools_fit_and_are_not_googles(identity: str, environment: str) -> None:
    made = pool_id(identity, environment, SUFFIX)
    assert re.fullmatch(r"[a-z0-9-]{4,32}", made)
    assert made.endswith(f"-{SUFFIX}")
    assert not pool_id(f"gcp-{identity}", environment, SUFFIX).startswith("gcp-")


def test_addresses_follow_from_id_and_project() -> None:
    assert account_email("orders", "shop") == "orders@shop.iam.gserviceaccount.com"
    assert account_email("orders", "example.com:shop") == "orders@shop.example.com.iam.gserviceaccount.com"


@pytest.mark.parametrize(
    ("kind", "attributes", "expected"),
    [
        (LinkKind.GCP_SERVICE_ACCOUNT, {}, account_id("orders", "dev", SUFFIX)),
        (
            LinkKind.GCP_SERVICE_ACCOUNT,
            {"project": "shop", "tool": "search"},
            account_email(account_id("orders", "dev", SUFFIX, "search"), "shop"),
        ),
        (
            LinkKind.GCP_CUSTOM_ROLE,
            {"project": "shop", "digest": role_digest(["pubsub.topics.publish"])},
            role_name("shop", role_id("orders", "dev", SUFFIX, ["pubsub.topics.publish"])),
        ),
        (LinkKind.GCP_WORKLOAD_IDENTITY_POOL, {"project": "shop"}, pool_name("shop", "orders-dev-abcdef")),
        (
            LinkKind.GCP_WORKLOAD_IDENTITY_PROVIDER,
            {"project": "shop", "provider": "github"},
            provider_name(pool_name("shop", "orders-dev-abcdef"), "github"),
        ),
        (LinkKind.GCP_SECRET, {"project": "shop"}, secret_name("shop", "orders-dev-abcdef")),
        (LinkKind.GCP_SECRET, {}, "orders-dev-abcdef"),
        (LinkKind.IAM_ROLE, {"project": "no matter"}, "orders-dev-abcdef"),
    ],
)
def test_the_name_of_a_part_is_that_of_its_link(kind: LinkKind, attributes: dict[str, str], expected: str) -> None:
    assert name_of(kind, "orders", "dev", LEASE, attributes) == expected


@pytest.mark.parametrize(
    "binding",
    [
        BindingName("projects/p/topics/t", "roles/pubsub.publisher", "serviceAccount:x@p.iam.gserviceaccount.com"),
        BindingName("projects/_/buckets/b", "projects/p/roles/orders_dev_1", "group:a@example.com"),
        BindingName("projects/p/datasets/d/tables/by roles or day", "organizations/1/roles/own.x", "user:a@b.c"),
        BindingName("projects/p", "roles/viewer", "principal://iam.googleapis.com/x/subject/repo:a/b:environment:a b"),
    ],
)
def test_the_name_of_a_binding_is_read_back(binding: BindingName) -> None:
    assert BindingName.parse(str(binding)) == binding


@pytest.mark.parametrize("name", ["", "projects/p", "projects/p roles/viewer", "projects/p viewer user:a@b.c"])
def test_what_is_no_binding_is_told(name: str) -> None:
    with pytest.raises(ValueError, match="no name of a binding"):
        BindingName.parse(name)

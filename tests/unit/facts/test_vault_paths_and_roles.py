"""Paths of Vault's policies, durations, and auth roles as facts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nhi_components.core.vault_path import covers, meet, overlaps
from nhi_components.facts import (
    UNKNOWN,
    DocumentKind,
    Fact,
    Platform,
    Resource,
    StandingCredential,
    Unjudged,
    read_document,
)
from nhi_components.facts.vault.auth_roles import snake_case
from nhi_components.facts.vault.durations import days_of, seconds_of
from nhi_components.facts.vault.model import AuthMethod, VaultAuthRole, VaultPolicyAttachment
from nhi_components.facts.vault.paths import precedence


def read(value: Any, **context: Any) -> tuple[Fact, ...]:
    return read_document(DocumentKind.TRUST_POLICY, "d", value, context, Platform.VAULT)


@pytest.mark.parametrize(
    ("general", "special", "expected"),
    [
        ("*", "sys/policy/+", True),
        ("sys/*", "sys/policy/+", True),
        ("sys/policy/+", "sys/policy/orders", True),
        ("sys/policy/orders", "sys/policy/+", False),
        ("sys/pol*", "sys/policy/orders", True),
        ("sys/policy/o*", "sys/policy/+", False),
        ("sys/policy", "sys/policy/orders", False),
        ("sys/+/orders", "sys/policy/*", False),
    ],
)
def test_one_pattern_covers_another(general: str, special: str, expected: bool) -> None:
    assert covers(general, special) is expected


def test_the_more_specific_pattern_decides() -> None:
    ranked = ["+/data/*", "*", "secret/*", "secret/+/orders", "secret/data/*", "secret/data/o*", "secret/data/orders"]
    assert sorted(ranked, key=precedence) == ranked


def test_what_a_pattern_shares_with_an_endpoint() -> None:
    assert meet("auth/approle/*", "auth/+/role/+") == "auth/approle/role/+"
    assert meet("*", "sys/policy/+") == "sys/policy/+"


SEGMENTS = st.lists(st.sampled_from(["a", "b", "+"]), min_size=1, max_size=4).map("/".join)


@given(SEGMENTS, SEGMENTS)
def test_what_covers_overlaps(one: str, other: str) -> None:
    if covers(one, other):
        assert overlaps(one, other)
    assert covers(one, one)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (0, 0),
        (90, 90),
        ("90", 90),
        ("1h30m", 5400),
        ("30d", 2592000),
        ("0.5s", 0.5),
        ("", None),
        ("soon", None),
        (True, None),
        (None, None),
        (-1, None),
        ("1h x", None),
        (UNKNOWN, None),
    ],
)
def test_durations(value: object, seconds: float | None) -> None:
    assert seconds_of(value) == seconds


def test_days_are_rounded_up() -> None:
    assert [days_of(seconds) for seconds in (1, 86400, 86401)] == [1, 1, 2]


def test_names_of_pulumi_become_names_of_the_api() -> None:
    assert snake_case("boundServiceAccountNames") == "bound_service_account_names"
    assert snake_case("bound_audiences") == "bound_audiences"


@pytest.mark.parametrize(
    ("role", "method"),
    [
        ({"role_type": "oidc", "user_claim": "sub"}, AuthMethod.OIDC),
        ({"boundAudiences": ["vault"]}, AuthMethod.JWT),
        ({"bound_service_account_names": ["a"]}, AuthMethod.KUBERNETES),
        ({"bound_iam_principal_arn": "arn"}, AuthMethod.AWS),
        ({"bound_projects": ["p"]}, AuthMethod.GCP),
        ({"bound_subscription_ids": ["s"]}, AuthMethod.AZURE),
        ({"secret_id_ttl": 60}, AuthMethod.APPROLE),
    ],
)
def test_a_role_is_known_by_its_fields(role: dict[str, Any], method: AuthMethod) -> None:
    assert [fact.method for fact in read(role) if isinstance(fact, VaultAuthRole)] == [method]


def test_the_method_may_be_told() -> None:
    (role,) = read({"policies": None, "allowed_names": ["a"]}, method="cert")
    assert isinstance(role, VaultAuthRole)
    assert (role.method, role.bounds) == (AuthMethod.CERT, {"allowed_names": ("a",)})


def test_bounds_are_told_apart_from_what_is_not_known() -> None:
    facts = read({"role_type": "jwt", "bound_subject": UNKNOWN, "bound_claims": {"sub": "a,b"}})
    (role,) = [fact for fact in facts if isinstance(fact, VaultAuthRole)]
    assert role.unknown == {"bound_subject"}
    assert role.bounds["bound_claims.sub"] == ("a", "b")


def test_policies_may_be_a_text_with_commas() -> None:
    facts = read({"token_policies": "orders, root"})
    assert [fact.policy for fact in facts if isinstance(fact, VaultPolicyAttachment)] == ["orders", "root"]


@pytest.mark.parametrize("value", [None, 17, [], {}, "{", "[1]", {"comment": "x"}])
def test_what_is_no_role_is_told(value: Any) -> None:
    assert [type(fact) for fact in read(value)] == [Unjudged]


@pytest.mark.parametrize("kind", [DocumentKind.BINDING, DocumentKind.TRUST_POLICY, DocumentKind.ROLE_DEFINITION])
@given(
    value=st.dictionaries(
        st.sampled_from(
            ["policies", "role", "bound_claims", "bound_audiences", "token_period", "token_ttl", "max_ttl"]
        ),
        st.none()
        | st.integers()
        | st.just(UNKNOWN)
        | st.text(max_size=4)
        | st.lists(st.integers() | st.text(max_size=3)),
    )
)
def test_no_role_makes_the_reader_fail(kind: DocumentKind, value: Any) -> None:
    assert all(
        fact.resource == Resource("d", "document") for fact in read_document(kind, "d", value, {}, Platform.VAULT)
    )


def test_a_lifetime_is_told_in_days() -> None:
    facts = read({"secret_id_ttl": "25h"})
    assert [fact.lifetime_days for fact in facts if isinstance(fact, StandingCredential)] == [2]

"""Logins to Vault: what is refused before anything is made, and which alias their logins are taken for."""

from __future__ import annotations

from typing import Any

import pytest

from nhi_components.core.errors import SpecError
from nhi_components.core.vault_login import JwtLogin, KubernetesLogin

AUDIENCE = ("https://vault.example.com",)
KUBERNETES = {"namespace": "shop", "service_account": "orders", "audience": "vault"}


def problems(model: type[JwtLogin | KubernetesLogin], **fields: Any) -> dict[str, str]:
    with pytest.raises(SpecError) as refused:
        model.parse(fields)
    assert all(problem.fix for problem in refused.value.problems)
    return {problem.path: problem.expected for problem in refused.value.problems}


@pytest.mark.parametrize(
    ("fields", "alias"),
    [
        ({"bound_subject": "repo:a/b:ref:refs/heads/main"}, "repo:a/b:ref:refs/heads/main"),
        ({"bound_claims": {"sub": "one"}}, "one"),
        ({"bound_claims": {"project": ["a"], "ref": ["x", "y"]}, "user_claim": "project"}, "a"),
        (
            {
                "bound_claims": {"project": "a", "ref": "release-*"},
                "bound_claims_type": "glob",
                "glob_reason": "every release branch deploys",
                "user_claim": "project",
            },
            "a",
        ),
        ({"bound_claims": {"cost": "a,b"}, "user_claim": "cost"}, "a,b"),
    ],
)
def test_the_alias_is_named_by_the_one_value_of_the_user_claim(fields: dict[str, Any], alias: str) -> None:
    assert JwtLogin(bound_audiences=AUDIENCE, **fields).alias_name == alias


@pytest.mark.parametrize(
    ("fields", "path", "expected"),
    [
        ({}, "user_claim", "bound_subject or bound_claims"),
        ({"bound_claims": {"ref": "main"}}, "user_claim", "a claim with one exact value"),
        ({"bound_claims": {"sub": ["one", "two"]}}, "user_claim", "a claim with one exact value"),
        ({"bound_subject": "one", "user_claim": "email"}, "user_claim", "a claim with one exact value"),
        ({"bound_subject": "repo:a/*"}, "bound_subject", "one exact subject"),
        ({"bound_subject": "one", "bound_claims": {"ref": "release-*"}}, "glob_reason", "exact values of claims"),
        (
            {"bound_subject": "one", "bound_claims": {"ref": "release-*"}, "bound_claims_type": "glob"},
            "glob_reason",
            "a reason",
        ),
        (
            {
                "bound_subject": "one",
                "bound_claims": {"ref": "**"},
                "bound_claims_type": "glob",
                "glob_reason": "all branches",
            },
            "glob_reason",
            "a pattern that names something",
        ),
        ({"bound_subject": "one", "glob_reason": "none needed"}, "glob_reason", "no reason where there is no glob"),
        (
            {
                "bound_claims": {"sub": "repo:a/*"},
                "bound_claims_type": "glob",
                "glob_reason": "every branch of it",
            },
            "user_claim",
            "a claim with one exact value",
        ),
        ({"bound_subject": "one", "bound_claims": {"ref": []}}, "bound_claims.ref", "a text, or several"),
        ({"bound_subject": "one", "bound_claims": {"ref": " main"}}, "bound_claims.ref", "a text, or several"),
        ({"bound_subject": "one", "bound_claims": {"ref": ["a,b", "c"]}}, "bound_claims", "no comma"),
        ({"bound_subject": "one", "bound_claims": {"team": "a,b", "ref": ["c", "d"]}}, "bound_claims", "no comma"),
        ({"bound_subject": "one", "bound_claims": {"": "x"}}, "bound_claims", "the name of a claim"),
        ({"bound_subject": "one", "mount": "/jwt"}, "mount", "String should match"),
        ({"bound_subject": "one", "mount": "jwt/"}, "mount", "String should match"),
        ({"bound_subject": "one", "mount": "a//jwt"}, "mount", "String should match"),
    ],
)
def test_what_lets_others_in_is_refused(fields: dict[str, Any], path: str, expected: str) -> None:
    found = problems(JwtLogin, bound_audiences=AUDIENCE, **fields)
    assert list(found) == [path]
    assert expected in found[path]


@pytest.mark.parametrize("audiences", [[], ["*"], [""], [" vault"]])
def test_an_audience_is_exact(audiences: list[str]) -> None:
    assert "bound_audiences" in next(iter(problems(JwtLogin, bound_audiences=audiences, bound_subject="one")))


def test_all_problems_of_a_login_are_told_at_once() -> None:
    found = problems(JwtLogin, bound_audiences=["*"], bound_claims={"ref": "*"}, mount="")
    assert set(found) == {"bound_audiences[0]", "glob_reason", "user_claim", "mount"}


def test_a_service_account_names_the_alias() -> None:
    assert KubernetesLogin(**KUBERNETES).alias_name == "shop/orders"


@pytest.mark.parametrize(
    "wrong",
    [
        {"service_account": "default"},
        {"service_account": "*"},
        {"namespace": "*"},
        {"namespace": "a" * 64},
        {"namespace": "a.b"},
        {"service_account": "Orders"},
        {"audience": ""},
        {"audience": "*"},
    ],
    ids=str,
)
def test_a_service_account_is_one_of_its_own(wrong: dict[str, str]) -> None:
    assert list(problems(KubernetesLogin, **KUBERNETES | wrong)) == list(wrong)

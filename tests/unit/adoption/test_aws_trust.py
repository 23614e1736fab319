"""Trust policies as components' trusts: what one says exactly, and what none says."""

from __future__ import annotations

from typing import Any

import pytest

from nhi_components.aws.trusts import pipeline_statement, statement_of
from nhi_components.core.pipeline import GitHub
from nhi_components.core.trust import AccountTrust, IrsaTrust, ServiceTrust
from nhi_components.lifecycle.adoption.aws_trust import Untranslatable, trust_of
from tests.unit.adoption.worlds import ACCOUNT, TRUST, document

CLUSTER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/0123456789ABCDEF"
GITHUB = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
ROLES = (f"arn:aws:iam::{ACCOUNT}:role/one", f"arn:aws:iam::{ACCOUNT}:role/app/two")
EXTERNAL = {"StringEquals": {"sts:ExternalId": "agreed"}}

TRUSTS = [
    *(ServiceTrust(service=service) for service in ("ec2", "ecs-tasks", "lambda")),
    AccountTrust(account=ACCOUNT, external_id="agreed"),
    AccountTrust(account=ACCOUNT, external_id="agreed", principals=ROLES),
    IrsaTrust(oidc_provider_arn=CLUSTER, namespace="shop", service_account="orders"),
    (GitHub(repository="shop/orders", ref="refs/heads/main"), GITHUB),
    (GitHub(repository="shop/orders", environment="prod"), GITHUB),
]


@pytest.mark.parametrize("trust", TRUSTS, ids=str)
def test_what_a_component_writes_is_read_as_what_it_was_made_from(trust: Any) -> None:
    written: Any = pipeline_statement(*trust) if isinstance(trust, tuple) else statement_of(trust)
    assert trust_of(document({"Sid": "Any", "Effect": "Allow", **written})) == trust


def test_a_statement_alone_a_list_of_one_and_an_account_by_its_number_read_the_same() -> None:
    given = {
        "Effect": "Allow",
        "Principal": {"AWS": [ACCOUNT]},
        "Action": ["sts:AssumeRole"],
        "Condition": {"StringEquals": {"STS:ExternalID": ["agreed"]}},
    }
    assert trust_of({"Statement": given}) == AccountTrust(account=ACCOUNT, external_id="agreed")


def federated(provider: str, **claims: Any) -> dict[str, Any]:
    issuer = provider.partition("oidc-provider/")[2]
    return {
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {f"{issuer}:{claim}": value for claim, value in claims.items()}},
    }


AUDIENCE = "sts.amazonaws.com"
NONE_OF_THEM = [
    [TRUST, TRUST],
    [{**TRUST, "Effect": "Deny"}],
    [{**TRUST, "Action": ["sts:AssumeRole", "sts:TagSession"]}],
    [{**TRUST, "Principal": "*"}],
    [{**TRUST, "Principal": {"Service": "lambda.amazonaws.com", "AWS": ACCOUNT}}],
    [{**TRUST, "Principal": {"Service": ["lambda.amazonaws.com", "ec2.amazonaws.com"]}}],
    [{**TRUST, "Principal": {"Service": "states.amazonaws.com"}}],
    [{**TRUST, "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}}}],
    [{"Effect": "Allow", "NotPrincipal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}],
    [{**TRUST, "Principal": {"AWS": ACCOUNT}}],
    [{**TRUST, "Principal": {"AWS": ACCOUNT}, "Condition": {"StringLike": {"sts:ExternalId": "a*"}}}],
    [{**TRUST, "Principal": {"AWS": ACCOUNT}, "Condition": {"StringEquals": {"sts:ExternalId": ["one", "two"]}}}],
    [{**TRUST, "Principal": {"AWS": [ACCOUNT, "444455556666"]}, "Condition": EXTERNAL}],
    [{**TRUST, "Principal": {"AWS": "AIDAEXAMPLE"}, "Condition": EXTERNAL}],
    [{**TRUST, "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/ada"}, "Condition": EXTERNAL}],
    [{**TRUST, "Principal": {"AWS": [*ROLES, "arn:aws:iam::444455556666:role/three"]}, "Condition": EXTERNAL}],
    [federated(CLUSTER, sub="system:serviceaccount:shop:orders")],
    [federated(CLUSTER, sub="system:serviceaccount:shop:*", aud=AUDIENCE)],
    [federated(CLUSTER, sub="system:serviceaccount:shop:orders", aud="other")],
    [federated(GITHUB, sub="repo:shop/orders:pull_request", aud=AUDIENCE)],
    [federated(GITHUB, sub="repo:shop/orders:ref:refs/heads/main", aud=AUDIENCE, actor="ada")],
    [federated(f"arn:aws:iam::{ACCOUNT}:saml-provider/corp", sub="x", aud=AUDIENCE)],
]


@pytest.mark.parametrize("statements", NONE_OF_THEM, ids=str)
def test_what_no_component_says_exactly_is_refused(statements: list[dict[str, Any]]) -> None:
    with pytest.raises(Untranslatable):
        trust_of(document(*statements))

"""Who may become a role: what is accepted, and that every problem is told at once."""

from __future__ import annotations

from typing import Any

import pytest

from nhi_components.core.arn import OIDC_PROVIDER_ARN, ROLE_ARN, TRUST_ANCHOR_ARN, ArnShape, issuer_of
from nhi_components.core.certificate import Certificate
from nhi_components.core.errors import SpecError
from nhi_components.core.model import Spec
from nhi_components.core.trust import MOST_PRINCIPALS, AccountTrust, EksPodIdentityTrust, IrsaTrust

ROLE = "arn:aws:iam::111111111111:role/reader"
PROVIDER = "arn:aws:iam::111111111111:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/0123456789ABCDEF"
LATER = object()


@pytest.mark.parametrize(
    ("kind", "fields", "places"),
    [
        (AccountTrust, {"account": "1", "external_id": "?"}, ["account", "external_id"]),
        (AccountTrust, {"account": "222222222222", "external_id": "agreed", "principals": [ROLE]}, ["principals"]),
        (
            AccountTrust,
            {"account": "111111111111", "external_id": "agreed", "principals": ["*", f"{ROLE[:-1]}*"]},
            ["principals[0]", "principals[1]"],
        ),
        (
            AccountTrust,
            {"account": "111111111111", "external_id": "agreed", "principals": [ROLE] * (MOST_PRINCIPALS + 1)},
            ["principals"],
        ),
        (
            EksPodIdentityTrust,
            {"cluster_name": "*", "namespace": "A", "service_account": "*", "cluster_arn": "shop"},
            ["cluster_name", "namespace", "service_account", "cluster_arn"],
        ),
        (
            IrsaTrust,
            {"oidc_provider_arn": ROLE, "namespace": "a*", "service_account": ""},
            ["oidc_provider_arn", "namespace", "service_account"],
        ),
        (IrsaTrust, {"oidc_provider_arn": None, "namespace": "a", "service_account": "b"}, ["oidc_provider_arn"]),
        (Certificate, {"organizational_unit": "shop"}, ["(whole)"]),
        (Certificate, {"common_name": "*.example.com", "san_uri": "spiffe://${x}"}, ["common_name", "san_uri"]),
    ],
)
def test_every_problem_is_told_at_once(kind: type[Spec], fields: dict[str, Any], places: list[str]) -> None:
    with pytest.raises(SpecError) as caught:
        kind.parse(fields)
    assert [problem.path for problem in caught.value.problems] == places


def test_what_is_known_at_deployment_only_is_taken_as_it_is() -> None:
    trust = IrsaTrust(oidc_provider_arn=LATER, namespace="orders", service_account="api")
    assert trust.oidc_provider_arn is LATER
    pods = EksPodIdentityTrust(cluster_name="shop", namespace="orders", service_account="api", cluster_arn=LATER)
    assert pods.cluster_arn is LATER


@pytest.mark.parametrize(
    ("shape", "arn", "fits"),
    [
        (ROLE_ARN, ROLE, True),
        (ROLE_ARN, "arn:aws-us-gov:iam::111111111111:role/team/reader", True),
        (ROLE_ARN, "arn:aws:iam::111111111111:role/team*/reader", False),
        (ROLE_ARN, "arn:aws:iam::111111111111:user/reader", False),
        (OIDC_PROVIDER_ARN, PROVIDER, True),
        (OIDC_PROVIDER_ARN, "arn:aws:iam::111111111111:oidc-provider/git.example.com/_services/token", True),
        (OIDC_PROVIDER_ARN, "arn:aws:iam::111111111111:oidc-provider/*", False),
        (TRUST_ANCHOR_ARN, "arn:aws:rolesanywhere:eu-central-1:111111111111:trust-anchor/*", False),
    ],
)
def test_an_arn_names_one_resource(shape: ArnShape, arn: str, fits: bool) -> None:
    assert (shape.problems("arn", arn) == []) is fits


def test_the_issuer_is_what_condition_keys_begin_with() -> None:
    assert issuer_of(PROVIDER) == "oidc.eks.eu-central-1.amazonaws.com/id/0123456789ABCDEF"


def test_a_certificate_is_compared_by_the_tags_of_roles_anywhere() -> None:
    certificate = Certificate(common_name="orders", san_dns="orders.example.com", issuer_common_name="Issuing CA")
    assert certificate.session_tags == {
        "x509Subject/CN": "orders",
        "x509SAN/DNS": "orders.example.com",
        "x509Issuer/CN": "Issuing CA",
    }

"""Tokens of a real issuer on loopback are exchanged for Google's, and let in whom the policies name."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests

from tests.conformance.doubles.gcp_caller import PROJECT, Caller, operator, somebody
from tools.doubles.gcp import GcpDouble
from tools.doubles.gcp.oidc import jwks_of
from tools.doubles.oidc_issuer import OidcIssuer
from tools.lab.sandbox.issuer import Issuer

OF_PROJECT = f"/v1/projects/{PROJECT}"
POOLS = f"{OF_PROJECT}/locations/global/workloadIdentityPools"
PROVIDER = f"{POOLS}/ci-pool/providers/issuer"
SUBJECT = "repo:shop/orders:ref:refs/heads/main"
GITHUB = "https://token.actions.githubusercontent.com"
MAPPING = {
    "google.subject": "assertion.sub",
    "google.groups": "assertion.teams",
    "attribute.repository": "assertion.repository",
}
CONDITION = "assertion.repository == 'shop/orders' && assertion.ref.startsWith('refs/heads/')"
CLAIMS = {"repository": "shop/orders", "ref": "refs/heads/main", "teams": ["orders"]}


class Ci:
    """A pipeline with its issuer, a pool that trusts it, and an account that it wants to become."""

    def __init__(self, double: GcpDouble, issuer: OidcIssuer) -> None:
        self.double, self.issuer, self.root = double, issuer, operator(double)
        _, self.email = somebody(double)
        self.account = f"{OF_PROJECT}/serviceAccounts/{self.email}"
        self.root.post(POOLS, {}, workloadIdentityPoolId="ci-pool")
        self.change(oidc={"issuerUri": issuer.url}, attributeCondition=CONDITION, attributeMapping=MAPPING)
        self.provider = self.root.get(PROVIDER)["name"]
        self.pool = self.provider.partition("/providers/")[0]
        self.audience = f"https://iam.googleapis.com/{self.provider}"

    def change(self, **fields: Any) -> None:
        """Make the provider, or change it."""
        if self.root.ask("GET", PROVIDER)[0] == 404:
            path = PROVIDER.rpartition("/")[0]
            self.root.post(path, fields, workloadIdentityPoolProviderId="issuer")
        else:
            self.root.patch(PROVIDER, fields, updateMask=",".join(fields))

    def token(self, **claims: Any) -> str:
        """A token of the pipeline."""
        asked = {"subject": SUBJECT, "audience": self.audience} | CLAIMS | claims
        return self.issuer.token(**asked)

    def exchange(self, token: str, **fields: Any) -> tuple[int, dict[str, Any]]:
        """Ask for a federated token, as google-auth does: in a form."""
        form = {
            "audience": f"//iam.googleapis.com/{self.provider}",
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "requested_token_type": "urn:ietf:params:oauth:token-type:access_token",
            "scope": "https://www.googleapis.com/auth/cloud-platform",
            "subject_token": token,
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        }
        answer = requests.post(f"{self.double.url}/v1/token", data=form | fields, timeout=10)
        return answer.status_code, answer.json()

    def federated(self, **claims: Any) -> Caller:
        """The pipeline with a federated token."""
        status, told = self.exchange(self.token(**claims))
        assert status == 200, told
        return Caller(self.double, told["access_token"])

    def refused(self, token: str, **fields: Any) -> tuple[str, str]:
        """Error and description of a refused exchange."""
        status, told = self.exchange(token, **fields)
        assert status == 400, told
        return told["error"], told["error_description"]

    def becomes(self, caller: Caller) -> bool:
        """Whether somebody gets a token of the account."""
        status, told = caller.ask("POST", f"/v1/projects/-/serviceAccounts/{self.email}:generateAccessToken", {})
        assert status in (200, 403), told
        return status == 200


@pytest.fixture
def ci() -> Iterator[Ci]:
    with GcpDouble() as double, OidcIssuer() as issuer:
        yield Ci(double, issuer)


def test_a_pipeline_becomes_the_account_that_its_subject_is_bound_to(ci: Ci) -> None:
    pipeline = ci.federated()
    member = f"principal://iam.googleapis.com/{ci.pool}/subject/{SUBJECT}"
    assert ci.double.tokens.holder_of(pipeline.token) == member
    assert not ci.becomes(pipeline)
    ci.root.bind(ci.account, "roles/iam.workloadIdentityUser", member)
    assert ci.becomes(pipeline)
    assert not ci.becomes(ci.federated(subject="repo:shop/orders:ref:refs/heads/other"))
    told = pipeline.post(f"/v1/projects/-/serviceAccounts/{ci.email}:generateAccessToken", {"lifetime": "600s"})
    assert ci.double.tokens.holder_of(told["accessToken"]) == ci.email


@pytest.mark.parametrize(
    ("rest", "becomes"),
    [
        ("attribute.repository/shop/orders", True),
        ("attribute.repository/shop/other", False),
        ("attribute.ref/refs/heads/main", False),
        ("group/orders", True),
        ("group/payments", False),
        ("*", True),
    ],
)
def test_a_set_of_principals_is_bound_by_attribute_group_or_pool(ci: Ci, rest: str, becomes: bool) -> None:
    ci.root.bind(ci.account, "roles/iam.workloadIdentityUser", f"principalSet://iam.googleapis.com/{ci.pool}/{rest}")
    assert ci.becomes(ci.federated()) is becomes


def test_a_federated_principal_may_be_granted_access_itself(ci: Ci) -> None:
    pipeline = ci.federated()
    assert pipeline.ask("GET", OF_PROJECT)[0] == 403
    ci.root.bind(OF_PROJECT, "roles/browser", f"principal://iam.googleapis.com/{ci.pool}/subject/{SUBJECT}")
    assert pipeline.get(OF_PROJECT)["projectId"] == PROJECT


@pytest.mark.parametrize(
    ("claims", "error", "words"),
    [
        ({"repository": "shop/other"}, "unauthorized_client", "rejected by the attribute condition"),
        ({"ref": "refs/tags/v1"}, "unauthorized_client", "rejected by the attribute condition"),
        ({"audience": "https://elsewhere.example.com"}, "invalid_grant", "does not match the expected audience"),
        ({"iss": "https://elsewhere.example.com"}, "invalid_grant", "The issuer in ID Token"),
        ({"exp": time.time() - 3600}, "invalid_grant", "is stale to sign-in"),
        ({"iat": time.time() + 3600}, "invalid_grant", "is stale to sign-in"),
        ({"exp": time.time() + 26 * 3600}, "invalid_grant", "24 hours"),
        ({"iat": None}, "invalid_grant", "claims iat and exp"),
        ({"subject": "x" * 128}, "invalid_grant", "exceeds the 127 bytes limit"),
        ({"subject": 7}, "unauthorized_client", "'google.subject' must be of type STRING."),
        ({"repository": True}, "unauthorized_client", "must be of type STRING."),
    ],
)
def test_a_token_that_is_not_good_is_refused(ci: Ci, claims: dict[str, Any], error: str, words: str) -> None:
    asked = {"iss": ci.issuer.url, "sub": SUBJECT, "aud": ci.audience} | CLAIMS
    renamed = {{"subject": "sub", "audience": "aud"}.get(key, key): value for key, value in claims.items()}
    got, said = ci.refused(ci.issuer.signer.token(**(asked | renamed)))
    assert (got, words in said) == (error, True), said


def test_a_token_of_another_key_is_refused(ci: Ci) -> None:
    forged = Issuer().token(iss=ci.issuer.url, sub=SUBJECT, aud=ci.audience, **CLAIMS)
    assert ci.refused(forged) == ("invalid_grant", "Invalid JWT signature.")
    head, claims, signature = ci.token().split(".")
    assert ci.refused(f"{head}.{claims[:-4]}AAAA.{signature}")[0] == "invalid_grant"
    assert ci.refused("no-jwt") == ("invalid_grant", "The value for subject_token is not a valid JWT.")


def test_an_issuer_that_does_not_answer_is_told(ci: Ci) -> None:
    ci.issuer.stop()
    assert ci.refused(ci.token()) == ("invalid_grant", "Error connecting to the given credential's issuer.")
    ci.change(oidc={"issuerUri": ci.issuer.url, "jwksJson": json.dumps(jwks_of(ci.issuer.signer.public_key))})
    assert ci.federated().token, "with uploaded keys, nobody asks it"


def test_an_issuer_of_the_internet_is_stood_in_for(ci: Ci) -> None:
    github = Issuer()
    ci.change(oidc={"issuerUri": GITHUB, "allowedAudiences": ["https://github.com/shop"]})
    token = github.token(iss=GITHUB, sub=SUBJECT, aud="https://github.com/shop", **CLAIMS)
    assert ci.refused(token) == ("invalid_grant", "Error connecting to the given credential's issuer.")
    ci.double.sts.issuers[GITHUB] = jwks_of(github.public_key)
    assert ci.exchange(token)[0] == 200
    default = github.token(iss=GITHUB, sub=SUBJECT, aud=ci.audience, **CLAIMS)
    assert ci.refused(default)[0] == "invalid_grant", "with audiences of its own, the default is none of them"


@pytest.mark.parametrize("path", [f"{POOLS}/ci-pool", PROVIDER])
def test_what_is_disabled_or_deleted_lets_nobody_in(ci: Ci, path: str) -> None:
    pipeline, is_pool = ci.federated(), not path.endswith("issuer")
    ci.root.bind(ci.account, "roles/iam.workloadIdentityUser", f"principalSet://iam.googleapis.com/{ci.pool}/*")
    assert ci.becomes(pipeline)
    for turn in ("disable", "delete"):
        if turn == "disable":
            ci.root.patch(path, {"disabled": True}, updateMask="disabled")
        else:
            ci.root.delete(path)
        error, said = ci.refused(ci.token())
        assert (error, "disabled or deleted" in said) == ("invalid_target", True)
        assert ci.becomes(pipeline) is not is_pool, "tokens issued live on with the provider gone, not with the pool"
        if turn == "disable":
            ci.root.patch(path, {"disabled": False}, updateMask="disabled")
        else:
            ci.root.post(f"{path}:undelete")
        assert ci.becomes(pipeline)
        assert ci.exchange(ci.token())[0] == 200


def test_a_deleted_pool_cannot_be_bound_anew_but_bindings_stay(ci: Ci) -> None:
    everyone = f"principalSet://iam.googleapis.com/{ci.pool}/*"
    ci.root.bind(ci.account, "roles/iam.workloadIdentityUser", everyone)
    ci.root.delete(f"{POOLS}/ci-pool")
    ci.root.bind(ci.account, "roles/iam.serviceAccountUser", "user:ann@example.com")
    assert ci.root.members(ci.account) == [everyone, "user:ann@example.com"]
    policy = {"bindings": [{"role": "roles/browser", "members": [everyone]}]}
    status, _, message = ci.root.refused("POST", f"{OF_PROJECT}:setIamPolicy", {"policy": policy})
    assert (status, message.startswith("Identity Pool does not exist")) == (400, True)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"audience": "projects/1/locations/global"}, "invalid_request"),
        ({"audience": f"//iam.googleapis.com/projects/{PROJECT}/locations/global/x"}, "invalid_request"),
        (
            {"audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/none/providers/none"},
            "invalid_target",
        ),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"requested_token_type": "x"}, "invalid_request"),
        ({"subject_token_type": "x"}, "invalid_request"),
        ({"scope": ""}, "invalid_scope"),
    ],
)
def test_a_request_that_is_no_exchange_is_refused(ci: Ci, fields: dict[str, str], error: str) -> None:
    assert ci.refused(ci.token(), **fields)[0] == error


def test_a_request_in_json_is_taken_as_well(ci: Ci) -> None:
    asked = {
        "audience": f"//iam.googleapis.com/{ci.provider}",
        "grantType": "urn:ietf:params:oauth:grant-type:token-exchange",
        "requestedTokenType": "urn:ietf:params:oauth:token-type:access_token",
        "scope": "https://www.googleapis.com/auth/cloud-platform",
        "subjectToken": ci.token(),
        "subjectTokenType": "urn:ietf:params:oauth:token-type:jwt",
    }
    told = requests.post(f"{ci.double.url}/v1/token", json=asked, timeout=10).json()
    assert told["issued_token_type"] == asked["requestedTokenType"]
    assert (told["token_type"], told["expires_in"]) == ("Bearer", 3600)


def test_a_federated_token_ends_after_an_hour(ci: Ci) -> None:
    pipeline = ci.federated()
    ci.double.ahead = timedelta(hours=1, seconds=1)
    assert pipeline.ask("GET", OF_PROJECT)[0] == 401


@pytest.mark.parametrize(
    "member",
    [
        f"serviceAccount:{PROJECT}.svc.id.goog[orders/api]",
        "principal://iam.googleapis.com/{pool}/subject/ns/orders/sa/api",
        "principalSet://iam.googleapis.com/{pool}/namespace/orders",
        "principalSet://iam.googleapis.com/{pool}/*",
    ],
)
def test_a_workload_of_a_cluster_becomes_the_account_that_it_is_bound_to(ci: Ci, member: str) -> None:
    number = ci.root.get(OF_PROJECT)["projectNumber"]
    pool = f"projects/{number}/locations/global/workloadIdentityPools/{PROJECT}.svc.id.goog"
    workload = Caller(ci.double, ci.double.tokens.issue(f"{PROJECT}.svc.id.goog[orders/api]"))
    stranger = Caller(ci.double, ci.double.tokens.issue("another-one.svc.id.goog[orders/api]"))
    assert not ci.becomes(workload)
    ci.root.bind(ci.account, "roles/iam.workloadIdentityUser", member.format(pool=pool))
    assert ci.becomes(workload)
    assert not ci.becomes(stranger)

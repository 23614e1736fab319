"""What Google deletes softly: service accounts, custom roles, workload identity pools and providers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests

from tests.conformance.doubles.gcp_caller import PROJECT, Caller, operator, somebody
from tools.doubles.gcp import GcpDouble

OF_PROJECT = f"/v1/projects/{PROJECT}"
ACCOUNTS = f"{OF_PROJECT}/serviceAccounts"
ROLES = f"{OF_PROJECT}/roles"
POOLS = f"{OF_PROJECT}/locations/global/workloadIdentityPools"
TOPIC = f"projects/{PROJECT}/topics/orders"
PUBLISHER = "roles/pubsub.publisher"
OIDC = {
    "attributeMapping": {"google.subject": "assertion.sub"},
    "attributeCondition": "assertion.repository == 'shop/orders'",
    "oidc": {"issuerUri": "https://issuer.example.com"},
}


@pytest.fixture
def double() -> Iterator[GcpDouble]:
    with GcpDouble() as running:
        yield running


@pytest.fixture
def root(double: GcpDouble) -> Caller:
    return operator(double)


def publishes(double: GcpDouble, email: str) -> bool:
    return double.policies.permits(email, "pubsub.topics.publish", TOPIC)


def test_bindings_of_a_deleted_account_are_marked_and_come_back_with_it(double: GcpDouble, root: Caller) -> None:
    caller, email = somebody(double)
    unique = root.get(f"{ACCOUNTS}/{email}")["uniqueId"]
    double.policies.attach(TOPIC, f"projects/{PROJECT}")
    root.bind(OF_PROJECT, PUBLISHER, f"serviceAccount:{email}")
    root.bind(f"{ACCOUNTS}/{email}", "roles/iam.serviceAccountUser", "user:ann@example.com")
    etag = root.post(f"{OF_PROJECT}:getIamPolicy")["etag"]
    assert root.delete(f"{ACCOUNTS}/{email}") == {}
    assert root.refused("GET", f"{ACCOUNTS}/{email}")[:2] == (404, "NOT_FOUND")
    assert root.refused("GET", f"/v1/projects/-/serviceAccounts/{unique}")[:2] == (404, "NOT_FOUND")
    assert root.get(ACCOUNTS) == {}
    assert root.members(OF_PROJECT) == [f"deleted:serviceAccount:{email}?uid={unique}"]
    assert not publishes(double, email)
    assert caller.ask("GET", OF_PROJECT)[1]["error"]["details"][0]["reason"] == "ACCOUNT_STATE_INVALID"
    double.ahead = timedelta(days=29)
    assert root.post(f"/v1/projects/-/serviceAccounts/{unique}:undelete")["restoredAccount"]["email"] == email
    assert root.members(OF_PROJECT) == [f"serviceAccount:{email}"]
    assert root.members(f"{ACCOUNTS}/{email}") == ["user:ann@example.com"], "its own policy is back too"
    assert root.post(f"{OF_PROJECT}:getIamPolicy")["etag"] == etag
    assert publishes(double, email)


def test_an_account_made_anew_is_another_and_gains_nothing(double: GcpDouble, root: Caller) -> None:
    caller, email = somebody(double)
    old = root.get(f"{ACCOUNTS}/{email}")["uniqueId"]
    double.policies.attach(TOPIC, f"projects/{PROJECT}")
    root.bind(OF_PROJECT, PUBLISHER, f"serviceAccount:{email}")
    root.bind(f"{ACCOUNTS}/{email}", "roles/iam.serviceAccountUser", "user:ann@example.com")
    root.delete(f"{ACCOUNTS}/{email}")
    new = root.post(ACCOUNTS, {"accountId": "orders-dev"})["uniqueId"]
    assert new != old
    assert not publishes(double, email)
    assert root.members(f"{ACCOUNTS}/{email}") == []
    assert caller.ask("GET", OF_PROJECT)[0] == 401, "the old account's token lets nobody in"
    root.bind(OF_PROJECT, PUBLISHER, f"serviceAccount:{email}")
    both = [f"deleted:serviceAccount:{email}?uid={old}", f"serviceAccount:{email}"]
    assert root.members(OF_PROJECT) == both
    assert publishes(double, email)
    said = root.refused("POST", f"/v1/projects/-/serviceAccounts/{old}:undelete")
    assert said[:2] == (400, "FAILED_PRECONDITION")
    assert root.post(f"{ACCOUNTS}/{new}:disable") == {}
    assert root.get(f"{ACCOUNTS}/{email}")["disabled"] is True


def test_a_deleted_account_is_lost_after_30_days_and_its_bindings_after_60(double: GcpDouble, root: Caller) -> None:
    _, email = somebody(double)
    unique = root.get(f"{ACCOUNTS}/{email}")["uniqueId"]
    root.bind(OF_PROJECT, PUBLISHER, f"serviceAccount:{email}")
    root.delete(f"{ACCOUNTS}/{email}")
    gone = f"deleted:serviceAccount:{email}?uid={unique}"
    double.ahead = timedelta(days=30)
    assert root.refused("POST", f"/v1/projects/-/serviceAccounts/{unique}:undelete")[:2] == (404, "NOT_FOUND")
    root.bind(OF_PROJECT, PUBLISHER, "user:ann@example.com")
    assert root.members(OF_PROJECT) == [gone, "user:ann@example.com"], "it may be kept when others are added"
    policy = root.post(f"{OF_PROJECT}:getIamPolicy")
    kept = [{"role": PUBLISHER, "members": ["user:ann@example.com"]}]
    root.post(f"{OF_PROJECT}:setIamPolicy", {"policy": {**policy, "bindings": kept}})
    assert root.members(OF_PROJECT) == ["user:ann@example.com"], "it may be swept away"
    root.post(f"{OF_PROJECT}:setIamPolicy", {"policy": {"bindings": [{"role": PUBLISHER, "members": [gone]}]}})
    double.ahead = timedelta(days=60)
    assert root.members(OF_PROJECT) == []


def test_a_project_has_no_more_accounts_than_its_quota(double: GcpDouble, root: Caller) -> None:
    double.accounts.most = 2
    for number in range(2):
        root.post(ACCOUNTS, {"accountId": f"account-{number}"})
    status, code, message = root.refused("POST", ACCOUNTS, {"accountId": "account-2"})
    assert (status, code) == (429, "RESOURCE_EXHAUSTED")
    assert message == "Maximum number of service accounts on project reached."
    root.post("/v1/projects/another-one/serviceAccounts", {"accountId": "account-2"})


def test_a_disabled_account_is_told_from_an_unknown_token(double: GcpDouble, root: Caller) -> None:
    caller, email = somebody(double)
    root.post(f"{ACCOUNTS}/{email}:disable")
    reasons = [_reason(Caller(double, token)) for token in (caller.token, "ya29.unknown", "")]
    assert reasons == ["ACCOUNT_STATE_INVALID", "ACCESS_TOKEN_INVALID", "CREDENTIALS_MISSING"]
    root.post(f"{ACCOUNTS}/{email}:enable")
    assert caller.ask("GET", OF_PROJECT)[0] == 403
    double.ahead = timedelta(hours=2)
    assert _reason(caller) == "ACCESS_TOKEN_EXPIRED"


def _reason(caller: Caller) -> str:
    status, told = caller.ask("GET", OF_PROJECT)
    assert (status, told["error"]["status"]) == (401, "UNAUTHENTICATED")
    return str(told["error"]["details"][0]["reason"])


def test_a_lifetime_is_asked_for_in_seconds_up_to_an_hour(double: GcpDouble, root: Caller) -> None:
    _, email = somebody(double)
    path = f"/v1/projects/-/serviceAccounts/{email}:generateAccessToken"
    scope = {"scope": ["https://www.googleapis.com/auth/cloud-platform"]}
    token = root.post(path, {**scope, "lifetime": "300s"})["accessToken"]
    assert double.tokens.holder_of(token) == email
    double.ahead = timedelta(seconds=301)
    assert double.tokens.holder_of(token) == ""
    for lifetime in ("3601s", "0s", "1h"):
        assert root.refused("POST", path, {**scope, "lifetime": lifetime})[:2] == (400, "INVALID_ARGUMENT")
    assert root.refused("POST", path, {"scope": []})[:2] == (400, "INVALID_ARGUMENT")


def role(**fields: Any) -> dict[str, Any]:
    return {"roleId": "orders", "role": {"title": "orders", "includedPermissions": ["pubsub.topics.publish"]} | fields}


def test_a_deleted_role_grants_nothing_and_blocks_its_id(double: GcpDouble, root: Caller) -> None:
    _, email = somebody(double)
    double.policies.attach(TOPIC, f"projects/{PROJECT}")
    made = root.post(ROLES, role())
    assert made["name"] == f"projects/{PROJECT}/roles/orders"
    assert root.refused("POST", ROLES, role())[:2] == (409, "ALREADY_EXISTS")
    root.bind(OF_PROJECT, made["name"], f"serviceAccount:{email}")
    assert publishes(double, email)
    assert root.delete(f"{ROLES}/orders")["deleted"] is True
    assert not publishes(double, email)
    assert root.members(OF_PROJECT) == [f"serviceAccount:{email}"], "the binding stays"
    root.bind(OF_PROJECT, PUBLISHER, "user:ann@example.com")
    assert root.refused("POST", f"{OF_PROJECT}:setIamPolicy", _with(made["name"]))[0] == 400
    assert root.get(f"{ROLES}/orders")["deleted"] is True
    assert root.get(ROLES) == {}
    (shown,) = root.get(ROLES, showDeleted="true")["roles"]
    assert (shown["deleted"], "includedPermissions" in shown) == (True, False)
    assert root.post(f"{ROLES}/orders:undelete", {"etag": root.get(f"{ROLES}/orders")["etag"]})["title"] == "orders"
    assert publishes(double, email)


def _with(name: str) -> dict[str, Any]:
    return {"policy": {"bindings": [{"role": name, "members": ["user:bob@example.com"]}]}}


def test_the_id_of_a_deleted_role_is_free_after_37_days(double: GcpDouble, root: Caller) -> None:
    root.post(ROLES, role())
    root.delete(f"{ROLES}/orders")
    blocked = (400, "FAILED_PRECONDITION", "You can't create a role_id (orders) which has been marked for deletion.")
    assert root.refused("POST", ROLES, role()) == blocked
    double.ahead = timedelta(days=7)
    assert root.refused("GET", f"{ROLES}/orders")[:2] == (404, "NOT_FOUND")
    assert root.refused("POST", f"{ROLES}/orders:undelete")[:2] == (404, "NOT_FOUND")
    double.ahead = timedelta(days=36)
    assert root.refused("POST", ROLES, role()) == blocked
    double.ahead = timedelta(days=37)
    assert root.post(ROLES, role())["name"].endswith("/orders")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"includedPermissions": ["pubsub.topics.shout"]}, "Permission pubsub.topics.shout is not valid."),
        ({"includedPermissions": ["resourcemanager.projects.list"]}, "Permission resourcemanager.projects.list is not"),
        ({"title": "x" * 101}, "title"),
        ({"description": "x" * 257}, "description"),
        ({"stage": "NONE"}, "stage"),
    ],
)
def test_what_no_role_may_be_is_refused(root: Caller, fields: dict[str, Any], words: str) -> None:
    status, code, message = root.refused("POST", ROLES, role(**fields))
    assert (status, code, words in message) == (400, "INVALID_ARGUMENT", True), message
    root.post(ROLES, role())
    mask = ",".join(fields)
    assert root.refused("PATCH", f"{ROLES}/orders", fields, updateMask=mask)[:2] == (400, "INVALID_ARGUMENT")
    assert root.get(f"{ROLES}/orders")["includedPermissions"] == ["pubsub.topics.publish"]


def test_a_role_is_changed_by_mask_and_etag(double: GcpDouble, root: Caller) -> None:
    made = root.post(ROLES, role(stage="GA"))
    permissions = {"includedPermissions": ["pubsub.topics.get"], "title": "ignored", "etag": made["etag"]}
    changed = root.patch(f"{ROLES}/orders", permissions, updateMask="includedPermissions")
    assert (changed["includedPermissions"], changed["title"]) == (["pubsub.topics.get"], "orders")
    assert double.roles.grants(made["name"], "pubsub.topics.get")
    assert not double.roles.grants(made["name"], "pubsub.topics.publish")
    assert root.refused("PATCH", f"{ROLES}/orders", permissions)[:2] == (409, "ABORTED")
    root.patch(f"{ROLES}/orders", {"stage": "DISABLED"}, updateMask="stage")
    assert not double.roles.grants(made["name"], "pubsub.topics.get")
    assert "pubsub.topics.publish" in root.get("/v1/roles/pubsub.publisher")["includedPermissions"]


def test_deleted_roles_count_against_the_quota(double: GcpDouble, root: Caller) -> None:
    double.roles.most = 2
    root.post(ROLES, role())
    root.post(ROLES, role() | {"roleId": "other"})
    root.delete(f"{ROLES}/other")
    said = (429, "RESOURCE_EXHAUSTED", "Maximum number of roles reached. Maximum is: 2")
    assert root.refused("POST", ROLES, role() | {"roleId": "third"}) == said


def test_a_pool_is_deleted_softly_and_blocks_its_id_for_30_days(double: GcpDouble, root: Caller) -> None:
    operation = root.post(POOLS, {"description": "CI"}, workloadIdentityPoolId="ci-pool")
    name = operation["response"]["name"]
    number = root.get(OF_PROJECT)["projectNumber"]
    assert operation["done"] is True
    assert name == f"projects/{number}/locations/global/workloadIdentityPools/ci-pool"
    assert root.get(f"/v1/{operation['name']}")["done"] is True
    shown = {"name": name, "state": "ACTIVE", "description": "CI"}
    assert root.get(f"{POOLS}/ci-pool") == shown
    assert root.get(POOLS) == {"workloadIdentityPools": [shown]}
    changed = root.patch(f"{POOLS}/ci-pool", {"disabled": True, "description": ""}, updateMask="disabled")
    assert changed["response"]["disabled"] is True
    assert changed["response"]["description"] == "CI"
    deleted = root.delete(f"{POOLS}/ci-pool")["response"]
    assert deleted["state"] == "DELETED"
    assert deleted["expireTime"] > "2"
    assert root.get(f"{POOLS}/ci-pool")["state"] == "DELETED"
    assert root.get(POOLS) == {}
    assert len(root.get(POOLS, showDeleted="true")["workloadIdentityPools"]) == 1
    again = ("POST", POOLS, {})
    assert root.refused(*again, workloadIdentityPoolId="ci-pool")[:2] == (409, "ALREADY_EXISTS")
    double.ahead = timedelta(days=29)
    assert root.post(f"{POOLS}/ci-pool:undelete")["response"]["state"] == "ACTIVE"
    root.delete(f"{POOLS}/ci-pool")
    double.ahead = timedelta(days=59)
    assert root.refused("GET", f"{POOLS}/ci-pool")[:2] == (404, "NOT_FOUND")
    assert root.post(POOLS, {}, workloadIdentityPoolId="ci-pool")["done"] is True


def test_a_provider_is_deleted_softly_too(double: GcpDouble, root: Caller) -> None:
    root.post(POOLS, {}, workloadIdentityPoolId="ci-pool")
    providers = f"{POOLS}/ci-pool/providers"
    made = root.post(providers, OIDC, workloadIdentityPoolProviderId="issuer")["response"]
    assert made["name"].endswith("/ci-pool/providers/issuer")
    assert made["oidc"] == OIDC["oidc"]
    condition = {"attributeCondition": "assertion.repository == 'shop/other'"}
    changed = root.patch(f"{providers}/issuer", condition, updateMask="attributeCondition")["response"]
    assert changed["attributeCondition"] == condition["attributeCondition"]
    assert changed["oidc"] == OIDC["oidc"]
    assert root.delete(f"{providers}/issuer")["response"]["state"] == "DELETED"
    assert root.get(providers) == {}
    asked = {"workloadIdentityPoolProviderId": "issuer"}
    assert root.refused("POST", providers, OIDC, **asked)[:2] == (409, "ALREADY_EXISTS")
    assert root.post(f"{providers}/issuer:undelete")["response"]["state"] == "ACTIVE"
    root.delete(f"{POOLS}/ci-pool")
    asked = {"workloadIdentityPoolProviderId": "another"}
    assert root.refused("POST", providers, OIDC, **asked)[:2] == (400, "FAILED_PRECONDITION")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"attributeCondition": "assertion.repository =="}, "Syntax error"),
        ({"attributeCondition": "claims.repository == 'x'"}, "undeclared reference to 'claims'"),
        ({"attributeCondition": "true || " * 600 + "true"}, "4096"),
        ({"attributeMapping": {"attribute.repository": "assertion.repository"}}, "must map google.subject"),
        ({"attributeMapping": {"google.subject": "assertion.["}}, "Syntax error"),
        ({"attributeMapping": {"google.subject": "assertion.sub", "repository": "assertion.sub"}}, "mapping of repos"),
        ({"oidc": {"issuerUri": "http://issuer.example.com"}}, "https"),
        ({"oidc": {"issuerUri": "https://issuer.example.com", "jwksJson": "{}"}}, "JWKs"),
        ({"oidc": {"issuerUri": "https://issuer.example.com", "allowedAudiences": ["x" * 257]}}, "audiences"),
        ({"displayName": "x" * 33}, "displayName"),
        (
            {"oidc": {"issuerUri": "https://token.actions.githubusercontent.com"}, "attributeCondition": "true"},
            "must reference one of the provider's claims",
        ),
        (
            {"oidc": {"issuerUri": "https://gitlab.com"}, "attributeCondition": ""},
            "must reference one of the provider's claims",
        ),
    ],
)
def test_what_no_provider_may_be_is_refused(root: Caller, changed: dict[str, Any], words: str) -> None:
    root.post(POOLS, {}, workloadIdentityPoolId="ci-pool")
    providers = f"{POOLS}/ci-pool/providers"
    asked = {"workloadIdentityPoolProviderId": "issuer"}
    status, code, message = root.refused("POST", providers, OIDC | changed, **asked)
    assert (status, code, words in message) == (400, "INVALID_ARGUMENT", True), message
    assert root.get(providers) == {}, "nothing half-made"


@pytest.mark.parametrize("id_", ["abc", "gcp-pool", "Upper", "x" * 33, ""])
def test_an_id_that_no_pool_may_have_is_refused(root: Caller, id_: str) -> None:
    assert root.refused("POST", POOLS, {}, workloadIdentityPoolId=id_)[:2] == (400, "INVALID_ARGUMENT")


def test_googles_reply_to_nobody_names_no_token(double: GcpDouble) -> None:
    headers = {"Authorization": "Bearer not-a-real-token"}
    answer = requests.get(f"{double.url}{OF_PROJECT}", headers=headers, timeout=5)
    assert "not-a-real-token" not in answer.text

"""The double of IAM speaks Google's own clients' language, as far as they speak REST.

google-cloud-resource-manager and google-cloud-iam's `iam_credentials_v1` have a REST transport and are driven here, and
so is google-auth's workload identity federation. google-cloud-iam's `iam_admin_v1` (service accounts, keys, custom
roles, policies of accounts) speaks gRPC alone: a test holds that. Its paths are asked by google-auth's
AuthorizedSession instead, in the shapes of the API's discovery document (IAM v1), and what is answered is read into
the client's own messages, so that a field that Google has not is found. There is no client of workload identity pools.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from google.api_core import exceptions
from google.auth import identity_pool
from google.auth.exceptions import OAuthError, RefreshError
from google.auth.transport.requests import AuthorizedSession, Request
from google.cloud import iam_admin_v1, iam_credentials_v1, resourcemanager_v3
from google.cloud.iam_credentials_v1.services.iam_credentials.transports import IAMCredentialsRestTransport
from google.cloud.resourcemanager_v3.services.projects.transports import ProjectsRestTransport
from google.iam.v1 import iam_policy_pb2, options_pb2, policy_pb2
from google.oauth2 import credentials as oauth2_credentials
from google.oauth2 import service_account
from google.protobuf import duration_pb2, json_format
from google.type import expr_pb2

from tools.doubles.gcp import GcpDouble
from tools.doubles.oidc_issuer import OidcIssuer

SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]
PROJECT = "projects/nhi-tests"
ACCOUNT = f"{PROJECT}/serviceAccounts/orders-dev@nhi-tests.iam.gserviceaccount.com"
PUBLISHER = "roles/pubsub.publisher"
ANN = "user:ann@example.com"


@pytest.fixture
def double() -> Iterator[GcpDouble]:
    with GcpDouble() as running:
        yield running


@pytest.fixture
def credentials(double: GcpDouble, tmp_path: Path) -> Any:
    return service_account.Credentials.from_service_account_file(double.ambient(tmp_path), scopes=SCOPES)


@pytest.fixture
def session(credentials: Any) -> AuthorizedSession:
    return AuthorizedSession(credentials)


@pytest.fixture
def projects(double: GcpDouble, credentials: Any) -> resourcemanager_v3.ProjectsClient:
    return projects_as(double, credentials)


def projects_as(double: GcpDouble, credentials: Any) -> resourcemanager_v3.ProjectsClient:
    scheme, _, host = double.url.partition("://")
    transport = ProjectsRestTransport(host=host, url_scheme=scheme, credentials=credentials)
    return resourcemanager_v3.ProjectsClient(transport=transport)


@pytest.fixture
def email(double: GcpDouble) -> str:
    return str(double.accounts.make("nhi-tests", "orders-dev")["email"])


def policy_of(projects: resourcemanager_v3.ProjectsClient, version: int = 3) -> policy_pb2.Policy:
    options = options_pb2.GetPolicyOptions(requested_policy_version=version)
    return projects.get_iam_policy(iam_policy_pb2.GetIamPolicyRequest(resource=PROJECT, options=options))


def set_policy(projects: resourcemanager_v3.ProjectsClient, policy: policy_pb2.Policy) -> policy_pb2.Policy:
    return projects.set_iam_policy(iam_policy_pb2.SetIamPolicyRequest(resource=PROJECT, policy=policy))


def test_a_project_is_shown_and_found(projects: resourcemanager_v3.ProjectsClient) -> None:
    shown = projects.get_project(name=PROJECT)
    assert shown.project_id == "nhi-tests"
    assert shown.state == resourcemanager_v3.Project.State.ACTIVE
    assert projects.get_project(name=shown.name) == shown, "by its number as well"
    assert [each.project_id for each in projects.search_projects()] == ["nhi-tests"]


def test_a_policy_is_read_changed_and_written(projects: resourcemanager_v3.ProjectsClient) -> None:
    policy = policy_of(projects)
    policy.version = 3
    condition = expr_pb2.Expr(title="until", expression='request.time < timestamp("2030-01-01T00:00:00Z")')
    policy.bindings.append(policy_pb2.Binding(role=PUBLISHER, members=[ANN], condition=condition))
    written = set_policy(projects, policy)
    assert written == policy_of(projects)
    assert (written.version, written.bindings[0].condition) == (3, condition)
    hidden = policy_of(projects, 1)
    assert (hidden.version, "_withcond_" in hidden.bindings[0].role) == (1, True)
    with pytest.raises(exceptions.BadRequest, match="cannot be less than the existing policy version"):
        set_policy(projects, policy_pb2.Policy(etag=written.etag, version=1))


def test_a_conflict_is_googles_own_error(projects: resourcemanager_v3.ProjectsClient) -> None:
    late = policy_of(projects)
    policy = policy_of(projects)
    policy.bindings.append(policy_pb2.Binding(role=PUBLISHER, members=[ANN]))
    set_policy(projects, policy)
    with pytest.raises(exceptions.Conflict, match="There were concurrent policy changes"):
        set_policy(projects, late)


def test_errors_carry_reason_and_metadata(
    double: GcpDouble, projects: resourcemanager_v3.ProjectsClient, email: str
) -> None:
    plain = projects_as(double, oauth2_credentials.Credentials(double.tokens.issue(email)))
    with pytest.raises(exceptions.Forbidden) as forbidden:
        plain.get_project(name=PROJECT)
    assert (forbidden.value.reason, forbidden.value.domain) == ("IAM_PERMISSION_DENIED", "iam.googleapis.com")
    assert forbidden.value.metadata["permission"] == "resourcemanager.projects.get"
    double.disable_api("nhi-tests", "cloudresourcemanager.googleapis.com")
    with pytest.raises(exceptions.Forbidden, match="has not been used in project") as disabled:
        projects.get_project(name=PROJECT)
    assert disabled.value.reason == "SERVICE_DISABLED"


def test_permissions_are_tested(double: GcpDouble, projects: resourcemanager_v3.ProjectsClient, email: str) -> None:
    asked = ["pubsub.topics.publish", "pubsub.topics.delete"]
    policy = policy_pb2.Policy(bindings=[policy_pb2.Binding(role=PUBLISHER, members=[f"serviceAccount:{email}"])])
    set_policy(projects, policy)
    assert list(projects.test_iam_permissions(resource=PROJECT, permissions=asked).permissions) == asked
    plain = projects_as(double, oauth2_credentials.Credentials(double.tokens.issue(email)))
    assert list(plain.test_iam_permissions(resource=PROJECT, permissions=asked).permissions) == asked[:1]


def test_iam_credentials_give_a_token_for_as_long_as_asked(double: GcpDouble, credentials: Any, email: str) -> None:
    scheme, _, host = double.url.partition("://")
    transport = IAMCredentialsRestTransport(host=host, url_scheme=scheme, credentials=credentials)
    client = iam_credentials_v1.IAMCredentialsClient(transport=transport)
    name, lifetime = f"projects/-/serviceAccounts/{email}", duration_pb2.Duration(seconds=300)
    asked = {"name": name, "scope": SCOPES, "lifetime": lifetime, "delegates": []}
    got = client.generate_access_token(request=asked)
    assert double.tokens.holder_of(got.access_token) == email
    assert timedelta(minutes=4) < got.expire_time - datetime.now(UTC) <= timedelta(minutes=5)
    plain = oauth2_credentials.Credentials(double.tokens.issue(email))
    stranger = IAMCredentialsRestTransport(host=host, url_scheme=scheme, credentials=plain)
    with pytest.raises(exceptions.Forbidden, match=r"iam\.serviceAccounts\.getAccessToken"):
        iam_credentials_v1.IAMCredentialsClient(transport=stranger).generate_access_token(request=asked)


def test_googles_client_of_iams_administration_speaks_no_rest() -> None:
    with pytest.raises(KeyError):
        iam_admin_v1.IAMClient.get_transport_class("rest")


def read(message: Any, told: dict[str, Any]) -> Any:
    """Read an answer into a client's message; a field that it has not is an error."""
    made = message()
    json_format.Parse(json.dumps(told), message.pb(made) if hasattr(message, "pb") else made)
    return made


def test_what_iam_answers_fits_into_its_clients_messages(double: GcpDouble, session: AuthorizedSession) -> None:
    base = f"{double.url}/v1/{PROJECT}"
    asked = {"accountId": "orders-dev", "serviceAccount": {"description": "orders", "displayName": "Orders"}}
    account = read(iam_admin_v1.ServiceAccount, session.post(f"{base}/serviceAccounts", json=asked).json())
    assert (account.name, account.description, account.display_name) == (ACCOUNT, "orders", "Orders")
    listed = read(iam_admin_v1.ListServiceAccountsResponse, session.get(f"{base}/serviceAccounts").json())
    assert account in listed.accounts
    url = f"{double.url}/v1/{ACCOUNT}"
    policy = {"bindings": [{"role": "roles/iam.workloadIdentityUser", "members": [ANN]}]}
    read(policy_pb2.Policy, session.post(f"{url}:setIamPolicy", json={"policy": policy}).json())
    query = {"options.requestedPolicyVersion": 3}
    got = read(policy_pb2.Policy, session.post(f"{url}:getIamPolicy", params=query).json())
    assert list(got.bindings[0].members) == [ANN]
    read(iam_admin_v1.ServiceAccountKey, session.post(f"{url}/keys", json={}).json())
    read(iam_admin_v1.ListServiceAccountKeysResponse, session.get(f"{url}/keys").json())
    assert session.post(f"{url}:disable", json={}).json() == {}
    assert read(iam_admin_v1.ServiceAccount, session.get(url).json()).disabled
    assert session.delete(url).json() == {}
    undelete = f"{double.url}/v1/projects/-/serviceAccounts/{account.unique_id}:undelete"
    restored = read(iam_admin_v1.UndeleteServiceAccountResponse, session.post(undelete, json={}).json())
    assert restored.restored_account.unique_id == account.unique_id
    permissions = ["pubsub.topics.publish"]
    fields = {"title": "orders", "description": "orders", "includedPermissions": permissions, "stage": "GA"}
    role = read(iam_admin_v1.Role, session.post(f"{base}/roles", json={"roleId": "orders", "role": fields}).json())
    assert (role.name, role.stage) == (f"{PROJECT}/roles/orders", iam_admin_v1.Role.RoleLaunchStage.GA)
    assert read(iam_admin_v1.Role, session.delete(f"{base}/roles/orders").json()).deleted
    shown = session.get(f"{base}/roles", params={"showDeleted": "true"}).json()
    assert [each.deleted for each in read(iam_admin_v1.ListRolesResponse, shown).roles] == [True]
    restored = read(iam_admin_v1.Role, session.post(f"{base}/roles/orders:undelete", json={}).json())
    assert list(restored.included_permissions) == permissions


def test_google_auth_exchanges_a_foreign_token_and_becomes_an_account(
    double: GcpDouble, session: AuthorizedSession, tmp_path: Path, email: str
) -> None:
    pools = f"{double.url}/v1/{PROJECT}/locations/global/workloadIdentityPools"
    with OidcIssuer() as issuer:
        session.post(pools, params={"workloadIdentityPoolId": "ci-pool"}, json={})
        mapping = {"google.subject": "assertion.sub", "attribute.repository": "assertion.repository"}
        provider = {
            "attributeMapping": mapping,
            "attributeCondition": "assertion.repository == 'shop/orders'",
            "oidc": {"issuerUri": issuer.url},
        }
        asked = {"workloadIdentityPoolProviderId": "issuer"}
        made = session.post(f"{pools}/ci-pool/providers", params=asked, json=provider).json()["response"]["name"]
        pool = made.partition("/providers/")[0]
        member = f"principalSet://iam.googleapis.com/{pool}/attribute.repository/shop/orders"

        def pipeline_of(repository: str) -> Any:
            file = tmp_path / "token"
            file.write_text(issuer.token("main", f"https://iam.googleapis.com/{made}", repository=repository))
            return identity_pool.Credentials(
                audience=f"//iam.googleapis.com/{made}",
                subject_token_type="urn:ietf:params:oauth:token-type:jwt",
                token_url=f"{double.url}/v1/token",
                credential_source={"file": str(file)},
                service_account_impersonation_url=f"{double.url}/v1/projects/-/serviceAccounts/{email}:generateAccessToken",
                scopes=SCOPES,
            )

        with pytest.raises(RefreshError, match="Unable to acquire impersonated credentials"):
            pipeline_of("shop/orders").refresh(Request())
        policy = {"bindings": [{"role": "roles/iam.workloadIdentityUser", "members": [member]}]}
        assert session.post(f"{double.url}/v1/{ACCOUNT}:setIamPolicy", json={"policy": policy}).status_code == 200
        pipeline = pipeline_of("shop/orders")
        pipeline.refresh(Request())
        assert double.tokens.holder_of(pipeline.token) == email
        with pytest.raises(OAuthError, match="rejected by the attribute condition"):
            pipeline_of("shop/other").refresh(Request())

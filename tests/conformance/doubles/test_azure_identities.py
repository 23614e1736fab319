"""Azure Resource Manager's ways and managed identities of the double, by azure-mgmt-msi and by plain requests."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.identity import DefaultAzureCredential
from azure.mgmt.msi import ManagedServiceIdentityClient
from azure.mgmt.msi.models import FederatedIdentityCredential, Identity, IdentityUpdate

from tests.conformance.doubles.azure_asking import Asker, code_of, operator
from tools.doubles.azure import AzureDouble
from tools.doubles.tls import write_authority

GROUP = "nhi-tests"
ISSUER = "https://token.actions.githubusercontent.com"
AUDIENCE = "api://AzureADTokenExchange"


@pytest.fixture
def double(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[AzureDouble]:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(write_authority(tmp_path)))
    with AzureDouble() as running:
        for name, value in running.ambient().items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture
def client(double: AzureDouble) -> ManagedServiceIdentityClient:
    return client_of(double, double.subscription)


def client_of(double: AzureDouble, subscription: str) -> ManagedServiceIdentityClient:
    return ManagedServiceIdentityClient(
        DefaultAzureCredential(authority=double.url, disable_instance_discovery=True),
        subscription,
        base_url=double.url,
        credential_scopes=["https://management.azure.com/.default"],
        retry_total=0,
    )


@pytest.fixture
def asker(double: AzureDouble) -> Asker:
    return operator(double)


@pytest.fixture
def made(client: ManagedServiceIdentityClient) -> Identity:
    return make(client, "orders-dev")


def make(client: ManagedServiceIdentityClient, name: str, location: str = "westeurope", **tags: str) -> Identity:
    given = Identity(location=location, tags=tags)
    return client.user_assigned_identities.create_or_update(GROUP, name, given)


def trust(subject: str, issuer: str = ISSUER, audience: str = AUDIENCE) -> FederatedIdentityCredential:
    return FederatedIdentityCredential(issuer=issuer, subject=subject, audiences=[audience])


def path_of(double: AzureDouble, name: str) -> str:
    group = f"/subscriptions/{double.subscription}/resourceGroups/{GROUP}"
    return f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}"


def test_an_identity_is_made_found_changed_and_deleted(
    double: AzureDouble, client: ManagedServiceIdentityClient
) -> None:
    made = make(client, "orders-dev", **{"nhi:lease": "lease-1"})
    assert made.id == path_of(double, "orders-dev")
    assert made.tenant_id == double.entra.tenant
    assert made.tags == {"nhi:lease": "lease-1"}
    principal = double.directory.by_id[str(made.principal_id)]
    assert (principal.client_id, principal.name) == (made.client_id, "orders-dev")
    assert make(client, "orders-dev", team="a").principal_id == made.principal_id
    update = client.user_assigned_identities.update(GROUP, "ORDERS-DEV", IdentityUpdate(tags={"team": "b"}))
    assert update.tags == {"team": "b"}
    assert [each.id for each in client.user_assigned_identities.list_by_resource_group(GROUP)] == [made.id]
    assert [each.id for each in client.user_assigned_identities.list_by_subscription()] == [made.id]
    client.user_assigned_identities.delete(GROUP, "orders-dev")
    client.user_assigned_identities.delete(GROUP, "orders-dev")
    with pytest.raises(ResourceNotFoundError, match="ResourceNotFound"):
        client.user_assigned_identities.get(GROUP, "orders-dev")
    assert make(client, "orders-dev").principal_id != made.principal_id


@pytest.mark.parametrize(
    ("name", "location", "tags", "code"),
    [
        ("no", "westeurope", {}, "InvalidResourceName"),
        ("orders.dev", "westeurope", {}, "InvalidResourceName"),
        ("orders-dev", "", {}, "LocationRequired"),
        ("orders-dev", "westeurope", {"a/b": "c"}, "InvalidTagNameCharacters"),
        ("orders-dev", "westeurope", {"a": "x" * 257}, "InvalidTagValue"),
        ("orders-dev", "westeurope", {f"t{number}": "" for number in range(51)}, "InvalidTags"),
    ],
)
def test_what_no_identity_may_be_is_refused(
    asker: Asker, name: str, location: str, tags: dict[str, str], code: str
) -> None:
    body = {"location": location, "tags": tags}
    assert code_of(asker.arm("PUT", path_of(asker.double, name), body)) == (400, code)
    assert asker.double.identities.by_id == {}


def test_a_location_does_not_change(client: ManagedServiceIdentityClient, made: Identity) -> None:
    with pytest.raises(HttpResponseError, match="InvalidResourceLocation") as caught:
        make(client, "orders-dev", "northeurope")
    assert caught.value.status_code == 409
    assert make(client, "orders-dev", "West Europe").principal_id == made.principal_id


def test_federated_credentials_are_kept_apart(client: ManagedServiceIdentityClient, made: Identity) -> None:
    credentials = client.federated_identity_credentials
    first = credentials.create_or_update(GROUP, "orders-dev", "github", trust("repo:o/r:environment:dev"))
    assert str(first.id) == f"{made.id}/federatedIdentityCredentials/github"
    assert (first.issuer, first.subject, first.audiences) == (ISSUER, "repo:o/r:environment:dev", [AUDIENCE])
    changed = credentials.create_or_update(GROUP, "orders-dev", "github", trust("nhi:suspended"))
    assert changed.subject == "nhi:suspended"
    with pytest.raises(HttpResponseError, match="already exists") as caught:
        credentials.create_or_update(GROUP, "orders-dev", "twin", trust("nhi:suspended"))
    assert caught.value.status_code == 409
    make(client, "other-dev")
    credentials.create_or_update(GROUP, "other-dev", "twin", trust("nhi:suspended"))
    assert [each.name for each in credentials.list(GROUP, "orders-dev")] == ["github"]
    credentials.delete(GROUP, "orders-dev", "github")
    credentials.delete(GROUP, "orders-dev", "github")
    with pytest.raises(ResourceNotFoundError, match="ResourceNotFound"):
        credentials.get(GROUP, "orders-dev", "github")
    with pytest.raises(ResourceNotFoundError, match="ResourceNotFound"):
        credentials.create_or_update(GROUP, "nobody-dev", "github", trust("x"))


def test_an_identity_has_20_federated_credentials_at_most(client: ManagedServiceIdentityClient, made: Identity) -> None:
    for number in range(20):
        client.federated_identity_credentials.create_or_update(
            GROUP, "orders-dev", f"c-{number:02}", trust(str(number))
        )
    with pytest.raises(HttpResponseError, match="20 federated identity credentials"):
        client.federated_identity_credentials.create_or_update(GROUP, "orders-dev", "c-20", trust("20"))
    client.federated_identity_credentials.create_or_update(GROUP, "orders-dev", "c-19", trust("another"))


@pytest.mark.parametrize(
    ("name", "issuer", "subject", "audience"),
    [
        ("x", ISSUER, "s", AUDIENCE),
        ("github", "http://issuer.example", "s", AUDIENCE),
        ("github", ISSUER, "", AUDIENCE),
        ("github", ISSUER, "repo:o/*", AUDIENCE),
        ("github", ISSUER, "s" * 601, AUDIENCE),
        ("github", ISSUER, "s", ""),
    ],
)
def test_what_no_federated_credential_may_be_is_refused(
    double: AzureDouble,
    client: ManagedServiceIdentityClient,
    made: Identity,
    name: str,
    issuer: str,
    subject: str,
    audience: str,
) -> None:
    with pytest.raises(HttpResponseError) as caught:
        client.federated_identity_credentials.create_or_update(
            GROUP, "orders-dev", name, trust(subject, issuer, audience)
        )
    assert caught.value.status_code == 400
    assert double.federation.of(str(made.id)) == []


def test_federated_credentials_of_one_identity_are_not_written_at_the_same_time(
    double: AzureDouble, client: ManagedServiceIdentityClient, made: Identity
) -> None:
    make(client, "other-dev")
    asker = operator(double)
    body = {"properties": {"issuer": ISSUER, "audiences": [AUDIENCE]}}

    def write(where: tuple[str, str]) -> tuple[int, str]:
        path = f"{path_of(double, where[0])}/federatedIdentityCredentials/{where[1]}"
        asked = {"properties": {**body["properties"], "subject": where[1]}}
        return code_of(asker.arm("PUT", path, asked))

    # Long enough for both to be under way; the answer of the first comes before the second is looked at.
    double.latency_ms = 300
    with ThreadPoolExecutor(3) as pool:
        both = list(pool.map(write, [("orders-dev", "one"), ("orders-dev", "two"), ("other-dev", "one")]))
    refused = (409, "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity")
    assert sorted(both[:2]) == [(201, ""), refused]
    assert both[2] == (201, "")
    double.latency_ms = 0
    assert write(("orders-dev", "three")) == (201, "")


def test_the_subscription_must_be_there_and_registered(
    double: AzureDouble, client: ManagedServiceIdentityClient, asker: Asker
) -> None:
    with pytest.raises(ResourceNotFoundError, match=r"\(SubscriptionNotFound\) The subscription"):
        make(client_of(double, str(uuid4())), "orders-dev")
    double.subscriptions.unregister("Microsoft.ManagedIdentity")
    with pytest.raises(HttpResponseError, match="not registered to use namespace 'Microsoft") as caught:
        make(client, "orders-dev")
    assert (caught.value.status_code, caught.value.error.code) == (409, "MissingSubscriptionRegistration")
    provider = f"/subscriptions/{double.subscription}/providers/Microsoft.ManagedIdentity"
    state = asker.send("GET", f"{provider}?api-version=2021-04-01", "https://management.azure.com").json()
    assert state["registrationState"] == "NotRegistered"
    asked = asker.send("POST", f"{provider}/register?api-version=2023-01-31", "https://management.azure.com")
    assert asked.json()["registrationState"] == "Registered"
    assert make(client, "orders-dev").name == "orders-dev"


def test_versions_are_checked(double: AzureDouble, asker: Asker) -> None:
    path, body = path_of(double, "orders-dev"), {"location": "westeurope"}
    assert code_of(asker.arm("PUT", path, body, version="")) == (400, "MissingApiVersionParameter")
    unknown = asker.arm("PUT", path, body, version="2099-01-01")
    assert code_of(unknown) == (400, "NoRegisteredProviderFound")
    for told in ("type 'userAssignedIdentities'", "2023-01-31", "2024-11-30", "location 'westeurope'"):
        assert told in unknown.json()["error"]["message"]
    assert code_of(asker.arm("GET", path, version="2099-01-01")) == (400, "InvalidResourceType")
    for version in ("2018-11-30", "2023-01-31", "2024-11-30"):
        assert asker.arm("PUT", path, body, version=version).status_code in (200, 201)
    group = f"/subscriptions/{double.subscription}/resourceGroups/{GROUP}"
    assert code_of(asker.arm("GET", f"{group}/providers/Microsoft.Sql/nothing/x")) == (404, "InvalidResourceType")
    unheard = asker.arm("GET", f"{group}/providers/Fabrikam.Nothing/things/x", version="2023-01-31")
    assert code_of(unheard) == (404, "InvalidResourceNamespace")


def test_who_lacks_a_permission_is_told_which(double: AzureDouble, asker: Asker) -> None:
    made = double.identities.make("reader-dev")
    reader = double.identities.principal_of(made["id"])
    double.rbac.assign(reader, "Reader", made["id"])
    asked = Asker(double, reader.client_id)
    assert asked.arm("GET", made["id"]).json()["name"] == "reader-dev"
    answer = asked.arm("DELETE", made["id"])
    assert code_of(answer) == (403, "AuthorizationFailed")
    assert answer.json()["error"]["message"].startswith(
        f"The client '{reader.client_id}' with object id '{reader.object_id}' does not have authorization to perform "
        f"action 'Microsoft.ManagedIdentity/userAssignedIdentities/delete' over scope '{made['id']}'"
    )
    assert code_of(asked.arm("GET", path_of(double, "other-dev"))) == (403, "AuthorizationFailed")
    assert code_of(asked.arm("GET", path_of(double, "other-dev").replace(GROUP, "nowhere"))) == (
        403,
        "AuthorizationFailed",
    )


def test_whoever_asks_too_often_is_told_when_to_come_back(
    double: AzureDouble, client: ManagedServiceIdentityClient
) -> None:
    double.fail(429, retry_after=17, times=1, target="/subscriptions/")
    with pytest.raises(HttpResponseError, match="SubscriptionRequestsThrottled") as caught:
        make(client, "orders-dev")
    assert caught.value.response is not None
    assert caught.value.response.headers["Retry-After"] == "17"
    assert make(client, "orders-dev").name == "orders-dev"


def test_a_resource_group_takes_everything_with_it(double: AzureDouble, asker: Asker) -> None:
    group = f"/subscriptions/{double.subscription}/resourceGroups/orders"
    assert code_of(asker.arm("PUT", group, {})) == (400, "LocationRequired")
    assert asker.arm("PUT", group, {"location": "westeurope"}).status_code == 201
    assert asker.arm("PUT", group, {"location": "westeurope"}).status_code == 200
    assert code_of(asker.arm("PUT", group, {"location": "northeurope"})) == (409, "InvalidResourceGroupLocation")
    within = f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/orders-dev"
    principal = asker.arm("PUT", within, {"location": "westeurope"}).json()["properties"]["principalId"]
    double.rbac.assign(double.directory.by_id[principal], "Reader", group)
    double.operations.slowness = 1
    begun = asker.arm("DELETE", group)
    assert begun.status_code == 202
    where = begun.headers["Azure-AsyncOperation"].removeprefix(double.url)
    states = [asker.send("GET", where, "https://management.azure.com").json()["status"] for _ in range(2)]
    assert states == ["InProgress", "Succeeded"]
    assert (
        asker.send(
            "GET", begun.headers["Location"].removeprefix(double.url), "https://management.azure.com"
        ).status_code
        == 204
    )
    assert code_of(asker.arm("GET", group)) == (404, "ResourceGroupNotFound")
    assert code_of(asker.arm("GET", within)) == (404, "ResourceGroupNotFound")
    assert double.identities.by_id == {}
    assert double.rbac.of_principal(principal) == []

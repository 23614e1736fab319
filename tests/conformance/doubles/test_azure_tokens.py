"""Tokens of the double of Azure, by azure-identity; applications and service principals as Microsoft Graph has them.

No client of Microsoft Graph is installed: it is asked by requests in its documented shapes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import jwt
import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientAssertionCredential, ManagedIdentityCredential, WorkloadIdentityCredential

from tests.conformance.doubles.azure_asking import ARM, GRAPH, Asker, code_of, operator
from tools.doubles.azure import AzureDouble
from tools.doubles.tls import write_authority
from tools.lab.sandbox.issuer import Issuer, claims_of

ISSUER = "https://token.actions.githubusercontent.com"
SUBJECT = "repo:octo/orders:environment:prod"
AUDIENCE = "api://AzureADTokenExchange"
SCOPE = f"{ARM}/.default"


@pytest.fixture
def double(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[AzureDouble]:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(write_authority(tmp_path)))
    with AzureDouble() as running:
        yield running


@pytest.fixture
def asker(double: AzureDouble) -> Asker:
    return operator(double)


@pytest.fixture
def issuer(double: AzureDouble) -> Issuer:
    made = Issuer()
    double.entra.issuers.put(ISSUER, made.public_key)
    return made


@pytest.fixture
def made(double: AzureDouble) -> dict[str, Any]:
    """A managed identity that trusts one repository's environment."""
    identity = double.identities.make("orders-dev")
    trusted = {"issuer": ISSUER, "subject": SUBJECT, "audiences": [AUDIENCE]}
    double.federation.put(identity["id"].lower(), "github", trusted)
    return identity


def exchange(double: AzureDouble, client: str, assertion: str, scope: str = SCOPE) -> str:
    """Exchange a token as a pipeline does."""
    settings: dict[str, Any] = {"authority": double.url, "disable_instance_discovery": True, "retry_total": 0}
    return ClientAssertionCredential(double.entra.tenant, client, lambda: assertion, **settings).get_token(scope).token


def refusal(double: AzureDouble, client: str, assertion: str) -> str:
    with pytest.raises(ClientAuthenticationError) as caught:
        exchange(double, client, assertion)
    return str(caught.value)


def test_a_token_that_is_trusted_is_exchanged(double: AzureDouble, issuer: Issuer, made: dict[str, Any]) -> None:
    told = made["properties"]
    token = exchange(double, told["clientId"], issuer.token(iss=ISSUER, sub=SUBJECT, aud=AUDIENCE))
    claims = claims_of(token)
    assert (claims["oid"], claims["appid"], claims["aud"]) == (told["principalId"], told["clientId"], ARM)
    assert claims["xms_mirid"] == made["id"]


@pytest.mark.parametrize(
    ("claims", "number"),
    [
        ({"iss": "https://gitlab.com"}, "AADSTS700211"),
        ({"sub": "repo:octo/orders:environment:dev"}, "AADSTS700213"),
        ({"sub": SUBJECT + "/"}, "AADSTS700213"),
        ({"sub": SUBJECT.upper()}, "AADSTS7002138"),
        ({"aud": "api://AzureADTokenExchange/"}, "AADSTS700212"),
        ({"exp": 1}, "AADSTS700024"),
    ],
)
def test_any_other_token_is_not(
    double: AzureDouble, issuer: Issuer, made: dict[str, Any], claims: dict[str, Any], number: str
) -> None:
    assertion = issuer.token(**{"iss": ISSUER, "sub": SUBJECT, "aud": AUDIENCE, **claims})
    assert f"{number}:" in refusal(double, made["properties"]["clientId"], assertion)


def test_a_token_of_another_key_is_not(double: AzureDouble, issuer: Issuer, made: dict[str, Any]) -> None:
    forged = Issuer().token(iss=ISSUER, sub=SUBJECT, aud=AUDIENCE)
    assert "AADSTS50013:" in refusal(double, made["properties"]["clientId"], forged)
    unsigned = jwt.encode({"iss": ISSUER, "sub": SUBJECT, "aud": AUDIENCE}, None, algorithm="none")
    assert "AADSTS50013:" in refusal(double, made["properties"]["clientId"], unsigned)
    assert "AADSTS50027:" in refusal(double, made["properties"]["clientId"], "no token")


def test_a_changed_credential_counts_after_a_while(double: AzureDouble, issuer: Issuer, made: dict[str, Any]) -> None:
    client, assertion = made["properties"]["clientId"], issuer.token(iss=ISSUER, sub=SUBJECT, aud=AUDIENCE)
    double.entra.lag = timedelta(minutes=5)
    cut = {"issuer": ISSUER, "subject": "nhi:suspended", "audiences": [AUDIENCE]}
    double.federation.put(made["id"].lower(), "github", cut)
    assert exchange(double, client, assertion)
    double.ahead = timedelta(minutes=5)
    assert "AADSTS700213:" in refusal(double, client, assertion)
    double.federation.remove(made["id"].lower(), "github")
    double.ahead = timedelta(minutes=10)
    assert "AADSTS70025:" in refusal(double, client, assertion)


def test_the_keys_of_an_issuer_that_is_running_are_read_from_it(double: AzureDouble, made: dict[str, Any]) -> None:
    issuer = Issuer()
    key: dict[str, Any] = json.loads(
        jwt.algorithms.RSAAlgorithm.to_jwk(jwt.algorithms.RSAAlgorithm(1).prepare_key(issuer.public_key))
    )

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = {
                "/keys": {"keys": [key]},
                "/.well-known/openid-configuration": {"issuer": url, "jwks_uri": f"{url}/keys"},
            }
            content = json.dumps(found[self.path]).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Nothing to tell."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    url = f"http://127.0.0.1:{server.server_address[1]}"
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        trusted = {"issuer": url, "subject": "system:serviceaccount:a:b", "audiences": [AUDIENCE]}
        double.federation.put(made["id"].lower(), "cluster", trusted)
        claims = {"iss": url, "sub": "system:serviceaccount:a:b", "aud": AUDIENCE}
        assert exchange(double, made["properties"]["clientId"], issuer.token(**claims))
        assert "AADSTS50013:" in refusal(double, made["properties"]["clientId"], Issuer().token(**claims))
    finally:
        server.shutdown()
        server.server_close()


def test_a_pod_gets_a_token_by_its_file(
    double: AzureDouble, issuer: Issuer, made: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text(issuer.token(iss=ISSUER, sub=SUBJECT, aud=AUDIENCE))
    settings: dict[str, Any] = {"authority": double.url, "disable_instance_discovery": True}
    named = {
        "tenant_id": double.entra.tenant,
        "client_id": made["properties"]["clientId"],
        "token_file_path": str(file),
    }
    token = WorkloadIdentityCredential(**named, **settings).get_token(SCOPE).token
    assert claims_of(token)["oid"] == made["properties"]["principalId"]


def test_a_machine_gets_a_token_without_anything(
    double: AzureDouble, made: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", double.url)
    credential = ManagedIdentityCredential(client_id=made["properties"]["clientId"], retry_total=0)
    issued = credential.get_token(SCOPE)
    assert claims_of(issued.token)["oid"] == made["properties"]["principalId"]
    application = double.applications.make("orders")
    with pytest.raises(ClientAuthenticationError, match="Identity not found"):
        ManagedIdentityCredential(client_id=application["appId"], retry_total=0).get_token(SCOPE)
    asked = f"api-version=2018-02-01&resource={ARM}&client_id={made['properties']['clientId']}"
    path = f"/metadata/identity/oauth2/token?{asked}"
    unmarked = double.respond("GET", path, {}, b"")
    assert (unmarked.status, double.respond("GET", path, {"metadata": "true"}, b"").status) == (400, 200)


def test_a_token_lives_on_when_its_identity_is_deleted(double: AzureDouble, made: dict[str, Any]) -> None:
    principal = double.identities.principal_of(made["id"])
    assignment = double.rbac.assign(principal, "Key Vault Secrets User", f"/subscriptions/{double.subscription}")
    operator(double).send("PUT", "/vaults/team/secrets/orders", "https://vault.azure.net", {"value": "one"})
    token = double.entra.token_for(made["id"], "https://vault.azure.net")
    double.identities.remove(made["id"])

    def read() -> int:
        headers = {"authorization": f"Bearer {token}"}
        return int(double.respond("GET", "/vaults/team/secrets/orders", headers, b"").status)

    assert read() == 200
    double.rbac.remove(assignment.id)
    assert read() == 403
    double.ahead = double.entra.tokens.identity_lifetime + timedelta(seconds=1)
    assert read() == 401
    with pytest.raises(ClientAuthenticationError, match="AADSTS700016"):
        exchange(double, made["properties"]["clientId"], "e30.e30.")


def test_a_disabled_service_principal_gets_no_more_tokens(double: AzureDouble, issuer: Issuer, asker: Asker) -> None:
    application = asker.graph("POST", "/applications", {"displayName": "orders", "tags": ["nhi:lease=x"]}).json()
    principal = asker.graph(
        "POST", "/servicePrincipals", {"appId": application["appId"], "tags": ["nhi:lease=x"]}
    ).json()
    credential = {"name": "github", "issuer": ISSUER, "subject": SUBJECT, "audiences": [AUDIENCE]}
    path = f"/applications/{application['id']}/federatedIdentityCredentials"
    assert asker.graph("POST", path, credential).status_code == 201
    assert code_of(asker.graph("POST", path, credential)) == (409, "Request_MultipleObjectsWithSameKeyValue")
    assertion = issuer.token(iss=ISSUER, sub=SUBJECT, aud=AUDIENCE)
    token = exchange(double, application["appId"], assertion)
    assert claims_of(token)["oid"] == principal["id"]
    assert asker.graph("PATCH", f"/servicePrincipals/{principal['id']}", {"accountEnabled": False}).status_code == 204
    assert "AADSTS7000112:" in refusal(double, application["appId"], assertion)
    assert double.entra.holder_of(token, frozenset({ARM})) == application["appId"]
    asker.graph("PATCH", f"/servicePrincipals/{principal['id']}", {"accountEnabled": True})
    assert exchange(double, application["appId"], assertion)
    asker.graph("PATCH", f"{path}/github", {"subject": "nhi:suspended"})
    assert asker.graph("GET", f"{path}/github").json()["subject"] == "nhi:suspended"
    assert "AADSTS700213:" in refusal(double, application["appId"], assertion)
    assert asker.graph("DELETE", f"{path}/github").status_code == 204
    assert asker.graph("GET", path).json()["value"] == []
    assert "AADSTS70025:" in refusal(double, application["appId"], assertion)


def test_what_is_deleted_is_kept_for_30_days(double: AzureDouble, asker: Asker) -> None:
    application = double.applications.make("orders", tags=["nhi:lease=x"])
    principal = double.applications.principal_of(application)
    secret = double.variables_of(application)["AZURE_CLIENT_SECRET"]
    id_ = application["id"]
    assert asker.graph("DELETE", f"/applications/{id_}").status_code == 204
    assert code_of(asker.graph("GET", f"/applications/{id_}")) == (404, "Request_ResourceNotFound")
    assert code_of(asker.graph("GET", f"/servicePrincipals/{principal.object_id}")) == (404, "Request_ResourceNotFound")
    deleted = asker.graph("GET", "/directory/deletedItems/microsoft.graph.application").json()["value"]
    assert [(each["id"], each["deletedDateTime"] is not None) for each in deleted] == [(id_, True)]
    gone = asker.graph("GET", "/directory/deletedItems/microsoft.graph.servicePrincipal").json()["value"]
    assert [each["id"] for each in gone] == [principal.object_id]
    assert asker.graph("POST", f"/directory/deletedItems/{id_}/restore").json()["appId"] == application["appId"]
    assert "AADSTS7000229" in _answer(double, application["appId"], secret)
    asker.graph("POST", f"/directory/deletedItems/{principal.object_id}/restore")
    assert "access_token" in _answer(double, application["appId"], secret)
    asker.graph("DELETE", f"/applications/{id_}")
    assert "AADSTS700016" in _answer(double, application["appId"], secret)
    double.ahead = timedelta(days=30)
    assert asker.graph("GET", f"/directory/deletedItems/{id_}").status_code == 404
    assert asker.graph("GET", "/directory/deletedItems/microsoft.graph.servicePrincipal").json()["value"] == []


def test_what_is_purged_cannot_be_restored(double: AzureDouble, asker: Asker) -> None:
    id_, full = double.applications.make("orders")["id"], (403, "Directory_QuotaExceeded")
    # The operator's application and the one that was made, each with its service principal.
    double.applications.most = 4
    assert code_of(asker.graph("POST", "/applications", {"displayName": "two"})) == full
    asker.graph("DELETE", f"/applications/{id_}")
    assert code_of(asker.graph("POST", "/applications", {"displayName": "two"})) == full
    assert asker.graph("DELETE", f"/directory/deletedItems/{id_}").status_code == 204
    assert asker.graph("POST", f"/directory/deletedItems/{id_}/restore").status_code == 404
    made = asker.graph("POST", "/applications", {"displayName": "two"})
    assert made.status_code == 201
    assert code_of(asker.graph("POST", "/servicePrincipals", {"appId": made.json()["appId"]})) == full


def test_service_principals_are_found_by_tag_and_client(
    double: AzureDouble, asker: Asker, made: dict[str, Any]
) -> None:
    application = double.applications.make("orders")
    principal = double.applications.principal_of(application)
    tags = {"tags": ["nhi:lease=x"], "notes": "for orders"}
    assert asker.graph("PATCH", f"/servicePrincipals/{principal.object_id}", tags).status_code == 204

    def found(wanted: str) -> list[str]:
        return [each["id"] for each in asker.graph("GET", f"/servicePrincipals?$filter={wanted}").json()["value"]]

    assert found("tags/any(t:t eq 'nhi:lease=x')") == [principal.object_id]
    assert found("tags/any(t:t eq 'nhi:lease=y')") == []
    assert found(f"appId eq '{application['appId']}'") == [principal.object_id]
    assert found(f"appId eq '{made['properties']['clientId']}'") == [made["properties"]["principalId"]]
    assert asker.graph("GET", f"/servicePrincipals(appId='{application['appId']}')").json()["notes"] == "for orders"
    assert len(asker.graph("GET", "/servicePrincipals?$top=1").json()["value"]) == 1
    following = asker.graph("GET", "/servicePrincipals?$top=1").json()["@odata.nextLink"]
    assert following.endswith("$skiptoken=1")
    assert code_of(asker.graph("GET", "/servicePrincipals?$filter=name ne 'x'")) == (400, "Request_UnsupportedQuery")


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("/applications", {}, "Request_BadRequest"),
        ("/applications", {"displayName": "x", "colour": "red"}, "Request_BadRequest"),
        ("/applications", {"displayName": "x", "tags": [1]}, "Request_BadRequest"),
        ("/applications", {"displayName": "x", "notes": "n" * 1025}, "Request_BadRequest"),
        ("/servicePrincipals", {"appId": "7d1f6a20-0f2b-4e6e-9c55-1f1d6f0a9b11"}, "Request_BadRequest"),
    ],
)
def test_what_graph_does_not_take_is_refused(asker: Asker, path: str, body: dict[str, Any], code: str) -> None:
    assert code_of(asker.graph("POST", path, body)) == (400, code)


def test_an_application_has_one_service_principal(double: AzureDouble, asker: Asker) -> None:
    application = double.applications.make("orders")
    again = asker.graph("POST", "/servicePrincipals", {"appId": application["appId"]})
    assert code_of(again) == (409, "Request_MultipleObjectsWithSameKeyValue")


def test_a_service_principal_may_have_secrets_of_its_own(double: AzureDouble, asker: Asker) -> None:
    application = double.applications.make("orders")
    path = f"/servicePrincipals/{double.applications.principal_of(application).object_id}"
    secret = asker.graph("POST", f"{path}/addPassword", {"passwordCredential": {"displayName": "by hand"}}).json()
    assert "access_token" in _answer(double, application["appId"], secret["secretText"])
    (told,) = asker.graph("GET", path).json()["passwordCredentials"]
    assert (told["keyId"], told["secretText"]) == (secret["keyId"], None)
    assert asker.graph("GET", f"/applications/{application['id']}").json()["passwordCredentials"] == []
    assert asker.graph("POST", f"{path}/removePassword", {"keyId": secret["keyId"]}).status_code == 204
    assert "AADSTS7000215" in _answer(double, application["appId"], secret["secretText"])


def test_a_managed_identity_is_not_changed_through_graph(
    double: AzureDouble, asker: Asker, made: dict[str, Any]
) -> None:
    path = f"/servicePrincipals/{made['properties']['principalId']}"
    assert asker.graph("GET", path).json()["servicePrincipalType"] == "ManagedIdentity"
    assert code_of(asker.graph("PATCH", path, {"accountEnabled": False})) == (403, "Authorization_RequestDenied")
    assert code_of(asker.graph("DELETE", path)) == (403, "Authorization_RequestDenied")
    double.identities.remove(made["id"])
    assert asker.graph("GET", path).status_code == 404
    # It went for good: nobody restores the principal of a managed identity.
    assert asker.graph("GET", "/directory/deletedItems/microsoft.graph.servicePrincipal").json()["value"] == []
    assert (
        asker.graph("POST", f"/directory/deletedItems/{made['properties']['principalId']}/restore").status_code == 404
    )


def test_who_may_change_own_applications_changes_no_others(double: AzureDouble) -> None:
    application = double.applications.make("deployer")
    deployer = double.applications.principal_of(application)
    asked, theirs = Asker(double, application["appId"]), double.applications.make("theirs")
    denied = (403, "Authorization_RequestDenied")
    assert code_of(asked.graph("GET", "/applications")) == denied
    double.consent(deployer, "Application.ReadWrite.OwnedBy")
    assert asked.graph("GET", f"/applications/{theirs['id']}").status_code == 200
    assert code_of(asked.graph("PATCH", f"/applications/{theirs['id']}", {"notes": "x"})) == denied
    own = asked.graph("POST", "/applications", {"displayName": "own"}).json()
    assert asked.graph("PATCH", f"/applications/{own['id']}", {"notes": "x"}).status_code == 204
    double.consent(deployer, "Application.ReadWrite.All")
    assert asked.graph("PATCH", f"/applications/{theirs['id']}", {"notes": "x"}).status_code == 204


def test_the_tokens_can_be_checked_by_others(double: AzureDouble, asker: Asker, made: dict[str, Any]) -> None:
    base = f"/{double.entra.tenant}"
    told = double.respond("GET", f"{base}/v2.0/.well-known/openid-configuration", {}, b"").body
    keys = double.respond("GET", told["jwks_uri"].removeprefix(double.url), {}, b"").body["keys"]
    token = double.entra.token_for(made["id"], "api://orders")
    claims = jwt.decode(
        token, jwt.PyJWK(keys[0]).key, algorithms=["RS256"], audience="api://orders", issuer=told["issuer"]
    )
    assert claims["sub"] == made["properties"]["principalId"]
    # Azure itself is an issuer that another application may trust: an application by a managed identity.
    application = double.applications.make("orders")
    trusted = {"issuer": told["issuer"], "subject": claims["sub"], "audiences": [AUDIENCE]}
    double.federation.put(application["id"], "identity", trusted)
    assert exchange(double, application["appId"], double.entra.token_for(made["id"], AUDIENCE))


def _answer(double: AzureDouble, client: str, secret: str) -> str:
    form = f"grant_type=client_credentials&client_id={client}&client_secret={secret}&scope={GRAPH}/.default"
    answer = double.respond("POST", f"/{double.entra.tenant}/oauth2/v2.0/token", {}, form.encode())
    return json.dumps(answer.body)

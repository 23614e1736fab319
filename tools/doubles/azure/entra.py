"""Entra: the metadata of a tenant, and the client-credentials grant, which really checks each secret and assertion.

An instance metadata endpoint beside it stands for a machine that every managed identity is assigned to.
Sources: Microsoft identity platform, 'OAuth 2.0 client credentials flow', 'Microsoft Entra authentication and
authorization error codes' (7000112, 7000215, 7000222, 7000229, 700016); 'How to use managed identities to get an access
token'.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from tools.doubles.azure import errors
from tools.doubles.azure.applications import Applications
from tools.doubles.azure.assertions import Issuers
from tools.doubles.azure.audiences import GRAPH, VAULT
from tools.doubles.azure.delayed import Clock
from tools.doubles.azure.directory import TENANT, Directory, Kind, Principal
from tools.doubles.azure.federation import Federation
from tools.doubles.azure.identities import Identities
from tools.doubles.azure.scopes import normalised
from tools.doubles.azure.tokens import Tokens, key_set
from tools.doubles.messages import Answer, Refusal, Request
from tools.doubles.routes import route

__all__ = ["GRAPH", "TENANT", "VAULT", "Entra"]

_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_DEFAULT = "/.default"
_IDENTITY = ("client_id", "mi_res_id", "msi_res_id", "object_id", "principal_id")


class Entra:
    """One tenant.

    Attributes:
        tenant: its id.
        lag: for how long a new secret, or a changed federated credential, does not count still.
        issuers: whose tokens can be checked.
        tokens: what was issued.
    """

    def __init__(self, directory: Directory, url: str, now: Clock) -> None:
        self.tenant = TENANT
        self.lag = timedelta()
        self.issuers = Issuers()
        self.tokens = Tokens(url, now)
        # The double's own tokens are an issuer's as well, whom other systems may trust, and it itself.
        self.issuers.put(f"{url}/{TENANT}/v2.0", *key_set()["keys"])
        self._directory, self._url, self._now = directory, url, now

    def join(self, applications: Applications, identities: Identities, federation: Federation) -> None:
        """Let it know who may ask for tokens."""
        self._applications, self._identities, self._federation = applications, identities, federation

    def holder_of(self, token: str, audiences: frozenset[str]) -> str:
        """The client id of whom a token was issued to; empty for a token of another audience, an ended one, or none."""
        held = self.tokens.find(token)
        good = held is not None and held.audience in audiences and self.tokens.is_good(held)
        return held.client_id if held is not None and good else ""

    def token_for(self, identity: str, audience: str) -> str:
        """A token of a managed identity or a service principal, as a machine that it is assigned to gets it.

        Args:
            identity: resource id or client id.
            audience: such as `https://vault.azure.net`.

        Raises:
            Refusal: when there is no such identity.
        """
        principal = self._directory.by_client(identity)
        return str(self._issue(principal or self._machine(identity), audience)["access_token"])

    @route("GET", "/{tenant}/v2.0/.well-known/openid-configuration", public=True)
    def metadata(self, request: Request) -> Any:
        base = f"{self._url}/{self._known(request)}"
        return {
            "issuer": f"{base}/v2.0",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
            "jwks_uri": f"{base}/discovery/v2.0/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    @route("GET", "/{tenant}/discovery/v2.0/keys", public=True)
    def keys(self, request: Request) -> Any:
        self._known(request)
        return key_set()

    @route("POST", "/{tenant}/oauth2/v2.0/token", public=True)
    def grant(self, request: Request) -> Any:
        self._known(request)
        form = dict(parse_qsl(request.body.decode()))
        if form.get("grant_type") != "client_credentials":
            raise errors.entra(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
        client, scope = form.get("client_id", ""), form.get("scope", "")
        application = self._applications.by_client(client)
        identity = self._identities.owner_of(client)
        if application is None and not identity:
            text = (
                f"Application with identifier '{client}' was not found in the directory '{TENANT}'. This can happen if "
                "the application has not been installed by the administrator of the tenant or consented to by any user "
                "in the tenant. You may have sent your authentication request to the wrong tenant."
            )
            raise errors.entra(400, "unauthorized_client", 700016, text)
        if form.get("client_assertion"):
            self._check_assertion(form, str(application["id"]) if application else normalised(identity), client)
        elif application is not None:
            self._check_secret(application, form.get("client_secret", ""))
        else:
            text = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
            raise errors.entra(401, "invalid_client", 7000218, text)
        principal = self._signed_in(client)
        if not scope.endswith(_DEFAULT):
            text = f"The provided value for scope {scope} is not valid. Client credential flows must have a scope value"
            raise errors.entra(
                400, "invalid_scope", 1002012, f"{text} with /.default suffixed to the resource identifier."
            )
        return self._issue(principal, scope.removesuffix(_DEFAULT))

    @route("GET", "/metadata/identity/oauth2/token", public=True)
    def machine(self, request: Request) -> Any:
        asked = request.query
        if request.headers.get("metadata", "").lower() != "true":
            raise _imds("Required metadata header not specified")
        if "resource" not in asked:
            raise _imds("Required query variable 'resource' is missing")
        principal = self._machine(next((asked[name] for name in _IDENTITY if name in asked), ""))
        issued, now = self._issue(principal, asked["resource"]), int(self._now().timestamp())
        told = {"client_id": principal.client_id, "resource": asked["resource"], "not_before": str(now)}
        seconds = int(issued["expires_in"])
        return {**issued, **told, "expires_in": str(seconds), "expires_on": str(now + seconds)}

    def _machine(self, identity: str) -> Principal:
        found = self._directory.by_client(identity) or self._directory.find(identity)
        if found is None and normalised(identity) in self._identities.by_id:
            found = self._identities.principal_of(identity)
        if found is None or found.kind is not Kind.MANAGED_IDENTITY:
            raise _imds("Identity not found")
        return found

    def _check_secret(self, application: dict[str, Any], secret: str) -> None:
        principal = self._directory.by_client(str(application["appId"]))
        given = [*application["passwordCredentials"], *(principal.facts["passwordCredentials"] if principal else ())]
        matching = next((each for each in given if each["secretText"] == secret), None)
        now = self._now()
        if matching is None or datetime.fromisoformat(matching["startDateTime"]) + self.lag > now:
            text = (
                "Invalid client secret provided. Ensure the secret being sent in the request is the client secret "
                f"value, not the client secret ID, for a secret added to app '{application['appId']}'."
            )
            raise errors.entra(401, "invalid_client", 7000215, text)
        if datetime.fromisoformat(matching["endDateTime"]) <= now:
            text = f"The provided client secret keys for app '{application['appId']}' are expired."
            raise errors.entra(401, "invalid_client", 7000222, text)

    def _check_assertion(self, form: dict[str, str], owner: str, client: str) -> None:
        if form.get("client_assertion_type") != _ASSERTION:
            raise errors.entra(400, "invalid_request", 900144, "The request body must contain 'client_assertion_type'.")
        self._federation.judge(owner, client, self.issuers.read(form["client_assertion"]))
        self.issuers.check(form["client_assertion"])

    def _signed_in(self, client: str) -> Principal:
        principal = self._directory.by_client(client)
        if principal is None:
            text = f"The client application {client} is missing service principal in the tenant {TENANT}."
            raise errors.entra(401, "invalid_client", 7000229, text)
        if not principal.is_enabled:
            text = f"Application '{client}'({principal.name}) is disabled."
            raise errors.entra(400, "unauthorized_client", 7000112, text)
        return principal

    def _issue(self, principal: Principal, audience: str) -> dict[str, Any]:
        token, seconds = self.tokens.issue(principal, audience)
        return {"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": token}

    def _known(self, request: Request) -> str:
        tenant = request.params["tenant"]
        if tenant != self.tenant:
            text = f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID."
            raise errors.entra(400, "invalid_request", 90002, text)
        return tenant


def _imds(text: str) -> Refusal:
    return Refusal(Answer(400, {"error": "invalid_request", "error_description": text}))

"""Security Token Service v1, `token`: a foreign JWT is exchanged for a token of a federated principal.

Sources: Security Token Service, REST reference `v1.token` (request, response, forms of the audience); RFC 8693;
IAM documentation, 'Workload Identity Federation', 'Troubleshoot workload identity federation' (error texts).
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from tools.doubles.gcp.cel import CelError
from tools.doubles.gcp.conditions import Missing, evaluate
from tools.doubles.gcp.members import Federated
from tools.doubles.gcp.oidc import Unverified, keys_of, read, verify
from tools.doubles.gcp.pools import Pools
from tools.doubles.gcp.tokens import LIFETIME, Tokens, oauth
from tools.doubles.messages import Request
from tools.doubles.routes import route

_GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
_ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - the name of a type
_JWTS = ("urn:ietf:params:oauth:token-type:jwt", "urn:ietf:params:oauth:token-type:id_token")
_AUDIENCE = re.compile(
    r"//iam\.googleapis\.com/(?P<provider>(?P<pool>projects/\d+/locations/global/workloadIdentityPools/[a-z0-9-]+)"
    r"/providers/[a-z0-9-]+)"
)
_LONGEST_LIFE = 24 * 3600
_LONGEST_SUBJECT = 127
_SKEW = 60


class Sts:
    """Exchanges tokens.

    Attributes:
        issuers: for issuers that aren't on loopback, the JSON Web Key Set that each would publish (`oidc.jwks_of`).
    """

    def __init__(self, pools: Pools, tokens: Tokens) -> None:
        self.issuers: dict[str, Mapping[str, Any]] = {}
        self._pools, self._tokens = pools, tokens

    @route("POST", "/v1/token", public=True)
    def exchange(self, request: Request) -> Any:
        asked = _fields(request)
        if asked.get("grantType") != _GRANT:
            raise oauth("unsupported_grant_type", 'Invalid value for "grant_type".')
        if asked.get("requestedTokenType") != _ACCESS_TOKEN:
            raise oauth("invalid_request", 'Invalid value for "requested_token_type".')
        if asked.get("subjectTokenType") not in _JWTS:
            raise oauth("invalid_request", 'Invalid value for "subject_token_type".')
        if not asked.get("scope"):
            raise oauth("invalid_scope", "Empty or missing scope not allowed.")
        pool, name, provider = self._provider(asked.get("audience", ""))
        try:
            claims = self._verified(asked.get("subjectToken", ""), name, provider["oidc"])
        except Unverified as refused:
            raise oauth("invalid_grant", str(refused)) from None
        token = self._tokens.issue(_principal(pool, provider, claims))
        seconds = int(LIFETIME.total_seconds())
        return {
            "access_token": token,
            "issued_token_type": _ACCESS_TOKEN,
            "token_type": "Bearer",
            "expires_in": seconds,
        }

    def _provider(self, audience: str) -> tuple[str, str, dict[str, Any]]:
        found = _AUDIENCE.fullmatch(audience)
        if found is None:
            said = (
                'Invalid value for "audience". This value should be the full resource name of the Identity Provider. '
                "See https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token for the list of possible "
                "formats."
            )
            raise oauth("invalid_request", said)
        pool, provider = (
            kept.by_name.get(found[name])
            for kept, name in ((self._pools.pools, "pool"), (self._pools.providers, "provider"))
        )
        if pool is None or provider is None or not pool.lets_in or not provider.lets_in:
            said = (
                'The target service indicated by the "audience" parameters is invalid. This might either be because '
                "the pool or provider is disabled or deleted or because it doesn't exist."
            )
            raise oauth("invalid_target", said)
        return found["pool"], found["provider"], provider.facts

    def _verified(self, token: str, provider: str, oidc: Mapping[str, Any]) -> dict[str, Any]:
        _, claims = read(token)
        issuer = oidc["issuerUri"]
        if claims.get("iss") != issuer:
            told = f"The issuer in ID Token {claims.get('iss')} does not match the expected ones: {issuer}."
            raise Unverified(told)
        keys = json.loads(oidc["jwksJson"]) if oidc.get("jwksJson") else self.issuers.get(issuer) or keys_of(issuer)
        verify(token, keys)
        _judge_times(claims)
        own = [f"{scheme}//iam.googleapis.com/{provider}" for scheme in ("https:", "")]
        expected = oidc.get("allowedAudiences") or own
        given = claims.get("aud")
        if not set(given if isinstance(given, list) else [given]) & set(expected):
            raise Unverified(f"The audience in ID Token [{given}] does not match the expected audience {expected[0]}.")
        return claims


def _fields(request: Request) -> dict[str, str]:
    """The fields of a request, in a form or in JSON, by their names in JSON."""
    if "json" in request.headers.get("content-type", ""):
        return dict(request.json())
    form = dict(parse_qsl(request.body.decode()))
    return {re.sub("_([a-z])", lambda found: found[1].upper(), key): value for key, value in form.items()}


def _judge_times(claims: Mapping[str, Any]) -> None:
    """By the machine's clock, as issuers can't move theirs."""
    issued, ends, now = claims.get("iat"), claims.get("exp"), time.time()
    if not isinstance(issued, int | float) or not isinstance(ends, int | float):
        raise Unverified("The ID Token must have the claims iat and exp.")
    if not issued - _SKEW <= now < ends + _SKEW:
        raise Unverified(f"ID Token issued at {int(issued)} is stale to sign-in.")
    if ends - issued > _LONGEST_LIFE:
        raise Unverified("The ID Token must not be good for longer than 24 hours.")


def _principal(pool: str, provider: Mapping[str, Any], claims: Mapping[str, Any]) -> Federated:
    mapped: dict[str, Any] = {}
    for key, expression in provider["attributeMapping"].items():
        try:
            mapped[key] = evaluate(expression, {"assertion": claims})
        except Missing:
            continue
        except CelError as error:
            raise oauth("invalid_grant", f"The mapping of {key} failed: {error}") from None
    subject = mapped.get("google.subject")
    if subject is None:
        raise oauth("invalid_grant", "Could not obtain a value for google.subject from the given credential.")
    for key, value in mapped.items():
        if key != "google.groups" and not isinstance(value, str):
            raise oauth("unauthorized_client", f"The mapped attribute '{key}' must be of type STRING.")
    if not 0 < len(subject.encode()) <= _LONGEST_SUBJECT:
        said = f"The size of mapped attribute google.subject exceeds the {_LONGEST_SUBJECT} bytes limit."
        raise oauth("invalid_grant", said)
    google, attributes = _under("google.", mapped), _under("attribute.", mapped)
    if condition := provider.get("attributeCondition"):
        try:
            met = evaluate(condition, {"assertion": claims, "google": google, "attribute": attributes})
        except CelError:
            met = False
        if met is not True:
            raise oauth("unauthorized_client", "The given credential is rejected by the attribute condition.")
    groups = google.get("groups", [])
    return Federated.of(pool, subject, attributes, tuple(groups if isinstance(groups, list) else [groups]))


def _under(prefix: str, mapped: Mapping[str, Any]) -> dict[str, Any]:
    return {key.removeprefix(prefix): value for key, value in mapped.items() if key.startswith(prefix)}

"""Tokens: the JWT-bearer grant, tokeninfo, impersonation; JWTs that accounts sign themselves.

A token of an account is held by its unique id: an account made anew under the same address is not let in by it. Times
are the double's own clock's, so a token ends when the clock has passed its end.
Sources: RFC 7523; IAM Service Account Credentials API, REST reference `projects.serviceAccounts.generateAccessToken`.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from tools.doubles.gcp.accounts import Accounts
from tools.doubles.gcp.errors import refuse
from tools.doubles.gcp.keys import Keys
from tools.doubles.gcp.members import Federated
from tools.doubles.gcp.names import Clock, stamp
from tools.doubles.messages import Answer, Refusal, Request
from tools.doubles.routes import route

_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_AUDIENCE = "https://oauth2.googleapis.com/token"
"""What google-auth addresses every assertion to, wherever it sends it."""

LIFETIME = timedelta(hours=1)
_SKEW = timedelta(minutes=5)
_SECONDS = re.compile(r"(\d+)(?:\.\d+)?s")
_ACCOUNT = "/v1/projects/-/serviceAccounts/{account}"


@dataclass(frozen=True, slots=True)
class _Held:
    """Whom a token speaks for: an account's unique id, or a federated principal."""

    unique_id: str
    federated: Federated | None
    ends: datetime


class Tokens:
    """What was issued: access tokens, each for one account or federated principal."""

    def __init__(self, accounts: Accounts, keys: Keys, url: str, now: Clock) -> None:
        self._accounts, self._keys, self._url, self._now = accounts, keys, url, now
        self._held: dict[str, _Held] = {}

    def issue(self, holder: str, lifetime: timedelta = LIFETIME) -> str:
        """Issue an access token without any key, as a machine of Google's own gets it.

        Args:
            holder: an account's e-mail address, a `Federated`, or a Kubernetes service account:
                `PROJECT.svc.id.goog[NAMESPACE/NAME]`.
            lifetime: how long it is good for.
        """
        token, ends = f"ya29.{secrets.token_urlsafe(48)}", self._now() + lifetime
        if isinstance(holder, Federated):
            self._held[token] = _Held("", holder, ends)
        elif "[" in holder:
            self._held[token] = _Held("", Federated.of_cluster(holder), ends)
        else:
            self._held[token] = _Held(self._accounts.by_email[holder]["uniqueId"], None, ends)
        return token

    def holder_of(self, token: str) -> str:
        """Whom a token speaks for; empty for nobody, and while `state_of` its account says why not."""
        held = self._find(token)
        if held is None or held.ends <= self._now() or self.state_of(token):
            return ""
        if held.federated is not None:
            return held.federated
        return str(self._accounts.by_unique_id[held.unique_id].facts["email"])

    def state_of(self, token: str) -> str:
        """What keeps a token's account from being let in: DELETED or DISABLED; empty for nothing."""
        held = self._find(token)
        if held is None or not held.unique_id:
            return ""
        if self._accounts.by_unique_id[held.unique_id].deleted is not None:
            return "DELETED"
        return "DISABLED" if self._accounts.is_disabled(held.unique_id) else ""

    def has_ended(self, token: str) -> bool:
        """Tell whether a token was good once and has outlived its time."""
        held = self._held.get(token)
        return held is not None and held.ends <= self._now()

    @route("POST", "/token", public=True)
    def grant(self, request: Request) -> Any:
        form = dict(parse_qsl(request.body.decode()))
        if form.get("grant_type") != _GRANT:
            raise oauth("unsupported_grant_type", f"Invalid grant_type: {form.get('grant_type')}")
        claims = self._verified(form.get("assertion", ""))
        if claims.get("aud") not in (_AUDIENCE, f"{self._url}/token"):
            raise oauth("invalid_grant", "Invalid JWT: the audience is another.")
        lifetime = int(LIFETIME.total_seconds()) - 1
        return {"access_token": self.issue(claims["iss"]), "expires_in": lifetime, "token_type": "Bearer"}

    @route("POST", "/tokeninfo", public=True)
    def info(self, request: Request) -> Any:
        token = dict(parse_qsl(request.body.decode())).get("access_token", "")
        email = self.holder_of(token)
        if not email or isinstance(email, Federated):
            raise oauth("invalid_token", "Invalid Value")
        unique = self._accounts.by_email[email]["uniqueId"]
        return {"azp": unique, "aud": unique, "sub": unique, "email": email, "expires_in": "3599"}

    @route("POST", _ACCOUNT + ":generateAccessToken", needs="iam.serviceAccounts.getAccessToken")
    def impersonate(self, request: Request) -> Any:
        asked, account = request.json(), self._accounts.find(request.params["account"])
        if account is None or self._accounts.is_disabled(account["uniqueId"]):
            raise refuse("NOT_FOUND", "Not found; Gaia id not found for email")
        seconds = _SECONDS.fullmatch(asked.get("lifetime") or "3600s")
        if seconds is None or not 0 < int(seconds[1]) <= LIFETIME.total_seconds():
            said = "The access token lifetime must be at most 3600s, unless a policy of the organisation allows more."
            raise refuse("INVALID_ARGUMENT", said)
        if "scope" in asked and not asked["scope"]:
            raise refuse("INVALID_ARGUMENT", "Scope must not be empty.")
        lifetime = timedelta(seconds=int(seconds[1]))
        ends = stamp(self._now() + lifetime, microseconds=False)
        return {"accessToken": self.issue(account["email"], lifetime), "expireTime": ends}

    def _find(self, token: str) -> _Held | None:
        held = self._held.get(token)
        if held is not None or token.count(".") != 2:
            return held
        try:
            account = self._accounts.by_email[self._verified(token)["iss"]]
        except Refusal:
            return None
        return _Held(account["uniqueId"], None, self._now() + LIFETIME)

    def _verified(self, token: str) -> dict[str, Any]:
        """The claims of a JWT whose signature a live key of the issuing account has made."""
        try:
            head, claims, signature = (_decoded(part) for part in token.split("."))
            header, told = json.loads(head), json.loads(claims)
            issuer = str(told["iss"])
        except (ValueError, KeyError):
            raise oauth("invalid_grant", "Invalid JWT: Failed audience check or malformed.") from None
        account = self._accounts.find(issuer)
        if account is None:
            raise oauth("invalid_grant", "Invalid grant: account not found")
        if self._accounts.is_disabled(account["uniqueId"]):
            raise oauth("invalid_grant", "Invalid grant: account is disabled")
        key = self._keys.of(account).get(header.get("kid", ""))
        if key is None or key.disabled or not _signed(key.public, token, signature):
            raise oauth("invalid_grant", "Invalid JWT Signature.")
        # Who signs a JWT can't move the machine's clock, so the double's own does not count here.
        now = time.time()
        if not told.get("iat", 0) - _SKEW.total_seconds() <= now <= told.get("exp", 0) + _SKEW.total_seconds():
            raise oauth("invalid_grant", "Invalid JWT: Token must be a short-lived token in a reasonable timeframe.")
        return {**told, "iss": account["email"]}


def oauth(error: str, description: str) -> Refusal:
    """What a token endpoint refuses with (RFC 6749, section 5.2)."""
    status = 401 if error == "invalid_client" else 400
    return Refusal(Answer(status, {"error": error, "error_description": description}))


def _signed(public: Any, token: str, signature: bytes) -> bool:
    try:
        public.verify(signature, token.rpartition(".")[0].encode(), padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))

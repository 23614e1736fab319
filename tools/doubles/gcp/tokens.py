"""Tokens: the JWT-bearer grant, tokeninfo, impersonation; JWTs that accounts sign themselves."""

from __future__ import annotations

import base64
import json
import secrets
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from tools.doubles.gcp.accounts import Accounts
from tools.doubles.gcp.errors import refuse
from tools.doubles.gcp.keys import Keys
from tools.doubles.gcp.names import Clock, stamp
from tools.doubles.messages import Answer, Refusal, Request
from tools.doubles.routes import route

_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_AUDIENCE = "https://oauth2.googleapis.com/token"
"""What google-auth addresses every assertion to, wherever it sends it."""

_LIFETIME = timedelta(hours=1)
_SKEW = timedelta(minutes=5)


class Tokens:
    """What was issued: access tokens, each for one account."""

    def __init__(self, accounts: Accounts, keys: Keys, url: str, now: Clock) -> None:
        self._accounts, self._keys, self._url, self._now = accounts, keys, url, now
        self._holders: dict[str, str] = {}

    def issue(self, email: str) -> str:
        """Issue an access token without any key, as a machine of Google's own gets it."""
        token = f"ya29.{secrets.token_urlsafe(48)}"
        self._holders[token] = email
        return token

    def holder_of(self, token: str) -> str:
        """Whom a token speaks for: a disabled or deleted account's tokens are refused; empty for nobody."""
        email = self._holders.get(token) or (self._signer_of(token) if token.count(".") == 2 else "")
        account = self._accounts.find(email) if email else None
        return email if account and not account.get("disabled") else ""

    @route("POST", "/token", public=True)
    def grant(self, request: Request) -> Any:
        form = dict(parse_qsl(request.body.decode()))
        if form.get("grant_type") != _GRANT:
            raise _oauth("unsupported_grant_type", f"Invalid grant_type: {form.get('grant_type')}")
        claims = self._verified(form.get("assertion", ""))
        if claims.get("aud") not in (_AUDIENCE, f"{self._url}/token"):
            raise _oauth("invalid_grant", "Invalid JWT: the audience is another.")
        lifetime = int(_LIFETIME.total_seconds()) - 1
        return {"access_token": self.issue(claims["iss"]), "expires_in": lifetime, "token_type": "Bearer"}

    @route("POST", "/tokeninfo", public=True)
    def info(self, request: Request) -> Any:
        token = dict(parse_qsl(request.body.decode())).get("access_token", "")
        email = self.holder_of(token)
        if not email:
            raise _oauth("invalid_token", "Invalid Value")
        unique = self._accounts.by_email[email]["uniqueId"]
        return {"azp": unique, "aud": unique, "sub": unique, "email": email, "expires_in": "3599"}

    @route(
        "POST",
        "/v1/projects/-/serviceAccounts/{account}:generateAccessToken",
        needs="iam.serviceAccounts.getAccessToken",
    )
    def impersonate(self, request: Request) -> Any:
        account = self._accounts.find(request.params["account"])
        if account is None or account.get("disabled"):
            raise refuse("NOT_FOUND", "Not found; Gaia id not found for email")
        ends = stamp(self._now() + _LIFETIME, microseconds=False)
        return {"accessToken": self.issue(account["email"]), "expireTime": ends}

    def _signer_of(self, token: str) -> str:
        try:
            return str(self._verified(token)["iss"])
        except Refusal:
            return ""

    def _verified(self, token: str) -> dict[str, Any]:
        """The claims of a JWT whose signature a live key of the issuing account has made."""
        try:
            head, claims, signature = (_decoded(part) for part in token.split("."))
            header, told = json.loads(head), json.loads(claims)
            issuer = str(told["iss"])
        except (ValueError, KeyError):
            raise _oauth("invalid_grant", "Invalid JWT: Failed audience check or malformed.") from None
        account = self._accounts.find(issuer)
        if account is None:
            raise _oauth("invalid_grant", "Invalid grant: account not found")
        if account.get("disabled"):
            raise _oauth("invalid_grant", "Invalid grant: account is disabled")
        key = self._keys.of(account).get(header.get("kid", ""))
        if key is None or key.disabled or not _signed(key.public, token, signature):
            raise _oauth("invalid_grant", "Invalid JWT Signature.")
        now = self._now().timestamp()
        if not told.get("iat", 0) - _SKEW.total_seconds() <= now <= told.get("exp", 0) + _SKEW.total_seconds():
            raise _oauth("invalid_grant", "Invalid JWT: Token must be a short-lived token in a reasonable timeframe.")
        return {**told, "iss": account["email"]}


def _signed(public: Any, token: str, signature: bytes) -> bool:
    try:
        public.verify(signature, token.rpartition(".")[0].encode(), padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _oauth(error: str, description: str) -> Refusal:
    status = 401 if error == "invalid_client" else 400
    return Refusal(Answer(status, {"error": error, "error_description": description}))

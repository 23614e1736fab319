"""IAM Service Account Credentials v1: ID tokens, and signatures by the key that Google keeps for an account.

ID tokens are signed by that key as well, where Google has keys of its own for them.
Source: REST reference, `projects.serviceAccounts.generateIdToken`, `signBlob`, `signJwt`; OpenID Connect Core 1.0,
section 2.
"""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

from tools.doubles.gcp.accounts import Accounts
from tools.doubles.gcp.errors import refuse
from tools.doubles.gcp.keys import Keys
from tools.doubles.gcp.names import Clock
from tools.doubles.messages import Request
from tools.doubles.routes import route

_ACCOUNT = "/v1/projects/-/serviceAccounts/{account}"
_ISSUER = "https://accounts.google.com"
_LIFETIME = timedelta(hours=1)
_LONGEST_LIFE = timedelta(hours=12)


class Signing:
    """What an account's holder has signed without a key of their own."""

    def __init__(self, accounts: Accounts, keys: Keys, now: Clock) -> None:
        self._accounts, self._keys, self._now = accounts, keys, now

    @route("POST", _ACCOUNT + ":generateIdToken", needs="iam.serviceAccounts.getOpenIdToken")
    def id_token(self, request: Request) -> Any:
        account, asked = self._account(request), request.json()
        if not asked.get("audience"):
            raise refuse("INVALID_ARGUMENT", "The audience must be specified.")
        moment, unique = self._now(), account["uniqueId"]
        claims = {"iss": _ISSUER, "aud": asked["audience"], "azp": unique, "sub": unique}
        claims |= {"iat": int(moment.timestamp()), "exp": int((moment + _LIFETIME).timestamp())}
        told = {"email": account["email"], "email_verified": True} if asked.get("includeEmail") else {}
        return {"token": self._jwt(account, claims | told)[1]}

    @route("POST", _ACCOUNT + ":signBlob", needs="iam.serviceAccounts.signBlob")
    def blob(self, request: Request) -> Any:
        key, signature = self._keys.signed(self._account(request), base64.b64decode(request.json().get("payload", "")))
        return {"keyId": key, "signedBlob": base64.b64encode(signature).decode()}

    @route("POST", _ACCOUNT + ":signJwt", needs="iam.serviceAccounts.signJwt")
    def jwt(self, request: Request) -> Any:
        claims = json.loads(request.json().get("payload") or "{}")
        if claims.get("exp", 0) > (self._now() + _LONGEST_LIFE).timestamp():
            raise refuse("INVALID_ARGUMENT", "The expiration time can't be more than 12 hours in the future.")
        key, token = self._jwt(self._account(request), claims)
        return {"keyId": key, "signedJwt": token}

    def _account(self, request: Request) -> dict[str, Any]:
        account = self._accounts.find(request.params["account"])
        if account is None or self._accounts.is_disabled(account["uniqueId"]):
            raise refuse("NOT_FOUND", "Not found; Gaia id not found for email")
        return account

    def _jwt(self, account: dict[str, Any], claims: dict[str, Any]) -> tuple[str, str]:
        key = self._keys.google_key(account).id
        told = ".".join(_encoded(json.dumps(part).encode()) for part in ({"alg": "RS256", "kid": key}, claims))
        return key, f"{told}.{_encoded(self._keys.signed(account, told.encode())[1])}"


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()

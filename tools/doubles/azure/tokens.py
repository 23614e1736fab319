"""Access tokens: signed JWTs, each of one principal for one audience, that live until they end, whatever happens.

Neither a removed secret nor a disabled or deleted principal ends a token that was issued: what stops is the issuing.
Sources: Microsoft identity platform, 'Configurable token lifetimes' (60 to 90 minutes, and no way to revoke an access
token); 'Managed identities for Azure resources frequently asked questions' (tokens of managed identities are cached
for about 24 hours, and can't be made to end before); 'Continuous access evaluation for workload identities' (ends
tokens for Microsoft Graph only, of applications only, by a licence of its own; not modelled).
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tools.doubles.azure.delayed import Clock
from tools.doubles.azure.directory import TENANT, Kind, Principal

KEY_ID = "nhi-doubles"


@dataclass(frozen=True, slots=True)
class Held:
    """Whom a token speaks for, to whom, and until when."""

    client_id: str
    object_id: str
    audience: str
    ends: datetime


class Tokens:
    """What was issued.

    Attributes:
        lifetime: how long a token of an application is good for; Entra's is 60 to 90 minutes.
        identity_lifetime: how long a token of a managed identity is.
    """

    def __init__(self, url: str, now: Clock) -> None:
        self.lifetime = timedelta(hours=1)
        self.identity_lifetime = timedelta(hours=24)
        self._url, self._now = url, now
        self._held: dict[str, Held] = {}

    def issue(self, principal: Principal, audience: str) -> tuple[str, int]:
        """Issue a token: it, and how many seconds it is good for."""
        is_identity = principal.kind is Kind.MANAGED_IDENTITY
        lifetime, now = self.identity_lifetime if is_identity else self.lifetime, self._now()
        claims = {
            "aud": audience,
            "iss": f"{self._url}/{TENANT}/v2.0",
            "iat": int(now.timestamp()),
            "nbf": int(now.timestamp()),
            "exp": int((now + lifetime).timestamp()),
            "appid": principal.client_id,
            "azp": principal.client_id,
            "idtyp": "app",
            "oid": principal.object_id,
            "sub": principal.object_id,
            "tid": TENANT,
            "uti": uuid4().hex,
        }
        for name in principal.facts["alternativeNames"][1:]:
            claims["xms_mirid"] = name
        token = signed(claims)
        self._held[token] = Held(principal.client_id, principal.object_id, audience.rstrip("/"), now + lifetime)
        return token, int(lifetime.total_seconds()) - 1

    @property
    def issued(self) -> list[str]:
        """Every token that was ever issued."""
        return list(self._held)

    def find(self, token: str) -> Held | None:
        """What is known of a token, living or ended; None for one that was never issued."""
        return self._held.get(token)

    def is_good(self, held: Held) -> bool:
        """Tell whether a token has not ended yet."""
        return self._now() < held.ends


@cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def key_set() -> dict[str, Any]:
    """The JSON Web Key Set that the tokens are checked with."""
    numbers = _key().public_key().public_numbers()
    shown = {name: _encoded(_bytes(value)) for name, value in (("n", numbers.n), ("e", numbers.e))}
    return {"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": KEY_ID, **shown}]}


def signed(claims: dict[str, Any]) -> str:
    """A JWT with these claims."""
    header = {"typ": "JWT", "alg": "RS256", "kid": KEY_ID}
    text = ".".join(_encoded(json.dumps(part).encode()) for part in (header, claims))
    return f"{text}.{_encoded(_key().sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def _bytes(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()

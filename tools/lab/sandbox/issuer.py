"""An issuer of JSON Web Tokens with a key of its own, in the place of a CI service's or a cluster's."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

_LIFETIME_SECONDS = 300
_KEY_BITS = 2048


class Issuer:
    """Signs whatever claims it is given, with RS256.

    Attributes:
        public_key: the key that its tokens are checked with, as PEM.
    """

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)
        form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        self.public_key: str = self._key.public_key().public_bytes(*form).decode()

    def token(self, **claims: Any) -> str:
        """Sign a token with these claims that is good for five minutes."""
        now = int(time.time())
        content = {"iat": now - _LIFETIME_SECONDS, "nbf": now - _LIFETIME_SECONDS, "exp": now + _LIFETIME_SECONDS}
        parts = [{"alg": "RS256", "typ": "JWT"}, content | claims]
        text = ".".join(_encoded(json.dumps(part).encode()) for part in parts)
        return f"{text}.{_encoded(self._key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def claims_of(token: str) -> dict[str, Any]:
    """Read a token's claims, unchecked."""
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()

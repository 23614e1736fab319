"""Tokens of foreign issuers, checked with the keys that their issuer publishes: OpenID Connect discovery, then JWKS.

A test that has an issuer's key at hand names it by `put`, in the place of the document that the issuer would serve.
Sources: Microsoft Entra, 'Workload identity federation'; 'Microsoft Entra authentication and authorization error
codes' (50013, 50027, 700024); OpenID Connect Discovery 1.0.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import jwt
import requests
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from tools.doubles.azure import errors
from tools.doubles.messages import Refusal

_SKEW_SECONDS = 300
_PATIENCE_SECONDS = 5


class Issuers:
    """The issuers that can be reached."""

    def __init__(self) -> None:
        self._keys: dict[str, list[Any]] = {}

    def put(self, issuer: str, *keys: str | Mapping[str, Any]) -> None:
        """Let an issuer publish these keys, and no others: each as PEM, or as a JSON Web Key."""
        self._keys[issuer] = [
            load_pem_public_key(each.encode()) if isinstance(each, str) else jwt.PyJWK(dict(each)).key for each in keys
        ]

    def read(self, assertion: str) -> Mapping[str, Any]:
        """The claims of a token, unchecked.

        Raises:
            Refusal: when it is none.
        """
        try:
            told: Mapping[str, Any] = jwt.decode(assertion, options={"verify_signature": False})
        except jwt.PyJWTError:
            raise _refused(50027, "JWT token is invalid or malformed.") from None
        return told

    def check(self, assertion: str) -> None:
        """Refuse a token whose signature or times are wrong, as Entra words it."""
        told = self.read(assertion)
        if not any(_is_signed(assertion, key) for key in self._published(str(told.get("iss")))):
            raise _refused(50013, "Assertion failed signature validation. [Reason - The key was not found.]")
        # Who signs a token can't move the machine's clock, so the double's own does not count here.
        now, begins, ends = time.time(), told.get("nbf", 0), told.get("exp", 0)
        if not begins - _SKEW_SECONDS <= now <= ends + _SKEW_SECONDS:
            text = (
                f"Client assertion is not within its valid time range. Current time: {int(now)}, expiry time: {ends}."
            )
            raise _refused(700024, text)

    def _published(self, issuer: str) -> list[Any]:
        """The keys that an issuer publishes; those that must be asked for, on this machine only."""
        if issuer in self._keys:
            return self._keys[issuer]
        if urlsplit(issuer).hostname not in ("127.0.0.1", "localhost"):
            return []
        try:
            found = _read(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            published = _read(str(found["jwks_uri"])) if found.get("issuer") == issuer else {}
            return [jwt.PyJWK(each).key for each in published.get("keys", ()) if each.get("kty") == "RSA"]
        except (requests.RequestException, jwt.PyJWTError, ValueError, KeyError):
            raise _refused(50013, f"Assertion failed signature validation. [Reason - {issuer} has no keys.]") from None


def _read(url: str) -> Any:
    answer = requests.get(url, timeout=_PATIENCE_SECONDS)
    answer.raise_for_status()
    return answer.json()


def _is_signed(assertion: str, key: Any) -> bool:
    # Only the signature is judged here: audience and issuer are for the credential to judge.
    unjudged = jwt.types.Options(verify_aud=False, verify_exp=False, verify_nbf=False, verify_iat=False)
    try:
        jwt.decode(assertion, key, algorithms=["RS256"], options=unjudged)
    except (jwt.PyJWTError, TypeError):
        return False
    return True


def _refused(number: int, text: str) -> Refusal:
    return errors.entra(401, "invalid_client", number, text)

"""Foreign JWTs: whose key has signed one, by the issuer's JSON Web Key Set.

Only issuers on loopback are asked; for any other, a test says which keys it has (`Sts.issuers`).
Sources: OpenID Connect Discovery 1.0; RFC 7517 and 7518 (JWK); RFC 7515 (JWS).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, build_opener

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

_SECONDS = 5
_P256_BYTES = 32


class Unverified(Exception):
    """A token that is not good; the text says why, and holds nothing of the token but its issuer."""


def read(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read a JWT's header and claims, unchecked.

    Raises:
        Unverified: it is none.
    """
    try:
        head, claims, _ = token.split(".")
        header, told = json.loads(_bytes(head)), json.loads(_bytes(claims))
    except ValueError:
        raise Unverified("The value for subject_token is not a valid JWT.") from None
    if not isinstance(header, dict) or not isinstance(told, dict):
        raise Unverified("The value for subject_token is not a valid JWT.")
    return header, told


def verify(token: str, keys: Mapping[str, Any]) -> None:
    """Check a JWT's signature against a key set; a token without `kid` may be signed by any of its keys.

    Raises:
        Unverified: none of them has signed it.
    """
    header, _ = read(token)
    signed, _, signature = token.rpartition(".")
    wanted = header.get("kid")
    for key in keys.get("keys", []):
        if wanted is not None and key.get("kid", wanted) != wanted:
            continue
        if _has_signed(key, str(header.get("alg")), signed.encode(), _bytes(signature)):
            return
    raise Unverified("Invalid JWT signature.")


def keys_of(issuer: str) -> dict[str, Any]:
    """Fetch an issuer's keys by its discovery document.

    Raises:
        Unverified: it is not on loopback, or does not answer as an issuer.
    """
    failed = Unverified("Error connecting to the given credential's issuer.")
    document = _fetched(f"{issuer.rstrip('/')}/.well-known/openid-configuration", failed)
    if document.get("issuer") != issuer:
        raise failed
    return _fetched(str(document.get("jwks_uri", "")), failed)


def jwks_of(public_key: str, kid: str = "") -> dict[str, Any]:
    """Make a key set of one RSA key.

    Args:
        public_key: in PEM.
        kid: its id; empty for none.
    """
    key = serialization.load_pem_public_key(public_key.encode())
    if not isinstance(key, rsa.RSAPublicKey):
        raise TypeError("expected an RSA key")
    numbers = key.public_numbers()
    told = {"kty": "RSA", "alg": "RS256", "use": "sig", "n": _text(numbers.n), "e": _text(numbers.e)}
    return {"keys": [told | ({"kid": kid} if kid else {})]}


def _fetched(url: str, failed: Unverified) -> dict[str, Any]:
    if urlsplit(url).scheme not in ("http", "https") or urlsplit(url).hostname not in ("127.0.0.1", "localhost"):
        raise failed
    try:
        # Loopback needs no proxy, whatever the environment says.
        with build_opener(ProxyHandler({})).open(url, timeout=_SECONDS) as answer:
            told = json.loads(answer.read())
    except (OSError, ValueError):
        raise failed from None
    if not isinstance(told, dict):
        raise failed
    return told


def _has_signed(key: Mapping[str, str], algorithm: str, signed: bytes, signature: bytes) -> bool:
    try:
        if algorithm == "RS256" and key.get("kty") == "RSA":
            numbers = rsa.RSAPublicNumbers(_number(key["e"]), _number(key["n"]))
            numbers.public_key().verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
            return True
        if algorithm == "ES256" and key.get("kty") == "EC" and len(signature) == 2 * _P256_BYTES:
            point = ec.EllipticCurvePublicNumbers(_number(key["x"]), _number(key["y"]), ec.SECP256R1())
            halves = (int.from_bytes(part, "big") for part in (signature[:_P256_BYTES], signature[_P256_BYTES:]))
            point.public_key().verify(encode_dss_signature(*halves), signed, ec.ECDSA(hashes.SHA256()))
            return True
    except (InvalidSignature, ValueError, KeyError):
        return False
    return False


def _bytes(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _number(part: str) -> int:
    return int.from_bytes(_bytes(part), "big")


def _text(number: int) -> str:
    content = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()

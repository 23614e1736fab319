"""Cloud KMS v1: what keys are for: encrypt, decrypt, sign, verify, show the public half, with real cryptography.

A ciphertext says which version of its key made it, as Cloud KMS's own do; nothing else can be read from it.
"""

from __future__ import annotations

import base64
import hmac
import os
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tools.doubles.gcp.crc32c import crc32c
from tools.doubles.gcp.errors import refuse
from tools.doubles.gcp.kms import KEY, VERSION, KeyRings, KeyVersion
from tools.doubles.messages import Request
from tools.doubles.routes import route

_LARGEST = 65_536
_NONCE = 12
_NUMBER = 4


class KeyUse:
    """The operations of all keys."""

    def __init__(self, rings: KeyRings) -> None:
        self._rings = rings

    @route("POST", KEY + ":encrypt", needs="cloudkms.cryptoKeyVersions.useToEncrypt")
    def encrypt(self, request: Request) -> Any:
        key, asked = self._rings.key_of(request), request.json()
        plain = _read(asked, "plaintext")
        if len(plain) > _LARGEST:
            raise refuse("INVALID_ARGUMENT", "The plaintext is larger than 64 KiB.")
        version = _usable(key.primary, key.facts["name"])
        nonce, number = os.urandom(_NONCE), int(version.facts["name"].rpartition("/")[2])
        sealed = _cipher(version).encrypt(nonce, plain, _read(asked, "additionalAuthenticatedData") or None)
        content = number.to_bytes(_NUMBER) + nonce + sealed
        return {
            "name": version.facts["name"],
            "ciphertext": base64.b64encode(content).decode(),
            "ciphertextCrc32c": str(crc32c(content)),
            "verifiedPlaintextCrc32c": "plaintextCrc32c" in asked,
            "protectionLevel": version.facts["protectionLevel"],
        }

    @route("POST", KEY + ":decrypt", needs="cloudkms.cryptoKeyVersions.useToDecrypt")
    def decrypt(self, request: Request) -> Any:
        key, asked = self._rings.key_of(request), request.json()
        content = _read(asked, "ciphertext")
        number = int.from_bytes(content[:_NUMBER])
        if not 0 < number <= len(key.versions):
            raise refuse("INVALID_ARGUMENT", "Decryption failed: the ciphertext is invalid.")
        version = _usable(key.versions[number - 1], key.facts["name"])
        nonce, sealed = content[_NUMBER : _NUMBER + _NONCE], content[_NUMBER + _NONCE :]
        try:
            plain = _cipher(version).decrypt(nonce, sealed, _read(asked, "additionalAuthenticatedData") or None)
        except (InvalidTag, ValueError):
            raise refuse("INVALID_ARGUMENT", "Decryption failed: the ciphertext is invalid.") from None
        checksum = {"plaintextCrc32c": str(crc32c(plain)), "usedPrimary": version is key.primary}
        return {"plaintext": base64.b64encode(plain).decode(), **checksum}

    @route("POST", VERSION + ":asymmetricSign", needs="cloudkms.cryptoKeyVersions.useToSign")
    def sign(self, request: Request) -> Any:
        version = _usable(self._rings.version_of(request), request.path)
        digest = base64.b64decode(request.json().get("digest", {}).get("sha256", ""))
        if len(digest) != hashes.SHA256.digest_size:
            raise refuse("INVALID_ARGUMENT", "The digest must be one of SHA-256.")
        signature = _signed(version, digest)
        told = {"signatureCrc32c": str(crc32c(signature)), "name": version.facts["name"]}
        return {"signature": base64.b64encode(signature).decode(), **told}

    @route("POST", VERSION + ":macSign", needs="cloudkms.cryptoKeyVersions.useToSign")
    def mac_sign(self, request: Request) -> Any:
        version = _usable(self._rings.version_of(request), request.path)
        mac = _mac(version, _read(request.json(), "data"))
        return {"name": version.facts["name"], "mac": base64.b64encode(mac).decode(), "macCrc32c": str(crc32c(mac))}

    @route("POST", VERSION + ":macVerify", needs="cloudkms.cryptoKeyVersions.useToVerify")
    def mac_verify(self, request: Request) -> Any:
        version, asked = _usable(self._rings.version_of(request), request.path), request.json()
        fits = hmac.compare_digest(_mac(version, _read(asked, "data")), _read(asked, "mac"))
        return {"name": version.facts["name"], "success": fits}

    @route("GET", VERSION + "/publicKey", needs="cloudkms.cryptoKeyVersions.viewPublicKey")
    def public_key(self, request: Request) -> Any:
        version = _usable(self._rings.version_of(request), request.path)
        if version.material is None or isinstance(version.material, AESGCM | bytes):
            raise refuse("FAILED_PRECONDITION", f"{version.facts['name']} has no public key.")
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        pem = version.material.public_key().public_bytes(serialization.Encoding.PEM, form)
        told = {"algorithm": version.facts["algorithm"], "name": version.facts["name"]}
        return {"pem": pem.decode(), "pemCrc32c": str(crc32c(pem)), **told}


def _usable(version: KeyVersion | None, name: str) -> KeyVersion:
    if version is None:
        raise refuse("FAILED_PRECONDITION", f"{name} has no primary version.")
    if not version.enabled:
        message = f"{version.facts['name']} is not enabled, current state is: {version.facts['state']}."
        raise refuse("FAILED_PRECONDITION", message, reason="KEY_VERSION_STATE", state=version.facts["state"])
    return version


def _cipher(version: KeyVersion) -> AESGCM:
    if not isinstance(version.material, AESGCM):
        raise refuse("INVALID_ARGUMENT", f"{version.facts['name']} is not for encryption.")
    return version.material


def _mac(version: KeyVersion, data: bytes) -> bytes:
    if not isinstance(version.material, bytes):
        raise refuse("INVALID_ARGUMENT", f"{version.facts['name']} is not for message authentication.")
    return hmac.digest(version.material, data, "sha256")


def _signed(version: KeyVersion, digest: bytes) -> bytes:
    prehashed = utils.Prehashed(hashes.SHA256())
    key = version.material
    if key is None or isinstance(key, AESGCM | bytes):
        raise refuse("INVALID_ARGUMENT", f"{version.facts['name']} is not for signing.")
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(digest, ec.ECDSA(prehashed))
    return key.sign(digest, padding.PKCS1v15(), prehashed)


def _read(asked: dict[str, Any], field: str) -> bytes:
    """A field in base64, compared with its checksum if there is one."""
    content = base64.b64decode(asked.get(field, ""))
    if f"{field}Crc32c" in asked and int(asked[f"{field}Crc32c"]) != crc32c(content):
        raise refuse("INVALID_ARGUMENT", f"The checksum in field {field}_crc32c did not match the data in {field}.")
    return content

"""Key Vault's data plane, keys: made, shown, used, rotated, deleted, recovered and purged; each is a real RSA key.

What leaves the vault is a key's public part. The double knows keys of RSA and no others, and makes no release: that
takes attestation. No client for keys is installed here: the shapes are those of the REST reference, `Keys` (Create Key,
Get Key, Get Key Versions, Update Key, Rotate Key, Backup Key, Encrypt, Decrypt, Wrap Key, Unwrap Key, Sign, Verify,
Delete Key, Recover Deleted Key, Purge Deleted Key); the permissions are those of 'Azure permissions for Security',
Microsoft.KeyVault.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils

from tools.doubles.azure import errors
from tools.doubles.azure.delayed import Clock
from tools.doubles.azure.vaults import Vaults
from tools.doubles.messages import Answer, Refusal, Request
from tools.doubles.routes import route

_VAULT = "/vaults/{vault}"
_KEY = _VAULT + "/keys/{name}"
_DELETED = _VAULT + "/deletedkeys/{name}"
_USES: Final = ("encrypt", "decrypt", "wrapKey", "unwrapKey", "sign", "verify")
_SIZES: Final = (2048, 3072, 4096)
_DIGEST: Final = 32
"""Bytes of a SHA-256, which RS256 signs."""


@dataclass(slots=True)
class Version:
    """One version."""

    id: str
    made: datetime
    pair: rsa.RSAPrivateKey = field(repr=False)
    uses: tuple[str, ...] = _USES
    enabled: bool = True


@dataclass(slots=True)
class Key:
    """One key with its versions, oldest first; `deleted` is when it was deleted."""

    name: str
    versions: list[Version] = field(default_factory=list)
    deleted: datetime | None = None


class Keys:
    """The keys of every vault.

    Attributes:
        by_name: each by vault and name, deleted ones among them.
    """

    def __init__(self, vaults: Vaults, url: str, now: Clock) -> None:
        self.by_name: dict[tuple[str, str], Key] = {}
        self._vaults, self._url, self._now = vaults, url, now

    @route("POST", _KEY + "/create", needs="keys/create")
    def create(self, request: Request) -> Any:
        asked, at = request.json(), self._at(request)
        size = asked.get("key_size") or _SIZES[0]
        if asked.get("kty") not in ("RSA", "RSA-HSM") or size not in _SIZES:
            raise _bad("Property has invalid value: the double knows RSA keys of 2048, 3072 and 4096 bits.")
        key = self.by_name.setdefault(at, Key(at[1]))
        if key.deleted:
            text = f"Key {key.name} is currently in a deleted but recoverable state, and its name cannot be reused."
            raise Refusal(errors.vault(409, "Conflict", text, "ObjectIsDeletedButRecoverable"))
        pair = rsa.generate_private_key(public_exponent=65537, key_size=size)
        key.versions.append(Version(uuid4().hex, self._now(), pair, tuple(asked.get("key_ops") or _USES)))
        return self._shown(at[0], key, key.versions[-1])

    @route("GET", _VAULT + "/keys", needs="keys/list")
    def listing(self, request: Request) -> Any:
        vault = self._judged(request.params["vault"])
        living = [each for (owner, _), each in self.by_name.items() if owner == vault and not each.deleted]
        return {"value": [self._listed(vault, each, each.versions[-1], whole=True) for each in living]}

    @route("GET", _KEY, needs="keys/get")
    @route("GET", _KEY + "/", needs="keys/get")
    @route("GET", _KEY + "/{version}", needs="keys/get")
    def get(self, request: Request) -> Any:
        key, version = self._version(request)
        return self._shown(request.params["vault"], key, version)

    @route("GET", _KEY + "/versions", needs="keys/list")
    def versions(self, request: Request) -> Any:
        key = self._find(request)
        return {"value": [self._listed(request.params["vault"], key, each) for each in key.versions]}

    @route("PATCH", _KEY + "/{version}", needs="keys/update")
    def update(self, request: Request) -> Any:
        key, version = self._version(request)
        version.enabled = (request.json().get("attributes") or {}).get("enabled", version.enabled)
        return self._shown(request.params["vault"], key, version)

    @route("POST", _KEY + "/rotate", needs="keys/rotate")
    def rotate(self, request: Request) -> Any:
        key, before = self._version(request)
        pair = rsa.generate_private_key(public_exponent=65537, key_size=before.pair.key_size)
        key.versions.append(Version(uuid4().hex, self._now(), pair, before.uses))
        return self._shown(request.params["vault"], key, key.versions[-1])

    @route("POST", _KEY + "/backup", needs="keys/backup")
    def backup(self, request: Request) -> Any:
        """A backup that nothing can be restored from: the double's keys leave it by no way."""
        return {"value": _text(f"backup of {self._find(request).name}".encode())}

    @route("POST", _KEY + "/{version}/release", needs="keys/release")
    def release(self, request: Request) -> Any:
        self._version(request)
        raise _bad("The key is not exportable, and releasing it takes an attestation.")

    @route("POST", _KEY + "//encrypt", needs="keys/encrypt")
    @route("POST", _KEY + "/{version}/encrypt", needs="keys/encrypt")
    def encrypt(self, request: Request) -> Any:
        return self._used(request, "encrypt", _encrypted)

    @route("POST", _KEY + "//decrypt", needs="keys/decrypt")
    @route("POST", _KEY + "/{version}/decrypt", needs="keys/decrypt")
    def decrypt(self, request: Request) -> Any:
        return self._used(request, "decrypt", _decrypted)

    @route("POST", _KEY + "//wrapkey", needs="keys/wrapKey")
    @route("POST", _KEY + "/{version}/wrapkey", needs="keys/wrapKey")
    def wrap(self, request: Request) -> Any:
        return self._used(request, "wrapKey", _encrypted)

    @route("POST", _KEY + "//unwrapkey", needs="keys/unwrapKey")
    @route("POST", _KEY + "/{version}/unwrapkey", needs="keys/unwrapKey")
    def unwrap(self, request: Request) -> Any:
        return self._used(request, "unwrapKey", _decrypted)

    @route("POST", _KEY + "//sign", needs="keys/sign")
    @route("POST", _KEY + "/{version}/sign", needs="keys/sign")
    def sign(self, request: Request) -> Any:
        return self._used(request, "sign", _signed)

    @route("POST", _KEY + "//verify", needs="keys/verify")
    @route("POST", _KEY + "/{version}/verify", needs="keys/verify")
    def verify(self, request: Request) -> Any:
        _, version = self._usable(request, "verify")
        asked = request.json()
        signature, digest = _bytes(asked.get("value")), _bytes(asked.get("digest"))
        try:
            version.pair.public_key().verify(signature, digest, padding.PKCS1v15(), utils.Prehashed(hashes.SHA256()))
        except (InvalidSignature, ValueError):
            return {"value": False}
        return {"value": True}

    @route("DELETE", _KEY, needs="keys/delete")
    def delete(self, request: Request) -> Any:
        key = self._find(request)
        key.deleted = self._now()
        return self._shown_deleted(request.params["vault"], key)

    @route("GET", _DELETED, needs="keys/get")
    def get_deleted(self, request: Request) -> Any:
        return self._shown_deleted(request.params["vault"], self._find(request, deleted=True))

    @route("DELETE", _DELETED, needs="keys/purge")
    def purge(self, request: Request) -> Any:
        key, vault = self._find(request, deleted=True), request.params["vault"]
        if vault in self._vaults.protected:
            text = 'Operation "purge" is not allowed because purge protection is enabled for this vault.'
            raise Refusal(errors.vault(403, "Forbidden", text))
        del self.by_name[vault, key.name]
        return Answer(204)

    @route("POST", _DELETED + "/recover", needs="keys/recover")
    def recover(self, request: Request) -> Any:
        key = self._find(request, deleted=True)
        key.deleted = None
        return self._shown(request.params["vault"], key, key.versions[-1])

    def empty(self, vault: str) -> None:
        """Let a vault's keys be gone for good, as those of a vault that was purged are."""
        for at in [each for each in self.by_name if each[0] == vault]:
            del self.by_name[at]

    def _used(self, request: Request, use: str, done: Callable[[rsa.RSAPrivateKey, Mapping[str, Any]], bytes]) -> Any:
        key, version = self._usable(request, use)
        kid = f"{self._url}/keys/{key.name}/{version.id}"
        return {"kid": kid, "value": _text(done(version.pair, request.json()))}

    def _usable(self, request: Request, use: str) -> tuple[Key, Version]:
        key, version = self._version(request)
        if not version.enabled or use not in version.uses:
            text = f"Operation {use} is not permitted on this key."
            raise Refusal(errors.vault(403, "Forbidden", text, "KeyOperationForbidden"))
        return key, version

    def _at(self, request: Request) -> tuple[str, str]:
        return self._judged(request.params["vault"]), request.params["name"]

    def _judged(self, vault: str) -> str:
        """Refuse a vault that is gone, and let go what has outlived its time in it."""
        if vault in self._vaults.gone:
            raise Refusal(errors.vault(404, "VaultNotFound", f"The vault {vault} was not found."))
        for at, each in list(self.by_name.items()):
            if at[0] == vault and each.deleted and self._now() >= each.deleted + self._kept(vault):
                del self.by_name[at]
        return vault

    def _kept(self, vault: str) -> timedelta:
        return self._vaults.kept_for(vault)

    def _find(self, request: Request, *, deleted: bool = False) -> Key:
        key = self.by_name.get(self._at(request))
        if key is None or bool(key.deleted) is not deleted:
            text = f"A key with (name/id) {request.params['name']} was not found in this key vault."
            raise Refusal(errors.vault(404, "KeyNotFound", text))
        return key

    def _version(self, request: Request) -> tuple[Key, Version]:
        key, wanted = self._find(request), request.params.get("version", "")
        found = [each for each in key.versions if not wanted or each.id == wanted]
        if not found:
            raise Refusal(errors.vault(404, "KeyNotFound", f"A key with (name/id) {key.name} was not found."))
        return key, found[-1]

    def _listed(self, vault: str, key: Key, version: Version, *, whole: bool = False) -> dict[str, Any]:
        # As of secrets, clients read name and version from the id, in which a vault has a host of its own.
        kid = f"{self._url}/keys/{key.name}" + ("" if whole else f"/{version.id}")
        attributes = {
            "enabled": version.enabled,
            "created": int(version.made.timestamp()),
            "recoveryLevel": "Recoverable" if vault in self._vaults.protected else "Recoverable+Purgeable",
            "recoverableDays": self._kept(vault).days,
        }
        return {"kid": kid, "attributes": attributes, "tags": {}}

    def _shown(self, vault: str, key: Key, version: Version) -> dict[str, Any]:
        told, numbers = self._listed(vault, key, version), version.pair.public_key().public_numbers()
        public = {name: _text(_big(number)) for name, number in (("n", numbers.n), ("e", numbers.e))}
        told["key"] = {"kid": told.pop("kid"), "kty": "RSA", "key_ops": list(version.uses), **public}
        return told

    def _shown_deleted(self, vault: str, key: Key) -> dict[str, Any]:
        deleted = key.deleted or self._now()
        return self._shown(vault, key, key.versions[-1]) | {
            "recoveryId": f"{self._url}/deletedkeys/{key.name}",
            "deletedDate": int(deleted.timestamp()),
            "scheduledPurgeDate": int((deleted + self._kept(vault)).timestamp()),
        }


def _encrypted(pair: rsa.RSAPrivateKey, asked: Mapping[str, Any]) -> bytes:
    return pair.public_key().encrypt(_bytes(asked.get("value")), _oaep(asked))


def _decrypted(pair: rsa.RSAPrivateKey, asked: Mapping[str, Any]) -> bytes:
    try:
        return pair.decrypt(_bytes(asked.get("value")), _oaep(asked))
    except ValueError:
        raise _bad("The ciphertext is not one of this key.") from None


def _signed(pair: rsa.RSAPrivateKey, asked: Mapping[str, Any]) -> bytes:
    digest = _bytes(asked.get("value"))
    if asked.get("alg") != "RS256" or len(digest) != _DIGEST:
        raise _bad("The double signs a digest of SHA-256 with RS256.")
    return pair.sign(digest, padding.PKCS1v15(), utils.Prehashed(hashes.SHA256()))


def _oaep(asked: Mapping[str, Any]) -> padding.OAEP:
    if asked.get("alg") != "RSA-OAEP-256":
        raise _bad("The double knows the algorithm RSA-OAEP-256 only.")
    return padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)


def _bad(text: str) -> Refusal:
    return Refusal(errors.vault(400, "BadParameter", text))


def _big(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _bytes(text: Any) -> bytes:
    try:
        return base64.urlsafe_b64decode(str(text or "") + "==")
    except ValueError:
        raise _bad("A value is no base64url.") from None

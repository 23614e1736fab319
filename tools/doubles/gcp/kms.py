"""Cloud KMS v1: key rings, crypto keys and their versions; nothing can be deleted but a version's material.

Permissions: Cloud KMS, 'Permissions and roles'; fields and figures: REST reference, `projects.locations.keyRings`.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tools.doubles.gcp.errors import refuse
from tools.doubles.gcp.masks import change, chosen, masked
from tools.doubles.gcp.names import Clock, page_of, stamp
from tools.doubles.gcp.policies import Policies
from tools.doubles.gcp.times import duration
from tools.doubles.messages import Request
from tools.doubles.routes import route

RINGS = "/v1/projects/{project}/locations/{location}/keyRings"
RING = RINGS + "/{ring}"
KEYS = RING + "/cryptoKeys"
KEY = KEYS + "/{key}"
VERSIONS = KEY + "/cryptoKeyVersions"
VERSION = VERSIONS + "/{version}"
_ID = re.compile(r"[\w-]{1,63}", re.ASCII)
_PATCHABLE = ("labels", "rotationPeriod", "nextRotationTime", "versionTemplate")
_FIELDS = (*_PATCHABLE, "purpose", "destroyScheduledDuration", "importOnly")
_DELAY = "2592000s"
"""Cloud KMS, 'Destroy and restore key versions': 30 days unless the key says otherwise."""

_MAC = "HMAC_SHA256"
_SYMMETRIC = "GOOGLE_SYMMETRIC_ENCRYPTION"
_ALGORITHMS = {
    "ENCRYPT_DECRYPT": (_SYMMETRIC,),
    "MAC": (_MAC,),
    "ASYMMETRIC_SIGN": ("EC_SIGN_P256_SHA256", "RSA_SIGN_PKCS1_2048_SHA256"),
}

Material = AESGCM | bytes | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(slots=True)
class KeyVersion:
    """One version: what the API shows of it, and its key until it is destroyed."""

    facts: dict[str, Any]
    material: Material | None = field(repr=False)
    due: datetime | None = None

    @property
    def enabled(self) -> bool:
        """Whether it can be used."""
        return bool(self.facts["state"] == "ENABLED")


@dataclass(slots=True)
class CryptoKey:
    """One key: what the API shows of it but for its primary version, and its versions, oldest first."""

    facts: dict[str, Any]
    versions: list[KeyVersion] = field(default_factory=list)
    primary: KeyVersion | None = None

    def shown(self) -> dict[str, Any]:
        """As the API shows it."""
        return {**self.facts} | ({"primary": self.primary.facts} if self.primary else {})


class KeyRings:
    """Every key ring and crypto key of every project.

    Attributes:
        rings: what the API shows of each ring, by resource name.
        keys: each key, by resource name.
    """

    def __init__(self, now: Clock, policies: Policies) -> None:
        self.rings: dict[str, dict[str, Any]] = {}
        self.keys: dict[str, CryptoKey] = {}
        self._now, self._policies = now, policies

    @route("POST", RINGS, needs="cloudkms.keyRings.create")
    def create_ring(self, request: Request) -> Any:
        name = _new(request, _path(RINGS, request), "keyRingId", self.rings)
        self.rings[name] = {"name": name, "createTime": stamp(self._now())}
        self._policies.attach(name, f"projects/{request.params['project']}")
        return self.rings[name]

    @route("GET", RING, needs="cloudkms.keyRings.get")
    def ring(self, request: Request) -> Any:
        return self.rings[self._ring(request)]

    @route("GET", RINGS, needs="cloudkms.keyRings.list")
    def list_rings(self, request: Request) -> Any:
        start = f"{_path(RINGS, request)}/"
        return _page(
            request, "keyRings", [facts for name, facts in sorted(self.rings.items()) if name.startswith(start)]
        )

    @route("POST", KEYS, needs="cloudkms.cryptoKeys.create")
    def create_key(self, request: Request) -> Any:
        ring, asked = self._ring(request), request.json()
        name = _new(request, _path(KEYS, request), "cryptoKeyId", self.keys)
        known = _ALGORITHMS.get(asked.get("purpose", ""))
        if known is None:
            raise refuse("INVALID_ARGUMENT", f"the double knows no keys of purpose {asked.get('purpose')}")
        algorithm = asked.get("versionTemplate", {}).get("algorithm", known[0])
        if algorithm not in known:
            raise refuse("INVALID_ARGUMENT", f"the double knows no algorithm {algorithm} of {asked['purpose']}")
        template = {"protectionLevel": "SOFTWARE", "algorithm": algorithm}
        defaults = {"destroyScheduledDuration": _DELAY, "createTime": stamp(self._now()), "name": name}
        self.keys[name] = key = CryptoKey({**defaults, **chosen(asked, _FIELDS), "versionTemplate": template})
        self._policies.attach(name, ring)
        if request.query.get("skipInitialVersionCreation") != "true":
            self._add(key)
        return key.shown()

    @route("GET", KEY, needs="cloudkms.cryptoKeys.get")
    def key(self, request: Request) -> Any:
        return self.key_of(request).shown()

    @route("GET", KEYS, needs="cloudkms.cryptoKeys.list")
    def list_keys(self, request: Request) -> Any:
        start = f"{_path(KEYS, request)}/"
        found = [key.shown() for name, key in sorted(self.keys.items()) if name.startswith(start)]
        return _page(request, "cryptoKeys", found)

    @route("PATCH", KEY, needs="cloudkms.cryptoKeys.update")
    def patch_key(self, request: Request) -> Any:
        key, mask = self.key_of(request), request.query.get("updateMask", "")
        if not mask:
            raise refuse("INVALID_ARGUMENT", "update_mask must be specified.")
        change(key.facts, request.json(), masked(mask, _PATCHABLE))
        return key.shown()

    @route("POST", KEY + ":updatePrimaryVersion", needs="cloudkms.cryptoKeys.update")
    def update_primary(self, request: Request) -> Any:
        key, wanted = self.key_of(request), request.json().get("cryptoKeyVersionId", "")
        found = next((each for each in key.versions if each.facts["name"].endswith(f"/{wanted}")), None)
        if found is None or not found.enabled or key.primary is None:
            raise refuse("FAILED_PRECONDITION", f"Version {wanted} can't be made the primary one.")
        key.primary = found
        return key.shown()

    @route("POST", VERSIONS, needs="cloudkms.cryptoKeyVersions.create")
    def create_version(self, request: Request) -> Any:
        return self._add(self.key_of(request)).facts

    @route("GET", VERSION, needs="cloudkms.cryptoKeyVersions.get")
    def version(self, request: Request) -> Any:
        return self.version_of(request).facts

    @route("GET", VERSIONS, needs="cloudkms.cryptoKeyVersions.list")
    def list_versions(self, request: Request) -> Any:
        return _page(request, "cryptoKeyVersions", [each.facts for each in self.key_of(request).versions])

    @route("PATCH", VERSION, needs="cloudkms.cryptoKeyVersions.update")
    def patch_version(self, request: Request) -> Any:
        found, state = self.version_of(request), request.json().get("state")
        if request.query.get("updateMask") != "state" or state not in ("ENABLED", "DISABLED") or found.due:
            raise refuse("INVALID_ARGUMENT", f"The state can't be changed to {state}.")
        _check_not_destroyed(found)
        found.facts["state"] = state
        return found.facts

    @route("POST", VERSION + ":destroy", needs="cloudkms.cryptoKeyVersions.destroy")
    def destroy(self, request: Request) -> Any:
        key, found = self.key_of(request), self.version_of(request)
        _check_not_destroyed(found)
        found.due = self._now() + duration(key.facts["destroyScheduledDuration"])
        found.facts |= {"state": "DESTROY_SCHEDULED", "destroyTime": stamp(found.due)}
        return found.facts

    @route("POST", VERSION + ":restore", needs="cloudkms.cryptoKeyVersions.restore")
    def restore(self, request: Request) -> Any:
        found = self.version_of(request)
        if found.due is None:
            raise refuse("FAILED_PRECONDITION", f"{found.facts['name']} is not scheduled for destruction.")
        found.due = None
        del found.facts["destroyTime"]
        found.facts["state"] = "DISABLED"
        return found.facts

    def key_of(self, request: Request) -> CryptoKey:
        """The key that a request's path names, with what has been due done to its versions."""
        name = _path(KEY, request)
        key = self.keys.get(name)
        if key is None:
            raise refuse("NOT_FOUND", f"CryptoKey {name} not found.")
        for version in key.versions:
            if version.due and version.due <= self._now():
                version.facts |= {"state": "DESTROYED", "destroyEventTime": stamp(version.due)}
                version.material, version.due = None, None
        return key

    def version_of(self, request: Request) -> KeyVersion:
        """The version that a request's path names."""
        name = _path(VERSION, request)
        found = next((each for each in self.key_of(request).versions if each.facts["name"] == name), None)
        if found is None:
            raise refuse("NOT_FOUND", f"CryptoKeyVersion {name} not found.")
        return found

    def _ring(self, request: Request) -> str:
        name = _path(RING, request)
        if name not in self.rings:
            raise refuse("NOT_FOUND", f"KeyRing {name} not found.")
        return name

    def _add(self, key: CryptoKey) -> KeyVersion:
        template, moment = key.facts["versionTemplate"], stamp(self._now())
        name = f"{key.facts['name']}/cryptoKeyVersions/{len(key.versions) + 1}"
        facts = {"name": name, "state": "ENABLED", "createTime": moment, "generateTime": moment, **template}
        made = KeyVersion(facts, _generated(template["algorithm"]))
        key.versions.append(made)
        if template["algorithm"] == _SYMMETRIC:
            key.primary = key.primary or made
        return made


def _generated(algorithm: str) -> Material:
    if algorithm == _SYMMETRIC:
        return AESGCM(AESGCM.generate_key(256))
    if algorithm == _MAC:
        return os.urandom(32)
    if algorithm.startswith("EC_"):
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(65537, 2048)


def _path(pattern: str, request: Request) -> str:
    return pattern.removeprefix("/v1/").format_map(request.params)


def _new(request: Request, parent: str, field: str, known: dict[str, Any]) -> str:
    id_ = request.query.get(field, "")
    name = f"{parent}/{id_}"
    if not _ID.fullmatch(id_):
        raise refuse("INVALID_ARGUMENT", f"{field} is no id of letters, digits, '-' and '_', at most 63 of them.")
    if name in known:
        raise refuse("ALREADY_EXISTS", f"{name} already exists.")
    return name


def _page(request: Request, field: str, found: list[dict[str, Any]]) -> dict[str, Any]:
    page = page_of(found, field, request.query.get("pageSize", ""), request.query.get("pageToken", ""))
    return {**page, "totalSize": len(found)}


def _check_not_destroyed(found: KeyVersion) -> None:
    if found.material is None:
        raise refuse("FAILED_PRECONDITION", f"{found.facts['name']} has state DESTROYED.")

"""Trials on keys of Cloud KMS."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from hashlib import sha256

from tests.conformance.gcp_intents.trial import Call, Trial, policy_calls
from tests.conformance.gcp_intents.world import CIPHERTEXT, OURS, PLACES, PROJECT, SIGNING, key_of

Calls = tuple[Call, ...]
_MACS = "it makes no MACs"
_VERSIONS = "cloudkms.cryptoKeyVersions"


def trials() -> Iterator[Trial]:
    for intent, calls in (("encrypt", _encrypting), ("decrypt", _decrypting)):
        ours = key_of(PROJECT, OURS)
        others = tuple(call for place in PLACES[1:] for call in calls(key_of(*place)))
        rest = tuple(call for made in (_encrypting, _decrypting) if made is not calls for call in made(ours))
        yield Trial(f"cloudkms.{intent}", ours, calls(ours), (*others, *rest, *_ruling(ours)))
    ours = key_of(PROJECT, OURS, SIGNING)
    other_keys = tuple(key_of(*place, SIGNING) for place in PLACES[1:])
    signing, seeing = [*_signing(ours), _seeing(ours)], [_seeing(ours), _verifying(ours)]
    yield Trial(
        "cloudkms.sign",
        ours,
        may=tuple(signing),
        may_not=(*(c for key in other_keys for c in (*_signing(key), _seeing(key))), _verifying(ours), *_ruling(ours)),
    )
    yield Trial(
        "cloudkms.verify",
        ours,
        may=tuple(seeing),
        may_not=(*(c for key in other_keys for c in (_seeing(key), _verifying(key))), *_signing(ours), *_ruling(ours)),
    )


def _use(key: str, permission: str, verb: str, body: Mapping[str, object], version: bool = False) -> Call:
    resource = f"{key}/cryptoKeyVersions/1" if version else key
    return Call(f"{_VERSIONS}.{permission}", resource, "POST", f"/v1/{resource}:{verb}", body)


def _encrypting(key: str) -> Calls:
    return (_use(key, "useToEncrypt", "encrypt", {"plaintext": "eA=="}),)


def _decrypting(key: str) -> Calls:
    return (_use(key, "useToDecrypt", "decrypt", {"ciphertext": CIPHERTEXT}),)


def _signing(key: str) -> Calls:
    digest = {"digest": {"sha256": base64.b64encode(sha256(b"x").digest()).decode()}}
    return (
        _use(key, "useToSign", "asymmetricSign", digest, version=True),
        _use(key, "useToSign", "macSign", {"data": "eA=="}, version=True).judged(_MACS),
    )


def _seeing(key: str) -> Call:
    version = f"{key}/cryptoKeyVersions/1"
    return Call(f"{_VERSIONS}.viewPublicKey", version, "GET", f"/v1/{version}/publicKey")


def _verifying(key: str) -> Call:
    return _use(key, "useToVerify", "macVerify", {"data": "eA==", "mac": "eA=="}, version=True).judged(_MACS)


def _ruling(key: str) -> Calls:
    version, ring = f"{key}/cryptoKeyVersions/1", key.rpartition("/cryptoKeys/")[0]
    disabling = {"state": "DISABLED"}
    making = f"/v1/{ring}/cryptoKeys?cryptoKeyId=new-one"
    return (
        Call(f"{_VERSIONS}.get", version, "GET", f"/v1/{version}"),
        Call(f"{_VERSIONS}.list", key, "GET", f"/v1/{key}/cryptoKeyVersions"),
        Call(f"{_VERSIONS}.create", key, "POST", f"/v1/{key}/cryptoKeyVersions", {}),
        Call(f"{_VERSIONS}.update", version, "PATCH", f"/v1/{version}?updateMask=state", disabling),
        Call(f"{_VERSIONS}.destroy", version, "POST", f"/v1/{version}:destroy", {}),
        Call("cloudkms.cryptoKeys.get", key, "GET", f"/v1/{key}"),
        Call("cloudkms.cryptoKeys.update", key, "PATCH", f"/v1/{key}?updateMask=labels", {"labels": {"a": "b"}}),
        *policy_calls(key, "cloudkms.cryptoKeys"),
        Call("cloudkms.cryptoKeys.create", ring, "POST", making, {"purpose": "ENCRYPT_DECRYPT"}),
        Call("cloudkms.cryptoKeys.list", ring, "GET", f"/v1/{ring}/cryptoKeys"),
    )

"""Trials on secrets and keys of a Key Vault."""

from __future__ import annotations

from collections.abc import Iterator

from tests.conformance.azure_intents.trial import Call, Trial, lacking, ruling, sharing
from tests.conformance.azure_intents.world import (
    ELSEWHERE,
    GROUP,
    OTHERS,
    OURS,
    VERSIONS,
    id_of,
    sealed_text,
)

Calls = tuple[Call, ...]
_VAULTS = "Microsoft.KeyVault/vaults"
_SECRETS = f"{_VAULTS}/secrets"
_KEYS = f"{_VAULTS}/keys"
_VERSION = VERSIONS["Microsoft.KeyVault"]
_NEIGHBOURS = (("shop-prod", OTHERS), ("shop-else", OURS))
_SEALING = {"alg": "RSA-OAEP-256", "value": "eA"}
_DIGEST = {"alg": "RS256", "value": "A" * 43}
_OF_KEY = ("encrypt", "decrypt", "wrap", "unwrap", "sign", "verify")
_JOBS = {"encrypt": "encrypt", "decrypt": "decrypt", "wrap_key": "wrap", "unwrap_key": "unwrap", "sign": "sign"}


def trials() -> Iterator[Trial]:
    yield from _on_secrets()
    yield from _on_keys()


def _vault(place: str) -> str:
    return id_of(f"{_VAULTS}/{place}", GROUP if place == "shop-prod" else ELSEWHERE)


def _on_secrets() -> Iterator[Trial]:
    ours = ("shop-prod", OURS)
    target = f"{_vault('shop-prod')}/secrets/{OURS}"
    yield Trial(
        "keyvault.read_secret",
        target,
        may=_reading(*ours),
        may_not=(*(c for place in _NEIGHBOURS for c in _reading(*place)), *_setting(*ours), *_ruling(target)),
    )
    yield Trial(
        "keyvault.write_secret",
        target,
        may=_setting(*ours),
        may_not=(*(c for place in _NEIGHBOURS for c in _setting(*place)), *_reading(*ours), *_ruling(target)),
    )


def _secret(place: str, name: str) -> tuple[str, str]:
    """Its id, and its path."""
    return f"{_vault(place)}/secrets/{name}", f"/vaults/{place}/secrets/{name}"


def _reading(place: str, name: str) -> Calls:
    scope, path = _secret(place, name)
    return (
        Call(f"{_SECRETS}/getSecret/action", scope, "GET", path),
        Call(f"{_SECRETS}/readMetadata/action", scope, "GET", f"{path}/versions"),
    )


def _setting(place: str, name: str) -> Calls:
    scope, path = _secret(place, name)
    return (Call(f"{_SECRETS}/setSecret/action", scope, "PUT", path, {"value": "y"}),)


def _ruling(secret: str) -> Calls:
    path, vault = f"/vaults/shop-prod/secrets/{OURS}", _vault("shop-prod")
    gone, none = f"/vaults/shop-prod/deletedsecrets/{OURS}", "it makes no backups"
    return (
        Call(f"{_SECRETS}/update/action", secret, "PATCH", f"{path}/1", {"attributes": {"enabled": False}}),
        Call(f"{_SECRETS}/delete", secret, "DELETE", path),
        Call(f"{_SECRETS}/recover/action", secret, "POST", f"{gone}/recover", {}),
        Call(f"{_SECRETS}/purge/action", secret, "DELETE", gone),
        Call(f"{_SECRETS}/readMetadata/action", vault, "GET", "/vaults/shop-prod/secrets"),
        Call(f"{_SECRETS}/readMetadata/action", vault, "GET", "/vaults/shop-prod/deletedsecrets"),
        lacking(f"{_SECRETS}/backup/action", secret, none),
        *sharing(secret),
        *_ruling_vault(vault),
    )


def _ruling_vault(vault: str) -> Calls:
    policies = lacking(f"{_VAULTS}/accessPolicies/write", vault, "it takes access policies with the vault alone")
    return (*ruling(_VAULTS, vault, _VERSION), policies)


def _on_keys() -> Iterator[Trial]:
    ours, key, vault = ("shop-prod", OURS), f"{_vault('shop-prod')}/keys/{OURS}", _vault("shop-prod")
    jobs = {**{job: (f"{operation}/action",) for job, operation in _JOBS.items()}, "verify": ("verify/action", "read")}
    everything = (*(f"{each}/action" for each in _OF_KEY), "read")
    for job, operations in jobs.items():
        yield Trial(
            f"keyvault.{job}",
            key,
            may=_using(*ours, operations),
            may_not=(
                *(call for each in _NEIGHBOURS for call in _using(*each, operations)),
                *_using(*ours, [each for each in everything if each not in operations]),
                *_keeping(*ours),
                *sharing(key),
                *_ruling_vault(vault),
            ),
        )


def _using(place: str, name: str, operations: tuple[str, ...] | list[str]) -> Calls:
    """Each operation on a key by the call that takes it."""
    scope, path = f"{_vault(place)}/keys/{name}", f"/vaults/{place}/keys/{name}"
    told = {
        "encrypt/action": ("POST", "//encrypt", _SEALING),
        "decrypt/action": ("POST", "//decrypt", sealed_text),
        "wrap/action": ("POST", "//wrapkey", _SEALING),
        "unwrap/action": ("POST", "//unwrapkey", sealed_text),
        "sign/action": ("POST", "//sign", _DIGEST),
        "verify/action": ("POST", "//verify", {"alg": "RS256", "digest": "A" * 43, "value": "eA"}),
        "read": ("GET", "", None),
    }
    return tuple(
        Call(f"{_KEYS}/{each}", scope, method, f"{path}{below}", body)
        for each in operations
        for method, below, body in (told[each],)
    )


def _keeping(place: str, name: str) -> Iterator[Call]:
    """Making, changing, rotating, copying and removing a key."""
    scope, path, gone = f"{_vault(place)}/keys/{name}", f"/vaults/{place}/keys/{name}", f"/vaults/{place}/deletedkeys"
    yield Call(f"{_KEYS}/update/action", scope, "PATCH", f"{path}/1", {"attributes": {"enabled": False}})
    yield Call(f"{_KEYS}/create/action", scope, "POST", f"{path}/create", {"kty": "RSA"})
    yield Call(f"{_KEYS}/rotate/action", scope, "POST", f"{path}/rotate", {})
    yield Call(f"{_KEYS}/backup/action", scope, "POST", f"{path}/backup", {})
    yield Call(f"{_KEYS}/release/action", scope, "POST", f"{path}/1/release", {"target": "x"})
    yield Call(f"{_KEYS}/delete", scope, "DELETE", path)
    yield Call(f"{_KEYS}/purge/action", scope, "DELETE", f"{gone}/{name}")
    yield Call(f"{_KEYS}/recover/action", scope, "POST", f"{gone}/{name}/recover", {})

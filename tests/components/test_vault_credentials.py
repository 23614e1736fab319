"""Identities whose credential our provider issues in Vault: what they register, and what they refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from nhi_components import SpecError, vault
from nhi_components.core.credential.places import VaultKvPlace
from nhi_components.vault.api_key_identity import VaultApiKeySpec
from nhi_components.vault.approle_identity import VaultAppRoleIdentitySpec
from tests.components.conftest import IDENTITY
from tests.components.graphs import assert_golden

KEY_IDENTITY = {**IDENTITY, "kind": "api-key"}
HOME = VaultKvPlace()
COPY = {"kind": "kubernetes-secret", "namespace": "shop"}
FILE = {"kind": "file", "path": "/run/secrets/orders.json"}


def approle_with_delivered_secret_id() -> None:
    vault.AppRoleIdentity(
        "orders",
        identity=IDENTITY,
        places=[HOME, COPY],
        rotation={"every": "6h", "overlap": "1h"},
        dependents=[{"name": "orders", "refresh": {"kind": "command", "command": ["restart"]}}],
        grants=[{"actions": ["read"], "targets": ["secret/data/shared/rates"]}],
        generation=2,
    )


def approle_of_another_vault() -> None:
    vault.AppRoleIdentity("orders", identity=IDENTITY, approle_mount="machines", secret_mount="kv", connection="edge")


def api_key() -> None:
    vault.ApiKeyIdentity("orders", identity=KEY_IDENTITY, prefix="shop", secret_mount="kv", connection="edge")


def api_key_kept_elsewhere() -> None:
    places = [{"kind": "kubernetes-secret", "namespace": "shop"}, FILE]
    vault.ApiKeyIdentity("orders", identity=KEY_IDENTITY, places=places, rotation={"high_privilege": True})


def api_key_suspended() -> None:
    vault.ApiKeyIdentity("orders", identity={**KEY_IDENTITY, "name": "suspended", "state": "suspended"})


@pytest.mark.parametrize(
    "program",
    [
        approle_with_delivered_secret_id,
        approle_of_another_vault,
        api_key,
        api_key_kept_elsewhere,
        api_key_suspended,
    ],
)
def test_graph_is_the_golden_one(program: Callable[[], None], registered: Any) -> None:
    assert_golden(program, registered)


def approle(**fields: Any) -> VaultAppRoleIdentitySpec:
    return VaultAppRoleIdentitySpec.parse({"identity": IDENTITY, "places": [HOME], **fields})


def key(**fields: Any) -> VaultApiKeySpec:
    return VaultApiKeySpec.parse({"identity": KEY_IDENTITY, "places": [HOME], **fields})


COMMON = [
    ({"places": []}, "places"),
    ({"places": [FILE, HOME]}, "places"),
    ({"places": [HOME, HOME]}, "places"),
    ({"places": [{"kind": "vault-kv", "path": "../orders"}]}, "places[0].vault-kv.path"),
    ({"rotation": {"every": "365d"}}, "rotation"),
    ({"rotation": {"every": "weekly"}}, "rotation.every"),
    ({"generation": 0}, "generation"),
    ({"dependents": [{"name": "orders"}, {"name": "orders"}]}, "dependents"),
]


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        *COMMON,
        ({"rotation": {"every": "8d"}, "secret_id_ttl_seconds": 2_592_000}, "rotation"),
        ({"rotation": {"every": "7d"}}, "(whole)"),
        ({"secret_id_ttl_seconds": 3600}, "(whole)"),
        ({"secret_id_ttl_seconds": 59}, "secret_id_ttl_seconds"),
        ({"approle_mount": "/approle"}, "approle_mount"),
    ],
)
def test_an_approle_identity_refuses(fields: dict[str, Any], path: str) -> None:
    with pytest.raises(SpecError) as caught:
        approle(**fields)
    assert [problem.path for problem in caught.value.problems] == [path]


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        *COMMON,
        ({"identity": IDENTITY}, "identity"),
        ({"rotation": {"every": "91d"}}, "rotation"),
        ({"rotation": {"every": "8d", "high_privilege": True}}, "rotation"),
        ({"prefix": "S"}, "prefix"),
        ({"prefix": "a" * 17}, "prefix"),
        ({"secret_mount": "/secret"}, "secret_mount"),
        ({"bound_cidrs": ["10.0.0.0/8"]}, "bound_cidrs"),
    ],
)
def test_an_api_key_identity_refuses(fields: dict[str, Any], path: str) -> None:
    with pytest.raises(SpecError) as caught:
        key(**fields)
    assert [problem.path for problem in caught.value.problems] == [path]


def test_every_problem_is_told_at_once(registered: Any) -> None:
    with pytest.raises(SpecError) as caught:
        registered(lambda: vault.ApiKeyIdentity("orders", identity=IDENTITY, places=[FILE], prefix="S"))
    assert [problem.path for problem in caught.value.problems] == ["identity", "places", "prefix"]


def test_a_secret_id_that_lives_until_it_is_replaced_is_fine() -> None:
    assert approle(rotation={"every": "7d", "overlap": "0m"}, secret_id_ttl_seconds=604_800).credential.generation == 1
    assert approle(rotation={"high_privilege": True}, secret_id_ttl_seconds=5400).credential.source.kind


def test_the_rule_for_a_verifier_names_the_registry_and_bears_no_mark(registered: Any) -> None:
    told: list[tuple[str, str]] = []
    registered(lambda: _tell(vault.ApiKeyIdentity("orders", identity=KEY_IDENTITY), told))
    ((path, rule),) = told
    assert path == "secret/nhi/dev/orders/lease-abcdefghijklmnop.keys"
    assert rule == f'path "{path.replace("secret/", "secret/data/")}" {{\n  capabilities = ["read"]\n}}\n'


def _tell(identity: vault.ApiKeyIdentity, told: list[tuple[str, str]]) -> None:
    pulumi.Output.all(identity.registry_path, identity.verifier_policy).apply(lambda k: told.append((k[0], k[1])))

"""Identities whose credentials a secrets engine issues: what they register, and what they refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from nhi_components import SpecError, vault
from nhi_components.vault.certificate_identity import VaultCertificateSpec
from nhi_components.vault.dynamic_database_identity import VaultDatabaseSpec
from tests.components.conftest import IDENTITY
from tests.components.graphs import assert_golden

GRANT = vault.DatabaseGrant(privileges=["SELECT", "INSERT"], tables=["public.orders"], sequences=["public.orders_id"])
STATEMENTS = {
    "creation": ["CREATE USER '{{name}}' IDENTIFIED BY '{{password}}'"],
    "revocation": ["DROP USER IF EXISTS '{{name}}'"],
    "reason": "MySQL, which grants do not write",
    "approver": "Ada Example",
}


def database_users() -> None:
    vault.DynamicDatabaseIdentity("orders", identity=IDENTITY, database="shop", database_grants=[GRANT])


def database_users_by_hand() -> None:
    vault.DynamicDatabaseIdentity(
        "orders",
        identity=IDENTITY,
        database="shop",
        statements=STATEMENTS,
        database_mount="mysql",
        login=vault.KubernetesLogin(namespace="shop", service_account="orders", audience="vault"),
    )


def certificate() -> None:
    vault.CertificateIdentity(
        "orders",
        identity=IDENTITY,
        names=["orders.internal.example", "orders-2.internal.example"],
        usages=["client", "server"],
        generation=3,
        overlap_seconds=3600,
    )


@pytest.mark.parametrize("program", [database_users, database_users_by_hand, certificate])
def test_graph_is_the_golden_one(program: Callable[[], None], registered: Any) -> None:
    assert_golden(program, registered)


def database(**fields: Any) -> VaultDatabaseSpec:
    return VaultDatabaseSpec.parse({"identity": IDENTITY, "database": "shop", "database_grants": [GRANT], **fields})


def with_certificate(**fields: Any) -> VaultCertificateSpec:
    return VaultCertificateSpec.parse({"identity": IDENTITY, "names": ["orders.internal.example"], **fields})


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"database_grants": []}, "(whole)"),
        ({"statements": STATEMENTS}, "(whole)"),
        ({"user_ttl_seconds": 7200, "user_maximum_ttl_seconds": 3600}, "(whole)"),
        ({"user_maximum_ttl_seconds": 86_401}, "user_maximum_ttl_seconds"),
        ({"database": "a/b"}, "database"),
        ({"database_mount": "/database"}, "database_mount"),
        (
            {"database_grants": [{"privileges": ["ALL"], "tables": ["public.orders"]}]},
            "database_grants[0].privileges[0]",
        ),
        ({"database_grants": [{"privileges": ["SELECT"], "tables": ["orders"]}]}, "database_grants[0].tables[0]"),
        ({"database_grants": [{"privileges": ["SELECT"], "tables": []}]}, "database_grants[0].tables"),
        ({"database_grants": [], "statements": {**STATEMENTS, "reason": "no"}}, "statements.reason"),
    ],
)
def test_a_database_identity_refuses(fields: dict[str, Any], path: str) -> None:
    with pytest.raises(SpecError) as caught:
        database(**fields)
    assert [problem.path for problem in caught.value.problems] == [path]


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"names": []}, "names"),
        ({"names": ["*.internal.example"]}, "names"),
        ({"names": ["orders"]}, "names"),
        ({"names": ["a" * 60 + ".example"]}, "names"),
        ({"names": ["orders.internal.example"] * 2}, "names"),
        ({"usages": []}, "usages"),
        ({"usages": ["sign"]}, "usages[0]"),
        ({"generation": 0}, "generation"),
        ({"certificate_ttl_seconds": 599}, "certificate_ttl_seconds"),
        ({"certificate_ttl_seconds": 600, "overlap_seconds": 600}, "overlap_seconds"),
        ({"overlap_seconds": -1}, "overlap_seconds"),
    ],
)
def test_a_certificate_identity_refuses(fields: dict[str, Any], path: str) -> None:
    with pytest.raises(SpecError) as caught:
        with_certificate(**fields)
    assert [problem.path for problem in caught.value.problems] == [path]


def test_templates_bound_how_long_a_database_user_lives() -> None:
    assert database(user_maximum_ttl_seconds=7200).sessions["user_maximum_ttl_seconds"] == 7200

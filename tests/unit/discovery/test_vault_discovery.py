"""Discovery on Vault where the sandbox's server lacks the engine or auth method: which mounts, who logs in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from nhi_components.core.connection import VaultConnection
from nhi_components.core.inventory.records import FoundDependent, Record
from nhi_components.facts.model import Resource
from nhi_components.facts.vault.model import VaultAuthRole
from nhi_components.facts.vault.roles import read_role
from nhi_components.lifecycle.adapters.vault import found_reads
from nhi_components.lifecycle.adapters.vault.discovery import Discovery
from nhi_components.lifecycle.adapters.vault.found_reads import Looks, paged
from nhi_components.lifecycle.adapters.vault.found_sources import sources_of
from nhi_components.lifecycle.clock import system_clock
from nhi_components.lifecycle.discovery.ports import Busy

ROLE = "arn:aws:iam::111111111111:role/orders"
ACCOUNT = "orders@shop.iam.gserviceaccount.com"


@pytest.mark.parametrize(
    ("method", "fields", "expected"),
    [
        (
            "aws",
            {"auth_type": "iam", "bound_iam_principal_arn": [ROLE], "bound_account_id": ["111111111111"]},
            [(ROLE, '{"bound_account_id": ["111111111111"]}')],
        ),
        ("aws", {"auth_type": "ec2", "bound_ami_id": ["ami-1"]}, [("*", '{"bound_ami_id": ["ami-1"]}')]),
        ("gcp", {"type": "iam", "bound_service_accounts": [ACCOUNT]}, [(ACCOUNT, "")]),
        (
            "azure",
            {"bound_service_principal_ids": ["a", "b"], "bound_subscription_ids": ["s"]},
            [("a", '{"bound_subscription_ids": ["s"]}'), ("b", '{"bound_subscription_ids": ["s"]}')],
        ),
        (
            "jwt",
            {"user_claim": "sub", "bound_claims": {"repository": "shop/orders"}, "bound_claims_type": "glob"},
            [("*", '{"bound_claims.repository": ["shop/orders"], "bound_claims_type": ["glob"]}')],
        ),
        ("jwt", {"user_claim": "sub", "bound_claims": {"sub": ["x", "y"]}}, [("x", ""), ("y", "")]),
        (
            "kubernetes",
            {"bound_service_account_names": ["orders"], "bound_service_account_namespace_selector": '{"a": "b"}'},
            [
                (
                    "*",
                    '{"bound_service_account_names": ["orders"], '
                    '"bound_service_account_namespace_selector": ["{\\"a\\": \\"b\\"}"]}',
                )
            ],
        ),
        ("approle", {"bind_secret_id": True, "secret_id_ttl": 60}, []),
    ],
)
def test_who_gets_in_is_told_with_what_limits_it(
    method: str, fields: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    (role,) = [
        fact for fact in read_role(Resource("r", "role"), "role", fields, method) if isinstance(fact, VaultAuthRole)
    ]
    assert list(sources_of(role, {})) == expected


def test_every_mount_is_read_or_told_as_unread_but_for_directories_of_people(monkeypatch: pytest.MonkeyPatch) -> None:
    mounts: dict[str, dict[str, dict[str, Any]]] = {
        "sys/auth": {
            "ldap/": {"type": "ldap"},
            "plugin/": {"type": "our-own"},
            "team/aws/": {"type": "aws"},
            "team/robots/": {"type": "approle"},
            "token/": {"type": "ns_token"},
        },
        "sys/mounts": {
            "clouds/": {"type": "gcp"},
            "cubbyhole/": {"type": "ns_cubbyhole"},
            "old/": {"type": "kv", "options": None},
            "shop/db/": {"type": "database"},
            "sys/": {"type": "ns_system"},
            "team/kv/": {"type": "kv", "options": {"version": "2"}},
        },
    }
    monkeypatch.setattr(Looks, "read", lambda _, path: mounts[path])
    discovery = Discovery("default", VaultConnection(), system_clock)
    opened = discovery.section("mounts/all").read(None).opens
    assert list(opened) == [
        "unread/our-own/auth/plugin",
        "auth/aws/team/aws",
        "auth/approle/team/robots",
        "secret-ids/approle/team/robots",
        "auth/token/token",
        "unread/gcp/clouds",
        "unread/kv/old",
        "engine/database/shop/db",
        "static-roles/database/shop/db",
        "kv/2/team/kv",
    ]
    assert [discovery.section(name).name for name in opened] == list(opened)


def test_a_list_is_asked_for_once_a_walk_and_again_after_a_page_that_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(found_reads, "PAGE_NAMES", 2)
    lists, refused = [], ["c"]

    def names() -> list[str]:
        lists.append("list")
        return ["a", "b", "c", "d", "e"]

    def records(name: str) -> Iterator[Record]:
        if name in refused:
            refused.remove(name)
            raise Busy("later")
        yield FoundDependent("k", "name", name)

    read = paged(names, records)
    first = read(None)
    with pytest.raises(Busy):
        read(first.next)
    assert lists == ["list"]
    second = read(first.next)
    third = read(second.next)
    told = [record for page in (first, second, third) for record in page.records]
    assert told == [FoundDependent("k", "name", name) for name in "abcde"]
    assert (first.next, second.next, third.next, lists) == ("b", "d", None, ["list", "list"])

"""A lease is not issued, and its preview fails, where its system has no room."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from pulumi.provider.experimental import provider as rpc

from nhi_components.core.errors import Problem, SpecError
from nhi_components.core.links import Link, LinkKind, NotChecked, System
from nhi_components.lifecycle.ports import Caller, Room
from nhi_components.provider import lease
from nhi_components.provider.provider import NhiProvider
from nhi_components.provider.values import property_map

URN = "urn:pulumi:dev::shop::nhi:aws:WorkloadIdentity$nhi:index:Lease::orders-lease"
TODAY = date(2026, 3, 1)
IDENTITY = {
    "name": "orders",
    "environment": "dev",
    "owner": {"team": "payments", "email": "payments@example.com"},
    "purpose": "sends order events",
    "expires": {"on": "2026-06-01"},
}


@dataclass
class Account:
    """A system that is reached and asked for room, and for nothing else."""

    room: Room
    asked: list[list[LinkKind]] = field(default_factory=list)
    system: System = System.AWS
    connection: str = "default"

    def caller(self) -> Caller:
        return Caller(self.system, self.connection, "deployer", "111111111111")

    def require(self, links: Sequence[Link]) -> None:
        assert links

    def room_for(self, links: Sequence[Link]) -> Room:
        self.asked.append([link.kind for link in links])
        return self.room


def previewed(account: Account, monkeypatch: pytest.MonkeyPatch, times: int = 1) -> None:
    monkeypatch.setattr("nhi_components.provider.provider.open_adapter", lambda *_: account)
    part = {"system": "aws", "connection": "default", "kind": "iam-role", "attributes": {}}
    declared: dict[str, Any] = {"identity": IDENTITY, "stack": "shop/dev", "parts": [part]}
    stamped = property_map(lease.check(declared, {}, b"seed", TODAY))
    provider = NhiProvider(today=lambda: TODAY)
    for _ in range(times):
        asyncio.run(provider.create(rpc.CreateRequest(URN, stamped, 0, preview=True)))


def test_a_full_account_fails_the_preview(monkeypatch: pytest.MonkeyPatch) -> None:
    full = Problem("aws.default account 111111111111", "1,000 of 1,000 Roles", "at most 1,000", "remove some")
    with pytest.raises(SpecError, match="1,000 of 1,000 Roles"):
        previewed(Account(Room((full,))), monkeypatch)


def updated(account: Account, monkeypatch: pytest.MonkeyPatch, before: list[str], after: list[str]) -> None:
    """Preview an update of a lease that had parts of these kinds, and has these now."""
    monkeypatch.setattr("nhi_components.provider.provider.open_adapter", lambda *_: account)
    declared: dict[str, Any] = {"identity": IDENTITY, "stack": "shop/dev"}
    place = {"system": "aws", "connection": "default", "attributes": {}}
    old = lease.check({**declared, "parts": [{**place, "kind": kind} for kind in before]}, {}, b"seed", TODAY)
    new = lease.check({**declared, "parts": [{**place, "kind": kind} for kind in after]}, old, b"seed", TODAY)
    state = property_map(lease.outputs(old))
    request = rpc.UpdateRequest(URN, old["leaseId"], state, property_map(new), 0, [], preview=True)
    asyncio.run(NhiProvider(today=lambda: TODAY).update(request))


def test_an_update_asks_about_the_parts_that_join_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    account = Account(Room())
    updated(account, monkeypatch, ["iam-role"], ["iam-role", "secrets-manager-secret"])
    updated(account, monkeypatch, ["iam-role", "secrets-manager-secret"], ["iam-role"])
    assert account.asked == [[LinkKind.SECRETS_MANAGER_SECRET]]
    full = Problem("aws.default account 111111111111", "1,500 of 1,500 secrets", "at most 1,500", "remove some")
    with pytest.raises(SpecError, match="1,500 of 1,500 secrets"):
        updated(Account(Room((full,))), monkeypatch, ["iam-role"], ["iam-role", "secrets-manager-secret"])


def test_unknown_quotas_are_told_once(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    account = Account(Room(not_checked=NotChecked("the connection may not ask")))
    previewed(account, monkeypatch, times=2)
    assert account.asked == [[LinkKind.IAM_ROLE]] * 2
    assert capsys.readouterr().err.count("aws.default: the connection may not ask") == 1

"""Several programs that run in one process one after the other, as Pulumi's Automation API runs them."""

from __future__ import annotations

import atexit
from collections.abc import Callable
from typing import Any

import pytest

from nhi_components import Identity, life, retention, unheeded
from nhi_components.core.life import Decisions

IDENTITY = Identity.parse(
    {
        "name": "orders",
        "environment": "prod",
        "owner": {"team": "orders", "email": "orders@example.com"},
        "purpose": "reads the orders",
        "expires": "2027-01-01",
        "kind": "workload",
    }
)


class Monitor:
    """The engine's end of one program; the next one may well be at the same address."""


@pytest.fixture
def begin(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    current: list[Monitor] = []

    def begin() -> None:
        current.clear()
        current.append(Monitor())

    for module in (life, retention, unheeded):
        monkeypatch.setattr(module, "get_monitor", lambda: current[0])
    return begin


def test_each_program_is_told_of_its_own_decisions(begin: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    monkeypatch.setattr(atexit, "register", lambda _, keys: told.append(keys))
    for key in ("billing.prod", "stock.prod"):
        begin()
        fields = {"state": "suspended", "approver": "Ada Example", "reason": "INC-7", "on": "2026-01-01"}
        unheeded.heed(Decisions.parse({"life": {key: fields}}), IDENTITY)
    assert [keys.decided for keys in told] == [{"billing.prod"}, {"stock.prod"}]


def test_each_program_reads_its_own_state(begin: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    class Answer:
        def __init__(self) -> None:
            self.value: Any = {}

    def invoke(token: str, _: Any) -> Answer:
        asked.append(token)
        return Answer()

    monkeypatch.setattr("pulumi.runtime.invoke", invoke)
    for name in ("get_organization", "get_project", "get_stack"):
        monkeypatch.setattr(f"pulumi.{name}", lambda: "x")
    for _ in range(2):
        begin()
        assert life.lease_dates("orders", IDENTITY) is None
        assert life.lease_dates("orders", IDENTITY) is None
    assert len(asked) == 2


def test_each_program_is_guarded_against_retention(begin: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    guards: list[Any] = []
    monkeypatch.setattr(retention, "register_resource_transform", guards.append)
    for _ in range(2):
        begin()
        retention.guard_against_retention()
        retention.guard_against_retention()
    assert len(guards) == 2

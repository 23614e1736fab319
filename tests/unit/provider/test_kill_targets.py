"""Which leases a kill cuts off: found in a state, each reached in its own way."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from nhi_components.core.connection import DEFAULT
from nhi_components.core.errors import NhiError
from nhi_components.core.links import System
from nhi_components.lifecycle.bracket import OpenAdapter
from nhi_components.lifecycle.killing import kill
from nhi_components.lifecycle.ports import SystemAdapter
from nhi_components.provider.kill_targets import targets_in
from nhi_components.provider.settings import Settings

STATE: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "fixtures" / "states" / "0.1.0" / "stack.json").read_text()
)
APPROVED = ("Ada Example", "INC-7")


class Asked(Exception):
    """The system was reached for."""


def clock() -> datetime:
    return datetime(2026, 12, 1, tzinfo=UTC)


def unopened(system: System, connection: str) -> SystemAdapter:
    raise Asked


def reading_settings(settings: Callable[[], Settings]) -> OpenAdapter:
    settings()
    return unopened


def test_a_provider_that_can_not_be_read_keeps_nothing_else_from_being_cut_off() -> None:
    state = deepcopy(STATE)
    lease = next(r for r in state["deployment"]["resources"] if r["type"] == "nhi:index:Lease")
    lease["provider"] = "urn:pulumi:dev::kept::pulumi:providers:nhi::gone::1"
    gone, readable = targets_in(state, "orders.test", reading_settings, APPROVED, clock)
    (killed,) = kill([gone], clock())
    assert "no provider" in killed.failures[0]
    assert not killed.is_complete
    with pytest.raises(Asked):
        readable.bracket.open_adapter(System.AWS, DEFAULT)


def test_connections_that_are_given_need_no_provider() -> None:
    state = deepcopy(STATE)
    for resource in state["deployment"]["resources"]:
        if resource["type"] == "nhi:index:Lease":
            resource["provider"] = "urn:pulumi:dev::kept::pulumi:providers:nhi::gone::1"
    for target in targets_in(state, "orders.test", lambda _: unopened, APPROVED, clock):
        with pytest.raises(Asked):
            target.bracket.open_adapter(System.AWS, DEFAULT)
        with pytest.raises(NhiError, match="no provider"):
            target.bracket.open_recorder()

"""A system that no adapter knows, for the suite of retirements: a web hook's double speaks for it."""

from __future__ import annotations

import copy
import secrets
from collections.abc import Callable
from typing import Any

import pytest

from nhi_components.core.connection import HookConnection
from nhi_components.core.links import System
from nhi_components.lifecycle.adapters.hook.retirement import Retirement
from nhi_components.lifecycle.decommission.ports import Target
from tests.conformance.decommission.world import Planted
from tests.conformance.world import now
from tools.doubles.retired import RetiredDouble

KIND = "bot"


class HookRetirementWorld:
    """A workspace that the suite owns."""

    def __init__(self, double: RetiredDouble, monkeypatch: pytest.MonkeyPatch) -> None:
        self.double, self._environment = double, monkeypatch
        self.secrets: list[str] = []
        self.operator = double.grant(secrets.token_urlsafe(24), "operator")

    def plant(self, kind: str = KIND) -> Planted:
        name, token = f"orders-{secrets.token_hex(3)}", secrets.token_urlsafe(16)
        self.secrets.append(token)
        key = f"{self.double.place}/bots/{name}"
        bot = self.double.make(key, token)
        target = Target(key, bot["id"], System.HOOK, self.double.place, KIND, name)
        return Planted(
            target,
            lambda: self.double.accepts(token),
            lambda: copy.deepcopy(self.double.bots.get(key)),
            lambda: [each for each in self.double.bots if each == key],
        )

    def plant_guarded(self) -> Target:
        target = self.plant().target
        self.double.bots[target.key]["guarded"] = "the hook's own bot"
        return target

    def add_dependent(self, planted: Planted) -> str:
        self.double.bots[planted.target.key]["dependents"] = ["workflow nightly"]
        return "workflow nightly"

    def replace(self, planted: Planted) -> Callable[[], Any]:
        key = planted.target.key
        self.double.make(key, secrets.token_urlsafe(16))
        return lambda: copy.deepcopy(self.double.bots[key])

    def retirement(self) -> Retirement:
        return self.retirement_with(self.operator)

    def retirement_of_nobody(self) -> Retirement:
        return self.retirement_with("a-token-of-nobody")

    def retirement_with(self, token: str) -> Retirement:
        """A retirement by whoever has a token, which is read from a variable of its own."""
        variable = f"COURIER_TOKEN_{secrets.token_hex(4)}".upper()
        self.secrets.append(token)
        self._environment.setenv(variable, token)
        return Retirement("courier", HookConnection(url=f"{self.double.url}/", token_variable=variable), now)

"""GitHub for the suite of retirements: its double, asked as an App's installation."""

from __future__ import annotations

import copy
import secrets
from collections.abc import Callable
from typing import Any

import pytest

from nhi_components.core.connection import GitHubConnection
from nhi_components.core.inventory.records import FoundIdentity
from nhi_components.core.links import System
from nhi_components.lifecycle.adapters.github.retirement import Retirement
from nhi_components.lifecycle.decommission.ports import Target
from tests.conformance.decommission.world import Planted
from tests.conformance.discovery.github_world import ACME, GitHubDiscoveryWorld
from tests.conformance.discovery.world import read_all
from tests.conformance.world import now


class GitHubRetirementWorld:
    """An organisation that the suite owns."""

    def __init__(self, found: GitHubDiscoveryWorld, monkeypatch: pytest.MonkeyPatch) -> None:
        self.found, self._environment = found, monkeypatch
        self.double, self.secrets = found.double, found.secrets

    def plant(self, kind: str) -> Planted:
        before = self._identities(kind)
        self.found.plant()
        identity = next(each for each in self._identities(kind) if each not in before)
        target = Target(identity.key, identity.unique_id, System.GITHUB, identity.place, kind, identity.name)

        def left() -> list[str]:
            return [each.key for each in self._identities(kind) if each.key == identity.key]

        return Planted(target, lambda: bool(left()), self.documents, left)

    def plant_guarded(self) -> Target:
        raise NotImplementedError("GitHub does not tell which installation asks")

    def add_dependent(self, planted: Planted) -> str:
        raise NotImplementedError("nothing runs as what can be disabled")

    def replace(self, planted: Planted) -> Callable[[], Any]:
        raise NotImplementedError("no kind can be disabled")

    def retirement(self) -> Retirement:
        return self.retirement_with(self.found.operator)

    def retirement_of_nobody(self) -> Retirement:
        return self.retirement_with("a-token-of-nobody")

    def retirement_with(self, token: str) -> Retirement:
        """A retirement by whoever has a token, which is read from a variable of its own."""
        self.secrets.append(token)
        variable = f"GITHUB_TOKEN_{secrets.token_hex(4)}".upper()
        self._environment.setenv(variable, token)
        settings = GitHubConnection(endpoint=self.double.url, token_variable=variable, organizations=(ACME,))
        return Retirement("default", settings, now)

    def documents(self) -> Any:
        """All that the organisation holds."""
        with self.double.lock:
            held = self.double.organizations
            names = {name: sorted(each.secrets) for name, each in self.double.api.repositories.items()}
            return copy.deepcopy((dict(held.details), dict(held.named), names))

    def _identities(self, kind: str) -> list[FoundIdentity]:
        records, _ = read_all(self.found.discovery())
        return [each for each in records if isinstance(each, FoundIdentity) and each.kind == kind]

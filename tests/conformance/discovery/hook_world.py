"""A system that no adapter knows, for the suite of discoveries: a web hook's double speaks for it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest

from nhi_components.core.connection import HookConnection
from nhi_components.core.inventory.records import (
    FoundCarrier,
    FoundCredential,
    FoundDependent,
    FoundDocument,
    FoundGrant,
    FoundIdentity,
    FoundStep,
    Guard,
    Knowledge,
    Subject,
    Use,
)
from nhi_components.core.links import System
from nhi_components.lifecycle.adapters.hook.discovery import Discovery
from nhi_components.lifecycle.adapters.hook.discovery_policy import policy
from tests.conformance.discovery.world import Planted
from tests.conformance.world import now
from tools.doubles.discovered import DiscoveredDouble

MADE, USED, ENDS = (datetime(year, 5, 1, 12, tzinfo=UTC) for year in (2023, 2024, 2030))


class HookDiscoveryWorld:
    """A workspace that the suite owns."""

    def __init__(self, double: DiscoveredDouble, monkeypatch: pytest.MonkeyPatch) -> None:
        self.double, self._environment = double, monkeypatch
        double.sections = {"bots": [], "keys": [], "grants": []}
        double.opens = {"bots": ["keys"]}
        self.secrets: list[str] = []
        self.operator = self._caller("reader-of-all")

    def plant(self) -> Planted:
        name, place = f"orders-{secrets.token_hex(3)}", self.double.place
        key, unique_id, used = f"{place}/bots/{name}", secrets.token_hex(8), told(USED)
        use = {"at": used, "watched_since": told(MADE), "as_of": None}
        bot = {"key": key, "kind": "bot", "name": name, "unique_id": unique_id, "created_at": told(MADE), "use": use}
        credential = {"identity": key, "kind": "api-key", "id": f"key-{name}", "expires_at": told(ENDS)}
        grant = {"holder": key, "privilege": "parcels.write", "target": "shop", "condition": "office hours"}
        self.add("bots", "identity", **bot, marks={"team": "payments"}, guard="break-glass")
        self.add("keys", "credential", **credential, disabled=True)
        self.add("grants", "grant", **grant)
        self.add("grants", "carrier", identity=key, carrier=f"{place}/roles/sender", kind="role")
        self.add("grants", "document", holder=key, kind="role", name="sender", content="{}")
        self.add("grants", "step", source="dana@example.com", target=key, how="impersonate")
        self.add("grants", "dependent", identity=key, kind="workflow", name=f"{place}/flows/{name}")
        self.add("grants", "knowledge", identity=key, subject="owner", value="dana", source="its profile")
        known = Use(USED, watched_since=MADE)
        marks = {"team": "payments"}
        return Planted(
            {key: unique_id},
            [
                FoundIdentity(
                    key, System.HOOK, place, "bot", name, unique_id, MADE, False, known, marks, Guard.BREAK_GLASS
                ),
                FoundCredential(key, "api-key", f"key-{name}", None, ENDS, disabled=True),
                FoundGrant(key, "parcels.write", "shop", condition="office hours"),
                FoundCarrier(key, f"{place}/roles/sender", "role"),
                FoundDocument(key, "role", "sender", "{}"),
                FoundStep("dana@example.com", key, "impersonate"),
                FoundDependent(key, "workflow", f"{place}/flows/{name}"),
                Knowledge(key, Subject.OWNER, "dana", "its profile"),
            ],
        )

    def add(self, section: str, record: str, **fields: Any) -> None:
        self.double.sections[section].append({"record": record, **fields})

    def changed(self) -> list[str]:
        """Of the protocol's own no action changes anything; it is asked at one address, by POST alone."""
        return [
            f"{each.method} {each.target}" for each in self.double.log if (each.method, each.target) != ("POST", "/")
        ]

    def discovery(self, *, everywhere: bool = False) -> Discovery:
        return self.discovery_with(self.operator)

    def permissions_in(self, policy: str) -> set[str]:
        return set(json.loads(policy)["actions"])

    def discovery_of(self, permissions: Iterable[str]) -> Discovery:
        name = f"reader-{secrets.token_hex(3)}"
        for missing in self.permissions_in(policy()) - {*permissions}:
            self.double.deny(name, missing)
        return self.discovery_with(self._caller(name))

    def discovery_of_nobody(self) -> Discovery:
        return self.discovery_with("a-token-of-nobody")

    def discovery_with(self, token: str) -> Discovery:
        """A discovery by whoever has a token, which is read from a variable of its own."""
        variable = f"COURIER_TOKEN_{secrets.token_hex(4)}".upper()
        self.secrets.append(token)
        self._environment.setenv(variable, token)
        return Discovery("courier", HookConnection(url=f"{self.double.url}/", token_variable=variable), now)

    def _caller(self, name: str) -> str:
        return self.double.grant(secrets.token_urlsafe(24), name)


def told(at: datetime) -> str:
    return at.isoformat()

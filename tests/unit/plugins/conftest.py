"""Test plugins without an engine: their providers, asked as the engine asks them, and the doubles."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from pulumi.provider.experimental import provider as rpc
from pulumi.provider.experimental.property_value import PropertyValue

from nhi_components.provider.values import plain_map, property_map
from tools.doubles.gcp.double import PROJECT, GcpDouble
from tools.doubles.server import HttpDouble
from tools.plugins.gcp.google import Google
from tools.plugins.gcp.provider import GcpProvider
from tools.plugins.gcp.settings import environment_for, read_settings
from tools.plugins.provider import PluginProvider

TOKEN = "operators-token"


@dataclass
class Kept:
    """A resource as a stack's state has it: `outputs` as plain values."""

    token: str
    resource_id: str
    inputs: dict[str, PropertyValue]
    state: dict[str, PropertyValue]
    calls: list[str] = field(default_factory=list)

    @property
    def outputs(self) -> dict[str, Any]:
        return plain_map(self.state)

    @property
    def urn(self) -> str:
        return f"urn:pulumi:dev::trial::some:group:Component${self.token}::thing"


class Asking:
    """Asks a provider what the engine asks it; `naps` are the pauses that the plugin made."""

    def __init__(self, double: HttpDouble, provider: PluginProvider[Any]) -> None:
        self.double, self.provider = double, provider
        self.naps: list[float] = []

    def problems(self, token: str, inputs: Mapping[str, Any]) -> list[str]:
        checked = self._check(token, inputs, {})
        return [failure.reason for failure in checked.failures or ()]

    def checked(self, token: str, inputs: Mapping[str, Any], before: Kept | None = None) -> dict[str, PropertyValue]:
        checked = self._check(token, inputs, before.inputs if before else {})
        assert not checked.failures, checked.failures[0].reason
        assert checked.inputs is not None
        return checked.inputs

    def preview(self, token: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """What a creation would give, with its unknown outputs as such."""
        asked = rpc.CreateRequest(_urn(token), self.checked(token, inputs), 0, True)
        return plain_map(asyncio.run(self.provider.create(asked)).properties)

    def create(self, token: str, inputs: Mapping[str, Any]) -> Kept:
        checked = self.checked(token, inputs)
        start = len(self.double.log)
        made = asyncio.run(self.provider.create(rpc.CreateRequest(_urn(token), checked, 0, False)))
        assert made.resource_id
        return Kept(token, made.resource_id, checked, made.properties, self.calls(start))

    def diff(self, kept: Kept, inputs: Mapping[str, Any]) -> rpc.DiffResponse:
        news = self.checked(kept.token, inputs, kept)
        return asyncio.run(self.provider.diff(rpc.DiffRequest(kept.urn, kept.resource_id, kept.state, news, [])))

    def update(self, kept: Kept, inputs: Mapping[str, Any]) -> Kept:
        news = self.checked(kept.token, inputs, kept)
        start = len(self.double.log)
        asked = rpc.UpdateRequest(kept.urn, kept.resource_id, kept.state, news, 0, [], False)
        outputs = asyncio.run(self.provider.update(asked)).properties
        return Kept(kept.token, kept.resource_id, news, outputs, self.calls(start))

    def refresh(self, kept: Kept) -> Kept | None:
        start = len(self.double.log)
        asked = rpc.ReadRequest(kept.urn, kept.resource_id, kept.state, kept.inputs)
        read = asyncio.run(self.provider.read(asked))
        if not read.resource_id:
            return None
        return Kept(kept.token, read.resource_id, read.inputs, read.properties, self.calls(start))

    def delete(self, kept: Kept) -> list[str]:
        start = len(self.double.log)
        asyncio.run(self.provider.delete(rpc.DeleteRequest(kept.urn, kept.resource_id, kept.state, 0)))
        return self.calls(start)

    def calls(self, start: int = 0) -> list[str]:
        """What the double was asked, without `alt=json`, which goes with everything."""
        return [_told(each.method, each.target) for each in self.double.log[start:]]

    def _check(self, token: str, inputs: Mapping[str, Any], olds: dict[str, PropertyValue]) -> rpc.CheckResponse:
        return asyncio.run(self.provider.check(rpc.CheckRequest(_urn(token), olds, property_map(inputs), b"seed")))


class Engine(Asking):
    """Asks the provider of Google Cloud."""

    double: GcpDouble
    provider: GcpProvider

    def __init__(self, double: GcpDouble) -> None:
        super().__init__(double, GcpProvider())
        settings = read_settings({}, environment_for(double.url, TOKEN, PROJECT))
        self.provider._client = Google(settings, self.naps.append)


def _urn(token: str) -> str:
    return f"urn:pulumi:dev::trial::some:group:Component${token}::thing"


def _told(method: str, target: str) -> str:
    split = urlsplit(target)
    query = "&".join(f"{name}={value}" for name, value in parse_qsl(split.query, True) if name != "alt")
    return f"{method} {split.path}" + (f"?{query}" if query else "")


@pytest.fixture
def double() -> Iterator[GcpDouble]:
    """Google Cloud, with one operator."""
    with GcpDouble() as double:
        double.grant(TOKEN, double.accounts.make(PROJECT, "operator")["email"])
        yield double


@pytest.fixture
def plugin(double: GcpDouble) -> Engine:
    """`plugin.create(token, inputs)` and so on: the provider, asked by an engine's protocol."""
    return Engine(double)


@pytest.fixture
def second_plugin(double: GcpDouble) -> Engine:
    """Another process's plugin."""
    return Engine(double)

"""The systems that the suite of discoveries runs on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.conftest import Servers
from tests.conformance.discovery.activedirectory_world import ActiveDirectoryDiscoveryWorld
from tests.conformance.discovery.aws_world import AwsDiscoveryWorld
from tests.conformance.discovery.azure_world import AzureDiscoveryWorld
from tests.conformance.discovery.gcp_world import GcpDiscoveryWorld
from tests.conformance.discovery.github_world import GitHubDiscoveryWorld
from tests.conformance.discovery.hook_world import HookDiscoveryWorld
from tests.conformance.discovery.kubernetes_world import KubernetesDiscoveryWorld
from tests.conformance.discovery.vault_world import VaultDiscoveryWorld
from tests.conformance.discovery.world import DiscoveryWorld
from tools.doubles.azure import AzureDouble
from tools.doubles.discovered import DiscoveredDouble
from tools.doubles.gcp import GcpDouble
from tools.doubles.github import GitHubDouble
from tools.doubles.kubernetes import KubernetesDouble
from tools.lab.sandbox.postgres import Postgres
from tools.lab.sandbox.samba import ActiveDirectory


@pytest.fixture
def aws_discovery_world(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> AwsDiscoveryWorld:
    return AwsDiscoveryWorld(servers.aws, monkeypatch)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with Postgres() as server:
        yield server


@pytest.fixture
def vault_discovery_world(servers: Servers, postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> VaultDiscoveryWorld:
    return VaultDiscoveryWorld(servers.vault, postgres, monkeypatch)


@pytest.fixture
def kubernetes_discovery_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[KubernetesDiscoveryWorld]:
    with KubernetesDouble() as double:
        yield KubernetesDiscoveryWorld(double, tmp_path, monkeypatch)


@pytest.fixture
def gcp_discovery_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GcpDiscoveryWorld]:
    with GcpDouble() as double:
        yield GcpDiscoveryWorld(double, tmp_path, monkeypatch)


@pytest.fixture
def github_discovery_world(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHubDiscoveryWorld]:
    with GitHubDouble() as double:
        yield GitHubDiscoveryWorld(double, monkeypatch)


@pytest.fixture
def hook_discovery_world(monkeypatch: pytest.MonkeyPatch) -> Iterator[HookDiscoveryWorld]:
    with DiscoveredDouble() as double:
        yield HookDiscoveryWorld(double, monkeypatch)


@pytest.fixture
def azure_discovery_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AzureDiscoveryWorld]:
    with AzureDouble() as double:
        yield AzureDiscoveryWorld(double, tmp_path, monkeypatch)


@pytest.fixture
def activedirectory_discovery_world(
    active_directory: ActiveDirectory, monkeypatch: pytest.MonkeyPatch
) -> ActiveDirectoryDiscoveryWorld:
    return ActiveDirectoryDiscoveryWorld(active_directory, monkeypatch)


WORLDS = ["aws", "vault", "kubernetes", "gcp", "azure", "github", "hook", "activedirectory"]
"""Each by what the fixture that makes it is named for."""


@pytest.fixture(params=WORLDS)
def world(request: pytest.FixtureRequest) -> DiscoveryWorld:
    """Each system in turn: a test that takes it is run against all of them."""
    found: DiscoveryWorld = request.getfixturevalue(f"{request.param}_discovery_world")
    return found

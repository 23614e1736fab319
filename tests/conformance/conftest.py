"""The systems on loopback, started once a session; each test has a lease of its own."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from nhi_components.core.tags import LeaseTags
from tests.conformance.aws_world import AwsWorld
from tests.conformance.azure_world import AzureApplicationWorld, AzureWorld
from tests.conformance.gcp_world import GcpWorld
from tests.conformance.kubernetes_world import KubernetesWorld
from tests.conformance.vault_federated_worlds import VaultJwtWorld, VaultKubernetesWorld
from tests.conformance.vault_world import VaultWorld
from tests.conformance.world import World, new_tags
from tools.doubles.azure import AzureDouble
from tools.doubles.gcp import GcpDouble
from tools.doubles.kubernetes import KubernetesDouble
from tools.lab.sandbox import aws, programs, vault
from tools.lab.sandbox.cluster import ClusterDouble
from tools.lab.sandbox.keeper import Keeper
from tools.lab.sandbox.moto import Moto
from tools.lab.sandbox.ports import free_ports
from tools.lab.sandbox.samba import ActiveDirectory

WORLDS: dict[str, type[World]] = {
    "aws": AwsWorld,
    "vault": VaultWorld,
    "vault_jwt": VaultJwtWorld,
    "vault_kubernetes": VaultKubernetesWorld,
    "gcp": GcpWorld,
    "azure": AzureWorld,
    "azure_application": AzureApplicationWorld,
    "kubernetes": KubernetesWorld,
}
"""Each by what the fixture that makes it is named for."""


@dataclass(frozen=True)
class Servers:
    aws: aws.Aws
    vault: vault.Vault


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    binaries = programs.ensure()
    directory = Path(tempfile.mkdtemp(prefix="nhi-conformance-"))
    vault_port, cluster_port, aws_port = free_ports(3)
    secret_key = aws.new_secret_key()
    keeper = Keeper(
        directory,
        {
            vault.NAME: vault.prepare(binaries, directory, (vault_port, cluster_port)),
            aws.NAME: aws.prepare(binaries, directory, aws_port, secret_key),
        },
    )
    try:
        yield Servers(aws.Aws(keeper, directory, aws_port, secret_key), vault.Vault(keeper, directory, vault_port))
    finally:
        keeper.close()


@pytest.fixture(scope="session")
def moto() -> Iterator[Moto]:
    """A second AWS, started for the tests that ask for it."""
    server = Moto()
    try:
        yield server
    finally:
        server.close()


@pytest.fixture(scope="session")
def active_directory() -> Iterator[ActiveDirectory]:
    """A domain controller of Samba's, started for the tests that ask for it."""
    with ActiveDirectory() as server:
        yield server


@pytest.fixture
def aws_world(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> AwsWorld:
    return AwsWorld(servers.aws, monkeypatch)


@pytest.fixture
def vault_world(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> VaultWorld:
    return VaultWorld(servers.vault, monkeypatch)


@pytest.fixture
def vault_jwt_world(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> VaultJwtWorld:
    return VaultJwtWorld(servers.vault, monkeypatch)


@pytest.fixture
def vault_kubernetes_world(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> Iterator[VaultKubernetesWorld]:
    with ClusterDouble() as cluster:
        yield VaultKubernetesWorld(servers.vault, monkeypatch, cluster)


@pytest.fixture
def gcp_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GcpWorld]:
    with GcpDouble() as double:
        yield GcpWorld(double, tmp_path, monkeypatch)


@pytest.fixture
def azure_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AzureWorld]:
    with AzureDouble() as double:
        yield AzureWorld(double, tmp_path, monkeypatch)


@pytest.fixture
def azure_application_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AzureApplicationWorld]:
    with AzureDouble() as double:
        yield AzureApplicationWorld(double, tmp_path, monkeypatch)


@pytest.fixture
def kubernetes_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[KubernetesWorld]:
    with KubernetesDouble() as double:
        yield KubernetesWorld(double, tmp_path, monkeypatch)


@pytest.fixture(params=list(WORLDS))
def world(request: pytest.FixtureRequest) -> World:
    """Each system in turn: a test that takes it is run against all of them."""
    found: World = request.getfixturevalue(f"{request.param}_world")
    return found


@pytest.fixture
def tags() -> LeaseTags:
    return new_tags(os.urandom(16))

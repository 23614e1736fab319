"""The systems, and the kinds of their identities, that the suite of retirements runs on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.azure_world import AzureWorld
from tests.conformance.conftest import Servers
from tests.conformance.decommission.activedirectory_world import ActiveDirectoryRetirementWorld
from tests.conformance.decommission.aws_world import AwsRetirementWorld
from tests.conformance.decommission.azure_world import AzureRetirementWorld
from tests.conformance.decommission.gcp_world import GcpRetirementWorld
from tests.conformance.decommission.github_world import GitHubRetirementWorld
from tests.conformance.decommission.hook_world import HookRetirementWorld
from tests.conformance.decommission.kubernetes_world import KubernetesRetirementWorld
from tests.conformance.decommission.vault_world import VaultRetirementWorld
from tests.conformance.decommission.world import Planted, RetirementWorld
from tests.conformance.discovery.gcp_world import GcpDiscoveryWorld
from tests.conformance.discovery.github_world import GitHubDiscoveryWorld
from tests.conformance.discovery.kubernetes_world import KubernetesDiscoveryWorld
from tests.conformance.discovery.vault_world import VaultDiscoveryWorld
from tools.doubles.azure import AzureDouble
from tools.doubles.gcp import GcpDouble
from tools.doubles.github import GitHubDouble
from tools.doubles.kubernetes import KubernetesDouble
from tools.doubles.retired import RetiredDouble
from tools.lab.sandbox.postgres import Postgres
from tools.lab.sandbox.samba import ActiveDirectory


@pytest.fixture
def aws_retirement_world(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> AwsRetirementWorld:
    return AwsRetirementWorld(servers.aws, monkeypatch)


@pytest.fixture
def gcp_retirement_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GcpRetirementWorld]:
    with GcpDouble() as double:
        yield GcpRetirementWorld(GcpDiscoveryWorld(double, tmp_path, monkeypatch))


@pytest.fixture
def kubernetes_retirement_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[KubernetesRetirementWorld]:
    with KubernetesDouble() as double:
        yield KubernetesRetirementWorld(KubernetesDiscoveryWorld(double, tmp_path, monkeypatch))


@pytest.fixture
def hook_retirement_world(monkeypatch: pytest.MonkeyPatch) -> Iterator[HookRetirementWorld]:
    with RetiredDouble() as double:
        yield HookRetirementWorld(double, monkeypatch)


@pytest.fixture
def activedirectory_retirement_world(
    active_directory: ActiveDirectory, monkeypatch: pytest.MonkeyPatch
) -> ActiveDirectoryRetirementWorld:
    return ActiveDirectoryRetirementWorld(active_directory, monkeypatch)


@pytest.fixture
def azure_retirement_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AzureRetirementWorld]:
    with AzureDouble() as double:
        yield AzureRetirementWorld(AzureWorld(double, tmp_path, monkeypatch))


@pytest.fixture
def github_retirement_world(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHubRetirementWorld]:
    with GitHubDouble() as double:
        yield GitHubRetirementWorld(GitHubDiscoveryWorld(double, monkeypatch), monkeypatch)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with Postgres() as server:
        yield server


@pytest.fixture
def vault_retirement_world(
    servers: Servers, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> VaultRetirementWorld:
    return VaultRetirementWorld(VaultDiscoveryWorld(servers.vault, postgres, monkeypatch))


WORLDS: dict[str, tuple[str, ...]] = {
    "aws": ("iam-role", "iam-user"),
    "gcp": ("service-account",),
    "azure": ("azure-managed-identity", "entra-application", "entra-service-principal"),
    "vault": (
        *("vault-approle", "vault-jwt-role", "vault-userpass-user", "vault-token-role"),
        *("vault-entity", "vault-kv-path"),
    ),
    "kubernetes": ("kubernetes-service-account",),
    "hook": ("bot",),
    "activedirectory": ("user", "group-managed-service-account", "managed-service-account"),
}
"""The kinds that can be disabled, by what the fixture that makes their world is named for."""
NOT_DISABLED: dict[str, tuple[str, ...]] = {
    "github": (
        *("deploy-key", "actions-secret", "dependabot-secret", "environment-secret", "personal-access-token"),
        *("organization-actions-secret", "organization-dependabot-secret"),
    ),
    "vault": ("vault-token", "vault-pki-role"),
}
"""The kinds that no reversible way is known for, likewise; `plant` makes them too."""
WITHOUT_DEPENDENTS = frozenset(
    {
        ("aws", "iam-user"),
        *(("azure", kind) for kind in ("entra-application", "entra-service-principal")),
        *(("vault", kind) for kind in WORLDS["vault"]),
    }
)
"""The kinds that nothing runs as."""
WITHOUT_NAMESAKES = frozenset(
    {
        *(("azure", kind) for kind in ("entra-application", "entra-service-principal")),
        *(("vault", kind) for kind in ("vault-jwt-role", "vault-userpass-user", "vault-token-role", "vault-entity")),
    }
)
"""The kinds whose keys are ids that are given out once, or that their systems give no ids of their own."""


def _each(kinds: dict[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    return [(world, kind) for world, of_world in kinds.items() for kind in of_world]


@pytest.fixture(params=list(WORLDS))
def world(request: pytest.FixtureRequest) -> RetirementWorld:
    """Each system in turn: a test that takes it is run against all of them."""
    found: RetirementWorld = request.getfixturevalue(f"{request.param}_retirement_world")
    return found


@pytest.fixture(params=_each(WORLDS), ids="-".join)
def living(request: pytest.FixtureRequest) -> tuple[RetirementWorld, Planted]:
    """An identity of each kind that can be disabled, in its world."""
    return _planted(request)


@pytest.fixture(params=_each(NOT_DISABLED), ids="-".join)
def stubborn(request: pytest.FixtureRequest) -> tuple[RetirementWorld, Planted]:
    """An identity of each kind that can't be disabled, in its world."""
    return _planted(request)


@pytest.fixture(params=[each for each in _each(WORLDS) if each not in WITHOUT_NAMESAKES], ids="-".join)
def replaceable(request: pytest.FixtureRequest) -> tuple[RetirementWorld, Planted]:
    """An identity of each kind of which another can stand at its key, in its world."""
    return _planted(request)


@pytest.fixture(params=[each for each in _each(WORLDS) if each not in WITHOUT_DEPENDENTS], ids="-".join)
def used(request: pytest.FixtureRequest) -> tuple[RetirementWorld, Planted]:
    """An identity of each kind that something may run as, in its world."""
    return _planted(request)


def _planted(request: pytest.FixtureRequest) -> tuple[RetirementWorld, Planted]:
    name, kind = request.param
    found: RetirementWorld = request.getfixturevalue(f"{name}_retirement_world")
    return found, found.plant(kind)

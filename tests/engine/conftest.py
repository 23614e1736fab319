"""A real engine and a sandbox for every test that needs them. Under pytest-xdist each worker has its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine.azure import AzureCloud, azure_cloud
from tests.engine.gcp import GoogleCloud, google_cloud
from tests.engine.kubernetes import OneCluster, one_cluster
from tools.lab.engine import Engine, ensure
from tools.lab.project import Project
from tools.lab.sandbox import Sandbox


@pytest.fixture(scope="session")
def engine() -> Engine:
    """The laboratory's engine."""
    return ensure()


@pytest.fixture(scope="session")
def systems(engine: Engine) -> Iterator[Sandbox]:
    """The worker's sandbox, with whatever earlier tests left in it; tests take `sandbox`."""
    with Sandbox(engine) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(systems: Sandbox) -> Sandbox:
    """An AWS emulator, a Vault and a state backend, all empty; addresses and credentials stay the same."""
    systems.reset()
    return systems


@pytest.fixture
def aws_client(sandbox: Sandbox) -> Callable[..., Any]:
    """`aws_client("iam")`: a boto3 client of the sandbox; `account=`, `region=` or credentials of another principal."""
    return sandbox.aws.client


@pytest.fixture
def vault_client(sandbox: Sandbox) -> Callable[..., Any]:
    """`vault_client()`: an hvac client of the sandbox as root; `vault_client(token)` with another token."""
    return sandbox.vault.client


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[AzureCloud]:
    """A double of Azure with one operator; `azure.reached_by(stack)` lets a project's commands reach it."""
    with azure_cloud(tmp_path) as cloud:
        yield cloud


@pytest.fixture
def gcp(tmp_path: Path) -> Iterator[GoogleCloud]:
    """A double of Google Cloud with one operator; `gcp.reached_by(stack)` lets a project's commands reach it."""
    with google_cloud(tmp_path) as cloud:
        yield cloud


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[OneCluster]:
    """A double of a cluster with one operator; `cluster.reached_by(stack)` lets a project's commands reach it."""
    with one_cluster(tmp_path) as cluster:
        yield cluster


@pytest.fixture
def project(sandbox: Sandbox, tmp_path: Path) -> Callable[..., Project]:
    """`project(program)`: a Pulumi project with one stack against the sandbox; its evidence lies in the test's folder.

    Further arguments: `name=`, `stack=`, `runtime=` as `Project` takes them, and `folder=` for a second project.
    """

    def make(program: str, *, folder: str = "project", **options: Any) -> Project:
        environment = {**sandbox.environment(), "NHI_EVIDENCE_DIR": str(tmp_path / "evidence")}
        made = Project(tmp_path / folder, environment, **options)
        made.write({"__main__.py": program})
        return made

    return make

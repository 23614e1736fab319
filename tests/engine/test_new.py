"""What `nhi new` writes passes its own policy pack on the real engine and analyzer, at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nhi_components.core.identity import Kind
from nhi_components.core.links import System
from nhi_components.scaffold.blueprints import BLUEPRINTS
from tests.engine.azure import AzureCloud
from tests.engine.gcp import GoogleCloud
from tests.engine.kubernetes import OneCluster
from tests.engine.programs import nhi
from tests.unit.scaffold.test_new import DETAILS, GRANTS, ON_AKS, ON_GKE, arguments
from tools.lab.project import Project
from tools.lab.sandbox import Sandbox

DISTINCT = {id(BLUEPRINTS[of]): of for of in reversed(list(BLUEPRINTS))}
"""Of the kinds that are declared alike, one; the others differ in the word that tells the kind."""

NEW = [
    *(pytest.param(kind, system, {}, id=f"{kind}-{system}") for kind, system in DISTINCT.values()),
    pytest.param(Kind.WORKLOAD, System.GCP, ON_GKE, id="workload-gcp-gke"),
    pytest.param(Kind.WORKLOAD, System.AZURE, ON_AKS, id="workload-azure-aks"),
]


@pytest.mark.parametrize(("kind", "system", "more"), NEW)
def test_a_new_project_passes_its_own_pack(
    kind: Kind,
    system: System,
    more: dict[str, str],
    sandbox: Sandbox,
    gcp: GoogleCloud,
    azure: AzureCloud,
    cluster: OneCluster,
    tmp_path: Path,
) -> None:
    caller = Project(tmp_path / "caller", sandbox.environment())
    folder = tmp_path / "project"
    sandbox.vault.client().sys.enable_auth_method("jwt")
    cluster.double.cluster.add_namespace(DETAILS["namespace"])
    grant = {"grant": GRANTS[system]} if BLUEPRINTS[kind, system].grantable else {}
    written = nhi(caller, *arguments(kind, system, folder, **grant, **more))
    assert written.code == 0, written.text
    program, description = (folder / "__main__.py").read_text(), (folder / "Pulumi.yaml").read_text()

    stack = Project(folder, sandbox.environment(), name="orders")
    assert (folder / "__main__.py").read_text() == program
    (folder / "Pulumi.yaml").write_text(description)
    reach(stack, system, gcp, azure, cluster)
    looked = stack.preview("--policy-pack", "policy")
    assert "orders-seal" in looked.text
    assert "[mandatory]" not in looked.text
    assert azure.double.asked("PUT", ".") == []
    assert cluster.everything() == {}


def reach(stack: Project, system: System, gcp: GoogleCloud, azure: AzureCloud, cluster: OneCluster) -> None:
    """Let the project's commands reach its system, by configuration alone."""
    connection = {}
    match system:
        case System.AWS:
            stack.pulumi("config", "set", "aws:region", "eu-central-1")
        case System.GCP:
            gcp.reached_by(stack)
            connection = {"endpoint": gcp.double.url}
        case System.AZURE:
            azure.reached_by(stack)
            connection = {"endpoint": azure.double.url, "authority": azure.double.url}
        case System.KUBERNETES:
            cluster.reached_by(stack)
    if connection:
        stack.pulumi("config", "set", f"nhi:{system}", json.dumps({"default": connection}))

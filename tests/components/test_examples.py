"""Every component has an example, and every example runs."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*/__main__.py"))


BRACKETS = {"federated_identity": 4, "federated_kubernetes_identity": 3}
"""How many bundles an example has, where it is not one: one on each cloud."""


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.parent.name)
def test_the_example_registers_a_whole_bundle(example: Path, registered: Any) -> None:
    types = [resource["type"] for resource in registered(lambda: runpy.run_path(str(example)))]
    assert types.count("nhi:index:Lease") == types.count("nhi:index:Seal") == BRACKETS.get(example.parent.name, 1)
    assert types[-1] == "nhi:index:Seal"
    assert yaml.safe_load((example.parent / "Pulumi.yaml").read_text())["runtime"] == "python"


def test_every_component_has_an_example() -> None:
    from nhi_components import aws, azure, gcp, kubernetes, vault
    from nhi_components.bundle import Bundle

    components = {
        f"{cloud.__name__.rpartition('.')[2]}.{name}"
        for cloud in (aws, azure, gcp, kubernetes, vault)
        for name in cloud.__all__
        if isinstance(value := getattr(cloud, name), type) and issubclass(value, Bundle)
    }
    texts = [example.read_text() for example in EXAMPLES]
    assert components == {
        "aws.AgentIdentity",
        "aws.PipelineIdentity",
        "aws.RolesAnywhereIdentity",
        "aws.ServiceUser",
        "aws.ThirdPartyIdentity",
        "aws.WorkloadIdentity",
        "azure.AgentIdentity",
        "azure.AksWorkloadIdentity",
        "azure.AppIdentity",
        "azure.PipelineIdentity",
        "azure.ThirdPartyIdentity",
        "azure.WorkloadIdentity",
        "gcp.AgentIdentity",
        "gcp.PipelineIdentity",
        "gcp.ServiceAccountKeyIdentity",
        "gcp.ThirdPartyIdentity",
        "gcp.WorkloadIdentity",
        "kubernetes.WorkloadIdentity",
        "vault.ApiKeyIdentity",
        "vault.AppRoleIdentity",
        "vault.CertificateIdentity",
        "vault.DynamicDatabaseIdentity",
        "vault.PipelineIdentity",
        "vault.WorkloadIdentity",
    }
    components.add("nhi.FederatedIdentity")
    assert [name for name in sorted(components) if not any(f"{name}(" in text for text in texts)] == []

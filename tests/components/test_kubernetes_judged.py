"""What the component for Kubernetes writes, judged by the project's own rules and packs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import yaml

from nhi_components.core.findings import Severity
from nhi_components.facts import DocumentKind, Facts, read_document
from nhi_components.rules.config import JudgeConfig, Mode
from nhi_components.rules.engine import find
from tests.components.graphs import GOLDEN
from tests.unit.crossguard.pack import Pack, rules_of

NOW = datetime(2026, 6, 1, tzinfo=UTC)
GRAPHS = sorted(file.stem for file in GOLDEN.glob("kubernetes_workload*.yaml"))


def graph(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load((GOLDEN / f"{name}.yaml").read_text())
    return found


@pytest.mark.parametrize("name", GRAPHS)
def test_the_rules_find_nothing_in_a_manifest(name: str) -> None:
    manifests = [each["inputs"] for each in graph(name) if each["type"].startswith("kubernetes:")]
    assert manifests
    for manifest in manifests:
        facts = Facts(read_document(DocumentKind.KUBERNETES_ROLE, name, manifest, {}))
        findings = find(facts, JudgeConfig(), NOW)
        assert [str(finding) for finding in findings if finding.severity is not Severity.LOW] == []


def told(pack: Pack, resources: list[dict[str, Any]]) -> list[str]:
    """Everything that a pack tells about a graph, as the engine registers it: each part inside its component."""
    component, *parts = resources
    whole = "urn:pulumi:dev::shop::nhi:kubernetes:WorkloadIdentity::orders"
    found = [pack.analyze(component["type"], component["inputs"], whole)]
    for part in parts:
        urn = f"urn:pulumi:dev::shop::nhi:kubernetes:WorkloadIdentity${part['type']}::{part['name']}"
        found.append(pack.analyze(part["type"], part["inputs"], urn, whole))
    messages = [message for each in found for messages in each.values() for message in messages]
    return [*messages, *(message for each in pack.end().values() for _, message in each)]


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("name", GRAPHS)
def test_no_pack_finds_anything(name: str, mode: Mode) -> None:
    pack = Pack(JudgeConfig(mode=mode, governed=("kubernetes:core/v1:ServiceAccount",)))
    assert told(pack, graph(name)) == []


def test_what_no_grant_declares_would_be_found() -> None:
    resources = graph("kubernetes_workload")
    for each in resources:
        if each["type"].endswith(":Role"):
            each["inputs"]["rules"][0]["verbs"].append("delete")
        if each["type"].endswith(":RoleBinding"):
            each["inputs"]["roleRef"] |= {"kind": "ClusterRole", "name": "view"}
    found = told(Pack(JudgeConfig(mode=Mode.STRICT)), resources)
    assert rules_of(found) == ["grants.undeclared"] * len(found)
    assert [part for part in ("delete configmaps rates", "ClusterRole view") if part in " ".join(found)] != []


def test_a_rule_without_its_names_would_be_found() -> None:
    (role,) = [each["inputs"] for each in graph("kubernetes_workload") if each["type"].endswith(":Role")]
    secrets = next(rule for rule in role["rules"] if rule["resources"] == ["secrets"])
    del secrets["resourceNames"]
    facts = Facts(read_document(DocumentKind.KUBERNETES_ROLE, "opened", role, {}))
    assert "kubernetes.credentials-exposure" in {finding.rule for finding in find(facts, JudgeConfig(), NOW)}

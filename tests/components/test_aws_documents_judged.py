"""What the components for AWS write, judged by the project's own rules, and its trusts by the project's evaluator."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml

from nhi_components.core.findings import Severity
from nhi_components.crossguard import ADVISED, REQUIRED
from nhi_components.facts import DocumentKind, Facts, read_document
from nhi_components.rules.config import JudgeConfig, Mode
from nhi_components.rules.engine import find
from tests.components.graphs import GOLDEN
from tests.components.test_golden_graphs_aws import ACCOUNT
from tests.unit.crossguard.pack import NOTHING, Pack, rules_of

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def documents() -> Iterator[tuple[str, DocumentKind, dict[str, Any]]]:
    """Every trust and every grants document of the golden graphs."""
    for file in sorted(GOLDEN.glob("*.yaml")):
        for resource in yaml.safe_load(file.read_text()):
            match resource["type"], resource["inputs"]:
                case "aws:iam/role:Role", inputs:
                    yield f"{file.stem} trust", DocumentKind.TRUST_POLICY, inputs["assumeRolePolicy"]
                case (("aws:iam/rolePolicy:RolePolicy" | "aws:iam/userPolicy:UserPolicy"), inputs):
                    yield f"{file.stem} grants", DocumentKind.POLICY_DOCUMENT, inputs["policy"]


DOCUMENTS = list(documents())


@pytest.mark.parametrize(("name", "kind", "document"), DOCUMENTS, ids=[name for name, _, _ in DOCUMENTS])
def test_nothing_of_medium_severity_or_above_is_found(name: str, kind: DocumentKind, document: dict[str, Any]) -> None:
    facts = Facts(read_document(kind, name, document, {"account": ACCOUNT}))
    findings = find(facts, JudgeConfig(), NOW)
    assert [str(finding) for finding in findings if finding.severity is not Severity.LOW] == []


FEDERATED = [
    (name, document)
    for name, _, document in DOCUMENTS
    if "WebIdentity" in str(document) and "Deny" not in str(document)
]


@pytest.mark.parametrize(("name", "document"), FEDERATED, ids=[name for name, _ in FEDERATED])
@pytest.mark.parametrize("claim", ["sub", "aud"])
def test_a_federated_trust_without_its_pin_would_be_found(name: str, document: dict[str, Any], claim: str) -> None:
    (statement,) = document["Statement"]
    tests = {key: value for key, value in statement["Condition"]["StringEquals"].items() if not key.endswith(claim)}
    opened = {**document, "Statement": [{**statement, "Condition": {"StringEquals": tests}}]}
    facts = Facts(read_document(DocumentKind.TRUST_POLICY, name, opened, {"account": ACCOUNT}))
    assert "aws.oidc-trust" in {finding.rule for finding in find(facts, JudgeConfig(), NOW)}


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("graph", ["service_user", "service_user_everywhere", "service_user_suspended"])
def test_no_pack_finds_anything_in_a_service_user(graph: str, mode: Mode) -> None:
    pack = Pack(JudgeConfig(mode=mode))
    component, *parts = yaml.safe_load((GOLDEN / f"{graph}.yaml").read_text())
    whole = "urn:pulumi:dev::shop::nhi:aws:ServiceUser::orders"
    assert pack.analyze(component["type"], component["inputs"], whole) == NOTHING
    for part in parts:
        inputs = {key: json.dumps(value) if key == "policy" else value for key, value in part["inputs"].items()}
        urn = f"urn:pulumi:dev::shop::nhi:aws:ServiceUser${part['type']}::{part['name']}"
        assert pack.analyze(part["type"], inputs, urn, whole) == NOTHING
    assert {messages for found in pack.end().values() for messages in found} == set()


def test_a_key_in_the_state_beside_it_would_be_found() -> None:
    found = Pack().analyze("aws:iam/accessKey:AccessKey", {"user": "orders-dev-abcdef"})
    assert rules_of(found[REQUIRED] + found[ADVISED]) != []

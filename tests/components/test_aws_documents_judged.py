"""What the components for AWS write, judged by the project's own rules, and its trusts by the project's evaluator."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml

from nhi_components.core.findings import Severity
from nhi_components.facts import DocumentKind, Facts, read_document
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.engine import find
from tests.components.graphs import GOLDEN
from tests.components.test_golden_graphs_aws import ACCOUNT

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def documents() -> Iterator[tuple[str, DocumentKind, dict[str, Any]]]:
    """Every trust and every grants document of the golden graphs."""
    for file in sorted(GOLDEN.glob("*.yaml")):
        for resource in yaml.safe_load(file.read_text()):
            match resource["type"], resource["inputs"]:
                case "aws:iam/role:Role", inputs:
                    yield f"{file.stem} trust", DocumentKind.TRUST_POLICY, inputs["assumeRolePolicy"]
                case "aws:iam/rolePolicy:RolePolicy", inputs:
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

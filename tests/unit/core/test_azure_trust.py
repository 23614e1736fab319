"""Who may become a managed identity: named principals, and one subject of one issuer."""

from __future__ import annotations

from typing import Any

import pytest

from nhi_components.core.azure_federation import (
    AUDIENCE,
    PARKED,
    Admission,
    FederatedTrust,
    VendorSubject,
    admission_problems,
    pipeline_admission,
    pipeline_problems,
)
from nhi_components.core.azure_trust import AttachedTrust, Trust, principal_problems, vault_target
from nhi_components.core.errors import SpecError
from nhi_components.core.model import Spec
from nhi_components.core.pipeline import GitHub, GitLab, Pipeline, TerraformCloud

OBJECT = "99999999-aaaa-bbbb-cccc-dddddddddddd"
AKS = "https://westeurope.oic.prod-aks.azure.com/99999999-aaaa-bbbb-cccc-dddddddddddd/0a1b/"
SUBJECT = "system:serviceaccount:orders:api"


class Trusting(Spec):
    trust: Trust


def places(trust: Any) -> list[str]:
    with pytest.raises(SpecError) as caught:
        Trusting(trust=trust)
    return [problem.path for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (AttachedTrust(), AttachedTrust),
        ({}, AttachedTrust),
        ({"deployers": [OBJECT]}, AttachedTrust),
        ({"issuer": AKS, "subject_claim": SUBJECT}, FederatedTrust),
    ],
)
def test_a_trust_is_known_by_its_fields(given: Any, expected: type) -> None:
    assert isinstance(Trusting(trust=given).trust, expected)


@pytest.mark.parametrize("given", ["github", None, 1, ["deployers"]])
def test_what_is_no_trust_is_refused(given: Any) -> None:
    assert places(given) == ["trust"]


@pytest.mark.parametrize("deployer", ["", "deploy", "*", f"{OBJECT} ", OBJECT[:-1], None, 7])
def test_a_deployer_is_named_by_its_object_id(deployer: Any) -> None:
    assert len(places({"deployers": [deployer]})) == 1
    assert principal_problems("x", str(deployer)) != []


def test_one_deployer_may_be_known_later() -> None:
    assert AttachedTrust(deployers=[OBJECT, object()]).deployers[0] == OBJECT
    assert principal_problems("x", OBJECT.upper()) == []


@pytest.mark.parametrize(
    "issuer", [AKS, AKS.rstrip("/"), "https://accounts.google.com", "https://gitlab.example.com:8443"]
)
def test_an_issuer_is_taken_with_and_without_a_final_slash(issuer: str) -> None:
    assert FederatedTrust(issuer=issuer, subject_claim=SUBJECT).admission == Admission("trusted", issuer, SUBJECT)
    assert admission_problems("x", issuer, SUBJECT) == []


@pytest.mark.parametrize(
    "issuer",
    [
        *(
            "",
            "gitlab.com",
            "http://gitlab.com",
            "https://*.example.com",
            "https://gitlab.com?x",
            "https://gitlab.com/a b",
        ),
        *("https://gitlab.com//", "https://gitlab.com#x", f"https://gitlab.com/{'x' * 600}", "https://user@gitlab.com"),
    ],
)
def test_what_is_no_issuer_is_refused(issuer: str) -> None:
    assert places({"issuer": issuer, "subject_claim": SUBJECT}) == ["trust.FederatedTrust.issuer"]
    assert [problem.path for problem in admission_problems("x", issuer, SUBJECT)] == ["x.issuer"]


@pytest.mark.parametrize("subject", ["", " ", "*", "repo:a/b:*", "x?", "a\nb", f" {SUBJECT}", "x" * 601, PARKED])
def test_what_is_no_subject_of_one_workload_is_refused(subject: str) -> None:
    assert places({"issuer": AKS, "subject_claim": subject}) == ["trust.FederatedTrust.subject_claim"]
    assert [problem.path for problem in admission_problems("x", AKS, subject)] == ["x.subject"]


def test_a_token_is_for_azure_alone() -> None:
    assert places({"issuer": AKS, "subject_claim": SUBJECT, "audience": "sts.amazonaws.com"}) == [
        "trust.FederatedTrust.audience"
    ]
    vendor = VendorSubject(issuer=AKS, subject_claim=SUBJECT, audience=f"{AUDIENCE}USGov")
    assert vendor.admission == Admission("vendor", AKS, SUBJECT, f"{AUDIENCE}USGov")


@pytest.mark.parametrize(
    ("source", "label", "subject"),
    [
        (
            GitHub(repository="example/orders", ref="refs/heads/main"),
            "github",
            "repo:example/orders:ref:refs/heads/main",
        ),
        (
            GitHub(repository="example/orders", environment="prod", owner_id="12", repository_id="34"),
            "github",
            "repo:example@12/orders@34:environment:prod",
        ),
        (
            GitLab(project="example/orders", ref="main"),
            "gitlab",
            "project_path:example/orders:ref_type:branch:ref:main",
        ),
        (
            TerraformCloud(organization="example", project="shop", workspace="orders", run_phase="plan"),
            "terraform",
            "organization:example:project:shop:workspace:orders:run_phase:plan",
        ),
    ],
)
def test_a_pipeline_is_let_in_by_its_whole_subject(source: Pipeline, label: str, subject: str) -> None:
    assert pipeline_problems("source", source) == []
    assert pipeline_admission(source) == Admission(label, source.issuer, subject, AUDIENCE)


def test_a_pipeline_without_one_subject_can_not_be_pinned() -> None:
    source = GitLab(project="example/orders", environment="prod")
    assert [problem.path for problem in pipeline_problems("source", source)] == ["source"]
    with pytest.raises(ValueError, match="without a subject"):
        pipeline_admission(source)


def test_a_pipeline_asks_for_tokens_of_azure() -> None:
    source = GitHub(repository="example/orders", ref="refs/heads/main", audience="https://github.com/example")
    assert [problem.path for problem in pipeline_problems("source", source)] == ["source"]
    right = source.model_copy(update={"audience": f"{AUDIENCE}China"})
    assert pipeline_admission(right).audience == f"{AUDIENCE}China"


def test_what_is_no_vault_is_told() -> None:
    with pytest.raises(ValueError, match="no id of a Key Vault"):
        vault_target("shop-dev")

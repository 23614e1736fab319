"""Pipelines as the subjects and claims of their tokens; nothing but whole names is taken."""

from __future__ import annotations

from typing import Any

import pytest

from nhi_components.core.errors import SpecError
from nhi_components.core.links import System
from nhi_components.core.pipeline import GitHub, GitLab, PipelineSource, TerraformCloud

TERRAFORM = TerraformCloud(
    organization="example", project="Default Project", workspace="orders-prod", run_phase="apply"
)
NUMBERED = GitHub(repository="example/orders", environment="prod", owner_id="123456", repository_id="456789")
SERVER = GitHub(repository="example/orders", ref="refs/tags/v1", issuer="https://git.example.com/_services/token")


@pytest.mark.parametrize(
    ("source", "subject"),
    [
        (GitHub(repository="example/orders", ref="refs/heads/main"), "repo:example/orders:ref:refs/heads/main"),
        (GitHub(repository="example/orders", environment="prod"), "repo:example/orders:environment:prod"),
        (GitHub(repository="example/orders", environment="eu:prod"), "repo:example/orders:environment:eu%3Aprod"),
        (NUMBERED, "repo:example@123456/orders@456789:environment:prod"),
        (
            GitLab(project="example/shop/orders", ref="main"),
            "project_path:example/shop/orders:ref_type:branch:ref:main",
        ),
        (
            GitLab(project="example/orders", ref="v1", ref_type="tag"),
            "project_path:example/orders:ref_type:tag:ref:v1",
        ),
        (GitLab(project="example/orders", environment="prod"), None),
        (TERRAFORM, "organization:example:project:Default Project:workspace:orders-prod:run_phase:apply"),
    ],
)
def test_the_subject_is_as_documented(source: PipelineSource, subject: str | None) -> None:
    assert source.subject_claim == subject


@pytest.mark.parametrize(
    ("source", "claims"),
    [
        (
            NUMBERED,
            {
                "repository": "example/orders",
                "repository_owner_id": "123456",
                "repository_id": "456789",
                "environment": "prod",
            },
        ),
        (
            GitLab(project="example/orders", ref="main"),
            {"project_path": "example/orders", "ref": "main", "ref_type": "branch", "ref_protected": "true"},
        ),
        (
            GitLab(project="example/orders", environment="prod", protected=False),
            {"project_path": "example/orders", "environment": "prod"},
        ),
        (
            TERRAFORM,
            {
                "terraform_organization_name": "example",
                "terraform_project_name": "Default Project",
                "terraform_workspace_name": "orders-prod",
                "terraform_run_phase": "apply",
            },
        ),
    ],
)
def test_the_claims_are_as_documented(source: PipelineSource, claims: dict[str, str]) -> None:
    assert source.claims == claims


@pytest.mark.parametrize(
    ("source", "on_aws", "in_vault"),
    [
        (NUMBERED, "sts.amazonaws.com", "https://github.com/example"),
        (SERVER, "sts.amazonaws.com", "https://git.example.com/example"),
        (GitLab(project="example/orders", ref="main"), "sts.amazonaws.com", None),
        (
            GitLab(project="example/orders", ref="main", audience="https://vault.example.com"),
            *["https://vault.example.com"] * 2,
        ),
        (TERRAFORM, "aws.workload.identity", "vault.workload.identity"),
    ],
)
def test_the_audience_is_the_usual_one_of_the_system(source: PipelineSource, on_aws: str, in_vault: str | None) -> None:
    assert (source.audience_on(System.AWS), source.audience_on(System.VAULT)) == (on_aws, in_vault)


@pytest.mark.parametrize(
    ("kind", "fields", "places"),
    [
        (GitHub, {"repository": "example/*", "ref": "refs/heads/*"}, ["repository", "ref"]),
        (GitHub, {"repository": "example/orders", "ref": "main"}, ["ref"]),
        (GitHub, {"repository": "example/orders", "ref": "refs/heads/${x}"}, ["ref"]),
        (GitHub, {"repository": "example/orders"}, ["environment"]),
        (GitHub, {"repository": "example/orders", "ref": "refs/heads/main", "environment": "prod"}, ["environment"]),
        (GitHub, {"repository": "example/orders", "environment": "*", "issuer": "http://x"}, ["issuer", "environment"]),
        (GitHub, {"repository": "example/orders", "environment": "a", "owner_id": "1"}, ["repository_id"]),
        (
            GitHub,
            {
                "repository": "example/orders",
                "environment": "a",
                "owner_id": "1",
                "repository_id": "2",
                "issuer": SERVER.issuer,
            },
            ["repository_id"],
        ),
        (GitHub, {"repository": "example/orders", "ref": "refs/heads/main", "audience": "*"}, ["audience"]),
        (GitHub, {"repository": "example/orders", "environment": " prod"}, ["environment"]),
        (GitLab, {"project": "example/orders", "environment": "prod\u00a0"}, ["environment"]),
        (GitLab, {"project": "example", "ref": "*"}, ["project", "ref"]),
        (GitLab, {"project": "example/orders"}, ["environment"]),
        (
            TerraformCloud,
            {"organization": "*", "project": "", "workspace": "?", "run_phase": "destroy"},
            ["organization", "project", "workspace", "run_phase"],
        ),
        (
            TerraformCloud,
            {"organization": "a:b", "project": "c", "workspace": "d", "run_phase": "plan"},
            ["organization"],
        ),
    ],
)
def test_everything_that_is_not_one_pipeline_is_refused_at_once(
    kind: type[PipelineSource], fields: dict[str, Any], places: list[str]
) -> None:
    with pytest.raises(SpecError) as caught:
        kind.parse(fields)
    assert [problem.path for problem in caught.value.problems] == places

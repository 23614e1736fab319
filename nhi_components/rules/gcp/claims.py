"""Which claims of which token issuers name one workload, and which only name the organisation around it. Data.

Sources: GitHub documentation, 'OpenID Connect reference'; GitLab documentation, 'OpenID Connect (OIDC) Authentication
Using ID Tokens'; HCP Terraform documentation, 'Workload identity tokens'; Buildkite documentation, 'OIDC with
Buildkite'; IAM documentation, 'Configure Workload Identity Federation with deployment pipelines'.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Issuer(StrEnum):
    """Who issues the tokens."""

    GITHUB = "GitHub"
    GITLAB = "GitLab.com"
    TERRAFORM = "HCP Terraform"
    GOOGLE = "Google accounts"
    PULUMI = "Pulumi Cloud"
    BUILDKITE = "Buildkite"
    KUBERNETES = "a Kubernetes cluster"
    ANY_TENANT = "every Microsoft Entra tenant"
    OTHER = "an issuer of its own"


SHARED_HOSTS: Final[dict[str, Issuer]] = {
    "accounts.google.com": Issuer.GOOGLE,
    "agent.buildkite.com": Issuer.BUILDKITE,
    "api.pulumi.com": Issuer.PULUMI,
    "app.terraform.io": Issuer.TERRAFORM,
    "app.eu.terraform.io": Issuer.TERRAFORM,
    "gitlab.com": Issuer.GITLAB,
    "token.actions.githubusercontent.com": Issuer.GITHUB,
}
"""Hosts that issue tokens to everybody's workloads."""

CLUSTER_MARKS: Final = (
    "container.googleapis.com/",
    "kubernetes.default",
    "oidc.eks.",
    "oic.prod-aks.azure.com",
    "oidc.prod-aks.azure.com",
)
"""What stands in the address of a Kubernetes cluster's issuer."""

NAMES_A_WORKLOAD: Final = frozenset(
    {
        "appid",
        "arn",
        "aws_role",
        "azp",
        "ci_config_ref_uri",
        "email",
        "google.subject",
        "job_workflow_ref",
        "kubernetes.io.namespace",
        "kubernetes.io.serviceaccount.name",
        "namespace",
        "oid",
        "pipeline",
        "pipeline_id",
        "pipeline_slug",
        "project",
        "project_id",
        "project_path",
        "repo",
        "repository",
        "repository_id",
        "service_account",
        "service_account_name",
        "serviceaccount",
        "sub",
        "subject",
        "terraform_full_workspace",
        "terraform_project_id",
        "terraform_project_name",
        "terraform_workspace_id",
        "terraform_workspace_name",
        "workflow",
        "workflow_ref",
        "workspace",
        "workspace_id",
    }
)
"""Claims, and the attributes that people make of them, that name one workload or a few."""

PART_OF_A_NAME: Final = "(computed)"
"""Stands for an attribute that is cut out of a claim which names a workload."""

SHARED_ATTRIBUTES: Final = frozenset(
    {
        "account",
        "actor",
        "aud",
        "enterprise",
        "environment",
        "event_name",
        "hd",
        "iss",
        "namespace_id",
        "namespace_path",
        "org",
        "organization",
        "organization_id",
        "organization_slug",
        "owner",
        "ref",
        "repository_owner",
        "repository_owner_id",
        "repository_visibility",
        "terraform_organization_id",
        "terraform_organization_name",
        "tid",
        "user_login",
    }
)
"""Attributes that many workloads, or those of strangers, have in common."""

"""Which component a new identity gets, by its kind and its system, and what has to be known for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from nhi_components.core.identity import Kind
from nhi_components.core.links import System

Detail = Literal[
    "runs_on",
    "repository",
    "ref",
    "oidc_provider_arn",
    "runtime_role_arn",
    "tool",
    "sponsor",
    "vendor_account",
    "vendor_cidr",
]


@dataclass(frozen=True, slots=True)
class Question:
    """Something that has to be known beside what every identity has.

    Attributes:
        detail: the field of `NewIdentity`.
        text: what a person is asked.
        default: what an empty answer means; None when there has to be one.
    """

    detail: Detail
    text: str
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Blueprint:
    """How an identity of one kind is declared on one system.

    Attributes:
        component: the component's name in `nhi_components.aws` or `nhi_components.vault`.
        arguments: source text of further arguments by name; `{detail}` is the answer, quoted.
        questions: what is asked.
        results: what the program exports of it.
        granting: source text of the grants, as `{grants}`, for the argument `tools`; None: they are `grants`.
    """

    component: str
    arguments: Mapping[str, str]
    questions: tuple[Question, ...]
    results: tuple[str, ...]
    granting: str | None = None


_RUNS_ON = Question("runs_on", "What it runs on (ec2, ecs-tasks, lambda)", "lambda")
_REPOSITORY = Question("repository", "The GitHub repository that may use it (owner/name)")
_REF = Question("ref", "The ref that may use it", "refs/heads/main")
_PROVIDER = Question("oidc_provider_arn", "The ARN of the account's OIDC provider for GitHub")
_SPONSOR = Question("sponsor", "The address of the person who answers for what it does")
_ON_AWS = ("role_arn", "lease_id", "ends")
_IN_VAULT = ("role_name", "lease_id", "ends")
_GITHUB = "GitHub(repository={repository}, ref={ref})"
_AWS_WORKLOAD = Blueprint("WorkloadIdentity", {"trusted_by": "{runs_on}"}, (_RUNS_ON,), _ON_AWS)
_APPROLE = Blueprint("WorkloadIdentity", {"secret": "nhi.SecretSpec()"}, (), (*_IN_VAULT, "secret_path"))

BLUEPRINTS: Final[Mapping[tuple[Kind, System], Blueprint]] = {
    (Kind.WORKLOAD, System.AWS): _AWS_WORKLOAD,
    (Kind.SERVICE_ACCOUNT, System.AWS): _AWS_WORKLOAD,
    (Kind.PIPELINE, System.AWS): Blueprint(
        "PipelineIdentity",
        {"source": f"aws.{_GITHUB}", "oidc_provider_arn": "{oidc_provider_arn}"},
        (_REPOSITORY, _REF, _PROVIDER),
        _ON_AWS,
    ),
    (Kind.AI_AGENT, System.AWS): Blueprint(
        "AgentIdentity",
        {"trusted_by": "{runtime_role_arn}"},
        (
            _SPONSOR,
            Question("runtime_role_arn", "The ARN of the role under which the agent's runtime runs"),
            Question("tool", "The tool that its grants are for", "main"),
        ),
        _ON_AWS,
        granting="{{{tool}: {grants}}}",
    ),
    (Kind.THIRD_PARTY, System.AWS): Blueprint(
        "ThirdPartyIdentity",
        {"vendor_account": "{vendor_account}"},
        (Question("vendor_account", "The vendor's AWS account (12 digits)"),),
        (*_ON_AWS, "external_id"),
    ),
    (Kind.WORKLOAD, System.VAULT): _APPROLE,
    (Kind.SERVICE_ACCOUNT, System.VAULT): _APPROLE,
    (Kind.API_KEY, System.VAULT): Blueprint(
        "ApiKeyIdentity", {}, (), ("key_id", "credential_version", "secret_path", "registry_path", "lease_id", "ends")
    ),
    (Kind.PIPELINE, System.VAULT): Blueprint(
        "PipelineIdentity",
        {"source": f"vault.{_GITHUB}"},
        (_REPOSITORY, _REF),
        _IN_VAULT,
    ),
    (Kind.AI_AGENT, System.VAULT): Blueprint("WorkloadIdentity", {}, (_SPONSOR,), _IN_VAULT),
    (Kind.THIRD_PARTY, System.VAULT): Blueprint(
        "WorkloadIdentity",
        {"bound_cidrs": "[{vendor_cidr}]", "secret": "nhi.SecretSpec()"},
        (Question("vendor_cidr", "From which addresses the vendor comes (CIDR)"),),
        (*_IN_VAULT, "secret_path"),
    ),
}
"""An API key on AWS would be an IAM user's: `aws.ServiceUser` asks for a reason, so there is no blueprint for one."""


def systems_for(kind: Kind) -> list[System]:
    """Tell on which systems there is a blueprint for a kind."""
    return [system for known, system in BLUEPRINTS if known is kind]

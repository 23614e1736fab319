"""How identities are declared on AWS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from nhi_components.core.identity import Kind
from nhi_components.scaffold.blueprint import (
    GITHUB,
    OF_GITHUB,
    ONE_TOOL,
    REF,
    REPOSITORY,
    RUNS_ON,
    SPONSOR,
    TOOL,
    Blueprint,
    Question,
)

_SERVICES: Final = ("ec2", "ecs-tasks", "lambda")
_RESULTS: Final = ("role_arn", "lease_id", "ends")
_ON: Final = Question(RUNS_ON, f"What it runs on ({', '.join(_SERVICES)})", "lambda")
_RUN_BY_A_SERVICE: Final = Blueprint("WorkloadIdentity", {"trusted_by": "{runs_on}"}, (_ON,), _RESULTS)
_WORKLOAD: Final = replace(_RUN_BY_A_SERVICE, platforms=dict.fromkeys(_SERVICES, _RUN_BY_A_SERVICE))

BLUEPRINTS: Final[Mapping[Kind, Blueprint]] = {
    Kind.WORKLOAD: _WORKLOAD,
    Kind.SERVICE_ACCOUNT: _WORKLOAD,
    Kind.PIPELINE: Blueprint(
        "PipelineIdentity",
        {"source": f"aws.{GITHUB}", "oidc_provider_arn": "{oidc_provider_arn}"},
        (REPOSITORY, REF, Question("oidc_provider_arn", "The ARN of the account's OIDC provider for GitHub")),
        _RESULTS,
        checks=(OF_GITHUB,),
    ),
    Kind.AI_AGENT: Blueprint(
        "AgentIdentity",
        {"trusted_by": "{runtime_role_arn}"},
        (
            SPONSOR,
            Question("runtime_role_arn", "The ARN of the role under which the agent's runtime runs"),
            TOOL,
        ),
        _RESULTS,
        granting=ONE_TOOL,
    ),
    Kind.THIRD_PARTY: Blueprint(
        "ThirdPartyIdentity",
        {"vendor_account": "{vendor_account}"},
        (Question("vendor_account", "The vendor's AWS account (12 digits)"),),
        (*_RESULTS, "external_id"),
    ),
}
"""An API key on AWS would be an IAM user's: `aws.ServiceUser` is written by hand, so that nobody begins with it."""

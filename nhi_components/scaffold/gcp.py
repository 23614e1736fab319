"""How identities are declared on Google Cloud."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar, Final

from nhi_components.core.gcp_federation import VendorAccount
from nhi_components.core.gcp_trust import GkeTrust, Member, Project, ProjectNumber
from nhi_components.core.identity import Kind
from nhi_components.core.model import Spec
from nhi_components.scaffold.blueprint import (
    GITHUB,
    OF_A_REASON,
    OF_GITHUB,
    ONE_TOOL,
    REF,
    REPOSITORY,
    RUNS_ON,
    SPONSOR,
    TOOL,
    WHY_NOT_FEDERATED,
    Blueprint,
    Check,
    Question,
)

_ATTACHED: Final = ("cloud-run", "compute-engine")
_GKE: Final = "gke"
_RESULTS: Final = ("email", "lease_id", "ends")
_IN: Final = {"project": "{project}"}


class _Place(Spec):
    subject: ClassVar[str] = "project"

    project: Project


class _Number(Spec):
    subject: ClassVar[str] = "project number"

    project_number: ProjectNumber


class _Runtime(Spec):
    subject: ClassVar[str] = "runtime"

    runtime_principal: Member


_PROJECT: Final = Question("project", "The id of the project that it lies in")
_OF_PROJECT: Final = Check(_Place, {"project": "project"})
_ON: Final = Question(RUNS_ON, f"What it runs on ({', '.join((*_ATTACHED, _GKE))})", _ATTACHED[0])
_RUN_BY_GOOGLE: Final = Blueprint("WorkloadIdentity", _IN, (_PROJECT, _ON), _RESULTS, checks=(_OF_PROJECT,))
_ON_GKE: Final = Blueprint(
    "WorkloadIdentity",
    {
        **_IN,
        "trusted_by": "gcp.GkeTrust("
        "cluster_project={cluster_project}, namespace={namespace}, service_account={kubernetes_account})",
    },
    (
        _PROJECT,
        _ON,
        Question("cluster_project", "The id of the project of its GKE cluster"),
        Question("namespace", "Its namespace in the cluster"),
        Question("kubernetes_account", "Its service account in that namespace"),
    ),
    (*_RESULTS, "kubernetes_annotations"),
    checks=(
        _OF_PROJECT,
        Check(
            GkeTrust,
            {
                "cluster_project": "cluster_project",
                "namespace": "namespace",
                "service_account": "kubernetes_account",
            },
        ),
    ),
)
_WORKLOAD: Final = replace(_RUN_BY_GOOGLE, platforms={**dict.fromkeys(_ATTACHED, _RUN_BY_GOOGLE), _GKE: _ON_GKE})

BLUEPRINTS: Final[Mapping[Kind, Blueprint]] = {
    Kind.WORKLOAD: _WORKLOAD,
    Kind.SERVICE_ACCOUNT: _WORKLOAD,
    Kind.API_KEY: Blueprint(
        "ServiceAccountKeyIdentity",
        {**_IN, "why_not_federated": "{why_not_federated}"},
        (_PROJECT, WHY_NOT_FEDERATED),
        (*_RESULTS, "key_id", "credential_version"),
        checks=(_OF_PROJECT, OF_A_REASON),
    ),
    Kind.PIPELINE: Blueprint(
        "PipelineIdentity",
        {**_IN, "project_number": "{project_number}", "source": f"gcp.{GITHUB}"},
        (_PROJECT, Question("project_number", "The number of that project"), REPOSITORY, REF),
        ("provider_name", *_RESULTS),
        checks=(
            _OF_PROJECT,
            Check(_Number, {"project_number": "project_number"}),
            OF_GITHUB,
        ),
    ),
    Kind.AI_AGENT: Blueprint(
        "AgentIdentity",
        {**_IN, "trusted_by": "[{runtime_principal}]"},
        (
            _PROJECT,
            SPONSOR,
            Question("runtime_principal", "The principal of the agent's runtime (serviceAccount:ADDRESS)"),
            TOOL,
        ),
        ("tool_emails", "lease_id", "ends"),
        granting=ONE_TOOL,
        checks=(_OF_PROJECT, Check(_Runtime, {"runtime_principal": "runtime_principal"})),
    ),
    Kind.THIRD_PARTY: Blueprint(
        "ThirdPartyIdentity",
        {**_IN, "vendor": "gcp.VendorAccount(email={vendor_service_account})"},
        (_PROJECT, Question("vendor_service_account", "The address of the vendor's own service account")),
        _RESULTS,
        checks=(_OF_PROJECT, Check(VendorAccount, {"email": "vendor_service_account"})),
    ),
}

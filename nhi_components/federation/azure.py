"""The managed identity of a federated identity on Azure, with one federated credential for the one home."""

from __future__ import annotations

from functools import partial
from typing import Any

from nhi_components.azure.aks_workload_identity import AksWorkloadIdentity, AzureAksWorkloadSpec
from nhi_components.azure.pipeline_identity import AzurePipelineSpec, PipelineIdentity
from nhi_components.azure.workload_identity import AzureWorkloadSpec, WorkloadIdentity
from nhi_components.core.azure_federation import AUDIENCE, FederatedTrust
from nhi_components.core.azure_grant_problems import azure_grant_problems
from nhi_components.core.federation import HOMES, AwsHome, AzureHome, GcpHome, KubernetesHome, OnAzure
from nhi_components.core.spec import parse_spec
from nhi_components.federation.branch import Branch

_RESULTS = ("client_id", "tenant_id")


def branch(home: HOMES, place: OnAzure) -> Branch:
    """Say what makes the managed identity.

    Raises:
        ValueError: the home can't be trusted here.
    """
    fields: dict[str, Any] = {
        "subscription": place.subscription,
        "resource_group": place.resource_group,
        "location": place.location,
        "grants": place.grants,
    }
    without = {"secret": None, "vault": None}
    match home:
        case AzureHome():
            raise ValueError("managed identities take no tokens of Entra")
        case KubernetesHome():
            account = {"issuer": home.issuer, "namespace": home.namespace, "service_account": home.service_account}
            parse = partial(parse_spec, AzureAksWorkloadSpec, grant_problems=azure_grant_problems)
            return Branch(AksWorkloadIdentity, {**fields, **account, **without}, parse, _RESULTS, AUDIENCE)
        case AwsHome() | GcpHome():
            trust = FederatedTrust(issuer=home.issuer, subject_claim=home.subject_claim)
            parse_workload = partial(parse_spec, AzureWorkloadSpec, grant_problems=azure_grant_problems)
            return Branch(
                WorkloadIdentity, {**fields, "trusted_by": trust, **without}, parse_workload, _RESULTS, AUDIENCE
            )
        case _:
            parse_pipeline = partial(parse_spec, AzurePipelineSpec, grant_problems=azure_grant_problems)
            return Branch(PipelineIdentity, {**fields, "source": home}, parse_pipeline, (*_RESULTS, "audience"))

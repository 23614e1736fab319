"""Components for Azure."""

from nhi_components.azure import intents
from nhi_components.azure.agent_identity import AgentIdentity
from nhi_components.azure.aks_workload_identity import AksWorkloadIdentity
from nhi_components.azure.app_identity import AppIdentity
from nhi_components.azure.pipeline_identity import PipelineIdentity
from nhi_components.azure.third_party_identity import ThirdPartyIdentity
from nhi_components.azure.workload_identity import WorkloadIdentity
from nhi_components.core.azure_federation import FederatedTrust, VendorSubject
from nhi_components.core.azure_resource import LaterTarget, ResourceKind
from nhi_components.core.azure_trust import AttachedTrust
from nhi_components.core.connection import AzureConnection as Connection
from nhi_components.core.pipeline import GitHub, GitLab, TerraformCloud

__all__ = [
    "AgentIdentity",
    "AksWorkloadIdentity",
    "AppIdentity",
    "AttachedTrust",
    "Connection",
    "FederatedTrust",
    "GitHub",
    "GitLab",
    "LaterTarget",
    "PipelineIdentity",
    "ResourceKind",
    "TerraformCloud",
    "ThirdPartyIdentity",
    "VendorSubject",
    "WorkloadIdentity",
    "intents",
]

"""Components for Google Cloud."""

from nhi_components.core.adoption import AdoptedServiceAccount
from nhi_components.core.connection import GcpConnection as Connection
from nhi_components.core.gcp_federation import VendorAccount, VendorAwsRole, VendorSubject
from nhi_components.core.gcp_resource import LaterTarget, ResourceKind
from nhi_components.core.gcp_secret import GcpSecretSpec as SecretSpec
from nhi_components.core.gcp_trust import AttachedTrust, GkeTrust, ImpersonationTrust
from nhi_components.core.pipeline import GitHub, GitLab, TerraformCloud
from nhi_components.gcp import intents
from nhi_components.gcp.agent_identity import AgentIdentity
from nhi_components.gcp.pipeline_identity import PipelineIdentity
from nhi_components.gcp.service_account_key_identity import ServiceAccountKeyIdentity
from nhi_components.gcp.third_party_identity import ThirdPartyIdentity
from nhi_components.gcp.workload_identity import WorkloadIdentity

__all__ = [
    "AdoptedServiceAccount",
    "AgentIdentity",
    "AttachedTrust",
    "Connection",
    "GitHub",
    "GitLab",
    "GkeTrust",
    "ImpersonationTrust",
    "LaterTarget",
    "PipelineIdentity",
    "ResourceKind",
    "SecretSpec",
    "ServiceAccountKeyIdentity",
    "TerraformCloud",
    "ThirdPartyIdentity",
    "VendorAccount",
    "VendorAwsRole",
    "VendorSubject",
    "WorkloadIdentity",
    "intents",
]

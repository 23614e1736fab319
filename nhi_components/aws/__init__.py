"""Components for AWS."""

from nhi_components.aws import intents
from nhi_components.aws.agent_identity import AgentIdentity
from nhi_components.aws.permissions_boundary import PermissionsBoundary
from nhi_components.aws.pipeline_identity import PipelineIdentity
from nhi_components.aws.roles_anywhere_identity import RolesAnywhereIdentity
from nhi_components.aws.service_user import ServiceUser
from nhi_components.aws.third_party_identity import ThirdPartyIdentity
from nhi_components.aws.workload_identity import WorkloadIdentity
from nhi_components.core.adoption import AdoptedRole
from nhi_components.core.certificate import Certificate
from nhi_components.core.connection import AwsConnection as Connection
from nhi_components.core.credential.accounts import SaasAccount, ScimAccount
from nhi_components.core.delegation import Delegation
from nhi_components.core.pipeline import GitHub, GitLab, TerraformCloud
from nhi_components.core.trust import AccountTrust, EksPodIdentityTrust, IrsaTrust, ServiceTrust

__all__ = [
    "AccountTrust",
    "AdoptedRole",
    "AgentIdentity",
    "Certificate",
    "Connection",
    "Delegation",
    "EksPodIdentityTrust",
    "GitHub",
    "GitLab",
    "IrsaTrust",
    "PermissionsBoundary",
    "PipelineIdentity",
    "RolesAnywhereIdentity",
    "SaasAccount",
    "ScimAccount",
    "ServiceTrust",
    "ServiceUser",
    "TerraformCloud",
    "ThirdPartyIdentity",
    "WorkloadIdentity",
    "intents",
]

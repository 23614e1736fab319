"""Components for AWS."""

from nhi_components.aws import intents
from nhi_components.aws.workload_identity import WorkloadIdentity
from nhi_components.core.connection import AwsConnection as Connection
from nhi_components.core.trust import AccountTrust, ServiceTrust

__all__ = ["AccountTrust", "Connection", "ServiceTrust", "WorkloadIdentity", "intents"]

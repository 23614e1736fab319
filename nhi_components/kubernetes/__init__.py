"""Components for Kubernetes."""

from nhi_components.core.connection import KubernetesConnection as Connection
from nhi_components.core.kubernetes_federation import AksIdentity, GkeAccount, IrsaRole
from nhi_components.core.kubernetes_grant import LaterTarget
from nhi_components.kubernetes import intents
from nhi_components.kubernetes.bundle import Account
from nhi_components.kubernetes.workload_identity import WorkloadIdentity

__all__ = [
    "Account",
    "AksIdentity",
    "Connection",
    "GkeAccount",
    "IrsaRole",
    "LaterTarget",
    "WorkloadIdentity",
    "intents",
]

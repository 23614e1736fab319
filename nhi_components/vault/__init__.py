"""Components for Vault and OpenBao."""

from nhi_components.core.connection import VaultConnection as Connection
from nhi_components.vault.workload_identity import WorkloadIdentity

__all__ = ["Connection", "WorkloadIdentity"]

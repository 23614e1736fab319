"""Where a federated identity is trusted, and what it may do there."""

from nhi_components.core.federation import OnAws as Aws
from nhi_components.core.federation import OnAzure as Azure
from nhi_components.core.federation import OnGcp as Gcp
from nhi_components.core.federation import OnVault as Vault

__all__ = ["Aws", "Azure", "Gcp", "Vault"]

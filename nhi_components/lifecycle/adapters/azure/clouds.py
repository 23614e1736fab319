"""Where each of Microsoft's clouds keeps things.

Sources: Microsoft Graph, 'National cloud deployments'; Key Vault, 'About keys, secrets and certificates', DNS suffixes;
Azure documentation, 'Compare Azure Government and global Azure', 'Azure China endpoints', for Resource Manager.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from azure.identity import AzureAuthorityHosts


@dataclass(frozen=True, slots=True)
class Cloud:
    """One cloud.

    Attributes:
        graph: Microsoft Graph's host.
        vaults: what a vault's host ends with, after its name.
        management: Azure Resource Manager's host.
    """

    graph: str
    vaults: str
    management: str


PUBLIC: Final = Cloud("graph.microsoft.com", "vault.azure.net", "management.azure.com")
CLOUDS: Final[Mapping[str, Cloud]] = {
    AzureAuthorityHosts.AZURE_GOVERNMENT: Cloud(
        "graph.microsoft.us", "vault.usgovcloudapi.net", "management.usgovcloudapi.net"
    ),
    AzureAuthorityHosts.AZURE_CHINA: Cloud(
        "microsoftgraph.chinacloudapi.cn", "vault.azure.cn", "management.chinacloudapi.cn"
    ),
}
"""By the host of the authority, but for the public one."""

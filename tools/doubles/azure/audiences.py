"""For whom a token must have been issued, service by service.

Source: Microsoft Entra, 'Azure services that support managed identities', 'Azure services that support Microsoft Entra
authentication', where each service's resource id is named.
"""

from __future__ import annotations

from typing import Final

ARM: Final = "https://management.azure.com"
GRAPH: Final = "https://graph.microsoft.com"
VAULT: Final = "https://vault.azure.net"
STORAGE: Final = "https://storage.azure.com"
SERVICE_BUS: Final = "https://servicebus.azure.net"
EVENT_HUBS: Final = "https://eventhubs.azure.net"
COSMOS: Final = "https://cosmos.azure.com"
REGISTRY: Final = "https://containerregistry.azure.net"
SQL: Final = "https://database.windows.net"

_CLASSIC_ARM = "https://management.core.windows.net"


def plane_of(path: str) -> str:
    """The part of the double that a path leads to: its first segment, and `arm` for Azure Resource Manager's."""
    first = path.lstrip("/").partition("/")[0].lower()
    return {"subscriptions": "arm", "providers": "arm", "v1.0": "graph", "beta": "graph"}.get(first, first)


def audiences_of(path: str) -> frozenset[str]:
    """The audiences that a service accepts; empty for what takes none of Entra's tokens."""
    plane, name = plane_of(path), path.strip("/").partition("/")[2].partition("/")[0].lower()
    accepted: dict[str, frozenset[str]] = {
        "arm": frozenset({ARM, _CLASSIC_ARM}),
        "graph": frozenset({GRAPH}),
        "vaults": frozenset({VAULT}),
        "blob": frozenset({STORAGE, f"https://{name}.blob.core.windows.net"}),
        "servicebus": frozenset({SERVICE_BUS, f"https://{name}.servicebus.windows.net"}),
        "eventhubs": frozenset({EVENT_HUBS, f"https://{name}.servicebus.windows.net"}),
        "cosmos": frozenset({COSMOS, f"https://{name}.documents.azure.com"}),
        "registry": frozenset({REGISTRY, ARM, _CLASSIC_ARM}),
    }
    return accepted.get(plane, frozenset())

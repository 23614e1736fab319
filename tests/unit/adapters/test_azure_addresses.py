"""Where secrets of a Key Vault are read: each of Microsoft's clouds has addresses of its own."""

from __future__ import annotations

import pytest

from nhi_components.core.connection import AzureConnection
from nhi_components.lifecycle.adapters.azure.session import AzureSession
from nhi_components.lifecycle.adapters.azure.vault import Vault


@pytest.mark.parametrize(
    ("connection", "address"),
    [
        (AzureConnection(), "https://shop.vault.azure.net"),
        (AzureConnection(authority="https://login.microsoftonline.us"), "https://shop.vault.usgovcloudapi.net"),
        (AzureConnection(authority="https://login.chinacloudapi.cn"), "https://shop.vault.azure.cn"),
        (AzureConnection(endpoint="https://azure.example.com"), "https://azure.example.com/vaults/shop"),
    ],
)
def test_a_secret_is_read_where_its_cloud_keeps_vaults(
    connection: AzureConnection, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AZURE_AUTHORITY_HOST", raising=False)
    assert Vault(AzureSession("default", connection), "shop").uri_of("orders") == f"{address}/secrets/orders"

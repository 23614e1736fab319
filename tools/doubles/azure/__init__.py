"""A double of Azure: Entra's token endpoint, Microsoft Graph's applications, Key Vault's secrets."""

from __future__ import annotations

from tools.doubles.azure.double import AzureDouble

__all__ = ["AzureDouble"]

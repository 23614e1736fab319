"""Curated intents: for one job on Azure, the least operations that do it, on one resource."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from types import MappingProxyType
from typing import Final

from nhi_components.core.azure_intents import (
    containerregistry,
    cosmosdb,
    eventhub,
    keyvault,
    servicebus,
    storage,
)
from nhi_components.core.azure_intents.model import AzureIntent

__all__ = ["INTENTS", "AzureIntent"]

_SERVICES = (storage, servicebus, eventhub, keyvault, cosmosdb, containerregistry)

INTENTS: Final[Mapping[str, AzureIntent]] = MappingProxyType(
    {intent.id: intent for intent in chain.from_iterable(service.INTENTS for service in _SERVICES)}
)
"""Every intent by its id, service by service."""

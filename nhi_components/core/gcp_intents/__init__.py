"""Curated intents: for one job on Google Cloud, the least permissions that do it, on one resource."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from types import MappingProxyType
from typing import Final

from nhi_components.core.gcp_intents import (
    artifactregistry,
    bigquery,
    cloudkms,
    iam,
    logging,
    pubsub,
    run,
    secretmanager,
    storage,
)
from nhi_components.core.gcp_intents.model import GcpIntent

__all__ = ["INTENTS", "GcpIntent"]

_SERVICES = (storage, pubsub, secretmanager, bigquery, cloudkms, run, artifactregistry, logging, iam)

INTENTS: Final[Mapping[str, GcpIntent]] = MappingProxyType(
    {intent.id: intent for intent in chain.from_iterable(service.INTENTS for service in _SERVICES)}
)
"""Every intent by its id, service by service."""

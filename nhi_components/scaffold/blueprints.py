"""Which component a new identity gets, by its kind and its system, and what may be granted to it by a word."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from nhi_components.core import aws_intents, azure_intents, gcp_intents, vault_intents
from nhi_components.core.identity import Kind
from nhi_components.core.intents import Intent
from nhi_components.core.kubernetes_intents import KUBERNETES_INTENTS
from nhi_components.core.links import System
from nhi_components.scaffold import aws, azure, gcp, kubernetes, vault
from nhi_components.scaffold.blueprint import Blueprint

_BY_SYSTEM: Final = {
    System.AWS: aws.BLUEPRINTS,
    System.VAULT: vault.BLUEPRINTS,
    System.GCP: gcp.BLUEPRINTS,
    System.AZURE: azure.BLUEPRINTS,
    System.KUBERNETES: kubernetes.BLUEPRINTS,
}

BLUEPRINTS: Final[Mapping[tuple[Kind, System], Blueprint]] = MappingProxyType(
    {(kind, system): blueprint for system, of_kind in _BY_SYSTEM.items() for kind, blueprint in of_kind.items()}
)

INTENTS: Final[Mapping[System, Mapping[str, Intent]]] = MappingProxyType(
    {
        System.AWS: aws_intents.INTENTS,
        System.VAULT: vault_intents.VAULT_INTENTS,
        System.GCP: gcp_intents.INTENTS,
        System.AZURE: azure_intents.INTENTS,
        System.KUBERNETES: KUBERNETES_INTENTS,
    }
)
"""The curated intents of each system, by their ids."""


def systems_for(kind: Kind) -> list[System]:
    """Tell on which systems there is a blueprint for a kind."""
    return [system for known, system in BLUEPRINTS if known is kind]

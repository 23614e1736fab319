"""Curated intents: what an identity does on Vault, instead of capabilities on paths.

Each gives the grants for one job, which `grants=` of a component takes: `intents.transit.encrypt("orders")`, or
several: `intents.transit.encrypt("orders") + intents.kv.read("shared/rates")`.
"""

from nhi_components.vault.intents import database, kv, pki, transit

__all__ = ["database", "kv", "pki", "transit"]

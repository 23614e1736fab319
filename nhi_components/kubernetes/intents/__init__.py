"""Curated intents: what an identity does, instead of the verbs that it takes.

Each gives the grants for one job in one namespace, which `grants=` of a component takes:
`intents.configmaps.read("shop", config.metadata.name)`, or several:
`intents.pods.watch("shop") + intents.leases.manage("shop", "orders-leader")`.
"""

from nhi_components.kubernetes.intents import (
    configmaps,
    deployments,
    events,
    jobs,
    leases,
    pods,
    secrets,
    services,
)

__all__ = [
    "configmaps",
    "deployments",
    "events",
    "jobs",
    "leases",
    "pods",
    "secrets",
    "services",
]

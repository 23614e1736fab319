"""Curated intents: what an identity does, instead of the operations that it takes.

Each gives the grants for one job on one resource, which `grants=` of a component takes:
`intents.servicebus.send_to_queue(queue.id)`, or several:
`intents.servicebus.send_to_queue(queue.id) + intents.storage.read_blobs(container.id)`.
"""

from nhi_components.azure.intents import (
    containerregistry,
    cosmosdb,
    eventhub,
    keyvault,
    servicebus,
    storage,
)

__all__ = [
    "containerregistry",
    "cosmosdb",
    "eventhub",
    "keyvault",
    "servicebus",
    "storage",
]

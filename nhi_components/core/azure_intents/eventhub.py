"""Intents on event hubs.

Sources: Event Hubs documentation, 'Authorize access to Event Hubs resources using Microsoft Entra ID', resource scope
(a hub with its consumer groups, or one consumer group); Azure/azure-sdk-for-python issue 35337 and
Azure/azure-functions-python-worker issue 1778 (clients that a role on the consumer group alone does not suffice for).
"""

from __future__ import annotations

from typing import Final

from nhi_components.core.azure_intents.model import AzureIntent, named
from nhi_components.core.azure_resource import ResourceKind
from nhi_components.core.intents import Part

_HUB_NAME: Final = "Microsoft.EventHub/namespaces/shop-prod/eventhubs/orders"
_HUB: Final = named(ResourceKind.EVENT_HUB, _HUB_NAME)
_RECEIVE: Final = (Part(("Microsoft.EventHub/namespaces/messages/receive/action",)),)
_RECEIVER: Final = ("Azure Event Hubs Data Receiver",)
_CHECKPOINTS: Final = (
    "A processor that keeps checkpoints in a container of blobs also needs `storage.read_blobs` and "
    "`storage.replace_blobs` on it."
)

INTENTS: Final = (
    AzureIntent(
        id="eventhub.send",
        purpose="Send events to an event hub.",
        excludes="No event can be received, no schema be read, no consumer group be made, and the hub and its keys not "
        "be read, changed or removed.",
        target=_HUB,
        parts=(Part(("Microsoft.EventHub/namespaces/messages/send/action",)),),
        kind=ResourceKind.EVENT_HUB,
        nearest=("Azure Event Hubs Data Sender",),
    ),
    AzureIntent(
        id="eventhub.receive",
        purpose="Receive the events of an event hub, in any of its consumer groups.",
        excludes="No event can be sent, no schema be read, no consumer group be made, and the hub and its keys not be "
        "read, changed or removed.",
        target=_HUB,
        parts=_RECEIVE,
        kind=ResourceKind.EVENT_HUB,
        nearest=_RECEIVER,
        notes=_CHECKPOINTS,
    ),
    AzureIntent(
        id="eventhub.receive_in_group",
        purpose="Receive the events of an event hub in one consumer group.",
        excludes="No event can be received in another consumer group or be sent, no schema be read, and no consumer "
        "group be read, made, changed or removed.",
        target=named(ResourceKind.CONSUMER_GROUP, f"{_HUB_NAME}/consumergroups/billing"),
        parts=_RECEIVE,
        kind=ResourceKind.CONSUMER_GROUP,
        nearest=_RECEIVER,
        notes="Clients that also ask the hub about itself, those of Python and of Functions among them, need "
        f"`eventhub.receive`. {_CHECKPOINTS}",
    ),
)

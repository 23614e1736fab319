"""Intents on queues and topics of Service Bus.

Source: Service Bus documentation, 'Authenticate and authorize an application with Microsoft Entra ID to access Azure
Service Bus entities', resource scope: a queue, a topic and its subscriptions, one subscription.
"""

from __future__ import annotations

from typing import Final

from nhi_components.core.azure_intents.model import AzureIntent, named
from nhi_components.core.azure_resource import ResourceKind
from nhi_components.core.intents import Part

_NAMESPACE: Final = "Microsoft.ServiceBus/namespaces/shop-prod"
_QUEUE: Final = named(ResourceKind.SERVICE_BUS_QUEUE, f"{_NAMESPACE}/queues/orders")
_SEND: Final = (Part(("Microsoft.ServiceBus/namespaces/messages/send/action",)),)
_RECEIVE: Final = (Part(("Microsoft.ServiceBus/namespaces/messages/receive/action",)),)
_SENDER: Final = ("Azure Service Bus Data Sender",)
_RECEIVER: Final = ("Azure Service Bus Data Receiver",)
_RECEIVING: Final = "Receive, peek and settle the messages of"

INTENTS: Final = (
    AzureIntent(
        id="servicebus.send_to_queue",
        purpose="Send messages to a queue, also at a later time, and cancel those.",
        excludes="No message can be received, and the queue and its keys not be read, changed or removed.",
        target=_QUEUE,
        parts=_SEND,
        kind=ResourceKind.SERVICE_BUS_QUEUE,
        nearest=_SENDER,
    ),
    AzureIntent(
        id="servicebus.receive_from_queue",
        purpose=f"{_RECEIVING} a queue, those in its dead-letter queue among them.",
        excludes="No message can be sent, and the queue and its keys not be read, changed or removed.",
        target=_QUEUE,
        parts=_RECEIVE,
        kind=ResourceKind.SERVICE_BUS_QUEUE,
        nearest=_RECEIVER,
    ),
    AzureIntent(
        id="servicebus.send_to_topic",
        purpose="Send messages to a topic, also at a later time, and cancel those.",
        excludes="No message can be received, no subscription or rule be made, and the topic and its keys not be read, "
        "changed or removed.",
        target=named(ResourceKind.SERVICE_BUS_TOPIC, f"{_NAMESPACE}/topics/orders"),
        parts=_SEND,
        kind=ResourceKind.SERVICE_BUS_TOPIC,
        nearest=_SENDER,
    ),
    AzureIntent(
        id="servicebus.receive_from_subscription",
        purpose=f"{_RECEIVING} one subscription of a topic, dead-lettered ones among them.",
        excludes="No message can be sent, no other subscription be received from, and no subscription or rule be "
        "read, made, changed or removed.",
        target=named(ResourceKind.SERVICE_BUS_SUBSCRIPTION, f"{_NAMESPACE}/topics/orders/subscriptions/billing"),
        parts=_RECEIVE,
        kind=ResourceKind.SERVICE_BUS_SUBSCRIPTION,
        nearest=_RECEIVER,
    ),
)

"""An AI agent with a managed identity for each of its tools, which its runtime on Azure becomes to use them."""

import pulumi

from nhi_components import Grant, azure

SHOP = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/shop-dev"

support = azure.AgentIdentity(
    "support",
    identity={
        "name": "support-agent",
        "environment": "dev",
        "kind": "ai-agent",
        "owner": {"team": "payments", "email": "payments@example.com"},
        "purpose": "answers questions about orders",
        "expires": {"after_days": 30},
    },
    subscription="00000000-1111-2222-3333-444444444444",
    resource_group="shop-dev",
    location="westeurope",
    sponsor="ada@example.com",
    tools={
        "search": [
            Grant(
                actions=["Storage Blob Data Reader"],
                targets=[
                    f"{SHOP}/providers/Microsoft.Storage/storageAccounts/exampleshopdev/blobServices/default/containers/invoices"
                ],
            )
        ],
        "escalate": [
            Grant(
                actions=["Microsoft.ServiceBus/namespaces/messages/send/action"],
                targets=[f"{SHOP}/providers/Microsoft.ServiceBus/namespaces/example-shop-dev/queues/orders"],
            )
        ],
    },
)
pulumi.export("tool_client_ids", support.tool_client_ids)

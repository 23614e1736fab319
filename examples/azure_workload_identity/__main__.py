"""A container app's managed identity that may send to one queue and read a secret of its own, until its end."""

import pulumi

from nhi_components import Grant, azure

SHOP = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/shop-dev"

orders = azure.WorkloadIdentity(
    "orders",
    identity={
        "name": "orders",
        "environment": "dev",
        "owner": {"team": "payments", "email": "payments@example.com"},
        "purpose": "sends order events to billing",
        "expires": {"after_days": 90},
    },
    subscription="00000000-1111-2222-3333-444444444444",
    resource_group="shop-dev",
    location="westeurope",
    grants=[
        Grant(
            actions=["Microsoft.ServiceBus/namespaces/messages/send/action"],
            targets=[f"{SHOP}/providers/Microsoft.ServiceBus/namespaces/example-shop-dev/queues/orders"],
        )
    ],
    secret={"generate_bytes": 32},
    vault=f"{SHOP}/providers/Microsoft.KeyVault/vaults/example-shop-dev",
)
pulumi.export("identity_id", orders.identity_id)
pulumi.export("client_id", orders.client_id)
pulumi.export("secret_uri", orders.secret_uri)

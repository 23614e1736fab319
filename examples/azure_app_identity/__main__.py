"""An Entra application with a client secret that is rotated, for a product that takes nothing else."""

import pulumi

from nhi_components import Grant, azure

SHOP = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/shop-dev"

warehouse = azure.AppIdentity(
    "warehouse",
    identity={
        "name": "warehouse",
        "environment": "dev",
        "kind": "service-account",
        "owner": {"team": "payments", "email": "payments@example.com"},
        "purpose": "lets the warehouse product send orders",
        "expires": {"after_days": 90},
    },
    subscription="00000000-1111-2222-3333-444444444444",
    why_not_federated="the product signs in with a client secret, and with nothing else",
    places=[{"kind": "key-vault", "vault": "example-shop-dev"}],
    grants=[
        Grant(
            actions=["Microsoft.ServiceBus/namespaces/messages/send/action"],
            targets=[f"{SHOP}/providers/Microsoft.ServiceBus/namespaces/example-shop-dev/queues/orders"],
        )
    ],
)
pulumi.export("client_id", warehouse.client_id)
pulumi.export("credential_version", warehouse.credential_version)

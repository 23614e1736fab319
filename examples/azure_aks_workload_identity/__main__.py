"""The identity on Azure of one service account of one cluster; its pods need no key."""

import pulumi

from nhi_components import Grant, azure

SHOP = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/shop-dev"

orders = azure.AksWorkloadIdentity(
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
    issuer="https://westeurope.oic.prod-aks.azure.com/00000000-1111-2222-3333-444444444444/0a1b2c3d/",
    namespace="orders",
    service_account="api",
    grants=[
        Grant(
            actions=["Microsoft.ServiceBus/namespaces/messages/send/action"],
            targets=[f"{SHOP}/providers/Microsoft.ServiceBus/namespaces/example-shop-dev/queues/orders"],
        )
    ],
)
pulumi.export("kubernetes_annotations", orders.kubernetes_annotations)

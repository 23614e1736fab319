"""A service account that may read one ConfigMap and take part in one election, with tokens of its pods alone."""

import pulumi

from nhi_components import kubernetes

intents = kubernetes.intents
orders = kubernetes.WorkloadIdentity(
    "orders",
    identity={
        "name": "orders",
        "environment": "dev",
        "owner": {"team": "payments", "email": "payments@example.com"},
        "purpose": "reads exchange rates and elects one sender",
        "expires": {"after_days": 90},
    },
    namespace="shop",
    grants=intents.configmaps.read("shop", "rates") + intents.leases.manage("shop", "orders-leader"),
)
pulumi.export("service_account", orders.service_account)
pulumi.export("volume", orders.token_volume)

"""A service account of a cluster that is trusted by AWS and Azure; it bears what the clusters' webhooks look for."""

from collections.abc import Sequence

import nhi_components as nhi
from nhi_components import Grant, kubernetes

ISSUER = "oidc.eks.eu-central-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"
SHOP = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/shop-dev"
IDENTITY = {
    "name": "orders",
    "environment": "dev",
    "owner": {"team": "payments", "email": "payments@example.com"},
    "purpose": "sends order events to both clouds",
    "expires": {"after_days": 90},
}


def in_clouds(account: kubernetes.Account) -> Sequence[kubernetes.IrsaRole | kubernetes.AksIdentity]:
    """Have the clouds trust the account, and tell it what it may become."""
    orders = nhi.FederatedIdentity(
        "orders-clouds",
        identity=IDENTITY,
        home=nhi.home.Kubernetes(issuer=f"https://{ISSUER}", namespace=account.namespace, service_account=account.name),
        on=[
            nhi.on.Aws(
                oidc_provider_arn=f"arn:aws:iam::111111111111:oidc-provider/{ISSUER}",
                grants=[Grant(actions=["sqs:SendMessage"], targets=["arn:aws:sqs:eu-central-1:111111111111:orders"])],
            ),
            nhi.on.Azure(
                subscription="00000000-1111-2222-3333-444444444444",
                resource_group="shop-dev",
                grants=[
                    Grant(
                        actions=["Microsoft.ServiceBus/namespaces/messages/send/action"],
                        targets=[f"{SHOP}/providers/Microsoft.ServiceBus/namespaces/example-shop-dev/queues/orders"],
                    )
                ],
            ),
        ],
    )
    return [
        kubernetes.IrsaRole(role_arn=orders.output("aws", "role_arn")),
        kubernetes.AksIdentity(
            client_id=orders.output("azure", "client_id"), tenant_id=orders.output("azure", "tenant_id")
        ),
    ]


kubernetes.WorkloadIdentity("orders", identity=IDENTITY, namespace="shop", federations=in_clouds)

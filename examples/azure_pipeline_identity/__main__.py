"""The identity of one repository's deployments to one environment; nothing is kept at GitHub."""

import pulumi

from nhi_components import Grant, azure

SHOP = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/shop-dev"

deploy = azure.PipelineIdentity(
    "deploy",
    identity={
        "name": "orders-deploy",
        "environment": "dev",
        "kind": "pipeline",
        "owner": {"team": "payments", "email": "payments@example.com"},
        "purpose": "deploys orders to production",
        "expires": {"after_days": 180},
    },
    subscription="00000000-1111-2222-3333-444444444444",
    resource_group="shop-dev",
    location="westeurope",
    source=azure.GitHub(repository="example/orders", environment="production"),
    grants=[
        Grant(
            actions=["Microsoft.App/containerApps/read", "Microsoft.App/containerApps/write"],
            targets=[f"{SHOP}/providers/Microsoft.App/containerApps/orders"],
        )
    ],
)
pulumi.export("client_id", deploy.client_id)
pulumi.export("tenant_id", deploy.tenant_id)

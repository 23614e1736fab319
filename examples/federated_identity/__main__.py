"""One GitHub environment deploys to AWS, Google Cloud and Azure and reads one entry of Vault; no key is anywhere."""

import pulumi

import nhi_components as nhi
from nhi_components import Grant

SHOP = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/shop-dev"

deploy = nhi.FederatedIdentity(
    "deploy",
    identity={
        "name": "deploy",
        "environment": "dev",
        "kind": "pipeline",
        "owner": {"team": "payments", "email": "payments@example.com"},
        "purpose": "deploys the order service wherever it runs",
        "expires": {"after_days": 90},
    },
    home=nhi.home.GitHub(repository="example/orders", environment="prod"),
    on=[
        nhi.on.Aws(
            oidc_provider_arn="arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com",
            grants=[
                Grant(
                    actions=["lambda:UpdateAlias"], targets=["arn:aws:lambda:eu-central-1:111111111111:function:orders"]
                )
            ],
        ),
        nhi.on.Gcp(
            project="example-shop-dev",
            project_number="123456789012",
            grants=[
                Grant(
                    actions=["roles/artifactregistry.writer"],
                    targets=["projects/example-shop-dev/locations/europe-west3/repositories/orders"],
                )
            ],
        ),
        nhi.on.Azure(
            subscription="00000000-1111-2222-3333-444444444444",
            resource_group="shop-dev",
            grants=[
                Grant(
                    actions=["Microsoft.App/containerApps/read", "Microsoft.App/containerApps/write"],
                    targets=[f"{SHOP}/providers/Microsoft.App/containerApps/orders"],
                )
            ],
        ),
        nhi.on.Vault(grants=[Grant(actions=["read"], targets=["secret/data/deploy/orders"])]),
    ],
)
for cloud, outputs in deploy.outputs.items():
    pulumi.export(cloud, dict(outputs))

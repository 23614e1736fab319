"""A GitHub workflow's deployments to production read one entry of Vault, without any secret kept at GitHub."""

import pulumi

from nhi_components import Grant, vault

deploy = vault.PipelineIdentity(
    "deploy",
    identity={
        "name": "orders-deploy",
        "environment": "prod",
        "kind": "pipeline",
        "owner": {"team": "payments", "email": "payments@example.com"},
        "purpose": "deploys the orders service to production",
        "expires": {"after_days": 90},
    },
    source=vault.GitHub(repository="example/orders", environment="production"),
    grants=[Grant(actions=["read"], targets=["secret/data/deploy/orders"])],
)
pulumi.export("role_name", deploy.role_name)
pulumi.export("audience", deploy.audience)

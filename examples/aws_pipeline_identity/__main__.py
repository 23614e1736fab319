"""A role that one GitHub environment of one repository may become, without a key; the account has the OIDC provider."""

import pulumi

from nhi_components import Grant, aws

deploy = aws.PipelineIdentity(
    "deploy",
    identity={
        "name": "deploy",
        "environment": "dev",
        "kind": "pipeline",
        "owner": {"team": "payments", "email": "payments@example.com"},
        "purpose": "deploys the order function",
        "expires": {"after_days": 90},
    },
    source=aws.GitHub(repository="example/orders", environment="prod"),
    oidc_provider_arn="arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com",
    grants=[
        Grant(
            actions=["lambda:UpdateAlias"],
            targets=["arn:aws:lambda:eu-central-1:111111111111:function:orders"],
        )
    ],
)
pulumi.export("role_arn", deploy.role_arn)
pulumi.export("audience", deploy.audience)

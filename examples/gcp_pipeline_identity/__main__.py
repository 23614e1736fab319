"""An account that one GitHub environment of one repository may become, without a key, through a pool of its own."""

import pulumi

from nhi_components import Grant, gcp

deploy = gcp.PipelineIdentity(
    "deploy",
    identity={
        "name": "deploy",
        "environment": "dev",
        "kind": "pipeline",
        "owner": {"team": "payments", "email": "payments@example.com"},
        "purpose": "publishes the order service's image",
        "expires": {"after_days": 90},
    },
    project="example-shop-dev",
    project_number="123456789012",
    source=gcp.GitHub(repository="example/orders", environment="prod"),
    grants=[
        Grant(
            actions=["roles/artifactregistry.writer"],
            targets=["projects/example-shop-dev/locations/europe-west3/repositories/orders"],
        )
    ],
)
pulumi.export("provider_name", deploy.provider_name)
pulumi.export("email", deploy.email)

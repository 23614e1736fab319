"""A service account with a key for an appliance that knows key files only: one topic, replaced every week."""

import pulumi

from nhi_components import Grant, gcp

scanner = gcp.ServiceAccountKeyIdentity(
    "scanner",
    identity={
        "name": "scanner",
        "environment": "dev",
        "owner": {"team": "logistics", "email": "logistics@example.com"},
        "purpose": "reports what the warehouse's scanners have read",
        "expires": {"after_days": 90},
    },
    project="example-shop-dev",
    why_not_federated="the scanner's firmware takes a key file and nothing else; the next model takes certificates",
    grants=[Grant(actions=["pubsub.topics.publish"], targets=["projects/example-shop-dev/topics/readings"])],
)
pulumi.export("email", scanner.email)
pulumi.export("key_id", scanner.key_id)

"""A Cloud Run service's account that may publish to one topic, until the end of its lease."""

import pulumi

from nhi_components import Grant, gcp

orders = gcp.WorkloadIdentity(
    "orders",
    identity={
        "name": "orders",
        "environment": "dev",
        "owner": {"team": "payments", "email": "payments@example.com"},
        "purpose": "sends order events to billing",
        "expires": {"after_days": 90},
    },
    project="example-shop-dev",
    grants=[Grant(actions=["pubsub.topics.publish"], targets=["projects/example-shop-dev/topics/orders"])],
)
pulumi.export("email", orders.email)

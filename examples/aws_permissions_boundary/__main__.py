"""A boundary that caps what the shop's workloads can become, and a workload below it."""

import pulumi

from nhi_components import Grant, aws

boundary = aws.PermissionsBoundary(
    "workloads",
    purpose="caps what the shop's workloads can become",
    services=["sqs", "dynamodb"],
    regions=["eu-central-1"],
)
orders = aws.WorkloadIdentity(
    "orders",
    identity={
        "name": "orders",
        "environment": "dev",
        "owner": {"team": "payments", "email": "payments@example.com"},
        "purpose": "sends order events to billing",
        "expires": {"after_days": 90},
    },
    trusted_by="lambda",
    grants=[Grant(actions=["sqs:SendMessage"], targets=["arn:aws:sqs:eu-central-1:111111111111:orders"])],
    permissions_boundary=boundary.arn,
)
pulumi.export("role_arn", orders.role_arn)

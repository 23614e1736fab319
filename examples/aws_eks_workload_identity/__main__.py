"""A role for the pods of one service account in one EKS cluster, by EKS Pod Identity."""

import pulumi

from nhi_components import Grant, aws

orders = aws.WorkloadIdentity(
    "orders",
    identity={
        "name": "orders",
        "environment": "dev",
        "owner": {"team": "payments", "email": "payments@example.com"},
        "purpose": "sends order events to billing",
        "expires": {"after_days": 90},
    },
    trusted_by=aws.EksPodIdentityTrust(cluster_name="shop", namespace="orders", service_account="api"),
    grants=[Grant(actions=["sqs:SendMessage"], targets=["arn:aws:sqs:eu-central-1:111111111111:orders"])],
)
pulumi.export("role_arn", orders.role_arn)

"""An IAM user for an appliance that knows access keys only: one queue, a key that is replaced every week."""

import pulumi

from nhi_components import Grant, aws

scanner = aws.ServiceUser(
    "scanner",
    identity={
        "name": "scanner",
        "environment": "dev",
        "owner": {"team": "logistics", "email": "logistics@example.com"},
        "purpose": "reports what the warehouse's scanners have read",
        "expires": {"after_days": 90},
    },
    why_not_federated="the scanner's firmware takes an access key and nothing else; the next model takes certificates",
    grants=[Grant(actions=["sqs:SendMessage"], targets=["arn:aws:sqs:eu-central-1:111111111111:readings"])],
)
pulumi.export("user_arn", scanner.user_arn)
pulumi.export("key_id", scanner.key_id)

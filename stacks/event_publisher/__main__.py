"""Publishers of price changes, as many as are configured: what is scaled down loses its identity at once."""

import pulumi
import pulumi_aws

from nhi_components import aws

config = pulumi.Config("publishers")
account = config.get("account") or pulumi_aws.get_caller_identity().account_id

prices = pulumi_aws.sns.Topic("prices", name=f"prices-{pulumi.get_stack()}")

publishers = [
    aws.WorkloadIdentity(
        f"publisher-{number}",
        identity={
            "name": f"price-publisher-{number}",
            "environment": config.get("environment") or "dev",
            "owner": {"team": "pricing", "email": "pricing@example.com"},
            "purpose": "publishes price changes",
            "expires": {"after_days": 30},
            "shares_grants_because": "replicas of one publisher, each scaled down by itself",
        },
        trusted_by=aws.AccountTrust(account=account, external_id=f"publisher-{number}"),
        grants=aws.intents.sns.publish(prices.arn),
    )
    for number in range(config.get_int("count") or 1)
]

pulumi.export("topic_arn", prices.arn)
pulumi.export("role_arns", [publisher.role_arn for publisher in publishers])
pulumi.export("leases", [publisher.lease_id for publisher in publishers])

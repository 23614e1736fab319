"""One workload, `orders`: it sends to its queue on AWS and reads its own secret in Vault, until its end date."""

import pulumi
import pulumi_aws

import nhi_components as nhi
from nhi_components import aws, vault

config = pulumi.Config("quickstart")
account = config.get("account") or pulumi_aws.get_caller_identity().account_id

orders = {
    "name": "orders",
    "environment": config.get("environment") or "dev",
    "owner": {"team": "payments", "email": "payments@example.com"},
    "purpose": "sends order events to the queue that billing reads",
    "expires": {"after_days": config.get_int("days") or 90},
}

queue = pulumi_aws.sqs.Queue("orders", name=f"orders-{pulumi.get_stack()}")

on_aws = aws.WorkloadIdentity(
    "orders-aws",
    identity=orders,
    trusted_by=aws.AccountTrust(account=account, external_id="quickstart"),
    grants=[nhi.Grant(actions=["sqs:SendMessage"], targets=[queue.arn])],
    secret=nhi.SecretSpec(description="signs order events"),
)
in_vault = vault.WorkloadIdentity("orders-vault", identity=orders, secret=nhi.SecretSpec())

if config.get_bool("shortcut"):
    # What somebody in a hurry writes. The policy pack `baseline` stops it on preview.
    pulumi_aws.iam.RolePolicy(
        "orders-anything",
        role=on_aws.role_name,
        policy=pulumi.Output.json_dumps(
            {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}
        ),
    )

pulumi.export("queue_url", queue.id)
pulumi.export("role_arn", on_aws.role_arn)
pulumi.export("secret_arn", on_aws.secret_arn)
pulumi.export("aws_lease", on_aws.lease_id)
pulumi.export("vault_role", in_vault.role_name)
pulumi.export("vault_secret", in_vault.secret_path)
pulumi.export("vault_lease", in_vault.lease_id)
pulumi.export("ends", on_aws.ends)

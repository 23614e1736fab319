"""A microservice, `checkout`: its task sends order events and reads its settings on AWS, and its secrets in Vault."""

import pulumi
import pulumi_aws

import nhi_components as nhi
from nhi_components import aws, vault

config = pulumi.Config("microservice")
checkout = {
    "name": "checkout",
    "environment": config.get("environment") or "dev",
    "owner": {"team": "payments", "email": "payments@example.com"},
    "purpose": "takes orders and tells billing of them",
    "expires": {"after_days": config.get_int("days") or 180},
}

events = pulumi_aws.sqs.Queue("order-events", name=f"order-events-{pulumi.get_stack()}")
settings = f"arn:aws:s3:::{config.require('settings_bucket')}"

task = aws.WorkloadIdentity(
    "checkout-task",
    identity=checkout,
    trusted_by="ecs-tasks",
    grants=aws.intents.sqs.send(events.arn) + aws.intents.s3.read_objects(settings, prefix="checkout/"),
)
secrets = vault.WorkloadIdentity(
    "checkout-secrets",
    identity=checkout,
    grants=[nhi.Grant(actions=["read"], targets=["secret/data/shared/exchange-rates"])],
    secret=nhi.SecretSpec(description="signs the orders"),
    token_ttl_seconds=900,
)

pulumi.export("queue_url", events.id)
pulumi.export("task_role_arn", task.role_arn)
pulumi.export("task_lease", task.lease_id)
pulumi.export("vault_role", secrets.role_name)
pulumi.export("vault_role_id", secrets.role_id)
pulumi.export("vault_secret", secrets.secret_path)
pulumi.export("vault_lease", secrets.lease_id)

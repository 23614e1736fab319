"""An AI agent, `helpdesk`: it searches articles and files tickets, in sessions for one tool each; a person answers."""

import pulumi
import pulumi_aws

from nhi_components import aws, vault

config = pulumi.Config("agent")
helpdesk = {
    "name": "helpdesk",
    "environment": config.get("environment") or "prod",
    "kind": "ai-agent",
    "owner": {"team": "support", "email": "support@example.com"},
    "purpose": "answers questions of customers and files tickets",
    "expires": {"after_days": config.get_int("days") or 30},
    "sponsor": config.require("sponsor"),
    "approvers": config.require_object("approvers"),
}

articles = pulumi_aws.dynamodb.Table(
    "articles",
    name=f"articles-{pulumi.get_stack()}",
    attributes=[{"name": "id", "type": "S"}],
    hash_key="id",
    billing_mode="PAY_PER_REQUEST",
)
tickets = pulumi_aws.sqs.Queue("tickets", name=f"tickets-{pulumi.get_stack()}")

on_aws = aws.AgentIdentity(
    "helpdesk-aws",
    identity=helpdesk,
    trusted_by=config.require("runtime_role_arn"),
    tools={
        "search": aws.intents.dynamodb.read_items(articles.arn),
        "ticket": aws.intents.sqs.send(tickets.arn),
    },
)
in_vault = vault.WorkloadIdentity(
    "helpdesk-vault",
    identity=helpdesk,
    grants=vault.intents.kv.read("helpdesk/settings"),
    token_ttl_seconds=300,
    token_maximum_ttl_seconds=900,
    secret_id_ttl_seconds=3600,
)

pulumi.export("articles", articles.name)
pulumi.export("tickets_url", tickets.id)
pulumi.export("role_arn", on_aws.role_arn)
pulumi.export("aws_lease", on_aws.lease_id)
pulumi.export("vault_role", in_vault.role_name)
pulumi.export("vault_role_id", in_vault.role_id)
pulumi.export("vault_lease", in_vault.lease_id)

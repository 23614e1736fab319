"""An AI agent with two tools: each is an account of its own, of which the agent's runtime makes tokens of an hour."""

import pulumi

from nhi_components import Grant, gcp

agent = gcp.AgentIdentity(
    "support",
    identity={
        "name": "support",
        "environment": "dev",
        "kind": "ai-agent",
        "owner": {"team": "payments", "email": "payments@example.com"},
        "purpose": "answers questions about orders",
        "expires": {"after_days": 30},
    },
    sponsor="ada@example.com",
    project="example-shop-dev",
    trusted_by=["serviceAccount:agent-runtime@example-shop-dev.iam.gserviceaccount.com"],
    tools={
        "search": [
            Grant(
                actions=["bigquery.tables.get", "bigquery.tables.getData"],
                targets=["projects/example-shop-dev/datasets/orders"],
            )
        ],
        "escalate": [
            Grant(actions=["pubsub.topics.publish"], targets=["projects/example-shop-dev/topics/escalations"])
        ],
    },
)
pulumi.export("tool_emails", agent.tool_emails)

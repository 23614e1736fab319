"""An AI agent with two tools: each session is for one of them, and names who is behind it."""

import pulumi

from nhi_components import Grant, aws

agent = aws.AgentIdentity(
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
    trusted_by="arn:aws:iam::111111111111:role/agent-runtime",
    tools={
        "search": [
            Grant(actions=["dynamodb:GetItem"], targets=["arn:aws:dynamodb:eu-central-1:111111111111:table/orders"])
        ],
        "escalate": [Grant(actions=["sqs:SendMessage"], targets=["arn:aws:sqs:eu-central-1:111111111111:escalations"])],
    },
)
pulumi.export("role_arn", agent.role_arn)

"""On AWS: a role that sends to its queue and reads its secret."""

from typing import Any

import pulumi
import pulumi_aws

import nhi_components as nhi
from nhi_components import aws


def declare(identity: dict[str, Any], *, shortcut: bool) -> dict[str, Any]:
    """Declare the identity; with the shortcut, somebody in a hurry adds `sqs:*` on `*`."""
    queue = pulumi_aws.sqs.Queue("orders", name="orders")
    orders = aws.WorkloadIdentity(
        "orders-aws",
        identity=identity,
        trusted_by=aws.AccountTrust(account=pulumi_aws.get_caller_identity().account_id, external_id="demo"),
        grants=aws.intents.sqs.send(queue.arn),
        secret=nhi.SecretSpec(description="signs order events"),
    )
    if shortcut:
        anything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}
        pulumi_aws.iam.RolePolicy("anything", role=orders.role_name, policy=pulumi.Output.json_dumps(anything))
    return {
        "lease": orders.lease_id,
        "role_arn": orders.role_arn,
        "queue_url": queue.id,
        "secret_arn": orders.secret_arn,
    }

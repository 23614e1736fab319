"""What a user's type checker must accept, and what it must refuse; read by mypy, never run."""

import pulumi
import pulumi_aws

import nhi_components as nhi
from nhi_components import aws, vault

queue = pulumi_aws.sqs.Queue("orders")
owner = nhi.Owner(team="payments", email="payments@example.com")
orders = nhi.Identity(
    name="orders", environment="dev", owner=owner, purpose="send events", expires=nhi.Expiry(after_days=90)
)
provider = nhi.Provider("nhi", aws={"prod": aws.Connection(profile="prod")}, vault={"default": vault.Connection()})
on_aws = aws.WorkloadIdentity(
    "orders",
    identity=orders,
    trusted_by=aws.AccountTrust(account="111111111111", external_id="x1"),
    grants=[nhi.Grant(actions=("sqs:SendMessage",), targets=(queue.arn,))],
    secret=nhi.SecretSpec(),
    connection="prod",
    opts=pulumi.ResourceOptions(providers=[provider]),
)
arn: pulumi.Output[str] = on_aws.role_arn
lease: pulumi.Output[str] = on_aws.lease_id

aws.WorkloadIdentity("orders", identity=orders, trusted_by=4711)  # type: ignore[arg-type]
aws.WorkloadIdentity("orders", identity=orders)  # type: ignore[call-arg]
nhi.Identity(name="orders")  # type: ignore[call-arg]
number: int = on_aws.lease_id  # type: ignore[assignment]

"""A workload on AKS, `invoices`: it reads what arrives in a container, tells a queue of it, and signs with its secret.

No key is made: one service account of one cluster becomes one managed identity, by a federated credential.
"""

import pulumi
from pulumi_azure_native import servicebus

import nhi_components as nhi
from nhi_components import azure

config = pulumi.Config("invoices")
resource_group = config.require("resource_group")

read = servicebus.Queue(
    "invoices-read",
    queue_name=f"invoices-read-{pulumi.get_stack()}",
    namespace_name=config.require("bus"),
    resource_group_name=resource_group,
)

invoices = azure.AksWorkloadIdentity(
    "invoices",
    identity={
        "name": "invoices",
        "environment": config.get("environment") or "dev",
        "owner": {"team": "payments", "email": "payments@example.com"},
        "purpose": "reads incoming invoices and tells billing of them",
        "expires": {"after_days": config.get_int("days") or 180},
    },
    subscription=config.require("subscription"),
    resource_group=resource_group,
    # Only pods of this service account in this one cluster, whose issuer no other cluster has.
    issuer=config.require("issuer"),
    namespace=config.get("namespace") or "payments",
    service_account=config.get("service_account") or "invoices",
    grants=azure.intents.storage.read_blobs(config.require("container"))
    + azure.intents.servicebus.send_to_queue(read.id),
    secret=nhi.SecretSpec(description="signs what is told to billing"),
    vault=config.require("vault"),
)

pulumi.export("queue", read.id)
pulumi.export("client_id", invoices.client_id)
pulumi.export("principal_id", invoices.principal_id)
pulumi.export("secret", invoices.secret_name)
pulumi.export("secret_uri", invoices.secret_uri)
pulumi.export("annotations", invoices.kubernetes_annotations)
pulumi.export("lease", invoices.lease_id)
pulumi.export("ends", invoices.ends)

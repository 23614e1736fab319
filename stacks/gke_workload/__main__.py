"""A workload on GKE, `invoices`: it reads what arrives in a bucket, tells a topic of it, and signs with its own secret.

No key is made: one service account of Kubernetes becomes the one of Google Cloud, by workload identity federation.
"""

import pulumi
import pulumi_gcp

from nhi_components import gcp

config = pulumi.Config("invoices")
project = config.require("project")
arrivals = config.require("bucket")

read = pulumi_gcp.pubsub.Topic("invoices-read", name=f"invoices-read-{pulumi.get_stack()}", project=project)

invoices = gcp.WorkloadIdentity(
    "invoices",
    identity={
        "name": "invoices",
        "environment": config.get("environment") or "dev",
        "owner": {"team": "payments", "email": "payments@example.com"},
        "purpose": "reads incoming invoices and tells billing of them",
        "expires": {"after_days": config.get_int("days") or 180},
    },
    project=project,
    trusted_by=gcp.GkeTrust(
        cluster_project=config.get("cluster_project") or project,
        namespace=config.get("namespace") or "payments",
        service_account=config.get("service_account") or "invoices",
    ),
    grants=gcp.intents.storage.read_objects(arrivals, prefix="in/") + gcp.intents.pubsub.publish(read.id),
    secret=gcp.SecretSpec(
        description="signs what is told to billing", locations=tuple(config.get_object("secret_locations") or ())
    ),
)

pulumi.export("topic", read.name)
pulumi.export("email", invoices.email)
pulumi.export("secret", invoices.secret_name)
pulumi.export("annotations", invoices.kubernetes_annotations)
pulumi.export("lease", invoices.lease_id)
pulumi.export("ends", invoices.ends)

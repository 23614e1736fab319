"""An account that one service account of Kubernetes becomes on GKE, with a secret and one folder of a bucket."""

import pulumi

from nhi_components import Grant, gcp

invoices = gcp.WorkloadIdentity(
    "invoices",
    identity={
        "name": "invoices",
        "environment": "dev",
        "owner": {"team": "payments", "email": "payments@example.com"},
        "purpose": "reads incoming invoices",
        "expires": {"after_days": 90},
    },
    project="example-shop-dev",
    trusted_by=gcp.GkeTrust(cluster_project="example-clusters", namespace="payments", service_account="invoices"),
    grants=[Grant(actions=["storage.objects.get"], targets=["projects/_/buckets/example-shop-invoices/objects/in/*"])],
    secret=gcp.SecretSpec(locations=("europe-west3",)),
)
pulumi.export("kubernetes_annotations", invoices.kubernetes_annotations)
pulumi.export("secret_name", invoices.secret_name)

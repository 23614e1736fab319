"""A vendor whose own service account may read one bucket as ours, until the end of the contract."""

import pulumi

from nhi_components import Grant, gcp

auditor = gcp.ThirdPartyIdentity(
    "auditor",
    identity={
        "name": "auditor",
        "environment": "dev",
        "kind": "third-party",
        "owner": {"team": "payments", "email": "payments@example.com"},
        "purpose": "reads invoices for the yearly audit",
        "expires": {"after_days": 60},
    },
    project="example-shop-dev",
    vendor=gcp.VendorAccount(email="collector@example-auditors.iam.gserviceaccount.com"),
    grants=[
        Grant(actions=["storage.objects.get"], targets=["projects/_/buckets/example-shop-invoices/objects/2026/*"])
    ],
)
pulumi.export("email", auditor.email)

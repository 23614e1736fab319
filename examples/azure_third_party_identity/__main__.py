"""An auditor's identity: one subject of its own issuer may read invoices, and nothing is given to it."""

import pulumi

from nhi_components import Grant, azure

SHOP = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/shop-dev"

audit = azure.ThirdPartyIdentity(
    "audit",
    identity={
        "name": "invoice-audit",
        "environment": "dev",
        "kind": "third-party",
        "owner": {"team": "payments", "email": "payments@example.com"},
        "purpose": "lets the auditor read invoices",
        "expires": {"after_days": 30},
    },
    subscription="00000000-1111-2222-3333-444444444444",
    resource_group="shop-dev",
    location="westeurope",
    vendor=azure.VendorSubject(issuer="https://login.auditors.example.com", subject_claim="customer-4711"),
    grants=[
        Grant(
            actions=["Storage Blob Data Reader"],
            targets=[
                f"{SHOP}/providers/Microsoft.Storage/storageAccounts/exampleshopdev/blobServices/default/containers/invoices"
            ],
        )
    ],
)
pulumi.export("client_id", audit.client_id)
pulumi.export("audience", audit.audience)

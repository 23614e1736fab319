"""A vendor that may read one bucket from its own account, with an external id, until the end of the contract."""

import pulumi

from nhi_components import Grant, aws

auditor = aws.ThirdPartyIdentity(
    "auditor",
    identity={
        "name": "auditor",
        "environment": "dev",
        "kind": "third-party",
        "owner": {"team": "payments", "email": "payments@example.com"},
        "purpose": "reads invoices for the yearly audit",
        "expires": {"after_days": 60},
    },
    vendor_account="999999999999",
    grants=[Grant(actions=["s3:GetObject"], targets=["arn:aws:s3:::example-invoices/2026/*"])],
)
pulumi.export("role_arn", auditor.role_arn)
pulumi.export("external_id", auditor.external_id)

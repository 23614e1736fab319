"""A workload with a client certificate in a KV entry that only it may read.

Raise `generation` to replace the certificate; the one before is revoked an hour after, by the next `pulumi up`.
"""

import pulumi

from nhi_components import vault

orders = vault.CertificateIdentity(
    "orders",
    identity={
        "name": "orders",
        "environment": "dev",
        "owner": {"team": "payments", "email": "payments@example.com"},
        "purpose": "proves itself to the broker of order events",
        "expires": {"after_days": 90},
    },
    names=["orders.internal.example"],
    generation=1,
    overlap_seconds=3600,
)
pulumi.export("secret_path", orders.secret_path)
pulumi.export("secret_version", orders.secret_version)

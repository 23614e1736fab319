"""An AppRole that may read its own generated secret in Vault, and nothing else."""

import pulumi

from nhi_components import SecretSpec, vault

orders = vault.WorkloadIdentity(
    "orders",
    identity={
        "name": "orders",
        "environment": "dev",
        "owner": {"team": "payments", "email": "payments@example.com"},
        "purpose": "reads the key that signs order events",
        "expires": {"after_days": 90},
    },
    secret=SecretSpec(),
)
pulumi.export("role_name", orders.role_name)
pulumi.export("secret_path", orders.secret_path)

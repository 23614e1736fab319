"""An AppRole whose secret id is replaced twice a day: kept in Vault, and in a Kubernetes Secret for the workload."""

import pulumi

from nhi_components import vault

orders = vault.AppRoleIdentity(
    "orders",
    identity={
        "name": "orders",
        "environment": "dev",
        "owner": {"team": "payments", "email": "payments@example.com"},
        "purpose": "reads the key that signs order events",
        "expires": {"after_days": 90},
    },
    places=[{"kind": "vault-kv"}, {"kind": "kubernetes-secret", "namespace": "shop"}],
)
pulumi.export("role_name", orders.role_name)
pulumi.export("credential_version", orders.credential_version)

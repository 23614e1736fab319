"""An API key for a partner, replaced every month; the service that takes it reads the registry of accepted digests."""

import pulumi

from nhi_components import vault

partner = vault.ApiKeyIdentity(
    "partner",
    identity={
        "name": "partner",
        "environment": "dev",
        "kind": "api-key",
        "owner": {"team": "payments", "email": "payments@example.com"},
        "purpose": "lets the partner's shop place orders",
        "expires": {"after_days": 90},
    },
    prefix="shop",
)
pulumi.export("key_id", partner.key_id)
pulumi.export("registry_path", partner.registry_path)
pulumi.export("verifier_policy", partner.verifier_policy)
